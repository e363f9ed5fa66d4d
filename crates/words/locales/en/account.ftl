# Pages of somebody who has signed in: signing in, my data, entering the draw, taking a place, the entry, the ticket.

# Signing in
sign-in-title = Sign in with your phone number
sign-in-phone = Mobile number
sign-in-phone-hint = We send a 6-digit code to this number. For example 0812 0000 1234.
sign-in-send = Send code
sign-in-new = First time here? It works the same way, without a password.
sign-in-family = One number for one adult. Children and other family can be added to your account. The result of the draw and changes of your appointment go to this number too.
sign-in-code-title = Enter the code from the text message
sign-in-code-sent = A 6-digit code was sent to { $phone }.
sign-in-enter = Sign in
sign-in-resend-title = No code yet?
sign-in-resend-wait = Messages are sometimes late. Wait { $seconds } seconds, then press this button.
sign-in-resend-now = We can send the same code once more.
sign-in-resend-over = The code was sent several times. Check that the number is right, or use another number.
sign-in-resend = Send the code again
sign-in-resent = The code was sent again
sign-in-resent-same = It is the same code as before. Either message will do.
sign-in-other-number = Enter the number again
sign-in-demo = This is a demo, no message is sent.
sign-in-demo-link = Read the code here

# A person and the family
person-self-title = Who are you?
person-correct-title = Correct your details
person-family-title = Add a family member
person-self-why = We need this so that each person has one place only. No photos or documents to upload.
person-family-why = Somebody on the same family card (KK) as you. They can come on one ticket.
person-see-live = See the current one
person-check-again = Please check again
person-it-is-right = The details are right, continue
person-name = Full name as on the identity card (KTP)
person-name-hint = One word is fine.
person-name-hint-family = One word is fine. For a child, write the name on the birth certificate.
person-nik = NIK
person-nik-hint = 16 digits on the KTP.
person-nik-hint-family = 16 digits on the KTP or KK. Children have a NIK on the KK too.
person-birth = Date of birth
person-birth-hint = For example 25 1 1987
person-day = Day
person-month = Month
person-year = Year
person-married = I am married
person-married-hint = Married people may have their own account, even before they are 17.
person-card = Family card number (KK)
person-card-hint = 16 digits at the top of the KK.
person-sex = Sex
person-sex-hint = You may leave this out. We only compare it with the NIK.
person-sex-none = Leave out
person-consent-title = What the data is for
person-consent-use = It is used for the passport queue only: the draw, the ticket, and the check at the office.
person-consent-kept = The NIK is stored encrypted. Data of an entry is deleted 90 days after it has ended.
person-consent-rights = You can see, correct, download and delete your data at any time.
person-consent-more = All about privacy
person-consent = I agree that my data is used for the passport queue.

# My data
me-title = My ticket and data
me-nothing-live = You have no entry and no ticket yet.
me-see-release = See the open queue
me-open-ticket = Open ticket
me-open-entry = Open entry
me-entry-heading = Draw of { $release }
me-who = Complete your details
me-who-why = Fill in your name, NIK, date of birth and KK number, once. Then you can enter.
me-who-fill = Fill in details
me-data = Your details
me-name = Name
me-person = NIK { $nik }, born { $birth }
me-phone = Mobile number
me-family-card = KK number
me-consent = Consent to use of data
me-correct = Correct
me-locked = Your details can be corrected once your entry or ticket has ended.
me-family = Family
me-family-why = Up to four people on the same KK can come on one ticket.
me-child = Child
me-adult = Adult
me-remove = Remove
me-add-family = Add a family member
me-family-full = This account is full: you and four others.
me-remove-title = Remove from the family?
me-remove-who = { $name } is removed from your account. You can add them again later.
me-remove-yes = Remove
me-remove-no = Do not remove
me-strikes = Notes
me-strike-no-show = { $name } is noted as absent ({ $date }).
me-strike-late = { $name } cancelled on the day of the visit ({ $date }).
me-strike-follows = { $releases ->
    [0] This is a warning only. You can still take part.
    [one] This person can take part again after { $releases } more release.
   *[other] This person can take part again after { $releases } more releases.
}
me-strikes-object = Is this wrong? Contact or visit the office of that appointment and show the ticket code. The office can remove this note.
me-earlier = What has ended
me-earlier-entry = Entry in a draw
me-language = Language
me-language-of = Language of pages and messages
me-language-save = Save language
me-rights = Your rights over your data
me-rights-why = This data is yours.
me-rights-more = Read about privacy
me-download = Download my data
me-forget = Delete my account
me-sign-out = Sign out
me-forget-title = Delete your account?
me-forget-what = The phone number, names, NIKs, KK number and family in this account are deleted.
me-forget-kept = Only random codes without names are kept, so that past draws can still be checked.
me-forget-final = A deleted account cannot be brought back.
me-forget-yes = Delete my account
me-forget-no = Do not delete
me-forgotten-title = Your account was deleted
me-forgotten = We have deleted your data and signed you out. You may open an account again at any time with your phone number.
me-forgotten-home = Go to the start

