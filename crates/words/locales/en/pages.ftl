# Texts of the pages. Other pages add their keys here.

site-description = Passport appointments at immigration offices

menu-queue = Queue
menu-offices = Offices
menu-guide = Guide
menu-mine = My ticket
menu-help = Help
menu-sign-in = Sign in
skip-to-content = Skip to the content

button-continue = Continue
button-back = Back
button-change = Change

error-summary = Something needs to be put right
error-title-prefix = Error:

footer-about = Passport appointments. Places are given by a draw that anybody can check.
footer-privacy = Privacy
footer-status = Service status
footer-language = Indonesia

layout-menu = Menu
layout-demo = This is a demo: people, messages, and places here are not real.
layout-demo-messages = Read messages and codes
layout-draws = Draws
layout-api = For developers (API)

# Buttons and labels used on many pages.
error-again = Try again
error-start = To the start page
error-trace = Report number:
action-prepare = Prepare your details
action-enter = Enter the draw
action-my-entry = See my entry
action-my-result = See my result
action-places = Choose a place
action-offices = See places by office
action-proof = Check the draw

phase-planned = Not open yet
phase-entering = Open now
phase-waiting = Waiting for the draw
phase-drawing = Being drawn
phase-drawn = Drawn
phase-free = Places left
phase-full = Full
phase-over = Finished

figure-places = Places
figure-left = Left
figure-entries = Entries
figure-people = People
figure-standby = On standby
figure-offices = Offices
figure-waved = From waves

time-opens = Opens
time-closes = Closes
time-draw = Draw
time-local = { $time } local time

release-days = { $from }{ "\u00A0" }– { $to }

card-for = For visits
card-planned = Entries open { $opens }. There is no need to rush: a draw makes the order.
card-planned-first-come = Bookings open { $opens }.
card-entering = Enter any time until { $closes }. Entering early does not improve your chance.
card-waiting = Entries are closed and the list is locked. The draw is { $draw }.
card-drawing = The order is being worked out. Results will be here in a few minutes.
card-drawn = Results are out. Cancelled places go to people on standby in the next wave, { $wave }.
card-drawn-last = Results are out. All waves are over.
card-free = { $count ->
    [one] One place can be booked right away.
   *[other] { $count } places can be booked right away.
}
card-full = All places are taken. Cancelled places open again { $wave }.
card-full-last = All places are taken.
card-over = The last day of visits has passed.

odds-enough = Enough for everyone so far
odds-below-one = Chance roughly below 1 in 10
odds-range = Chance roughly { $low }–{ $high } in 10

# Start page
start-heading = Your passport queue, without the rush
start-lead = Antrean gives you a date and an hour at an immigration office, by a draw that anyone can check.
start-heading-first-come = Your passport queue, at a known hour
start-lead-first-come = Antrean gives you a date and an hour at an immigration office. One person, one place.
start-none-title = No queue yet
start-none = The next release has not been announced. The queue usually opens every Friday at 14.00 local time.
start-next = Next release: { $days }
start-mine = My ticket
start-mine-hint = View, change, or cancel
start-papers = Papers and fees
start-papers-hint = What to bring, what it costs
start-offices = Nearby offices
start-offices-hint = All offices, hours, and addresses
start-help = Help
start-help-hint = Answers to common questions
start-walk-in = People aged 60 or more, with a disability, pregnant, or with a child under 5 may come without a booking.
start-walk-in-how = There is no need to enter here. One companion may come along.
start-walk-in-link = Read how
start-steps = How it works
start-step-enter = Enter
start-step-enter-how = Give your details once, choose the offices and days you want. No documents to upload.
start-step-draw = Draw
start-step-draw-how = After entries close, a draw makes the order. The result is sent to your phone.
start-step-come = Come
start-step-come-how = Come at the hour on your ticket with the original papers. Show the QR code.
start-step-choose = Choose
start-step-choose-how = Choose an office, a day, and an hour that is left.
start-step-ticket = Ticket
start-step-ticket-how = You get a ticket with a code and an arrival time right away.
start-why = Why there is no need to be fast
start-why-speed = Whoever enters in the first minute and whoever enters in the last have the same chance. Fast programs and brokers gain nothing.
start-why-one = One NIK has one entry, and the name on a ticket cannot be changed. A cancelled place cannot be grabbed on the spot.
start-why-check = The random number of the draw comes from outside and does not exist yet when the list is locked. We cannot choose it either.
start-why-link = How the draw works

