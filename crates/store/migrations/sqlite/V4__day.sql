-- The day at an office: counters, who is there, every call, and what a person proved there.

-- `stages` and `classes` are names with commas between.
CREATE TABLE counters (
    id         INTEGER PRIMARY KEY,
    office     TEXT NOT NULL,
    number     INTEGER NOT NULL CHECK (number BETWEEN 1 AND 99),
    name       TEXT NOT NULL,
    stages     TEXT NOT NULL,
    classes    TEXT NOT NULL,
    staff_id   INTEGER REFERENCES staff (id),       -- who sits there while it is open
    open       INTEGER NOT NULL CHECK (open IN (0, 1)),
    version    INTEGER NOT NULL DEFAULT 0,          -- grows with every change
    CONSTRAINT counters_once UNIQUE (office, number),
    CONSTRAINT counters_open_have_somebody CHECK (open = 0 OR staff_id IS NOT NULL)
);
-- Nobody sits at two counters.
CREATE UNIQUE INDEX one_open_counter_per_officer ON counters (staff_id) WHERE open = 1;

-- Somebody at the office on a day: a party with its appointment, or people without one, who are known by their number alone.
CREATE TABLE visits (
    id              INTEGER PRIMARY KEY,
    office          TEXT NOT NULL,
    date            TEXT NOT NULL,
    class           TEXT NOT NULL CHECK (class IN ('scheduled', 'priority', 'walk_in')),
    number          INTEGER NOT NULL CHECK (number BETWEEN 1 AND 999),
    party_id        INTEGER REFERENCES parties (id),
    slot_id         INTEGER REFERENCES slots (id),  -- where people without an appointment took places
    service         TEXT NOT NULL,
    passport        TEXT NOT NULL,
    reason          TEXT CHECK (reason IN ('elderly', 'disability', 'pregnant', 'small_child', 'other')),
    people          INTEGER NOT NULL CHECK (people BETWEEN 1 AND 5),
    arrived         INTEGER NOT NULL,               -- how many of them are there
    stage           TEXT NOT NULL CHECK (stage IN ('papers', 'photo', 'interview')),
    state           TEXT NOT NULL
                    CHECK (state IN ('waiting', 'called', 'serving', 'parked', 'done', 'absent', 'left', 'undone',
                                     'revoked', 'unrecorded')),
    counter         INTEGER,                        -- number of the counter that called it last
    due_ms          INTEGER NOT NULL,               -- from when they may expect to be called
    arrived_ms      INTEGER NOT NULL,
    first_called_ms INTEGER,
    called_ms       INTEGER,                        -- the last call at the present stage
    calls           INTEGER NOT NULL DEFAULT 0,     -- at the present stage
    started_ms      INTEGER,                        -- at the counter where they are, or were last
    served_ms       INTEGER NOT NULL DEFAULT 0,     -- milliseconds at counters, all stages together
    finished_ms     INTEGER,
    outcome         TEXT CHECK (outcome IN ('done', 'papers_missing', 'refused', 'reschedule')),
    missing         TEXT NOT NULL DEFAULT '',       -- names of papers with commas between
    sealed          BLOB,                           -- what officers noted
    inaccurate      INTEGER NOT NULL DEFAULT 0 CHECK (inaccurate IN (0, 1)),
    kept            INTEGER NOT NULL DEFAULT 0 CHECK (kept IN (0, 1)), -- arrived while the door had no network
    changed_ms      INTEGER NOT NULL,
    version         INTEGER NOT NULL DEFAULT 0,     -- grows with every change
    CONSTRAINT visits_number_once UNIQUE (office, date, class, number),
    CONSTRAINT visits_arrived CHECK (arrived BETWEEN 1 AND people),
    CONSTRAINT visits_scheduled_have_a_party CHECK ((class = 'scheduled') = (party_id IS NOT NULL)),
    CONSTRAINT visits_priority_have_a_reason CHECK ((class = 'priority') = (reason IS NOT NULL)),
    CONSTRAINT visits_at_a_counter CHECK (state NOT IN ('called', 'serving') OR counter IS NOT NULL),
    CONSTRAINT visits_done_have_an_outcome CHECK ((state = 'done') = (outcome IS NOT NULL))
);
-- A party is checked in once at a time.
CREATE UNIQUE INDEX one_open_visit_per_party ON visits (party_id) WHERE state IN ('waiting', 'called', 'serving', 'parked');
-- A counter has one visit before it at a time.
CREATE UNIQUE INDEX one_visit_at_a_counter ON visits (office, date, counter) WHERE state IN ('called', 'serving');
CREATE INDEX visits_by_state ON visits (office, date, state);
CREATE INDEX visits_by_party ON visits (party_id) WHERE party_id IS NOT NULL;
CREATE INDEX visits_by_slot ON visits (slot_id) WHERE slot_id IS NOT NULL;
CREATE INDEX visits_with_notes ON visits (arrived_ms) WHERE sealed IS NOT NULL;

-- Who is there stays who it is.
CREATE TRIGGER visits_keep_who_it_is BEFORE UPDATE OF office, date, class, number, party_id, slot_id, people ON visits
BEGIN
    SELECT RAISE(ABORT, 'visits_keep_who_it_is');
END;

-- Every call, the first and the repeated, with the reason that the rule gave. Append only.
CREATE TABLE calls (
    id       INTEGER PRIMARY KEY,
    office   TEXT NOT NULL,
    date     TEXT NOT NULL,
    visit_id INTEGER NOT NULL REFERENCES visits (id),
    class    TEXT NOT NULL,
    stage    TEXT NOT NULL,
    counter  INTEGER NOT NULL,
    why      TEXT NOT NULL,                         -- 'again' for a repeated call
    at_ms    INTEGER NOT NULL
);
CREATE INDEX calls_by_day ON calls (office, date, id);

-- An account that named somebody who then showed their card at an office and was not its holder's: it may not name them again.
CREATE TABLE disowned (
    person     BLOB NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (person, account_id)
) WITHOUT ROWID;
