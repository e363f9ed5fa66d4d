# Hari layanan: pintu, loket, dan layar ruang tunggu.
day-class-scheduled = Terjadwal
day-class-priority = Prioritas
day-class-walk-in = Datang langsung

day-stage-papers = Berkas
day-stage-photo = Foto dan sidik jari
day-stage-interview = Wawancara

day-state-waiting = menunggu
day-state-called = dipanggil
day-state-serving = dilayani
day-state-parked = ditunda
day-state-done = selesai
day-state-absent = tidak ada saat dipanggil
day-state-left = pulang
day-state-undone = dibatalkan di pintu
day-state-revoked = tempatnya ditarik kantor
day-state-unrecorded = tidak dicatat

day-outcome-done = Selesai
day-outcome-papers-missing = Dokumen kurang
day-outcome-refused = Ditolak
day-outcome-reschedule = Jadwal ulang oleh kantor

day-reason-elderly = Usia 60 tahun ke atas
day-reason-disability = Penyandang disabilitas
day-reason-pregnant = Hamil atau menyusui
day-reason-small-child = Membawa anak di bawah 5 tahun
day-reason-other = Darurat lain (kepala kantor memutuskan)

day-paper-identity-card = KTP
day-paper-family-card = Kartu keluarga
day-paper-certificate = Akta lahir, buku nikah, atau ijazah
day-paper-old-passport = Paspor lama
day-paper-parents = Orang tua atau berkas orang tua
day-paper-police-report = Surat kehilangan dari polisi
day-paper-recommendation = Surat rekomendasi
day-paper-other = Lainnya (tulis di catatan)

day-why-turn = giliran: { $class }
day-why-longest-wait = menunggu paling lama, { $minutes } menit
day-why-before-time = belum waktunya, { $minutes } menit lagi; tidak ada yang lain
day-why-by-number = dipanggil dengan nomor

day-verdict-on-time = Tepat waktu
    .do = Silakan masuk dan tunggu nomor dipanggil.
day-verdict-early = Terlalu awal
    .do = Boleh masuk dan menunggu. Jamnya mulai { $minutes } menit lagi; yang jamnya sudah mulai didahulukan. Jika tidak ada yang lain menunggu, bisa dipanggil lebih awal.
day-verdict-late = Terlambat
    .do = Boleh masuk. Jamnya lewat { $minutes } menit; menunggu di belakang yang tepat waktu.
day-verdict-rest = { $missing ->
    [0] Rombongan lengkap
   *[other] Rombongan belum lengkap
}
    .do = { $missing ->
        [0] Semua anggota sudah di dalam dengan nomor ini.
       *[other] Boleh masuk dengan nomor ini. { $missing } orang lagi belum datang.
    }
day-verdict-wrong-day = Salah tanggal
    .do = Tiket ini untuk { $date }. Minta pemohon datang pada hari itu.
day-verdict-wrong-office = Salah kantor
    .do = Tiket ini untuk { $office }, pada tanggal dan jam di bawah ini.
day-verdict-cancelled = Sudah dibatalkan
    .do = Pemohon membatalkan tiket ini. Pemohon boleh ikut pembukaan berikutnya.
day-verdict-revoked = Ditarik oleh kantor
    .do = Kantor menarik tempat ini. Jadwal pengganti, jika ada, tertulis di pesan pemohon.
day-verdict-claimed = NIK milik orang lain
    .do = Satu NIK di tiket ini terbukti milik orang lain di { $office }, jadi tiketnya ditarik tanpa pengganti. Jika ada keberatan, kirim ke kepala kantor dengan KTP asli.
day-verdict-went-home = Sudah pulang
    .do = Tiket ini hari ini dicatat pulang sebelum selesai dilayani dan tidak berlaku lagi. Kirim ke kepala kantor jika ada keberatan.
day-verdict-already-in = Sudah di dalam
    .do = Tiket ini sudah dicatat. Jika orangnya lain, periksa KTP.
day-verdict-was-absent = Tadi tidak ada saat dipanggil
    .do = Masukkan lagi ke antrean dari daftar loket.
day-verdict-already-served = Sudah dilayani
    .do = Kunjungan ini sudah selesai.
day-verdict-missed = Sudah lewat
    .do = Hari tiket ini sudah ditutup. Kirim ke kepala kantor jika ada keberatan.
