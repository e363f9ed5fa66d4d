# Words used in many places: lists, amounts, services, states.

list-two = { $first } and { $last }
list-many = { $first }, and { $last }

duration-seconds = { $n } { $n ->
    [one] second
   *[other] seconds
}
duration-minutes = { $n } { $n ->
    [one] minute
   *[other] minutes
}
duration-hours = { $n } { $n ->
    [one] hour
   *[other] hours
}
people = { $n } { $n ->
    [one] person
   *[other] people
}
places = { $n } { $n ->
    [one] place
   *[other] places
}
distance = { $km } km
rupiah = Rp{ $amount }

# Four situations, four different words.
availability-not-open = Not open yet
availability-full = Full
availability-closed = Closed
availability-not-offered = Not offered here

service-new = New passport
service-replacement = Passport replacement
service-child = Child under 17
service-lost = Lost passport
service-damaged = Damaged passport
service-data-change = Change of data in the passport

passport-ordinary = Ordinary passport
passport-electronic = Electronic passport

validity-five = 5 years
validity-ten = 10 years

sex-female = Female
sex-male = Male

office-kind-office = Immigration office
office-kind-ulp = Passport service unit (ULP)
office-kind-ukk = Immigration work unit (UKK)
office-kind-mpp = Public service mall (MPP)

# State of an appointment; .next is the next step.
state-booked = Booked
    .next = Come at the time on your ticket and bring the original papers. If you cannot come, cancel by the day before.
state-checked-in = Arrived
    .next = Please wait to be called. Watch the display at the office.
state-called = Called to a counter
    .next = Please go to the counter shown on the display.
state-served = Done
    .next = There is nothing left to do. The officer tells you when to collect the passport.
state-cancelled = Cancelled by you
    .next = You may apply again in the next release.
state-cancelled-late = Cancelled by you on the day itself
    .next = This cancellation is noted. Next time, cancel by the day before.
state-revoked = Cancelled by the office
    .next = This is not because of you. You may apply again, and it does not count as a missed appointment.
state-no-show = Missed
    .next = If you did come, contact the office and show your ticket code.
state-unrecorded = The day has passed
    .next = The office did not record arrivals that day. You may apply again.

# State of an entry in a draw.
entry-entered = Entered
    .next = Wait for the draw. You may still change your choices until entries close.
entry-withdrawn = Withdrawn by you
    .next = You may enter again while entries are open.
entry-left = Withdrawn after entries closed
    .next = You may take part in the next release.
entry-standby = Standby
    .next = You do not need to enter again. Freed places are given out in waves, in the order of the draw.
entry-placed = Has a place
    .next = Open your ticket. It shows the date, the time, the office, and the code.
entry-expired = Standby has ended
    .next = There was no place for you this time. You may take part in the next release.

# State of a release.
release-planned = Not open yet
release-open = Open
release-frozen = Waiting for the draw
release-drawing = Being drawn
release-drawn = Drawn
release-closed = Over

mode-draw = Draw
mode-first-come = First come

# Name of a release: the working week it serves.
release-week = week of { $monday }

choice-any-date = any date
choice-any-time = any time
choice-morning = morning (before 12.00)
choice-afternoon = afternoon (12.00 or later)
choice-at = at { $time }
choice = { $office }, { $date }, { $window }
