# Mengapa sesuatu belum bisa dilakukan: judul, lalu .detail dengan apa yang terjadi dan langkah berikutnya.

# Masuk
refusal-rate-limited = Tunggu sebentar
limited-codes-to-phone = Kode sudah beberapa kali dikirim ke nomor ini. Pakai kode terakhir yang Anda terima, atau minta lagi dalam { $wait }.
limited-codes-from-network = Banyak orang meminta kode dari jaringan yang sama dengan Anda. Coba lagi dalam { $wait }, atau pakai jaringan lain.
limited-codes-today = Jumlah kode yang bisa kami kirim hari ini sudah habis. Coba lagi dalam { $wait }. Pendaftaran undian tidak perlu cepat-cepat.
limited-checks-of-phone = Kode untuk nomor ini sudah banyak kali dicoba hari ini. Demi keamanan, coba lagi dalam { $wait }.
limited-people-of-account = Data orang di akun ini sudah banyak kali diubah hari ini. Coba lagi dalam { $wait }.
limited-entries-of-account = Pendaftaran di akun ini baru saja banyak kali diubah. Pendaftaran terakhir Anda tetap berlaku. Coba lagi dalam { $wait }.
limited-bookings-of-account = Akun ini baru saja mencoba banyak tempat. Coba lagi dalam { $wait }.
limited-moves-of-account = Jadwal di akun ini sudah banyak kali diubah hari ini. Coba lagi dalam { $wait }, atau hubungi kantor.
limited-requests = Terlalu banyak permintaan dalam waktu singkat. Coba lagi dalam { $wait }.
refusal-code-wrong = Kode belum cocok
    .detail = { $tries ->
        [0] Kode ini tidak bisa dicoba lagi. Minta kode baru.
       *[other] Periksa lagi 6 angka di SMS terakhir, lalu tulis ulang. Anda masih bisa mencoba { $tries } kali.
    }
refusal-code-expired = Kode sudah tidak berlaku
    .detail = Minta kode baru, lalu tulis kode itu di perangkat yang sama.
refusal-resend-too-soon = Kode sedang dikirim
    .detail = SMS kadang terlambat. Anda bisa minta kirim ulang dalam { $wait }.
refusal-signed-out = Anda perlu masuk
    .detail = Sesi Anda sudah berakhir atau Anda masuk di perangkat lain. Masuk lagi dengan nomor HP Anda.

# Data diri
refusal-details-missing = Data Anda belum lengkap
    .detail = Isi dulu NIK, nomor KK, nama, dan tanggal lahir Anda. Setelah itu Anda bisa lanjut.
refusal-consent-missing = Persetujuan belum diberikan
    .detail = Kami perlu persetujuan Anda untuk memakai data ini. Baca penjelasannya, lalu beri tanda setuju.
refusal-underage = Akun untuk usia 17 tahun ke atas
    .detail = Menurut tanggal lahir, usianya { $years } tahun. Minta orang tua atau wali membuat akun dan menambahkan Anda sebagai keluarga. Jika sudah menikah, beri tanda "sudah menikah".
refusal-family-full = Keluarga di akun ini sudah { $max } orang
    .detail = Satu akun memuat paling banyak { $max } orang. Hapus satu orang dulu, atau pakai akun anggota keluarga lain.
refusal-already-in-family = Orang ini sudah ada di akun Anda
    .detail = NIK ini sudah tercatat di akun Anda. Pilih namanya dari daftar keluarga.
refusal-person-unknown = Orang ini tidak ada di akun Anda
    .detail = Pilih orang dari daftar keluarga, atau tambahkan dulu.
refusal-in-live-party = Data ini sedang dipakai
    .detail = Data ini ada di pendaftaran atau janji temu yang masih berlaku, jadi belum bisa diubah. Batalkan dulu, atau tunggu sampai selesai.

# Pembukaan dan pendaftaran
refusal-release-unknown = Pembukaan ini tidak ada
    .detail = Buka halaman Antrean untuk melihat pembukaan yang sekarang.
refusal-not-open = Belum dibuka
    .detail = Pendaftaran dibuka { $opens }. Datang lagi setelah itu. Tidak perlu cepat-cepat jika tempat dibagi dengan undian.
    .detail-at = Pendaftaran untuk { $office } dibuka { $opens }. Datang lagi setelah itu. Tidak perlu cepat-cepat jika tempat dibagi dengan undian.