# Guide
guide-title = Passport guide
guide-lead = What to bring, what it costs, the hours, and what happens at the office.
guide-back = Guide
guide-online = What you can enter for here
guide-walk-in = What needs a visit without a booking
guide-walk-in-lead = These three need an interview first. Go to an immigration office, without an online queue.
guide-fees = Fees
guide-fee-book = Passport
guide-fee = { $passport }, { $years }
guide-fee-ten = Ten years are only for people aged 17 or more, or married. Children get five years.
guide-fee-pay = You pay by bank, post office, or online, after your papers have been checked. Entering in Antrean is free.
guide-fee-free = Migrant workers who leave for the first time may get an ordinary passport free of charge. Ask at the office.
guide-fee-law = Under { $law }, in force since { $since }.
guide-fees-all = All fees
guide-charges = Other charges
guide-hours = Hours
guide-hours-text = Most offices serve from Monday to Friday, mornings and afternoons. Units in malls and public service malls have hours of their own. Each office's hours are on its page.
guide-hours-holidays = All offices are closed on national holidays and collective leave days.
guide-holidays = Next holidays
guide-priority = Priority service
guide-priority-who = People aged 60 or more, with a disability, pregnant or nursing, children under 5, and people who are ill may come without a booking.
guide-priority-how = Come in the morning and show an identity card or birth certificate at the door. One companion from the same family card may come along. For people who cannot leave home, an officer can come.
guide-purposes = Further papers for special purposes
guide-papers = Papers to bring
guide-papers-each = Each person brings the originals and one copy on A4 paper.
guide-papers-child = For a child under 17
guide-papers-child-more = More about passports for children
guide-hints = Good to know
guide-day = At the office
guide-enter = See the queue
guide-find-office = Find an immigration office
day-arrive = Come at your arrival time
day-arrive-how = There is no need to come earlier. Bring the original papers and the QR code; a screenshot is enough.
day-check-in = Check in at the door, 2 minutes
day-check-in-how = An officer scans your code and gives you a call number.
day-counter = Checking of papers, about 10 minutes
day-counter-how = An officer compares your details at the counter.
day-photo = Interview, photo, and fingerprints, about 15 minutes
day-photo-how = Everyone in the entry has to be there.
day-pay = Pay
day-pay-how = With the payment code from the officer.
day-collect = Collect the passport after 3 to 4 working days
day-collect-how = At the same office, or sent by post.