day-verdict-unknown = Tidak dikenal
    .do = Tidak ada tiket seperti ini. Coba kode antrean, atau cari dengan nama.
day-verdict-forged = Tidak asli
    .do = Tanda tangan tiket tidak cocok. Jangan beri nomor; panggil kepala kantor.

day-refusal-visit-unknown = Nomor ini tidak ada
    .detail = Tidak ada kunjungan dengan nomor itu di sini hari ini. Periksa nomornya.
day-refusal-stands-elsewhere = { $counter ->
    [0] { $number } sekarang { $state }
   *[other] { $number } sekarang { $state } (loket { $counter })
}
    .detail = Petugas lain lebih dulu, atau ini tidak bisa dilakukan sekarang. Lihat daftar yang baru.
day-refusal-undo-too-late = Sudah lewat waktunya
    .detail = Kedatangan hanya bisa dibatalkan dalam { $seconds } detik dan sebelum dipanggil. Di loket, catat sebagai pulang.
day-refusal-reinsert-too-late = Sudah terlalu lama
    .detail = Yang tidak ada saat dipanggil bisa dimasukkan lagi dalam { $minutes } menit. Tanyakan kepada kepala kantor.
day-refusal-nobody-waits = Tidak ada yang menunggu
    .detail = Tidak ada yang menunggu untuk loket ini. Coba lagi sebentar.
day-refusal-no-counter = Anda belum membuka loket
    .detail = Pilih nomor loket Anda dulu.
day-refusal-counter-busy = { $number } masih di loket ini
    .detail = Selesaikan, tunda, atau kembalikan { $number } dulu.
day-refusal-other-counter = Sedang di loket { $counter }
    .detail = Kunjungan ini sedang ditangani loket { $counter }. Minta petugas di sana.
day-refusal-counter-taken = Di loket { $counter } ada petugas
    .detail = Seorang petugas sedang duduk di loket { $counter }. Ambil alih dari halaman Loket, atau pilih loket lain.
day-refusal-relieved = Loket { $counter } sudah diambil alih
    .detail = Petugas lain sekarang melayani di loket { $counter }, juga yang ada di depannya. Buka loket lain.
day-refusal-counter-number-wrong = Nomor loket belum benar
    .detail = Tulis angka 1 sampai { $max }, seperti di papan loket Anda.
day-refusal-counter-wrong = Loket tidak bisa disimpan
    .detail = Nomor loket 1 sampai { $max }, nama paling banyak 40 huruf, dan paling sedikit satu tahap dan satu jenis antrean.
day-refusal-numbers-used-up = Nomor hari ini habis
    .detail = Semua nomor jenis ini sudah dipakai. Pakai jenis lain, atau lanjutkan besok.
day-refusal-priority-full = Tempat prioritas habis
    .detail = Semua tempat prioritas hari ini sudah dipakai. Kepala kantor bisa memberi tempat cadangan.
day-refusal-reserve-full = Tempat cadangan habis
    .detail = Semua tempat cadangan kepala kantor hari ini sudah dipakai.
day-refusal-people-wrong = Jumlah orang tidak cocok
    .detail = Isi jumlah dari 1 sampai { $max } orang.
day-refusal-papers-not-named = Dokumen apa yang kurang?
    .detail = Pilih paling sedikit satu dokumen yang kurang.
day-refusal-note-too-long = Catatan tidak bisa disimpan
    .detail = Tulis catatan, semuanya paling banyak { $max } huruf.
day-refusal-nothing-claimed = NIK ini tidak dipakai
    .detail = Tidak ada pendaftaran atau janji temu yang berjalan atas NIK ini. Pemohon bisa mendaftar seperti biasa.
day-refusal-disowned = NIK ini milik orang lain
    .detail = Pemilik NIK ini sudah menunjukkan KTP di kantor imigrasi. Keliru? Datang ke kantor dengan KTP Anda.

approval-walk-in = Terima tanpa tiket: darurat atau tempat cadangan
approval-move-claim = Pindahkan NIK kepada pemiliknya