refusal-entries-closed = Pendaftaran sudah tutup
    .detail = Pendaftaran tutup { $since }. Anda boleh ikut pembukaan berikutnya.
refusal-other-mode-draw = Tempat dibagi dengan undian
    .detail = Di pembukaan ini tempat tidak dipesan langsung. Daftar undian, lalu tunggu hasilnya.
refusal-other-mode-first-come = Tempat dipesan langsung
    .detail = Di pembukaan ini tidak ada undian. Pilih kantor dan jam kedatangan yang masih kosong.
refusal-already-live = Anda sudah punya pendaftaran atau janji temu
    .detail = Satu akun hanya boleh punya satu yang berlaku. Lihat, ubah, atau batalkan yang sudah ada.
refusal-person-already-live = Orang ke-{ $person } sudah punya pendaftaran atau janji temu
    .detail = Satu orang hanya boleh punya satu yang berlaku, juga lewat akun lain. Batalkan yang lain dulu, atau daftar tanpa orang ini. Jika NIK ini dipakai orang lain, tunjukkan KTP di kantor imigrasi.
refusal-person-rests = Orang ke-{ $person } belum bisa ikut
    .detail = Ada janji temu yang tidak dihadiri atau batal pada harinya. Orang ini boleh ikut lagi setelah { $releases } pembukaan berikutnya. Jika catatan ini keliru, hubungi kantor tempat janji temu itu.
refusal-nobody-chosen = Belum ada orang yang dipilih
    .detail = Pilih siapa saja yang akan datang.
refusal-party-too-large = Paling banyak { $max } orang
    .detail = Dalam satu pendaftaran bisa ikut paling banyak { $max } orang. Kurangi pilihan Anda.
refusal-person-twice = Orang ke-{ $person } dipilih dua kali
    .detail = Pilih tiap orang satu kali saja.
refusal-no-choice = Belum ada pilihan
    .detail = Pilih paling sedikit satu kantor. Tanggal dan jam boleh "berapa pun".
refusal-too-many-choices = Paling banyak { $max } pilihan
    .detail = Hapus beberapa pilihan, sampai tersisa { $max } atau kurang.
refusal-choice-twice = Pilihan ke-{ $choice } sama dengan pilihan lain
    .detail = Hapus salah satunya. Pilihan yang sama tidak menambah peluang.
refusal-office-unknown = Kantor di pilihan ke-{ $choice } tidak ada
    .detail = Pilih kantor dari daftar.
refusal-office-not-in-release = { $office } belum ikut pembukaan ini
    .detail = Hapus pilihan ke-{ $choice }, atau ganti dengan kantor lain. Kantor ini mungkin ikut pembukaan berikutnya.
refusal-nothing-matches = { $office } tidak buka pada waktu itu
    .detail = Pada pilihan ke-{ $choice } tidak ada jam kedatangan di tanggal dan jam itu. Pilih tanggal atau jam lain.
refusal-never-fits = Terlalu banyak orang untuk satu jam kedatangan
    .detail = Di { $office } satu jam kedatangan memuat paling banyak { $largest } orang. Ganti pilihan ke-{ $choice }, atau daftar dengan orang yang lebih sedikit.
refusal-entry-unknown = Pendaftaran tidak ditemukan
    .detail = Periksa tautannya, atau masuk dan buka "Tiket saya".
refusal-entry-final = Pendaftaran ini tidak bisa diubah lagi
    .detail = Pendaftaran sudah tutup, sudah diundi, atau sudah dibatalkan. Buka "Tiket saya" untuk melihat hasilnya.

# Tidak dilayani di sini
refusal-not-offered = Tidak dilayani di sini
not-offered-walk-in = Layanan ini diurus langsung di { $at }, tanpa daftar online. Datang pada jam kerja dan bawa berkas asli.
not-offered-per-person = Paspor anak didaftarkan sebagai "Paspor baru" atau "Ganti paspor". Pilih salah satunya; berkas anak tertulis di tiket.
not-offered-nothing = { $office } belum melayani pendaftaran online. Pilih kantor lain.
not-offered-new-only = { $office } hanya melayani paspor baru. Pilih kantor lain untuk ganti paspor.
not-offered-replacement-only = { $office } hanya melayani ganti paspor. Pilih kantor lain untuk paspor baru.
not-offered-electronic-only = { $office } hanya melayani paspor elektronik (e-paspor) sejak { $since }. Pilih paspor elektronik atau kantor lain.

