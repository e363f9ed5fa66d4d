# The day at an office: the door, the counters, the waiting room's display.
day-class-scheduled = Scheduled
day-class-priority = Priority
day-class-walk-in = Walk-in

day-stage-papers = Papers
day-stage-photo = Photo and fingerprints
day-stage-interview = Interview

day-state-waiting = waiting
day-state-called = called
day-state-serving = at the counter
day-state-parked = set aside
day-state-done = done
day-state-absent = not there when called
day-state-left = gone home
day-state-undone = taken back at the door
day-state-revoked = taken back by the office
day-state-unrecorded = not recorded

day-outcome-done = Done
day-outcome-papers-missing = Papers missing
day-outcome-refused = Refused
day-outcome-reschedule = Another day, by the office

day-reason-elderly = 60 years or older
day-reason-disability = With a disability
day-reason-pregnant = Pregnant or nursing
day-reason-small-child = With a child under 5
day-reason-other = Other emergency (the head decides)

day-paper-identity-card = Identity card
day-paper-family-card = Family card
day-paper-certificate = Birth certificate, marriage book or diploma
day-paper-old-passport = Old passport
day-paper-parents = Parents or their papers
day-paper-police-report = Police report of the loss
day-paper-recommendation = Letter of recommendation
day-paper-other = Other (write it in the note)

day-why-turn = turn: { $class }
day-why-longest-wait = longest wait, { $minutes } minutes
day-why-before-time = { $minutes } minutes early; nobody else waits
day-why-by-number = called by number

day-verdict-on-time = On time
    .do = Come in and wait for the number.
day-verdict-early = Early
    .do = May come in and wait. The window begins in { $minutes } minutes; those whose window has begun go first. If nobody else waits, they may be called earlier.
day-verdict-late = Late
    .do = May come in. The window ended { $minutes } minutes ago; waits behind those who are on time.
day-verdict-rest = { $missing ->
    [0] The party is complete
   *[other] The party is not complete
}
    .do = { $missing ->
        [0] Everybody is inside with this number.
       *[other] May come in with this number. { $missing } more have not come yet.
    }
day-verdict-wrong-day = Wrong day
    .do = This ticket is for { $date }. Ask the applicant to come that day.
day-verdict-wrong-office = Wrong office
    .do = This ticket is for { $office }, on the date and at the hour below.
day-verdict-cancelled = Cancelled
    .do = The applicant cancelled this ticket. They may enter the next release.
day-verdict-revoked = Taken back by the office
    .do = The office took this place back. Another date, if there is one, is in the applicant's messages.
day-verdict-claimed = Somebody else's NIK
    .do = A NIK in this ticket was shown at { $office } to be somebody else's, so the ticket was taken back and nothing replaces it. Send objections to the head of the office with the original identity card.
day-verdict-went-home = Went home
    .do = This ticket was noted today as gone home before it was served, and is not valid any more. Send objections to the head of the office.
day-verdict-already-in = Already in
    .do = This ticket was checked in. If it is somebody else, look at the identity card.
day-verdict-was-absent = Was not there when called
    .do = Put them back in line from the counter's list.
day-verdict-already-served = Already served
    .do = This visit is done.
day-verdict-missed = Over
    .do = The day of this ticket was closed. Send objections to the head of the office.
day-verdict-unknown = Unknown
    .do = There is no such ticket. Try the queue code, or look for the name.
day-verdict-forged = Not genuine
    .do = The ticket's signature is wrong. Give no number; call the head of the office.

day-refusal-visit-unknown = No such number
    .detail = There is no visit of that number here today. Look at the number again.
day-refusal-stands-elsewhere = { $counter ->
    [0] { $number } is { $state }
   *[other] { $number } is { $state } (counter { $counter })
}
    .detail = A colleague was faster, or this cannot be done now. Look at the new list.
day-refusal-undo-too-late = Too late to take it back
    .detail = An arrival can be taken back within { $seconds } seconds and before it is called. At a counter, note that they went home.
day-refusal-reinsert-too-late = Too long ago
    .detail = Whoever was not there can be put back within { $minutes } minutes. Ask the head of the office.
