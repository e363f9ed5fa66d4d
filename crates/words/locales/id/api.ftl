# Permintaan yang tidak bisa dipakai, untuk program dan untuk halaman: judul, lalu .detail dengan langkah berikutnya.

problem-fields = Ada yang perlu diperbaiki
    .detail = Perbaiki isian yang disebut, lalu kirim lagi.
problem-not-json = Isi permintaan bukan JSON
    .detail = Isi permintaan berhenti menjadi JSON di baris { $line }, kolom { $column }. Perbaiki, lalu kirim lagi.
problem-not-utf8 = Isi permintaan bukan UTF-8
    .detail = Kirim isi permintaan sebagai JSON dalam UTF-8.
problem-too-large = Isi permintaan terlalu besar
    .detail = Isi permintaan paling besar 64 KiB. Kirim lebih sedikit.
problem-media-type = Jenis isi tidak dikenal
    .detail = Kirim isi permintaan sebagai JSON dengan Content-Type: application/json.
problem-not-a-form = Permintaan tidak bisa dibaca
    .detail = Isian permintaan tidak bisa dibaca. Kembali ke halaman sebelumnya dan coba lagi.
problem-interrupted = Permintaan terputus
    .detail = Sambungan terputus sebelum semua isi sampai. Kirim lagi.
problem-too-slow = Isian terlalu lambat sampai
    .detail = Sambungan Anda sedang lambat, jadi isian belum sampai semua. Belum ada yang berubah. Kirim lagi.
problem-idempotency-key-missing = Idempotency-Key belum ada
    .detail = Tambahkan header Idempotency-Key dengan nilai acak, misalnya UUID, supaya permintaan ini aman dikirim dua kali. Pakai nilai yang sama hanya untuk mengirim ulang permintaan yang sama.
problem-idempotency-key-unusable = Idempotency-Key tidak bisa dipakai
    .detail = Idempotency-Key berisi 1 sampai 255 tanda ASCII yang terlihat, tanpa spasi, misalnya UUID.
problem-not-found = Halaman tidak ditemukan
    .detail = Tidak ada apa-apa di alamat ini. Periksa lagi alamatnya, atau mulai dari halaman depan.
problem-method-not-allowed = Cara ini tidak berlaku di alamat ini
    .detail = Alamat ini ada, tetapi tidak menerima cara yang dipakai. Mulai lagi dari halaman sebelumnya.
problem-other-site = Formulir datang dari situs lain
    .detail = Demi keamanan, formulir hanya diterima dari halaman layanan ini. Buka halamannya di sini, lalu kirim lagi.

input-missing = Isian ini belum ada. Mohon diisi.
input-unknown = Isian dengan nama ini tidak dikenal. Hapus, atau periksa ejaannya.
input-type = Isian ini harus berjenis { $wanted }.
input-not-one-of = Pilih salah satu: { $allowed }.
input-not-an-id = Kode atau nomor ini tidak dikenal. Mohon periksa lagi.
input-too-many = Paling banyak { $max } isian.
input-too-long = Paling panjang { $max } huruf.
input-code = Kode berisi 6 angka. Mohon periksa lagi di pesan terakhir.
input-point = Tulis lintang dan bujur dalam derajat, misalnya 1.13,104.05.
