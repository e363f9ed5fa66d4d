# Kantor: peran dan tugas.
role-officer = Petugas
role-head = Kepala kantor
role-admin = Admin nasional
role-auditor = Auditor
task-look = melihat keadaan kantor
task-door = menerima pemohon di pintu
task-counter = memanggil dan melayani di loket
task-people = mencari pemohon dan menyelesaikan masalahnya
task-unmask = melihat data yang disamarkan
task-quota = mengubah kuota
task-close = menutup layanan
task-describe = mengubah data kantor
task-found = menambah kantor
task-staff = mengatur petugas
task-approve = menyetujui permintaan orang lain
task-report = membaca laporan
task-audit = membaca jejak perubahan

# Kerangka halaman petugas.
staff-brand = petugas
staff-menu = Menu petugas
staff-menu-own = Akun saya
staff-menu-staff = Daftar petugas
staff-menu-approvals = Persetujuan
staff-menu-audit = Jejak perubahan
staff-menu-audit-all = Jejak perubahan
staff-sign-out = Keluar

# Masuk.
staff-sign-in-title = Masuk petugas
staff-sign-in = Masuk
staff-sign-in-onward = Anda belum masuk, atau sesi Anda sudah berakhir. Sesudah masuk Anda kembali ke halaman tadi; yang belum tersimpan perlu diisi lagi.
staff-sign-in-help = Lupa kata sandi atau ganti ponsel? Minta tautan undangan baru kepada kepala kantor atau admin Anda.
staff-login = Nama masuk
staff-login-hint = Huruf kecil, angka, titik, atau tanda hubung. Contoh: siti.btm
staff-login-wrong = Nama masuk berisi 3 sampai 64 huruf, angka, titik, atau tanda hubung.
staff-password = Kata sandi
staff-password-missing = Ketik kata sandi Anda.
staff-password-old = Kata sandi sekarang
staff-password-old-wrong = Kata sandi sekarang tidak cocok.
staff-password-new = Kata sandi baru
staff-password-again = Ketik kata sandi baru sekali lagi
staff-password-hint = Paling sedikit { $min } huruf. Beberapa kata yang mudah Anda ingat lebih baik daripada satu kata yang rumit.
staff-password-short = Kata sandi paling sedikit { $min } huruf. Anda menulis { $found }.
staff-password-long = Kata sandi ini terlalu panjang.
staff-password-obvious = Kata sandi ini mudah ditebak. Pilih beberapa kata lain.
staff-password-differs = Kedua kata sandi tidak sama.
staff-code = Kode dari aplikasi
staff-code-hint = 6 angka dari aplikasi autentikator di ponsel Anda
staff-code-missing = Ketik 6 angka dari aplikasi autentikator.

# Undangan.
staff-invitation-title = Selamat datang di Antrean
staff-invitation-hello = { $name }, Anda diundang sebagai petugas. Pilih kata sandi dan pasang kode dari aplikasi; setelah itu Anda langsung masuk.
staff-invitation-until = Tautan berlaku sampai
staff-invitation-password = 1. Pilih kata sandi
staff-invitation-factor = 2. Pasang kode dari aplikasi
staff-invitation-factor-app = Buka aplikasi autentikator di ponsel Anda.
staff-invitation-factor-scan = Pilih "tambah akun", lalu pindai gambar ini.
staff-invitation-factor-type = Ketik 6 angka yang tampil di aplikasi.
staff-invitation-secret = Tidak bisa memindai? Ketik kunci ini di aplikasi:
staff-invitation-qr = Kode QR untuk aplikasi autentikator
staff-invitation-begin = Simpan dan masuk

# Awal.
staff-home-title = Kantor Anda
staff-home-search = Cari kantor
staff-home-find = Cari
staff-home-none = Tidak ada kantor yang cocok.
staff-home-more = Masih ada kantor lain. Ketik nama atau kodenya di atas.
staff-office-nothing = Tidak ada tugas untuk peran Anda di kantor ini.

# Akun sendiri.
staff-own-title = Akun saya
staff-own-password = Ganti kata sandi
staff-own-save = Ganti kata sandi
staff-own-changed = Kata sandi sudah diganti
staff-own-changed-detail = Sesi Anda di perangkat lain sudah berakhir.