day-refusal-nobody-waits = Nobody waits
    .detail = Nobody waits for this counter. Try again in a moment.
day-refusal-no-counter = You have not opened a counter
    .detail = Choose the number of your counter first.
day-refusal-counter-busy = { $number } is still at this counter
    .detail = Finish, set aside or put back { $number } first.
day-refusal-other-counter = At counter { $counter }
    .detail = This visit is with counter { $counter }. Ask the officer there.
day-refusal-counter-taken = There is an officer at counter { $counter }
    .detail = An officer sits at counter { $counter } now. Take it over on the page of the counter, or choose another one.
day-refusal-relieved = Counter { $counter } was taken over
    .detail = A colleague serves at counter { $counter } now, and whoever is before it. Open another counter.
day-refusal-counter-number-wrong = That is no number of a counter
    .detail = Write a number from 1 to { $max }, as it is on the sign of your counter.
day-refusal-counter-wrong = The counter cannot be saved
    .detail = A number from 1 to { $max }, a name of at most 40 letters, and at least one stage and one kind of queue.
day-refusal-numbers-used-up = No numbers left today
    .detail = All numbers of this kind are used up. Use another kind, or go on tomorrow.
day-refusal-priority-full = No priority places left
    .detail = All priority places of today are taken. The head of the office may give a place from the reserve.
day-refusal-reserve-full = No reserve places left
    .detail = All reserve places of today are taken.
day-refusal-people-wrong = The number of people does not fit
    .detail = Fill in a number from 1 to { $max } people.
day-refusal-papers-not-named = Which papers are missing?
    .detail = Choose at least one paper that is missing.
day-refusal-note-too-long = The note cannot be saved
    .detail = Write a note, all together at most { $max } letters.
day-refusal-nothing-claimed = This NIK is not in use
    .detail = No entry or appointment is live under this NIK. The applicant can enter as usual.
day-refusal-disowned = This NIK is somebody else's
    .detail = The owner of this NIK showed their card at an immigration office. Is that wrong? Come to an office with your card.

approval-walk-in = Receive without a ticket: emergency or reserve
approval-move-claim = Give a NIK back to its owner

# The page of the door.
door-title = Door
door-field = Scan or type a ticket
door-field-hint = QR, queue code, name, or the last 4 digits of the NIK
door-field-empty = Scan or type a ticket first.
door-how-many = How many people arrive? (empty: all)
door-check = Check
door-let-in = Check in
door-name-short = Type at least { $letters } letters of the name, or the last 4 digits of the NIK.
door-nobody-found = Nobody fits today. Try the queue code.
door-undo = Take back (2 minutes)
door-undone = The arrival of { $who } was taken back.
door-slip = Number slip
door-people-there = { $missing ->
    [0] { $there } of { $all } people
   *[other] { $there } of { $all } people, { $missing } not there yet
}
door-counts = Still expected: { $expected } people. Waiting: { $waiting }. Priority places: { $priority }. Reserve: { $reserve }.
door-walk-in = Without a ticket
door-service = Purpose
door-service-missing = Choose purpose and passport.
door-not-here = Not done here:
door-passport = Passport
door-count = People
door-priority = Priority
door-priority-none = No
door-reserve = Take a place from the head's reserve
door-reason = Reason (for other emergencies or the reserve)
door-give-number = Give a number
door-head-decides = Other emergencies and the reserve are for the head to decide.
door-latest = Last arrivals
door-latest-none = Nobody has come today.
door-back = Back to the door
door-print = Print with Ctrl+P.
door-camera = Use the camera
door-camera-off = Turn the camera off
door-camera-picture = Picture of the camera
door-camera-aim = Point the camera at the QR code on the ticket. Its picture is not kept.
door-camera-cannot = This browser cannot use a camera here. Use a scanner, or type the code.
door-camera-refused = The camera is not allowed. Allow it for this address in the browser's settings, then press again. A scanner and typing still work.
door-camera-none = This device has no camera. Use a scanner, or type the code.
door-camera-busy = The camera does not start; another app may be using it. Close that app, then press again.
door-camera-unread = The reader of QR codes cannot be fetched from the server. Try again when the network is back; a scanner and typing still work.
door-offline-ok = Genuine ticket, kept here
door-offline-forged = Not a genuine ticket
door-offline-elsewhere = A ticket for elsewhere or another day
door-offline-unchecked = Cannot be checked here, kept for later
door-offline-kept = { "{0}" } arrivals are kept here and sent by themselves when the server can be reached. Do not close this page.
door-offline-unreached = The server cannot be reached
door-offline-unsent = Nothing was recorded. What you filled in stays; try again when the network is back.
door-offline-no-names = Names and NIKs can be looked for when the network is back. Scan the QR code, or type the code of the ticket.
door-offline-early = Genuine ticket, here early; kept here
door-offline-unanswered = The server's answer has not come. What you filled in stays. Press again when the network is back; there will be one number only.
door-clock-off = The clock of this device is { "{0}" } minutes off the server's. The door goes by the server's; put the clock of this device right.
door-session-ended = This session is over. Sign in again: this page opens again, and what is kept here is sent.
door-kept-by-others = { "{0}" } arrivals on this device were kept by { "{1}" } and have not been sent. Ask them to sign in here, or send them under your name.
door-take-on = Send under my name

