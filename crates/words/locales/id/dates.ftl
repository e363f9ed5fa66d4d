# Tanggal dan jam. Jam selalu dengan titik dan zona waktu kantor.

weekday-1 = Senin
weekday-2 = Selasa
weekday-3 = Rabu
weekday-4 = Kamis
weekday-5 = Jumat
weekday-6 = Sabtu
weekday-7 = Minggu

month-1 = Januari
month-2 = Februari
month-3 = Maret
month-4 = April
month-5 = Mei
month-6 = Juni
month-7 = Juli
month-8 = Agustus
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Desember

date = { $weekday }, { $day } { $month } { $year }
date-short = { $day } { $month } { $year }
date-without-year = { $weekday }, { $day } { $month }
time = { $time } { $zone }
window = { $starts }–{ $ends } { $zone }
instant = { $date } pukul { $time }
also-home = { $time } ({ $home })
