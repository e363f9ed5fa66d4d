# Text messages (SMS). The service's name first, the link last, plain letters only: no long dashes, no curly quotes.
# At most 160 letters without a link. No NIK, no person's name.

sms-code = Antrean: { $code } is your sign-in code, valid for { $minutes } minutes. Officers never ask for it: do not tell anyone
sms-place = Code { $code }, { $office }, { $when }. Bring the original papers. The list is on the ticket: { $url }
sms-entered = Antrean: your entry is in. Draw: { $draw }. Being fast does not help, everybody has the same chance. View or change: { $url }
sms-drawn = Antrean: the draw gave you a place. { $place }
sms-standby = Antrean: the draw is done, you are on standby with draw rank { $rank }. Freed places are given in this order{ $wave }. No need to enter again. View: { $url }
sms-standby-wave = , next { $when }
sms-waved = Antrean: a standby wave gave you a place. { $place }
sms-booked = Antrean: your place is booked. { $place }
sms-moved = Antrean: your appointment was moved. { $place }
sms-cancelled = Antrean: the appointment at { $office }, { $date } is cancelled. You may apply again.
sms-cancelled-late = Antrean: the appointment at { $office }, { $date } is cancelled. This is noted. Next time, cancel the day before.
sms-standby-ended = Antrean: standby for the { $release } has ended without a place for you. You may enter the next draw: { $url }
sms-missed = Antrean: you were marked absent at { $office }, { $date }. { $rest ->
    [0] Next time, cancel the day before.
    [one] You may apply again after { $rest } release.
   *[other] You may apply again after { $rest } releases.
} Wrong? Contact the office.
sms-moved-by-office = Antrean: the office is closed on { $date }; we moved your appointment.
sms-only-place = { $place }
sms-revoked = Antrean: { $office } is closed on { $date }, your appointment is off. Open your ticket to choose another before other people.
sms-claim-moved = Antrean: a NIK in your entry was shown at { $office } to be someone else's. Its place is freed. Wrong? Come with your card.
