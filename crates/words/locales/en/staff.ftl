# The offices: roles and tasks.
role-officer = Officer
role-head = Head of office
role-admin = National administrator
role-auditor = Auditor
task-look = see how the office is doing
task-door = receive people at the door
task-counter = call and serve people at a counter
task-people = find people and settle their matters
task-unmask = see data that is masked
task-quota = change quotas
task-close = close an office
task-describe = change the data of an office
task-found = add offices
task-staff = manage staff
task-approve = approve what others asked for
task-report = read reports
task-audit = read the log of changes

# The frame of the pages of staff.
staff-brand = staff
staff-menu = Staff menu
staff-menu-own = My account
staff-menu-staff = Staff
staff-menu-approvals = Approvals
staff-menu-audit = Log of changes
staff-menu-audit-all = Log of changes
staff-sign-out = Sign out

# Signing in.
staff-sign-in-title = Staff sign-in
staff-sign-in = Sign in
staff-sign-in-onward = You are not signed in, or your session has ended. After signing in you are back at that page; what was not saved has to be filled in again.
staff-sign-in-help = Forgot your password, or have a new phone? Ask your head of office or administrator for a new invitation link.
staff-login = Sign-in name
staff-login-hint = Small letters, digits, dots or hyphens. Example: siti.btm
staff-login-wrong = A sign-in name has 3 to 64 letters, digits, dots or hyphens.
staff-password = Password
staff-password-missing = Type your password.
staff-password-old = Present password
staff-password-old-wrong = The present password does not match.
staff-password-new = New password
staff-password-again = Type the new password once more
staff-password-hint = At least { $min } characters. A few words that you remember easily are better than one that is complicated.
staff-password-short = A password has at least { $min } characters. You wrote { $found }.
staff-password-long = This password is too long.
staff-password-obvious = This password is easy to guess. Choose a few other words.
staff-password-differs = The two passwords are not the same.
staff-code = Code from the app
staff-code-hint = 6 digits from the authenticator app on your phone
staff-code-missing = Type the 6 digits from the authenticator app.

# Invitations.
staff-invitation-title = Welcome to Antrean
staff-invitation-hello = { $name }, you are invited as staff. Choose a password and set up the code from an app; then you are signed in.
staff-invitation-until = The link is good until
staff-invitation-password = 1. Choose a password
staff-invitation-factor = 2. Set up the code from an app
staff-invitation-factor-app = Open an authenticator app on your phone.
staff-invitation-factor-scan = Choose "add account" and scan this picture.
staff-invitation-factor-type = Type the 6 digits that the app shows.
staff-invitation-secret = Cannot scan? Type this key into the app:
staff-invitation-qr = QR code for an authenticator app
staff-invitation-begin = Save and sign in

# The start.
staff-home-title = Your offices
staff-home-search = Search an office
staff-home-find = Search
staff-home-none = No office matches.
staff-home-more = There are more offices. Type a name or code above.
staff-office-nothing = There is nothing to do for your role at this office.

# One's own sign-in.
staff-own-title = My account
staff-own-password = Change password
staff-own-save = Change password
staff-own-changed = The password was changed
staff-own-changed-detail = Your sessions on other devices have ended.