# Offices
offices-title = Offices
offices-lead = { $count } service points all over Indonesia. You may choose any of them; it need not match the address on your identity card.
offices-search = Search
offices-search-label = Search for an office, town, or province
offices-search-hint = Town or office name
offices-found = Results for “{ $text }”
offices-none-yet = There is no office in this province yet. You may choose one in another province.
offices-none = Nothing found. Try the name of a town or regency.
offices-all = All provinces
offices-by-province = By province
offices-near = Sort by distance
offices-near-failed = Your position cannot be read. Search by the name of a town instead.
offices-near-here = Other offices nearby
offices-nearest = Nearest
offices-away = { $km } · { $place }
offices-electronic-only = Electronic passports only
offices-not-in-release = Not part of this release
office-back = All offices
office-kind = { $kind } in { $place }, { $province }
office-electronic-only = Ordinary passports have not been made here since { $since }. Choose an electronic one.
office-electronic-soon = From { $since } only electronic passports are made here.
office-walk-in = Come in person, without an online queue
office-walk-in-at = Go to { $office } in person
office-hours = Hours and places
office-no-hours = This place has no hours for the online queue yet.
office-day = Day
office-windows = Arrival times
office-places = Places
office-hours-note = Times in { $zone }. Places a day for the online queue; priority places are not included.
office-closed-now = Closed { $when }: { $why }
office-closed-days = Closed
office-phone = Telephone:
office-where = Address
office-map-app = Open in a map app
office-map-web = Map in the browser
office-map-rough = The point on the map is approximate. Check the address.
office-near = Other offices nearby
office-services = Services here
office-units = Units of this office
office-parent = Main office
office-release = See this release
office-now-none = This office may be in the next release. For now, choose another one.
office-now-planned = This office opens entries { $opens }.
office-now-waiting = Entries are closed. The draw is not finished yet.
office-now-drawn = The places of this office were given out by the draw.
office-now-free = These places can be booked right away.
office-now-full = All places at this office are taken. Try an office nearby.
office-odds = { $odds }, from first choices only. This number keeps changing.

# Release
release-title = Queue for { $days }
release-when = When
release-zone = Zone
release-next = What happens
release-step-enter = Until { $closes }: enter, change, or withdraw.
release-step-freeze = The list is locked and its digital fingerprint published, so that it cannot change any more.
release-step-draw = { $draw }: a random number from outside is published, and the order is worked out.
release-step-draw-local = { $draw }: this server makes a random number, and the order is worked out.
release-step-result = The result is sent to your phone and is in My ticket. There is no need to answer quickly.
release-step-waves-first-come = Every day at { $times } WIB: cancelled places open again.
release-step-waves = Every day at { $times } WIB: cancelled places go to people on standby, in drawn order.
release-step-choose = Choose an office, a day, and an hour that is left.
release-step-ticket = You get your ticket right away. You can cancel freely until the day before.
release-offices = Places by office
release-offices-lead = People are counted by their first choice. An office with few of them gives a better chance.
release-offices-planned = These places can be booked once they open.
release-offices-free = Places that are left can be booked right away, first come.
release-province = Province
release-office = Office
release-places = Places
release-people = People
release-all-provinces = All provinces
release-others = Other releases

