# Why something cannot be done yet: a title, then .detail with what is the matter and what to do next.

# Signing in
refusal-rate-limited = Please wait a little
limited-codes-to-phone = Several codes were sent to this number already. Use the last one you received, or ask again in { $wait }.
limited-codes-from-network = Many people ask for codes from the same network as you. Try again in { $wait }, or use another network.
limited-codes-today = We have sent all the codes that we can send today. Try again in { $wait }. There is no need to hurry to enter a draw.
limited-checks-of-phone = Codes for this number were tried many times today. To keep it safe, try again in { $wait }.
limited-people-of-account = The people of this account were changed many times today. Try again in { $wait }.
limited-entries-of-account = The entry of this account was changed many times just now. Your last entry stands. Try again in { $wait }.
limited-bookings-of-account = This account has tried many places just now. Try again in { $wait }.
limited-moves-of-account = The appointment of this account was changed many times today. Try again in { $wait }, or contact the office.
limited-requests = Too many requests in a short time. Try again in { $wait }.
refusal-code-wrong = The code does not match
    .detail = { $tries ->
        [0] This code cannot be tried any more. Ask for a new one.
        [one] Check the 6 digits of the last message and enter them again. You can try { $tries } more time.
       *[other] Check the 6 digits of the last message and enter them again. You can try { $tries } more times.
    }
refusal-code-expired = The code is not valid any more
    .detail = Ask for a new code, and enter it on the same device.
refusal-resend-too-soon = The code is on its way
    .detail = Messages are late sometimes. You can ask to send it again in { $wait }.
refusal-signed-out = You need to sign in
    .detail = Your session has ended, or you signed in on another device. Sign in again with your mobile number.

# Who one is
refusal-details-missing = Your details are not complete
    .detail = First give your NIK, family card number, name, and date of birth. Then you can go on.
refusal-consent-missing = Your consent is missing
    .detail = We need your consent to use this data. Read what it says, and tick the box.
refusal-underage = An account is for people of 17 and older
    .detail = By the date of birth, the age is { $years }. Ask a parent or guardian to make an account and add you as family. If you are married, tick "married".
refusal-family-full = This account has { $max } people already
    .detail = An account holds at most { $max } people. Remove one first, or use the account of another family member.
refusal-already-in-family = This person is in your account already
    .detail = This NIK is in your account. Choose the name from the family list.
refusal-person-unknown = This person is not in your account
    .detail = Choose a person from the family list, or add them first.
refusal-in-live-party = These details are in use
    .detail = They are part of a live entry or appointment and cannot change yet. Cancel it first, or wait until it is over.

# Releases and entries
refusal-release-unknown = There is no such release
    .detail = Open the Queue page to see the present one.
refusal-not-open = Not open yet
    .detail = Entries open on { $opens }. Come back after that. There is no need to be fast when places are drawn.
    .detail-at = Entries for { $office } open on { $opens }. Come back after that. There is no need to be fast when places are drawn.
refusal-entries-closed = Entries are closed
    .detail = Entries closed on { $since }. You may take part in the next release.
refusal-other-mode-draw = Places are drawn by lot
    .detail = In this release places are not booked directly. Enter the draw and wait for its result.
refusal-other-mode-first-come = Places are booked directly
    .detail = There is no draw in this release. Choose an office and an arrival time that is free.
refusal-already-live = You have an entry or appointment already
    .detail = An account can have only one at a time. View, change, or cancel the one you have.
refusal-person-already-live = Person { $person } has an entry or appointment already
    .detail = A person can have only one at a time, through any account. Cancel the other first, or apply without this person. If somebody else uses this NIK, show the identity card at an immigration office.
refusal-person-rests = Person { $person } cannot take part yet
    .detail = An appointment was missed, or cancelled on its day. This person may take part again after { $releases ->
        [one] { $releases } more release
       *[other] { $releases } more releases
    }. If the record is wrong, contact the office of that appointment.
refusal-nobody-chosen = Nobody is chosen yet
    .detail = Choose who will come.
refusal-party-too-large = At most { $max } people
    .detail = One entry can have at most { $max } people. Choose fewer.
refusal-person-twice = Person { $person } is chosen twice
    .detail = Choose each person once.
refusal-no-choice = There is no choice yet
    .detail = Choose at least one office. The date and the time may be "any".
refusal-too-many-choices = At most { $max } choices
    .detail = Remove some choices until { $max } or fewer are left.
refusal-choice-twice = Choice { $choice } is the same as another
    .detail = Remove one of them. The same choice twice does not raise your chance.