# Tempat
refusal-slot-unknown = Jam kedatangan ini tidak ada
    .detail = Pilih jam kedatangan dari daftar.
refusal-full = Penuh
    .detail = Tempat di jam ini sudah tidak cukup. Pilih jam, tanggal, atau kantor lain.
    .detail-alternatives = Tempat di jam ini sudah tidak cukup. Yang masih kosong: { $alternatives }.
    .alternative = { $office }, { $date }, { $window }
refusal-slot-closed = Tutup
    .detail = { $office } menutup pelayanan pada { $date } pukul { $time }. Pilih jam, tanggal, atau kantor lain.
refusal-booking-closed = Pemesanan sudah tutup
    .detail = Pemesanan untuk jam ini tutup { $since }. Pilih tanggal yang lebih jauh, atau ikut pembukaan berikutnya.
refusal-not-drawn-yet = Belum diundi
    .detail = Tempat di pembukaan ini diundi dulu. Tempat yang tersisa bisa dipesan setelah undian, { $draw }.

# Ruang tunggu
refusal-no-waiting-room = Tidak ada ruang tunggu
    .detail = Di pembukaan ini tidak perlu menunggu. Pilih kantor dan jam kedatangan.
refusal-line-not-open = Ruang tunggu belum dibuka
    .detail = Anda bisa masuk mulai { $joins }. Tidak perlu lebih awal: urutannya diundi saat pembukaan.
refusal-line-over = Antrean ini sudah selesai
    .detail = Pembukaan ini sudah berakhir. Anda bisa ikut pembukaan berikutnya.
refusal-not-in-line = Masuk ruang tunggu dulu
    .detail = Banyak orang menginginkan tempat ini, jadi dilayani bergiliran. Buka ruang tunggu pembukaan ini, lalu ikut antre.
refusal-not-your-turn = Belum giliran Anda
    .detail = Tempat Anda dalam antrean tersimpan. Lihat lagi dalam { $wait }.
    .detail-ahead = Tempat Anda dalam antrean tersimpan; kira-kira { $ahead } orang di depan Anda. Lihat lagi dalam { $wait }.
refusal-holder-changed = Pemilik akun ini sudah berganti
    .detail = Tempat dalam antrean adalah milik orang yang ikut antre. Isi lagi data pemilik yang sama, atau ikut pembukaan berikutnya.
refusal-place-token-invalid = Tanda antre ini tidak berlaku
    .detail = Tanda ini diubah, atau milik pembukaan atau akun lain. Masuk dan minta lagi tempat Anda: tempat itu tersimpan.

# Tiket
refusal-ticket-unknown = Tiket tidak ditemukan
    .detail = Periksa tautannya, atau masuk dan buka "Tiket saya".
refusal-not-possible-now = Tidak bisa dilakukan sekarang
    .detail = Status janji temu ini: { $state }. { $next }
refusal-moved-already = Jadwal sudah pernah dipindah
    .detail = Satu janji temu bisa dipindah satu kali. Datang sesuai tiket, atau batalkan dan daftar lagi.
refusal-too-late = Batas pindah jadwal sudah lewat
    .detail = Jadwal bisa dipindah sebelum { $since }. Datang sesuai tiket. Jika tidak bisa datang, batalkan supaya tempatnya tidak kosong.
refusal-same-slot = Ini jadwal Anda yang sekarang
    .detail = Pilih jam, tanggal, atau kantor lain.
refusal-other-release = Jadwal itu dari pembukaan lain
    .detail = Jadwal hanya bisa dipindah dalam pembukaan yang sama. Pilih dari daftar di tiket Anda.

# Pengelola: keterangan di belakang titik dua datang dari program, dalam bahasa Inggris.
refusal-plan-refused = Rencana pembukaan belum bisa dipakai
    .detail = Perbaiki rencana ini, lalu coba lagi: { $problems }.
refusal-beacon-refused = Angka acak ini tidak bisa dipakai
    .detail = Periksa nilainya, lalu coba lagi: { $why }.

# Program
refusal-key-reused = Kunci ini sudah dipakai untuk permintaan lain
    .detail = Kirim permintaan yang berbeda dengan Idempotency-Key yang baru.

# Bukan penolakan, melainkan gangguan
failure-busy = Sedang ramai
    .detail = Permintaan Anda belum diproses. Coba lagi sebentar. Isian Anda tidak hilang.
failure-broken = Ada gangguan di sistem kami
    .detail = Ini bukan karena Anda. Coba lagi beberapa menit lagi.