# Staff.
staff-people-title = Staff
staff-people-none = There is no staff yet.
staff-name = Name
staff-role = Role
staff-role-missing = Choose a role.
staff-offices = Offices
staff-offices-hint = Codes of offices, separated by commas. Example: BTM, BTM-HB. Leave empty for administrators and auditors.
staff-office-unknown = There is no office with the code { $code }.
staff-state = State
staff-state-invited = Invited
staff-state-active = Active
staff-state-disabled = Disabled
staff-reason = Reason
staff-reason-hint = Needed where a second person decides on this change.
staff-person-new = Add staff
staff-person-invite = Make an invitation
staff-person-save = Save
staff-person-again = Invite again
staff-person-again-help = For who forgot the password or has a new phone. The old password and code are good no more.
staff-person-again-do = Make a new link
staff-person-disable = Disable
staff-person-disable-help = This happens:
staff-person-disable-do = Disable now
staff-person-disable-why = Reason
staff-person-disable-why-hint = Kept in the log of changes. Such as: works elsewhere now
staff-ends-sessions = { $count ->
    [0] No session of theirs is going on.
    [one] One session of theirs ends at once.
   *[other] { $count } sessions of theirs end at once.
}
staff-ends-counter = Counter { $counter } at { $office } closes.
staff-ends-before = { $number } is at that counter and stays there: whoever opens counter { $counter } next goes on with them.
staff-ends-log = What they did stays in the log of changes.
staff-done-changed = { $name } ({ $login }) was changed.
staff-done-disabled = { $name } ({ $login }) was disabled. Their sessions have ended.
staff-done-before = { $name } ({ $login }) was disabled by somebody else. You have changed nothing.
staff-person-trail = See what they did
staff-invited-title = The invitation is made
staff-invited-for = Give this link to { $login }
staff-invited-until = Good until { $until }.
staff-invited-once = This link is shown only now and works once. Hand it over directly, not in a group.

# Approvals.
approvals-title = Approvals
approvals-none = Nothing waits for your decision.
approvals-answer = Note (needed for a no)
approvals-yes = Approve
approvals-no = Decline
approvals-own = You asked for this; somebody else decides.
approvals-withdraw = Take back
approvals-decided = Decided
approvals-what = What
approvals-asked = Asked for by
approvals-by = Decided by
approval-waiting = Waiting
approval-approved = Approved
approval-declined = Declined
approval-withdrawn = Taken back
approval-staff-change = Making a national administrator

# The log of changes.
audit-title = Log of changes
audit-from = From
audit-through = Through
audit-date-wrong = Write a date like 2027-01-12.
audit-show = Show
audit-ticket = Ticket or entry
audit-ticket-hint = Code of the ticket, or its address
audit-staff = Member of staff
audit-staff-hint = Name, sign-in name or number
audit-staff-unknown = There is nobody of that name whom you may look up.
audit-staff-many = Several people fit. Choose one.
audit-meant = { $name } ({ $login })
audit-number = Call number
audit-number-hint = Such as A-012
audit-number-wrong = Write a call number such as A-012.
audit-number-where = Name the office as well: every office has call numbers of its own.
audit-office-hint = Code of the office. Example: BTM
audit-group = Kind
audit-group-all = All
audit-ask = Name an office, a member of staff or a ticket, then show.
audit-older = Older lines
audit-none = Nothing is written down that fits.
audit-at = Time
audit-who = By
audit-what = What
audit-office = Office
audit-why = About it
audit-about = Ticket
actor-account = Applicant
actor-nobody = Not signed in
actor-clock = System clock
actor-operator = Operator
actor-staff = Staff
approval-closure-start = Closing an office
approval-timetable-change = Changing hours or quotas

# Passkeys.
staff-passkey = Passkey
staff-passkey-about = Sign in with the fingerprint, face or PIN of your device, without password and code.
staff-passkey-sign-in = Sign in with a passkey
staff-passkey-without = The passkey button appears in browsers that know passkeys, with JavaScript, at the address { $origin }.
staff-passkey-failed = The device has not signed. Try once more, or sign in another way.
staff-passkey-here = This device has a passkey of yours already.
staff-passkey-name = Name of the passkey
staff-passkey-name-hint = So that you know it again. Example: my phone
staff-passkey-name-first = My device
staff-passkey-begin-title = Or with a passkey alone
staff-passkey-begin-about = Instead of password and code, you sign in with the fingerprint, face or PIN of your device.
staff-passkey-begin = Make a passkey and sign in
staff-passkey-add = Add a passkey
staff-passkey-added = The passkey was added
staff-passkey-added-detail = From now on you can sign in with this passkey.
staff-passkey-removed = The passkey was removed
staff-passkey-removed-detail = Nobody can sign in with it any more. Remove it from its device as well.
staff-passkey-since = Added { $when }.
staff-passkey-used = Last used { $when }.
staff-passkey-unused = Never used.
staff-passkey-remove = Remove
staff-own-no-password = You sign in with a passkey alone. Need a password? Ask your head of office or administrator for a new invitation.