# Daftar petugas.
staff-people-title = Daftar petugas
staff-people-none = Belum ada petugas.
staff-name = Nama
staff-role = Peran
staff-role-missing = Pilih peran.
staff-offices = Kantor
staff-offices-hint = Kode kantor, dipisah koma. Contoh: BTM, BTM-HB. Kosongkan untuk admin dan auditor.
staff-office-unknown = Tidak ada kantor dengan kode { $code }.
staff-state = Status
staff-state-invited = Diundang
staff-state-active = Aktif
staff-state-disabled = Nonaktif
staff-reason = Alasan
staff-reason-hint = Diisi bila perubahan ini perlu disetujui orang kedua.
staff-person-new = Tambah petugas
staff-person-invite = Buat undangan
staff-person-save = Simpan
staff-person-again = Undang lagi
staff-person-again-help = Untuk yang lupa kata sandi atau ganti ponsel. Kata sandi dan kode yang lama tidak berlaku lagi.
staff-person-again-do = Buat tautan baru
staff-person-disable = Nonaktifkan
staff-person-disable-help = Sesudah dinonaktifkan:
staff-person-disable-do = Nonaktifkan sekarang
staff-person-disable-why = Alasan
staff-person-disable-why-hint = Tercatat di jejak perubahan. Misalnya: pindah tugas
staff-ends-sessions = { $count ->
    [0] Tidak ada sesinya yang sedang berjalan.
   *[other] { $count } sesinya berakhir saat itu juga.
}
staff-ends-counter = Loket { $counter } di { $office } ditutup.
staff-ends-before = { $number } sedang di loket itu dan tetap di sana: petugas yang membuka loket { $counter } berikutnya melanjutkan.
staff-ends-log = Yang pernah dilakukannya tetap ada di jejak perubahan.
staff-done-changed = { $name } ({ $login }) sudah diubah.
staff-done-disabled = { $name } ({ $login }) sudah dinonaktifkan. Sesinya sudah berakhir.
staff-done-before = { $name } ({ $login }) sudah dinonaktifkan orang lain. Anda tidak mengubah apa pun.
staff-person-trail = Lihat yang dilakukannya
staff-invited-title = Undangan sudah dibuat
staff-invited-for = Berikan tautan ini kepada { $login }
staff-invited-until = Berlaku sampai { $until }.
staff-invited-once = Tautan ini hanya tampil sekarang dan hanya bisa dipakai sekali. Serahkan langsung, jangan lewat grup.

# Persetujuan.
approvals-title = Persetujuan
approvals-none = Tidak ada yang menunggu keputusan Anda.
approvals-answer = Catatan (diisi jika menolak)
approvals-yes = Setujui
approvals-no = Tolak
approvals-own = Anda yang meminta; orang lain yang memutuskan.
approvals-withdraw = Tarik kembali
approvals-decided = Sudah diputuskan
approvals-what = Apa
approvals-asked = Diminta oleh
approvals-by = Diputuskan oleh
approval-waiting = Menunggu
approval-approved = Disetujui
approval-declined = Ditolak
approval-withdrawn = Ditarik
approval-staff-change = Mengangkat admin nasional

# Jejak perubahan.
audit-title = Jejak perubahan
audit-from = Dari tanggal
audit-through = Sampai tanggal
audit-date-wrong = Tulis tanggal seperti 2027-01-12.
audit-show = Tampilkan
audit-ticket = Tiket atau pendaftaran
audit-ticket-hint = Kode tiket, atau alamatnya
audit-staff = Petugas
audit-staff-hint = Nama, nama masuk, atau nomor
audit-staff-unknown = Tidak ada petugas dengan nama itu yang bisa Anda lihat.
audit-staff-many = Beberapa petugas cocok. Pilih salah satu.
audit-meant = { $name } ({ $login })
audit-number = Nomor panggilan
audit-number-hint = Misalnya A-012
audit-number-wrong = Tulis nomor panggilan seperti A-012.
audit-number-where = Isi kantornya juga: setiap kantor punya nomor panggilan sendiri.
audit-office-hint = Kode kantor. Contoh: BTM
audit-group = Jenis
audit-group-all = Semua
audit-ask = Isi kantor, petugas, atau tiket, lalu tampilkan.
audit-older = Catatan yang lebih lama
audit-none = Tidak ada catatan yang cocok.
audit-at = Waktu
audit-who = Oleh
audit-what = Apa
audit-office = Kantor
audit-why = Keterangan
audit-about = Tiket
actor-account = Pemohon
actor-nobody = Belum masuk
actor-clock = Jam sistem
actor-operator = Pengelola
actor-staff = Petugas
approval-closure-start = Menutup layanan
approval-timetable-change = Mengubah jam atau kuota

# Passkey.
staff-passkey = Passkey
staff-passkey-about = Masuk dengan sidik jari, wajah, atau PIN perangkat Anda, tanpa kata sandi dan kode.
staff-passkey-sign-in = Masuk dengan passkey
staff-passkey-without = Tombol passkey tampil di peramban yang mengenal passkey, dengan JavaScript, di alamat { $origin }.
staff-passkey-failed = Perangkat belum memberi tanda. Coba sekali lagi, atau masuk dengan cara lain.
staff-passkey-here = Perangkat ini sudah punya passkey Anda.
staff-passkey-name = Nama passkey
staff-passkey-name-hint = Agar Anda mengenalinya nanti. Contoh: ponsel saya
staff-passkey-name-first = Perangkat saya
staff-passkey-begin-title = Atau dengan passkey saja
staff-passkey-begin-about = Sebagai ganti kata sandi dan kode, Anda masuk dengan sidik jari, wajah, atau PIN perangkat Anda.
staff-passkey-begin = Buat passkey dan masuk
staff-passkey-add = Tambah passkey
staff-passkey-added = Passkey sudah ditambah
staff-passkey-added-detail = Mulai sekarang Anda bisa masuk dengan passkey ini.
staff-passkey-removed = Passkey sudah dihapus
staff-passkey-removed-detail = Passkey itu tidak bisa dipakai masuk lagi. Hapus juga dari perangkatnya.
staff-passkey-since = Ditambah { $when }.
staff-passkey-used = Terakhir dipakai { $when }.
staff-passkey-unused = Belum pernah dipakai.
staff-passkey-remove = Hapus
staff-own-no-password = Anda masuk dengan passkey saja. Perlu kata sandi? Minta undangan baru kepada kepala kantor atau admin Anda.
