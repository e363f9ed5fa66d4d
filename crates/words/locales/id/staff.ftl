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
