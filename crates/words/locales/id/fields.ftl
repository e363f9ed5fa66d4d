# Yang ditulis di formulir: apa yang belum tepat dan cara memperbaikinya.

nik-empty = Tulis NIK Anda: 16 angka di KTP atau kartu keluarga.
nik-not-digits = NIK hanya berisi angka. Hapus huruf dan tanda lain, lalu tulis 16 angka.
nik-length = NIK harus 16 angka. Anda menulis { $found }.

card-empty = Tulis nomor kartu keluarga (KK): 16 angka di bagian atas kartu.
card-not-digits = Nomor KK hanya berisi angka. Hapus huruf dan tanda lain, lalu tulis 16 angka.
card-length = Nomor KK harus 16 angka. Anda menulis { $found }.

phone-empty = Tulis nomor HP Anda, misalnya 0812 0000 1234.
phone-not-a-number = Nomor HP hanya berisi angka. Tulis misalnya 0812 0000 1234.
phone-not-indonesian = Hanya nomor Indonesia yang bisa dipakai. Tulis nomor yang mulai dengan 08 atau +62.
phone-not-mobile = Kode hanya bisa dikirim ke nomor HP. Tulis nomor yang mulai dengan 08.
phone-length = Nomor HP setelah +62 berisi { $min } sampai { $max } angka. Anda menulis { $found }. Mohon periksa lagi.

name-empty = Tulis nama lengkap sesuai KTP. Satu kata juga boleh.
name-too-long = Nama paling panjang { $max } huruf. Tulis seperti di KTP.
name-not-a-name = Nama berisi huruf. Tulis seperti di KTP, tanpa tanda < dan >.

birth-empty = Tulis tanggal lahir, misalnya 25-01-1987.
birth-unreadable = Tulis tanggal lahir sebagai hari, bulan, dan tahun, misalnya 25-01-1987.
birth-impossible = Tanggal itu tidak ada di kalender. Mohon periksa hari dan bulannya.
birth-future = Tanggal lahir harus sebelum hari ini. Mohon periksa tahunnya.
birth-too-long-ago = Tanggal lahir itu lebih dari { $max } tahun lalu. Mohon periksa tahunnya.

choice-unreadable = Pilihan ini tidak bisa dibaca. Pilih lagi kantor, tanggal, dan jam dari daftar.

warning-unknown-region = Empat angka pertama NIK bukan kode wilayah yang kami kenal. Mohon periksa lagi. Jika sudah sesuai KTP, lanjutkan saja.
warning-former-region = NIK ini dari wilayah yang sekarang bernama { $now }. Tidak ada yang perlu diubah.
warning-impossible-date = Tanggal lahir di dalam NIK tidak ada di kalender. Mohon periksa lagi. Jika sudah sesuai KTP, lanjutkan saja.
warning-birth-date-differs = Tanggal lahir yang Anda tulis berbeda dari tanggal di dalam NIK. Mohon periksa lagi. Jika sudah sesuai KTP, lanjutkan saja.
warning-sex-differs = Jenis kelamin yang Anda pilih berbeda dari yang ada di dalam NIK. Mohon periksa lagi. Jika sudah sesuai KTP, lanjutkan saja.