# Halaman pintu.
door-title = Pintu
door-field = Pindai atau ketik tiket
door-field-hint = QR, kode antrean, nama, atau 4 angka terakhir NIK
door-field-empty = Pindai atau ketik tiket dulu.
door-how-many = Berapa orang yang datang? (kosong = semua)
door-check = Periksa
door-let-in = Catat datang
door-name-short = Ketik paling sedikit { $letters } huruf dari nama, atau 4 angka terakhir NIK.
door-nobody-found = Tidak ada yang cocok hari ini. Coba kode antrean.
door-undo = Batalkan (2 menit)
door-undone = Kedatangan { $who } dibatalkan.
door-slip = Slip nomor
door-people-there = { $missing ->
    [0] { $there } dari { $all } orang
   *[other] { $there } dari { $all } orang, { $missing } belum datang
}
door-counts = Belum datang: { $expected } orang. Menunggu: { $waiting }. Tempat prioritas: { $priority }. Cadangan: { $reserve }.
door-walk-in = Tanpa tiket
door-service = Keperluan
door-service-missing = Pilih keperluan dan jenis paspor.
door-not-here = Tidak dilayani di sini:
door-passport = Paspor
door-count = Jumlah orang
door-priority = Prioritas
door-priority-none = Tidak
door-reserve = Pakai tempat cadangan kepala kantor
door-reason = Alasan (untuk darurat lain atau tempat cadangan)
door-give-number = Beri nomor
door-head-decides = Darurat lain dan tempat cadangan diputuskan kepala kantor.
door-latest = Kedatangan terakhir
door-latest-none = Belum ada yang datang hari ini.
door-back = Kembali ke pintu
door-print = Cetak dengan Ctrl+P.
door-camera = Pakai kamera
door-camera-off = Matikan kamera
door-camera-picture = Gambar kamera
door-camera-aim = Arahkan kamera ke kode QR pada tiket. Gambarnya tidak disimpan.
door-camera-cannot = Kamera tidak bisa dipakai di browser ini. Pindai dengan alat pemindai, atau ketik kodenya.
door-camera-refused = Kamera tidak diizinkan. Izinkan kamera untuk alamat ini di setelan browser, lalu tekan lagi. Pemindai dan ketikan tetap bisa dipakai.
door-camera-none = Tidak ada kamera di perangkat ini. Pindai dengan alat pemindai, atau ketik kodenya.
door-camera-busy = Kamera tidak menyala, mungkin sedang dipakai aplikasi lain. Tutup aplikasi itu, lalu tekan lagi.
door-camera-unread = Pembaca kode QR tidak bisa diambil dari server. Coba lagi setelah jaringan kembali; pemindai dan ketikan tetap bisa dipakai.
door-offline-ok = Tiket asli, dicatat di sini
door-offline-forged = Tiket tidak asli
door-offline-elsewhere = Tiket untuk tempat atau tanggal lain
door-offline-unchecked = Tidak bisa diperiksa di sini, disimpan dulu
door-offline-kept = { "{0}" } kedatangan disimpan di sini dan dikirim sendiri setelah server terjangkau. Jangan tutup halaman ini.
door-offline-unreached = Server tidak terjangkau
door-offline-unsent = Tidak ada yang dicatat. Isian Anda tetap ada; coba lagi setelah jaringan kembali.
door-offline-no-names = Nama dan NIK baru bisa dicari setelah jaringan kembali. Pindai kode QR, atau ketik kode tiketnya.
door-offline-early = Tiket asli, datang lebih awal; dicatat di sini
door-offline-unanswered = Jawaban server belum sampai. Isian Anda tetap ada. Tekan lagi setelah jaringan kembali; nomornya tetap satu.
door-clock-off = Jam perangkat ini berbeda { "{0}" } menit dari jam server. Pintu memakai jam server; betulkan jam perangkat ini.
door-session-ended = Sesi ini berakhir. Masuk lagi; halaman ini terbuka lagi dan yang disimpan di sini dikirim.
door-kept-by-others = { "{0}" } kedatangan di perangkat ini disimpan oleh { "{1}" } dan belum terkirim. Minta ia masuk di sini, atau kirim atas nama Anda.
door-take-on = Kirim atas nama saya