# Draw
draws-title = Draws
draws-lead = How places are given out, and how anyone can check it.
draws-step-rules = The rules come first
draws-step-rules-how = Before entries open: the places of each office and hour, and where the random number will come from.
draws-step-freeze = The list is locked
draws-step-freeze-how = After entries close, the list is locked with one digital fingerprint. Change a single letter, and the fingerprint is different.
draws-step-beacon = A random number comes from outside
draws-step-beacon-how = From a public source named in advance, and only after the list is locked. Nobody can know or choose it.
draws-step-order = The order is worked out
draws-step-order-how = In that order each entry gets the first of its choices that still fits. Whoever gets no place is on standby.
draws-step-check = All of it can be computed again
draws-step-check-how = Take the files and compute it yourself. The result must be exactly the same.
draws-list = All draws
draws-none = No draw yet.
draw-back = All draws
draw-title = Draw for { $days }
draw-before = Entries close { $closes }. The draw is { $draw }.
draw-frozen = The list is locked. The random number comes { $draw }.
draw-done = The draw was finished { $at }. All of its files are below.
draw-not-held = This draw was not held.
draw-local = The random number of this draw is made by the server itself, for a trial. It proves nothing.
draw-manual = This random number was announced in public, in a way that was named before entries opened. Compare it with the announcement.
draw-proof = Proof
draw-proof-lead = These long numbers are digital fingerprints: change the contents a little, and the number is different. Note them before the draw and compare them after it.
draw-rules = Fingerprint of the rules
draw-rules-what = The places of each hour and the source of the random number, published before the opening.
draw-root = Fingerprint of the list
draw-root-what = Over all entries, locked { $at }.
draw-beacon = Source of the random number
draw-beacon-drand = drand quicknet, round { $round }, { $at }
draw-beacon-drand-what = A public network run by several institutions around the world. Its values are signed, and nobody can choose them.
draw-beacon-manual = Announced: { $label }
draw-beacon-manual-what = A value announced in public after the list was locked.
draw-beacon-local = Made by this server
draw-value = Random number
draw-value-what = What came out of that source.
draw-seed = Seed of the draw
draw-seed-what = Computed from the list and the random number; it decides the whole order.
draw-check = Check it yourself
draw-check-get = Install the antrean program on your computer
draw-check-get-how = It is open source. You may also write your own checker from the published rules.
draw-check-run = Run this command
draw-check-compare = Compare
draw-check-compare-how = The program computes everything again from the files. The fingerprints must be the ones you noted before the draw.
draw-files = Files
draw-files-none = Files are published after the draw.
draw-file-rules = Rules and places
draw-file-closures = Hours closed by offices
draw-file-freeze = The locked list
draw-file-leaves = All entries, without names
draw-file-beacon = The random number
draw-file-result = Order and results
draw-file-bundle = Everything in one file
draw-find = Am I in the list?
draw-find-lead = Write your entry number. It is on the page of your entry, under "Proof of entry". The result itself is shown in My ticket only.
draw-find-later = After the draw you can look up your entry number here.
draw-find-label = Entry number
draw-find-button = Look up
draw-find-yes = Yes, this entry is in the list that was drawn.
draw-find-no = There is no entry with this number in the list. Check the letters once more.
draw-find-unreadable = An entry number has 32 digits and letters a–f.
draw-waves = Waves
draw-waves-lead = Cancelled places are not simply opened. At fixed times they go to people on standby, in drawn order.
draw-wave = { $at }: { $count ->
    [one] one entry got a place
   *[other] { $count } entries got a place
}
draw-wave-next = Next: { $at }

# Help
help-title = Help
help-lead = Choose a question to read its answer.
help-entering = Entering
help-who = Who can enter?
    .answer = Indonesian citizens who are 17 or older, or married, with a phone number of their own. Children and other family members are entered through the account of one adult on the same family card.
help-early = Is it better to enter as early as possible?
    .answer = No. The draw comes after entries close, and everyone has the same chance. Enter when it suits you.
help-family = Can I enter for my family?
    .answer = Yes, up to five people in one entry: you and four family members. All get the same hour at the same office.
help-choices = How many choices should I give?
    .answer = As many as you could really come to, up to 20. Put the one you want most first. More choices do not lower the chance of the first.
help-change = Can I change my choices?
    .answer = Yes, until entries close. Changing does not affect your chance.
help-nik-taken = Somebody else uses my NIK. What can I do?
    .answer = Come to an immigration office with your identity card. An officer moves the NIK to your account, and that is recorded.
help-drawing = The draw
help-odds = What is my chance?
    .answer = It depends on the places and people at the offices you choose. The queue page shows an estimate for each office. Quieter offices give a better chance.
help-standby = What is standby?
    .answer = Entries without a place keep waiting, in drawn order. Twice a day cancelled places go to them. There is nothing you need to do.
help-result = Where do I see the result?
    .answer = In My ticket. If you got a place, you also get a message. The place is yours at once; there is nothing to confirm.
help-broker = Somebody offers a place for money. Can that be true?
    .answer = No. A place cannot be sold or moved to another name, and nobody can steer the draw. Never give your SMS code or NIK to anyone.
help-coming = Coming to the office
help-late = What if I am late?
    .answer = Come on that day all the same and check in at the door. You are served after those who came on time.
help-cancel = How do I cancel?
    .answer = Open your ticket and choose Cancel. Until the day before it has no consequence. Your place goes to somebody on standby.
help-move = Can I move to another day or hour?
    .answer = Yes, once, to another place that is left, until the day before. The old place is released only when the new one is certain.