# Picking an office, a date and an hour
pick-lead-draw = Any office will do; it need not be in your town.
pick-lead-now = Any office will do. Pick one that still has places.
pick-search = Search a city, regency or office
pick-search-go = Search
pick-found = Results for "{ $search }"
pick-found-none = No office for "{ $search }". Try the name of a city, or pick a province.
pick-provinces = Pick a province
pick-all-provinces = All provinces
pick-province-places = { $offices ->
    [one] { $offices } office
   *[other] { $offices } offices
} · { $places ->
    [one] { $places } place
   *[other] { $places } places
}
pick-province-left = { $offices ->
    [one] { $offices } office
   *[other] { $offices } offices
} · { $places ->
    [one] { $places } free place
   *[other] { $places } free places
}
pick-province-full = { $offices ->
    [one] { $offices } office
   *[other] { $offices } offices
} · full
pick-province-waits = { $offices ->
    [one] { $offices } office
   *[other] { $offices } offices
} · not open yet
pick-province-none = { $offices ->
    [one] { $offices } office
   *[other] { $offices } offices
} · not part of this release
pick-places = { $places ->
    [one] { $places } place
   *[other] { $places } places
} · { $people ->
    [one] { $people } person
   *[other] { $people } people
} so far
pick-left = { $places ->
    [one] { $places } free place
   *[other] { $places } free places
}
pick-not-in-release = Not part of this release. Look again at the next one.
pick-full = Full. Cancelled places go out in the next wave.
pick-too-few = No window has enough places for { $people } people.
pick-other-office = Another office
pick-time-title = When can you come?
pick-date = Date
pick-any-date = Any date
pick-any-date-hint = The best chance
pick-hour = Arrival time
pick-hour-hint = Local time at that office.
pick-any-time = Any time
pick-morning = Morning, before 12.00
pick-afternoon = Afternoon, 12.00 or later
pick-nothing-then = This office is not open at that date and time. Pick another time, or "Any time".
pick-add = Add this choice
pick-window-mine = Your appointment now
pick-no-days = No arrival windows are left at this office in this release. Pick another office.

# Entering the draw
enter-step = Step { $step } of { $of }
enter-live-title = You have an entry or ticket already
enter-live-why = An account can have only one at a time. View, change, or cancel the one you have.
enter-service-title = Which passport do you need?
enter-service = Application
enter-service-missing = Pick a new passport or a replacement.
enter-service-walk-in = A lost or damaged passport, or a change of data, needs no entry. Go to an immigration office in person.
enter-service-guide = See how
enter-passport = Kind of passport
enter-passport-hint = Some offices issue electronic passports only.
enter-passport-missing = Pick an ordinary or an electronic passport.
enter-fees = { $five } for 5 years, { $ten } for 10 years
enter-people-title = Who is coming?
enter-people = People
enter-people-hint = At most { $max } people on one ticket. All come together.
enter-people-child = Under 17
enter-people-add = Add a family member
enter-person-child = { $name } (under 17)
enter-office-title = Pick an office
enter-choices-title = Your choices
enter-choices = Choices
enter-choices-hint = Put the one you want most first. Up to { $max } choices.
enter-choices-none = No choice yet. A choice is an office with a date and a time that suit you.
enter-choices-truth = Adding choices never lowers the chance of those above. The next choice is looked at only when those above are full.
enter-up = Up
enter-down = Down
enter-remove = Remove
enter-add-first = Add the first choice
enter-add = Add another choice
enter-check-title = Check your entry
enter-check-change-title = Check your changes
enter-check-when = The draw: { $draw }. Everybody who enters has the same chance, whenever they enter.
enter-check-calm = If you get a place, it is yours at once. You need not be quick to answer.
enter-commit = Enter the draw
enter-commit-change = Save changes