# Halaman loket.
counter-title = Loket
counter-number = Nomor loket Anda
counter-open = Buka loket
counter-close = Tutup loket
counter-closed = tutup
counter-next = Panggil berikutnya
counter-next-is = Berikutnya:
counter-nobody = Tidak ada yang menunggu untuk loket ini.
counter-by-number = Atau panggil nomor
counter-number-wrong = Tulis nomor seperti A-017.
counter-nothing-chosen = Pilih apa yang dilakukan.
counter-again = dipanggil lagi
counter-calls = Panggilan terakhir
counter-rule = Dari empat panggilan: 1 prioritas, 2 terjadwal, 1 datang langsung. Yang menunggu lebih dari 60 menit didahulukan pada setiap panggilan kedua.
counter-seats = Semua loket
counter-start = Mulai
counter-recall = Panggil lagi
counter-absent = Tidak ada
counter-suggest-absent = Sudah dipanggil 3 kali. Sebaiknya catat sebagai tidak ada; bisa dimasukkan lagi selama 60 menit.
counter-park = Tunda
counter-unpark = Ambil lagi
counter-put-back = Kembalikan ke antrean
counter-leave = Pulang
counter-outcome = Hasil
counter-finish = Selesai
counter-missing = Dokumen yang kurang
counter-stage = Tahap
counter-transfer = Teruskan ke tahap ini
counter-note = Catatan
counter-note-save = Simpan catatan
counter-inaccurate = Waktunya tidak tepat
counter-reinsert = Masukkan lagi
counter-waiting = Menunggu
counter-parked = Ditunda
counter-missed = Tidak ada saat dipanggil (bisa dimasukkan sampai)
counter-finished = Selesai
counter-not-begun = Belum dimulai: lamanya tidak ikut dihitung.
counter-seat-title = { $officer } duduk di loket { $counter }
counter-seat-since = Sejak pukul { $when }.
counter-seat-before = Sejak sebelum hari ini.
counter-seat-took = { $officer } mengambil alih loket { $counter } dari { $before } pukul { $when }.
counter-seat-nobody = Tidak ada orang di depan loket itu.
counter-seat-current = Di depannya: { $number } ({ $state }). Kalau Anda mengambil alih, { $number } tetap di loket itu dan Anda yang melanjutkan.
counter-seat-told = { $officer } diberi tahu bahwa Anda mengambil alih.
counter-take-over = Ambil alih loket { $counter }
counter-relieved = { $officer } mengambil alih loket { $counter } pukul { $when }. Yang ada di depan loket itu dilayani di sana. Anda bisa membuka loket lain.
counter-gap-all = { $people ->
    [0] Tidak ada loket yang terbuka.
   *[other] { $people } orang menunggu; tidak ada loket yang terbuka.
}
counter-gap-stage = { $people ->
    [0] Tidak ada loket terbuka untuk { $stage }.
   *[other] { $people } orang menunggu { $stage }; tidak ada loket terbuka yang melayaninya.
}
counter-gap-class = { $people ->
    [0] Tidak ada loket terbuka untuk antrean { $class }.
   *[other] { $people } orang dari antrean { $class } menunggu; tidak ada loket terbuka yang melayaninya.
}
counter-gap-both = { $people ->
    [0] Tidak ada loket terbuka untuk { $stage } dari antrean { $class }.
   *[other] { $people } orang dari antrean { $class } menunggu { $stage }; tidak ada loket terbuka yang melayaninya.
}
counter-gap-do = Buka loket untuk itu, ubah tugas sebuah loket, atau panggil dengan nomor.
counter-never-all = Tidak ada loket yang diatur.
counter-never-stage = Tidak ada satu loket pun yang diatur untuk { $stage }.
counter-never-class = Tidak ada satu loket pun yang diatur untuk antrean { $class }.
counter-never-both = Tidak ada satu loket pun yang diatur untuk { $stage } dari antrean { $class }.
counter-did-open = Loket { $counter } terbuka.
counter-did-taken = Anda mengambil alih loket { $counter }.
counter-did-closed = Loket sudah ditutup.
counter-did-call = { $number } dipanggil.
counter-did-recall = { $number } dipanggil lagi.
counter-did-start = { $number } mulai dilayani.
counter-did-finish = { $number } selesai: { $outcome }.
counter-did-absent = { $number } dicatat tidak ada.
counter-did-park = { $number } ditunda.
counter-did-unpark = { $number } diambil lagi dan menunggu.
counter-did-transfer = { $number } diteruskan dan menunggu: { $stage }.
counter-did-put-back = { $number } dikembalikan ke antrean.
counter-did-reinsert = { $number } dimasukkan lagi ke antrean.
counter-did-leave = { $number } pulang tanpa dilayani.
counter-did-note = Catatan { $number } tersimpan.
counter-did-inaccurate = Waktu { $number } ditandai tidak tepat dan tidak ikut dihitung.