# The page of a counter.
counter-title = Counter
counter-number = Number of your counter
counter-open = Open the counter
counter-close = Close the counter
counter-closed = closed
counter-next = Call next
counter-next-is = Next:
counter-nobody = Nobody waits for this counter.
counter-by-number = Or call a number
counter-number-wrong = Write a number such as A-017.
counter-nothing-chosen = Choose what is done.
counter-again = called again
counter-calls = Last calls
counter-rule = Of four calls: 1 priority, 2 scheduled, 1 walk-in. Whoever waits longer than 60 minutes goes first at every second call.
counter-seats = All counters
counter-start = Start
counter-recall = Call again
counter-absent = Not there
counter-suggest-absent = Called 3 times. Better note that they are not there; they can be put back for 60 minutes.
counter-park = Set aside
counter-unpark = Fetch
counter-put-back = Back in line
counter-leave = Gone home
counter-outcome = Outcome
counter-finish = Finish
counter-missing = Papers that are missing
counter-stage = Stage
counter-transfer = Send on to this stage
counter-note = Note
counter-note-save = Save the note
counter-inaccurate = The time is not accurate
counter-reinsert = Put back
counter-waiting = Waiting
counter-parked = Set aside
counter-missed = Not there when called (can be put back until)
counter-finished = Finished
counter-not-begun = Not begun: its time will not be counted.
counter-seat-title = { $officer } sits at counter { $counter }
counter-seat-since = Since { $when }.
counter-seat-before = Since before today.
counter-seat-took = { $officer } took over counter { $counter } from { $before } at { $when }.
counter-seat-nobody = Nobody is before that counter.
counter-seat-current = Before it: { $number } ({ $state }). If you take over, { $number } stays at that counter and you go on with them.
counter-seat-told = { $officer } is told that you took over.
counter-take-over = Take over counter { $counter }
counter-relieved = { $officer } took over counter { $counter } at { $when }. Whoever was before that counter is served there. You can open another counter.
counter-gap-all = { $people ->
    [0] No counter is open.
    [one] { $people } person waits; no counter is open.
   *[other] { $people } people wait; no counter is open.
}
counter-gap-stage = { $people ->
    [0] No open counter for { $stage }.
    [one] { $people } person waits for { $stage }; no open counter takes them on.
   *[other] { $people } people wait for { $stage }; no open counter takes them on.
}
counter-gap-class = { $people ->
    [0] No open counter for { $class }.
    [one] { $people } person of { $class } waits; no open counter takes them on.
   *[other] { $people } people of { $class } wait; no open counter takes them on.
}
counter-gap-both = { $people ->
    [0] No open counter for { $stage } of { $class }.
    [one] { $people } person of { $class } waits for { $stage }; no open counter takes them on.
   *[other] { $people } people of { $class } wait for { $stage }; no open counter takes them on.
}
counter-gap-do = Open a counter for that, change what one takes on, or call by number.
counter-never-all = No counter is set up.
counter-never-stage = No counter at all is set to take on { $stage }.
counter-never-class = No counter at all is set to take on { $class }.
counter-never-both = No counter at all is set to take on { $stage } of { $class }.
counter-did-open = Counter { $counter } is open.
counter-did-taken = You have taken over counter { $counter }.
counter-did-closed = The counter is closed.
counter-did-call = { $number } is called.
counter-did-recall = { $number } is called again.
counter-did-start = { $number } is being served.
counter-did-finish = { $number } is done: { $outcome }.
counter-did-absent = { $number } is noted as not there.
counter-did-park = { $number } is set aside.
counter-did-unpark = { $number } is fetched back and waits.
counter-did-transfer = { $number } is sent on and waits: { $stage }.
counter-did-put-back = { $number } is put back in line.
counter-did-reinsert = { $number } is put back in line.
counter-did-leave = { $number } went home without having been served.
counter-did-note = The note on { $number } is saved.
counter-did-inaccurate = The times of { $number } are marked as wrong and are not counted.