refusal-office-unknown = The office of choice { $choice } does not exist
    .detail = Choose an office from the list.
refusal-office-not-in-release = { $office } is not in this release
    .detail = Remove choice { $choice }, or choose another office. This office may be in the next release.
refusal-nothing-matches = { $office } is not open at that time
    .detail = For choice { $choice } there is no arrival time on that date and hour. Choose another date or time.
refusal-never-fits = Too many people for one arrival time
    .detail = At { $office } one arrival time has room for at most { $largest }. Change choice { $choice }, or apply with fewer people.
refusal-entry-unknown = The entry was not found
    .detail = Check the link, or sign in and open "My ticket".
refusal-entry-final = This entry cannot be changed any more
    .detail = Entries are closed, it was drawn, or it was withdrawn. Open "My ticket" to see the result.

# Not offered here
refusal-not-offered = Not offered here
not-offered-walk-in = For this service, go directly to { $at }, without booking online. Come in working hours and bring the original papers.
not-offered-per-person = A child's passport is booked as "New passport" or "Passport replacement". Choose one of them; the papers for a child are on the ticket.
not-offered-nothing = { $office } does not take online bookings yet. Choose another office.
not-offered-new-only = { $office } makes new passports only. Choose another office for a replacement.
not-offered-replacement-only = { $office } replaces passports only. Choose another office for a new passport.
not-offered-electronic-only = { $office } has made electronic passports only since { $since }. Choose an electronic passport or another office.

# Places
refusal-slot-unknown = There is no such arrival time
    .detail = Choose an arrival time from the list.
refusal-full = Full
    .detail = There are not enough places left at this time. Choose another time, date, or office.
    .detail-alternatives = There are not enough places left at this time. Still free: { $alternatives }.
    .alternative = { $office }, { $date }, { $window }
refusal-slot-closed = Closed
    .detail = { $office } is closed on { $date } at { $time }. Choose another time, date, or office.
refusal-booking-closed = Booking is closed
    .detail = Booking for this time closed on { $since }. Choose a later date, or take part in the next release.
refusal-not-drawn-yet = Not drawn yet
    .detail = The places of this release are drawn first. What is left can be booked after the draw, { $draw }.

# The waiting room
refusal-no-waiting-room = There is no waiting room
    .detail = In this release nobody has to wait. Choose an office and an arrival time.
refusal-line-not-open = The waiting room is not open yet
    .detail = You can join from { $joins }. There is no need to be early: the order is drawn at the opening.
refusal-line-over = The line is over
    .detail = This release has ended. You may take part in the next one.
refusal-not-in-line = Join the line first
    .detail = Many people want these places, so that they are let in in turn. Open the waiting room of this release and join.
refusal-not-your-turn = It is not your turn yet
    .detail = Your place in the line is kept. Look again in { $wait }.
    .detail-ahead = Your place in the line is kept; about { $ahead } people are before you. Look again in { $wait }.
refusal-holder-changed = The account has another holder now
    .detail = The place in the line belongs to the person who joined it. State the same holder as then, or take part in the next release.
refusal-place-token-invalid = This place token cannot be used
    .detail = It was changed, or belongs to another release or account. Sign in and ask for your place again: it is kept.

# Tickets
refusal-ticket-unknown = The ticket was not found
    .detail = Check the link, or sign in and open "My ticket".
refusal-not-possible-now = This cannot be done now
    .detail = State of the appointment: { $state }. { $next }
refusal-moved-already = It was moved once already
    .detail = An appointment can be moved once. Come as the ticket says, or cancel and apply again.
refusal-too-late = It is too late to move
    .detail = An appointment can be moved before { $since }. Come as the ticket says. If you cannot come, cancel, so that the place is not wasted.
refusal-same-slot = This is the time you have
    .detail = Choose another time, date, or office.
refusal-other-release = That time belongs to another release
    .detail = An appointment can be moved only within its release. Choose from the list on your ticket.

# The operator: what stands behind the colon comes from the program.
refusal-plan-refused = The plan cannot be used yet
    .detail = Put the plan right and try again: { $problems }.
refusal-beacon-refused = This beacon value cannot be used
    .detail = Check the value and try again: { $why }.

# Programs
refusal-key-reused = This key was used for another request
    .detail = Send a different request with a new Idempotency-Key.

# Not a refusal but a fault
failure-busy = It is busy
    .detail = Your request was not processed. Try again in a moment. What you entered is not lost.
failure-broken = Something is wrong on our side
    .detail = This is not because of you. Try again in a few minutes.
