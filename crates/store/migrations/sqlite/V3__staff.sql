-- Those who work at the offices, their sign-ins, and what needs the word of two of them.

-- Nobody is removed: the log of changes names staff by number for ever. `sealed` is the name that colleagues read.
CREATE TABLE staff (
    id         INTEGER PRIMARY KEY,
    login      TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('officer', 'head', 'admin', 'auditor')),
    state      TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    password   TEXT,                                -- Argon2id, as a PHC string
    totp       BLOB,                                -- sealed
    totp_step  INTEGER NOT NULL DEFAULT 0,          -- the last time step whose code was used: none is good twice
    created_ms INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 0,          -- grows with every change
    CONSTRAINT staff_login_once UNIQUE (login),
    CONSTRAINT staff_active_can_sign_in CHECK (state <> 'active' OR (password IS NOT NULL AND totp IS NOT NULL))
);

CREATE TABLE staff_offices (
    staff_id INTEGER NOT NULL REFERENCES staff (id),
    office   TEXT NOT NULL,
    PRIMARY KEY (staff_id, office)
) WITHOUT ROWID;
CREATE INDEX staff_offices_by_office ON staff_offices (office, staff_id);

-- A one-time link by which somebody sets password and second factor; the newest one of a person is the only one.
CREATE TABLE staff_links (
    staff_id   INTEGER PRIMARY KEY REFERENCES staff (id),
    id         BLOB NOT NULL,                       -- keyed hash of the token
    expires_ms INTEGER NOT NULL,
    CONSTRAINT staff_links_once UNIQUE (id)
);

-- An office PC and a phone at the door may be signed in at once, so a person may have several.
CREATE TABLE staff_sessions (
    id         BLOB PRIMARY KEY,                    -- keyed hash of the token
    staff_id   INTEGER NOT NULL REFERENCES staff (id),
    created_ms INTEGER NOT NULL,
    seen_ms    INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX staff_sessions_by_staff ON staff_sessions (staff_id);
CREATE INDEX staff_sessions_by_end ON staff_sessions (expires_ms);

-- What somebody asked for that needs a second person. `body` is the operation, ready to be performed.
CREATE TABLE approvals (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    office     TEXT,
    body       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'declined', 'withdrawn')),
    asked_by   INTEGER NOT NULL REFERENCES staff (id),
    asked_ms   INTEGER NOT NULL,
    decided_by INTEGER REFERENCES staff (id),
    decided_ms INTEGER,
    answer     TEXT NOT NULL DEFAULT '',
    CONSTRAINT approvals_need_a_second_person CHECK (state NOT IN ('approved', 'declined') OR decided_by <> asked_by),
    CONSTRAINT approvals_decided_by_somebody CHECK ((state = 'waiting') = (decided_by IS NULL))
);
CREATE INDEX approvals_waiting ON approvals (office, id) WHERE state = 'waiting';

-- What was decided stays decided.
CREATE TRIGGER approvals_decided_once BEFORE UPDATE ON approvals
WHEN OLD.state <> 'waiting' OR NEW.kind <> OLD.kind OR NEW.body <> OLD.body OR NEW.asked_by <> OLD.asked_by
BEGIN
    SELECT RAISE(ABORT, 'approvals_decided_once');
END;
