-- The same rules, written so that SQLite looks at the value where it lies. For a list of more than two values it builds a table in
-- memory each time a row is written: three for each booking, a third of all that its engine did for it.
--
-- Only the text of a rule changes, and not what it lets in, so the schema is mended where it lies, as SQLite's own manual has it for
-- such a case, instead of copying tables with all that refers to them. PostgreSQL has no such cost and keeps its text.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'state IN (''entered'', ''withdrawn'', ''left'', ''standby'', ''placed'', ''expired'')',
    'state = ''entered'' OR state = ''withdrawn'' OR state = ''left'' OR state = ''standby''
     OR state = ''placed'' OR state = ''expired''')
WHERE type = 'table' AND name = 'entries';
UPDATE sqlite_schema SET sql = replace(sql,
    'state IN (''booked'', ''checked_in'', ''called'', ''served'', ''cancelled'', ''cancelled_late'',
                                ''revoked'', ''no_show'', ''unrecorded'')',
    'state = ''booked'' OR state = ''checked_in'' OR state = ''called'' OR state = ''served'' OR state = ''cancelled''
     OR state = ''cancelled_late'' OR state = ''revoked'' OR state = ''no_show'' OR state = ''unrecorded''')
WHERE type = 'table' AND name = 'appointments';
UPDATE sqlite_schema SET sql = replace(sql,
    'source IN (''draw'', ''wave'', ''leftover'', ''first_come'')',
    'source = ''draw'' OR source = ''wave'' OR source = ''leftover'' OR source = ''first_come''')
WHERE type = 'table' AND name = 'appointments';
UPDATE sqlite_schema SET sql = replace(sql,
    'state IN (''waiting'', ''sent'', ''dead'')',
    'state = ''waiting'' OR state = ''sent'' OR state = ''dead''')
WHERE type = 'table' AND name = 'outbox';
UPDATE sqlite_schema SET sql = replace(sql,
    'pool IN (''public'', ''priority'', ''reserve'')',
    'pool = ''public'' OR pool = ''priority'' OR pool = ''reserve''')
WHERE type = 'table' AND name = 'slots';
UPDATE sqlite_schema SET sql = replace(sql,
    'state IN (''waiting'', ''moved'', ''revoked'', ''gone'')',
    'state = ''waiting'' OR state = ''moved'' OR state = ''revoked'' OR state = ''gone''')
WHERE type = 'table' AND name = 'closure_people';
PRAGMA writable_schema = RESET;