help-no-show = What happens if I do not come?
    .answer = The place is lost, so you cannot take part in the next release. If you did come, show your ticket at that office. A closure by the office never counts.
help-walk-in = Who may come without a booking?
    .answer = People aged 60 or more, with a disability, pregnant or nursing, and children under 5. Also for a lost or damaged passport or a change of data, at a main immigration office.
help-office-closed = The office has closed unexpectedly. What about my ticket?
    .answer = We send a message. You may enter again, and it does not count as a move or a missed visit.
help-signing-in = Signing in and account
help-no-code = The SMS code does not come.
    .answer = Wait a minute, then ask again. Check the number. If it still does not come, try an hour later; entries are open long enough.
help-new-phone = I have a new phone.
    .answer = Sign in on the new phone with the same number. The old phone is signed out by itself.
help-lost-phone = I have lost my number.
    .answer = Get a SIM card with the same number, or show your identity card at the office on the day. The ticket is valid with your identity card.
help-data = How do I delete my data?
    .answer = Open My ticket. There you can read, correct, and delete your data.
help-contact = Not answered?
help-contact-office = Contact or visit the nearest immigration office.
help-contact-link = Find an office
help-contact-fraud = Officers never ask for an SMS code or for money by phone.

# Privacy
privacy-title = Privacy
privacy-lead = We ask only for what one queue needs, keep it encrypted, and delete it when it is no longer needed.
privacy-what = Which data, and what for
privacy-nik = NIK
    .why = So that one person has only one place.
privacy-name = Name and birth date
    .why = So that the officer knows you, and the list of papers is right.
privacy-phone = Phone number
    .why = To sign in and to send the result.
privacy-card = Family card number
    .why = So that only your family can be entered together.
privacy-missed = Record of missed visits
    .why = So that places are not wasted.
privacy-network = Network, shortened
    .why = To limit attacks. The full address is not kept.
privacy-kept-days = Deleted { $count ->
    [one] one day
   *[other] { $count } days
} after it is over.
privacy-kept-account = Kept as long as the account.
privacy-kept-missed = Does not count after 180 days.
privacy-kept-network = Only a random-looking code made from it is kept.
privacy-how = How we protect it
privacy-how-sealed = Personal data is stored encrypted.
privacy-how-masked = A NIK is never shown whole again, not even to you.
privacy-how-no-photo = No photo or document is uploaded.
privacy-how-no-third = There are no advertisements, trackers, or third parties on these pages.
privacy-rights = Your rights
privacy-rights-lead = Under Law 27 of 2022 on personal data protection you may:
privacy-right-read = read your data and know what it is used for;
privacy-right-correct = correct data that is wrong;
privacy-right-delete = delete your account and your data;
privacy-right-withdraw = withdraw your consent at any time;
privacy-right-complain = complain to the data protection authority.
privacy-button = Open my ticket and data
privacy-public = What is public
privacy-public-text = The list of a draw is published without names, NIKs, and phone numbers. It shows only random numbers, the number of people, and choices.
privacy-law = Legal basis
privacy-law-text = Data is used with your consent for the passport queue. To withdraw it, first cancel an entry or ticket that is still valid, then delete the account.

# Status
status-title = Service status
status-lead = The state of the service and of all releases right now.
status-releases = Releases
status-none = No release yet.
status-closures = Offices that have closed
status-live = The same for programs:
status-refreshed = Read { $at }.

# Inbox of the demo
demo-title = Demo messages
demo-lead = Messages and codes that would be sent to phones in the real service.
demo-number = Phone number
demo-show = Show
demo-none = No message yet.
demo-office = Try it as an officer
demo-office-lead = After the draw the demo's clock goes on to the morning of the day of service. Sign in with one of these names. A code changes every 30 seconds and is good once; load this page again for a new one.
demo-door = Door
demo-counter = Counter
demo-display = Display for the waiting room
demo-password = Password
demo-arrivals = At the door now. Type the code on the page of the door; after a while an officer of the demo lets them in.
