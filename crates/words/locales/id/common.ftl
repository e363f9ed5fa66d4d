# Kata yang dipakai di banyak tempat: daftar, jumlah, layanan, status.

list-two = { $first } dan { $last }
list-many = { $first }, dan { $last }

duration-seconds = { $n } detik
duration-minutes = { $n } menit
duration-hours = { $n } jam
people = { $n } orang
places = { $n } tempat
distance = { $km } km
rupiah = Rp{ $amount }

# Empat keadaan, empat kata yang berbeda.
availability-not-open = Belum dibuka
availability-full = Penuh
availability-closed = Tutup
availability-not-offered = Tidak dilayani di sini

service-new = Paspor baru
service-replacement = Ganti paspor
service-child = Anak di bawah 17 tahun
service-lost = Paspor hilang
service-damaged = Paspor rusak
service-data-change = Ubah data paspor

passport-ordinary = Paspor biasa
passport-electronic = Paspor elektronik (e-paspor)

validity-five = 5 tahun
validity-ten = 10 tahun

sex-female = Perempuan
sex-male = Laki-laki

office-kind-office = Kantor imigrasi
office-kind-ulp = Unit layanan paspor (ULP)
office-kind-ukk = Unit kerja keimigrasian (UKK)
office-kind-mpp = Mal pelayanan publik (MPP)

# Status janji temu; .next adalah langkah berikutnya.
state-booked = Terjadwal
    .next = Datang sesuai jam di tiket. Bawa berkas asli. Jika batal datang, batalkan paling lambat sehari sebelumnya.
state-checked-in = Sudah datang
    .next = Tunggu panggilan. Lihat layar di kantor.
state-called = Dipanggil ke loket
    .next = Silakan ke loket yang disebut di layar.
state-served = Selesai
    .next = Tidak ada yang perlu Anda lakukan. Petugas memberi tahu kapan paspor bisa diambil.
state-cancelled = Dibatalkan oleh Anda
    .next = Anda boleh mendaftar lagi pada pembukaan berikutnya.
state-cancelled-late = Dibatalkan oleh Anda pada hari kedatangan
    .next = Pembatalan ini dicatat. Lain kali, batalkan paling lambat sehari sebelumnya.
state-revoked = Dibatalkan oleh kantor
    .next = Ini bukan karena Anda. Anda boleh mendaftar lagi, dan ini tidak dicatat sebagai tidak hadir.
state-no-show = Tidak hadir
    .next = Jika Anda sebenarnya datang, hubungi kantor itu dan tunjukkan kode tiket Anda.
state-unrecorded = Hari sudah lewat
    .next = Kantor tidak mencatat kedatangan hari itu. Anda boleh mendaftar lagi.

# Status pendaftaran undian.
entry-entered = Terdaftar
    .next = Tunggu undian. Anda masih boleh mengubah pilihan sampai pendaftaran tutup.
entry-withdrawn = Dibatalkan oleh Anda
    .next = Anda boleh mendaftar lagi selama pendaftaran masih dibuka.
entry-left = Dibatalkan setelah pendaftaran tutup
    .next = Anda boleh ikut pembukaan berikutnya.
entry-standby = Cadangan
    .next = Anda tidak perlu mendaftar lagi. Tempat yang batal dibagikan pada tiap gelombang, menurut urutan undian.
entry-placed = Mendapat tempat
    .next = Buka tiket Anda. Di sana ada tanggal, jam, kantor, dan kode.
entry-expired = Masa cadangan selesai
    .next = Belum ada tempat untuk Anda kali ini. Anda boleh ikut pembukaan berikutnya.

# Status pembukaan antrean.
release-planned = Belum dibuka
release-open = Dibuka
release-frozen = Menunggu undian
release-drawing = Sedang diundi
release-drawn = Sudah diundi
release-closed = Selesai

mode-draw = Undian
mode-first-come = Siapa cepat

# Nama pembukaan: pekan kerja yang dilayani. Bukan "minggu": "minggu 30 November" terbaca sebagai hari Minggu.
release-week = pekan { $monday }

choice-any-date = tanggal berapa pun
choice-any-time = jam berapa pun
choice-morning = pagi (sebelum pukul 12.00)
choice-afternoon = siang (pukul 12.00 atau sesudahnya)
choice-at = pukul { $time }
choice = { $office }, { $date }, { $window }