# The entry
receipt-title = Entry
receipt-in = Your entry is in
receipt-in-draw = The draw is on { $draw }. There is nothing you need to do until then.
receipt-in-message = The result is sent to your phone and shown on this page.
receipt-in-until = You can change or withdraw until { $freeze }. Changing does not lower your chance.
receipt-waiting = Entries are closed. Waiting for the draw.
receipt-waiting-draw = The draw is on { $draw }.
receipt-standby = You are on standby
receipt-standby-position = Standby number { $position }
receipt-drawn-by-lot = The places were given out by lot. When your turn came, all your choices were full.
receipt-standby-what = Places that others cancel go out in this order, at fixed times. If one fits your choices, it is yours at once.
receipt-standby-calm = There is no need to enter again or to keep this page open. We send a message to your phone.
receipt-next-wave = Next wave
receipt-rank = Drawn order
receipt-standby-ends = Standby lasts until
receipt-leftovers = { $places ->
    [one] One place is free right now.
   *[other] { $places } places are free right now.
} You may take one without waiting.
receipt-leftovers-link = Take a place that is free
receipt-expired = Standby has ended
receipt-expired-next = No place fitted your choices, up to the last wave. You may take part in the next release.
receipt-gone = This entry was withdrawn
receipt-change = Change entry
receipt-withdraw = Withdraw entry
receipt-leave = Leave standby
receipt-proof = Proof of entry
receipt-proof-why = With this proof you can check for yourself that your entry took part in the draw.
receipt-proof-show = Show the proof
receipt-proof-keep = Save this page. Do not share the "salt" lines with others.
receipt-number = Entry number
receipt-entered = Entered
receipt-born = Date of birth
receipt-see-draw = See the result of the draw and how to check it
receipt-how-draw = How the draw is done
receipt-withdraw-title = Withdraw your entry?
receipt-withdraw-what = You will not be in the draw.
receipt-withdraw-again = While entries are open, you may enter again. The chance is the same.
receipt-withdraw-late = Entries are closed. If you withdraw now, you get no place from this draw.
receipt-withdraw-yes = Withdraw entry
receipt-withdraw-no = Do not withdraw
receipt-leave-title = Leave standby?
receipt-leave-what = You will get no place from the next waves. Once you have left, your position cannot be given back.
receipt-leave-yes = Leave standby
receipt-leave-no = Stay on standby
receipt-unknown-title = This entry is not in your account
receipt-unknown-why = Perhaps it was made with another phone number, or the link is not complete.
receipt-unknown-do = Check the link. If it was made with another number, sign out first, then sign in with that number.
receipt-unknown-mine = Open my ticket and data
receipt-unknown-help = Help

# Taking a free place
book-office-title = Pick an office with free places
book-window-title = Pick a day and time
book-window-lead = Pick an arrival time. The number on the right is how many places are free.
book-check-title = Check, then take the place
book-place = Place
book-left = { $places ->
    [one] { $places } free place
   *[other] { $places } free places
}
book-other-window = Another time
book-alternatives = Still free
book-standby = You are on standby. If you take this place, you stop waiting.
book-commit = Take this place
book-rules = Cancelling, or moving once, has no consequence until the day before.

