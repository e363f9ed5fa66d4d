-- What staff changed of offices: hours and quotas, or what is known of them. The log of changes has a line of each, but not what it was.

CREATE TABLE office_changes (
    id             INTEGER PRIMARY KEY,
    office         TEXT NOT NULL,
    part           TEXT NOT NULL CHECK (part IN ('hours', 'data')),
    at_ms          INTEGER NOT NULL,
    changed_by     INTEGER NOT NULL REFERENCES staff (id),
    seconded_by    INTEGER REFERENCES staff (id),       -- who agreed to it, where a second person was needed
    places         INTEGER NOT NULL,                    -- that came or went in the week with the most
    what           TEXT,                                -- as JSON; unknown of changes before this table
    version_before TEXT NOT NULL,                       -- what the office was known by before and after, so that whoever changed
    version_after  TEXT NOT NULL,                       -- something else meanwhile is told of what came between
    reason         TEXT NOT NULL,
    CONSTRAINT office_changes_places CHECK (places >= 0),
    CONSTRAINT office_changes_need_another_person CHECK (seconded_by <> changed_by)
);
CREATE INDEX office_changes_by_office ON office_changes (office, id);
CREATE INDEX office_changes_alone ON office_changes (office, at_ms) WHERE seconded_by IS NULL;

CREATE TRIGGER office_changes_never_change BEFORE UPDATE ON office_changes
BEGIN
    SELECT RAISE(ABORT, 'office_changes_never_change');
END;
CREATE TRIGGER office_changes_never_go BEFORE DELETE ON office_changes
BEGIN
    SELECT RAISE(ABORT, 'office_changes_never_go');
END;

INSERT INTO office_changes (office, part, at_ms, changed_by, places, version_before, version_after, reason)
SELECT e.office, CASE e.kind WHEN 'timetable_changed' THEN 'hours' ELSE 'data' END, e.at_ms, s.id, 0, '', '', coalesce(e.reason, '')
FROM events e JOIN staff s ON s.id = e.actor_id
WHERE e.actor = 'staff' AND e.office IS NOT NULL AND e.kind IN ('timetable_changed', 'office_changed', 'office_founded')
ORDER BY e.id;
