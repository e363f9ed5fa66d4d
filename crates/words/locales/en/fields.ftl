# What is written in forms: what is not right yet, and how to put it right.

nik-empty = Enter your NIK: the 16 digits on the identity card (KTP) or family card.
nik-not-digits = A NIK has digits only. Remove letters and other signs, and enter 16 digits.
nik-length = A NIK has 16 digits. You entered { $found }.

card-empty = Enter the family card number (KK): the 16 digits at the top of the card.
card-not-digits = A family card number has digits only. Remove letters and other signs, and enter 16 digits.
card-length = A family card number has 16 digits. You entered { $found }.

phone-empty = Enter your mobile number, for example 0812 0000 1234.
phone-not-a-number = A mobile number has digits only. Enter it like 0812 0000 1234.
phone-not-indonesian = Only Indonesian numbers can be used. Enter a number that begins with 08 or +62.
phone-not-mobile = Codes can only be sent to mobile numbers. Enter a number that begins with 08.
phone-length = A mobile number has { $min } to { $max } digits after +62. You entered { $found }. Please check it.

name-empty = Enter the full name as on the identity card. A single word is fine.
name-too-long = A name has at most { $max } letters. Enter it as on the identity card.
name-not-a-name = A name has letters. Enter it as on the identity card, without the signs < and >.

birth-empty = Enter the date of birth, for example 25-01-1987.
birth-unreadable = Enter the date of birth as day, month, and year, for example 25-01-1987.
birth-impossible = There is no such day. Please check the day and the month.
birth-future = A date of birth lies before today. Please check the year.
birth-too-long-ago = That date of birth is more than { $max } years ago. Please check the year.

choice-unreadable = This choice cannot be read. Choose the office, the date, and the time from the list again.

warning-unknown-region = The first four digits of the NIK are no region code that we know. Please check. If it is as on the card, just go on.
warning-former-region = This NIK is from a region that is called { $now } today. Nothing needs to be changed.
warning-impossible-date = The date of birth in the NIK does not exist. Please check. If it is as on the card, just go on.
warning-birth-date-differs = The date of birth you entered differs from the one in the NIK. Please check. If it is as on the card, just go on.
warning-sex-differs = The sex you chose differs from the one in the NIK. Please check. If it is as on the card, just go on.