# Setting up the counters.
counters-title = Set up counters
counters-lead = Say which stages and queues each counter takes on. People are called only to a counter that takes on their stage and their queue. A counter that was never set up takes on everything.
counters-none = There is no counter yet. Counters are made here, or when an officer opens one.
counters-number = Number
counters-name = Name
counters-name-hint = May be empty. At most 40 letters.
counters-stages = Stages it takes on
counters-classes = Queues it takes on
counters-officer = Officer
counters-edit = Change
counters-remove = Remove
counters-remove-hint = Remove a counter that was made by mistake. What happened there stays recorded.
counters-new = Add a counter
counters-change = Change counter { $counter }
counters-save = Save
counters-number-wrong = Fill in a number from 1 to 99.
counters-stages-missing = Choose at least one stage.
counters-classes-missing = Choose at least one queue.
counters-saved = Counter { $counter } is saved.
counters-removed = Counter { $counter } is removed.
counters-conflict = Somebody else changed counter { $counter }
counters-conflict-known = Counter { $counter } is there already
counters-conflict-set = { $officer } saved counter { $counter } at { $when }.
counters-conflict-removed = { $officer } removed counter { $counter } at { $when }.
counters-conflict-now = Now: { $now }. What you filled in below is not saved yet; press Save to replace it.
counters-conflict-gone = Counter { $counter } is not there any more. What you filled in below is not saved yet; press Save to make it again.
counters-back = Back to the counter
staff-menu-door = Door
staff-menu-counter = Counter

# The waiting room's display.
board-title = Queue display
board-to-counter = to counter { $counter }
board-none = No calls yet
board-waiting = Waiting: { $waiting }. Whoever arrives now waits { $from }–{ $to } minutes.
board-cut = Cut off since
board-sound = Touch the screen to turn the sound on
boards-title = Waiting room displays
boards-lead = Choose the office whose display you want to open. A television can keep the address: /layar/ and the code of the office.
boards-offices = List of offices
counter-calls-count = Call { $calls }

# Whole data, and a NIK that somebody else uses
unmask-title = See whole data
unmask-lead = Names and NIKs are usually masked. Open them only where needed; who opens them and why is written down.
unmask-ticket = Ticket
unmask-ticket-hint = The queue code, such as BK-QFJ8BD, or the link of the ticket
unmask-unknown = There is no such ticket at this office. Check the code.
unmask-phone = Telephone of the applicant
unmask-reason-hint = For example: the name on the card differs from the ticket
unmask-do = Show
unmask-noted = That this was opened has been written down.
claim-title = NIK used by somebody else
claim-lead = For a person whose NIK was registered by somebody else. Look at the original card and compare the face.
claim-follows = Whatever was registered with that NIK ends without a note against anybody, that account cannot use this NIK again, and its owner may register or be served without a ticket at once. What an officer asks for is decided by the head of the office.
claim-nik = NIK on the card
claim-nik-hint = 16 digits
claim-how = Proof that was seen
claim-how-hint = For example: original card, the face fits
claim-do = Free this NIK
claim-done = The NIK is free. Tell its owner: the place does not pass to them, it goes back to everybody. They can enter or choose a place now, or be served today without a ticket at the door.
