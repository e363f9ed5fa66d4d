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
