# Pesan singkat (SMS). Nama layanan di depan, tautan di belakang, hanya huruf biasa: tanpa garis panjang dan tanda kutip miring.
# Tanpa tautan paling panjang 160 huruf. Tidak ada NIK, tidak ada nama orang.

sms-code = Antrean: { $code } adalah kode masuk Anda, berlaku { $minutes } menit. Petugas tidak pernah meminta kode ini: jangan beri tahu siapa pun
sms-place = Kode { $code }, { $office }, { $when }. Bawa surat asli. Daftarnya di tiket: { $url }
sms-entered = Antrean: pendaftaran undian Anda diterima. Undian: { $draw }. Tidak perlu cepat-cepat, peluang semua sama. Lihat atau ubah: { $url }
sms-drawn = Antrean: Anda mendapat tempat lewat undian. { $place }
sms-standby = Antrean: undian selesai, Anda cadangan dengan urutan undian { $rank }. Tempat yang batal dibagi menurut urutan ini{ $wave }. Tidak perlu mendaftar lagi. Lihat: { $url }
sms-standby-wave = , berikutnya { $when }
sms-waved = Antrean: ada tempat untuk Anda dari gelombang cadangan. { $place }
sms-booked = Antrean: tempat Anda sudah dipesan. { $place }
sms-moved = Antrean: jadwal Anda sudah dipindah. { $place }
sms-cancelled = Antrean: janji temu di { $office }, { $date } sudah dibatalkan. Anda boleh mendaftar lagi.
sms-cancelled-late = Antrean: janji temu di { $office }, { $date } dibatalkan. Ini dicatat. Lain kali, batalkan sehari sebelumnya.
sms-standby-ended = Antrean: masa cadangan untuk { $release } selesai, belum ada tempat untuk Anda. Anda boleh ikut undian berikutnya: { $url }
sms-missed = Antrean: Anda tercatat tidak hadir di { $office }, { $date }. { $rest ->
    [0] Lain kali, batalkan sehari sebelumnya.
   *[other] Boleh ikut lagi setelah { $rest } pembukaan.
} Keliru? Hubungi kantor.
sms-moved-by-office = Antrean: kantor tutup { $date }, jadwal Anda kami pindah.
sms-only-place = { $place }
sms-revoked = Antrean: { $office } tutup { $date }, jadwal Anda batal, tanpa catatan. Buka tiket Anda untuk memilih pengganti lebih dulu.
sms-claim-moved = Antrean: satu NIK di pendaftaran Anda terbukti milik orang lain di { $office }. Tempatnya dilepas. Keliru? Datang dengan KTP.