# Mengatur loket.
counters-title = Atur loket
counters-lead = Tentukan tahap dan antrean yang dilayani setiap loket. Orang hanya dipanggil ke loket yang melayani tahap dan antreannya. Loket yang tidak pernah diatur melayani semuanya.
counters-none = Belum ada loket. Loket dibuat di sini, atau saat petugas membukanya.
counters-number = Nomor
counters-name = Nama
counters-name-hint = Boleh kosong. Paling banyak 40 huruf.
counters-stages = Tahap yang dilayani
counters-classes = Antrean yang dilayani
counters-officer = Petugas
counters-edit = Ubah
counters-remove = Hapus
counters-remove-hint = Hapus loket yang dibuat karena salah. Yang terjadi di sana tetap tercatat.
counters-new = Tambah loket
counters-change = Ubah loket { $counter }
counters-save = Simpan
counters-number-wrong = Isi nomor loket 1 sampai 99.
counters-stages-missing = Pilih paling sedikit satu tahap.
counters-classes-missing = Pilih paling sedikit satu antrean.
counters-saved = Loket { $counter } tersimpan.
counters-removed = Loket { $counter } dihapus.
counters-conflict = Loket { $counter } diubah orang lain
counters-conflict-known = Loket { $counter } sudah ada
counters-conflict-set = { $officer } menyimpan loket { $counter } pukul { $when }.
counters-conflict-removed = { $officer } menghapus loket { $counter } pukul { $when }.
counters-conflict-now = Sekarang: { $now }. Isian Anda di bawah belum disimpan; tekan Simpan untuk menggantinya.
counters-conflict-gone = Loket { $counter } tidak ada lagi. Isian Anda di bawah belum disimpan; tekan Simpan untuk membuatnya lagi.
counters-back = Kembali ke loket
staff-menu-door = Pintu
staff-menu-counter = Loket

# Layar ruang tunggu.
board-title = Layar antrean
board-to-counter = ke loket { $counter }
board-none = Belum ada panggilan
board-waiting = Menunggu: { $waiting }. Yang datang sekarang menunggu { $from }–{ $to } menit.
board-cut = Terputus sejak
board-sound = Sentuh layar untuk menyalakan suara
boards-title = Layar ruang tunggu
boards-lead = Pilih kantor yang layarnya ingin dibuka. Alamatnya bisa disimpan di televisi: /layar/ lalu kode kantor.
boards-offices = Daftar kantor
counter-calls-count = Panggilan ke-{ $calls }

# Data lengkap dan NIK yang dipakai orang lain
unmask-title = Lihat data lengkap
unmask-lead = Nama dan NIK biasanya disamarkan. Buka hanya bila perlu; siapa yang membuka dan alasannya tercatat.
unmask-ticket = Tiket
unmask-ticket-hint = Kode antrean, misalnya BK-QFJ8BD, atau tautan tiket
unmask-unknown = Tidak ada tiket seperti itu di kantor ini. Periksa kodenya.
unmask-phone = Telepon pemohon
unmask-reason-hint = Misalnya: nama di KTP berbeda dari tiket
unmask-do = Tampilkan
unmask-noted = Pembukaan data ini sudah dicatat.
claim-title = NIK dipakai orang lain
claim-lead = Untuk orang yang NIK-nya didaftarkan orang lain. Lihat KTP aslinya dan cocokkan wajahnya.
claim-follows = Pendaftaran yang memakai NIK itu berakhir tanpa catatan bagi siapa pun, akun itu tidak bisa memakai NIK ini lagi, dan pemiliknya langsung boleh mendaftar atau dilayani tanpa tiket. Permintaan petugas diputuskan kepala kantor.
claim-nik = NIK di KTP
claim-nik-hint = 16 angka
claim-how = Bukti yang dilihat
claim-how-hint = Misalnya: KTP asli, wajah cocok
claim-do = Bebaskan NIK ini
claim-done = NIK itu sudah bebas. Katakan kepada pemiliknya: tempat yang tadi tidak pindah kepadanya, tetapi kembali untuk semua. Ia bisa mendaftar atau memilih tempat sekarang, atau dilayani hari ini tanpa tiket lewat Pintu.
