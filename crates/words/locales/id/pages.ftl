# Teks halaman. Halaman lain menambah kuncinya sendiri di sini.

site-name = Antrean
site-description = Antrean paspor kantor imigrasi

menu-home = Beranda
menu-queue = Antrean
menu-offices = Kantor
menu-guide = Panduan
menu-mine = Data saya
menu-help = Bantuan
menu-sign-in = Masuk
menu-sign-out = Keluar
skip-to-content = Langsung ke isi halaman

button-continue = Lanjut
button-back = Kembali
button-change = Ubah

error-summary = Ada yang perlu diperbaiki
error-title-prefix = Kesalahan:

footer-about = Layanan antrean paspor. Tempat dibagi dengan undian yang bisa diperiksa siapa pun.
footer-privacy = Privasi
footer-status = Status layanan
footer-language = English
