-- Closures: places that an office took back, and what became of those who held them.

CREATE TABLE closures (
    id         INTEGER PRIMARY KEY,
    office     TEXT NOT NULL,
    from_date  TEXT NOT NULL,
    to_date    TEXT NOT NULL,
    starts     INTEGER,                             -- hours of one day: windows from here on ...
    ends       INTEGER,                             -- ... and before this; both NULL closes whole days
    cause      TEXT NOT NULL CHECK (cause IN ('disaster', 'outage', 'order', 'staff', 'security', 'other')),
    words      TEXT NOT NULL,                       -- for the public
    relocation TEXT NOT NULL CHECK (relocation IN ('same_office', 'family', 'release')),
    asked_by   INTEGER NOT NULL REFERENCES staff (id),
    begun_ms   INTEGER NOT NULL,
    done_ms    INTEGER
);
CREATE INDEX closures_by_office ON closures (office, id);
CREATE INDEX closures_running ON closures (id) WHERE done_ms IS NULL;

-- One row a party that held a place in it: the memory of the work, which may stop anywhere and go on.
CREATE TABLE closure_people (
    closure_id INTEGER NOT NULL REFERENCES closures (id),
    party_id   INTEGER NOT NULL REFERENCES parties (id),
    from_slot  INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'moved', 'revoked', 'gone')),
    to_slot    INTEGER,
    done_ms    INTEGER,
    called_by  INTEGER REFERENCES staff (id),
    called_ms  INTEGER,
    called     TEXT NOT NULL DEFAULT '',            -- what came of the call
    PRIMARY KEY (closure_id, party_id),
    CONSTRAINT closure_people_moved_somewhere CHECK ((state = 'moved') = (to_slot IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX closure_people_waiting ON closure_people (closure_id, party_id) WHERE state = 'waiting';
CREATE INDEX closure_people_by_party ON closure_people (party_id);

-- What became of somebody is settled once.
CREATE TRIGGER closure_people_settled_once BEFORE UPDATE OF state, to_slot ON closure_people
WHEN OLD.state <> 'waiting'
BEGIN
    SELECT RAISE(ABORT, 'closure_people_settled_once');
END;