# The ticket
ticket-title = Ticket
ticket-qr = QR code of the ticket
ticket-show = Show it at the door
ticket-calendar = Add to calendar
ticket-move = Move
ticket-wish = Ask for another time
ticket-cancel = Cancel
ticket-free-until = Moving and cancelling have no consequence until { $until }.
ticket-cancel-until = Cancelling has no consequence until { $until }. This appointment was moved once already.
ticket-sign-in = To move or cancel, sign in with the phone number of the ticket's holder.
ticket-bring = What to bring
ticket-bring-how = Tick what you have ready.
ticket-child = Under 17: both parents come along.
ticket-day = At the office
ticket-where = Place
ticket-map-app = Open map
ticket-map-web = Map on the web
ticket-map-rough = The point on the map is not exact. Follow the address above.
ticket-what = Application
ticket-pay = You pay after an officer has checked your papers. The queue is free. If somebody asks for money for a place, report it.
ticket-source-draw = This place came from the draw.
ticket-source-wave = This place came from a standby wave, in drawn order.
ticket-source-leftover = This place was left over after the draw.
ticket-source-first-come = This place was booked directly.
ticket-keep = Keep the ticket
ticket-keep-how = A screenshot of the top of this page is enough. You may print it too. Without a phone, say the ticket code and show your KTP.
ticket-back = Back to the ticket
ticket-unknown-title = This ticket was not found
ticket-unknown-why = The link may be cut off or mistyped.
ticket-other-title = This ticket belongs to another account
ticket-other-why = This ticket was made with another phone number. You may look at it, but only its holder can change it.
ticket-other-do = If it is yours, sign out first, then sign in with the phone number you entered with.
ticket-cancel-title = Cancel the appointment?
ticket-cancel-place = Your place goes to somebody else in the next wave. It cannot be taken back.
ticket-cancel-late-place = Today is the day of the visit. Your place can no longer go to somebody else, but the officers will know that you are not coming.
ticket-cancel-free = Cancelling now has no consequence. You may enter again at the next release.
ticket-cancel-late = Cancelling on the day of the visit is noted. The first time is a warning. If it happens again within 180 days, you sit out one release.
ticket-cancel-yes = Yes, cancel
ticket-cancel-no = Do not cancel
ticket-move-title = Move the appointment
ticket-move-lead = Your appointment now: { $place }. The old place stays yours until the new one is certain.
ticket-move-office-title = Move to another office
ticket-move-not-title = This appointment cannot be moved
ticket-move-check-title = Move to this time?
ticket-move-old = Old: { $place }.
ticket-move-new = New: { $place }.
ticket-move-once = An appointment can be moved once.
ticket-move-yes = Yes, move it
ticket-move-no = Pick another time
ticket-line-title = The line at the office now
ticket-line-now = Called now: { $calls }.
ticket-line-called = Your number { $number } is called. Please go to counter { $counter }.
ticket-line-number = Your number is { $number }. Wait until it is called.
ticket-line-come = Come at { $by }, then show the ticket at the door.
ticket-line-wait = Before you: { $ahead }. You wait about { $from }–{ $to } minutes.
ticket-line-again = Look again
ticket-lost-why = The office has closed: { $why }.
ticket-lost-choose = You may choose another appointment before other people, until { $until }. Nothing is noted against you.
ticket-replace-title = Choose another appointment
ticket-replace-lead = Choose an arrival time. The people and what they apply for stay the same; you get a new ticket.
ticket-replace-none = There is no other place yet. Try again when the office has opened its next week.
ticket-replace-check = Take this appointment?
ticket-replace-yes = Yes, take it
ticket-replace-gone = That time has just been taken. Choose another.
ticket-wish-title = Ask for another time
ticket-wish-office-title = The office you want
ticket-wish-what = Say what would suit you better. If such a place is cancelled, you are moved there in the next wave. That uses your one move.
ticket-wish-now = Your appointment stays as it is until then: { $place }.
ticket-wish-wave = Next wave: { $wave }.
ticket-wish-kept = What you asked for
ticket-wish-keep = Keep this request
ticket-wish-drop = Remove the request

# Calendar
calendar-summary = Passport: { $office } ({ $code })
calendar-text = Code { $code }. Come at { $window }. Bring originals and copies. The ticket and the list of papers are behind the link.
calendar-alarm = Passport appointment at { $office }, { $window }. Code { $code }.
claimed-title = This NIK is somebody else's
claimed-next = It does not count as a missed appointment.
claimed-why = One NIK that you entered was shown to be somebody else's: its owner showed the original card at { $office }, and officers there checked it.
claimed-place = So this entry has ended for everybody in it, and its place was freed. Nothing is noted against anybody. The other people in it may enter again.
claimed-wrong = Do you think that is wrong? Come to { $office } during its hours with your original card. There is no deadline, but this place is not kept for you.
