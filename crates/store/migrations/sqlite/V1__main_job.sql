-- The main job: people, releases, places. Instants are milliseconds since 1970-01-01 UTC (`_ms`); civil dates are
-- 'YYYY-MM-DD' text; a time of day is minutes after midnight. `person` and `phone` are 16-byte keyed hashes.
-- Whatever can be read about a person is in a column named `sealed` (XChaCha20-Poly1305).

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE catalogue (
    part      TEXT PRIMARY KEY,
    body      TEXT NOT NULL,
    loaded_ms INTEGER NOT NULL
);

CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY,
    phone      BLOB NOT NULL,
    sealed     BLOB NOT NULL,                       -- phone number and family card
    language   TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    consent_ms INTEGER,
    CONSTRAINT accounts_phone_once UNIQUE (phone)
);

-- Up to five applicants an account: position 0 is the holder. A number is never used again (AUTOINCREMENT): drafts and
-- pages that are open somewhere name people by it, and must not come to mean somebody else.
CREATE TABLE applicants (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    position   INTEGER NOT NULL,
    person     BLOB NOT NULL,
    sealed     BLOB NOT NULL,                       -- NIK, name, birth date, sex
    created_ms INTEGER NOT NULL,
    CONSTRAINT applicants_position CHECK (position BETWEEN 0 AND 4),
    CONSTRAINT applicants_position_once UNIQUE (account_id, position),
    CONSTRAINT applicants_person_once UNIQUE (account_id, person)
);

-- An entry half filled in; numbers of applicants and choices, nothing that can be read about a person.
CREATE TABLE drafts (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
    body       TEXT NOT NULL,
    changed_ms INTEGER NOT NULL
);
CREATE INDEX drafts_by_age ON drafts (changed_ms);

-- One live session an account: signing in on a new device ends the old one.
CREATE TABLE sessions (
    id         BLOB PRIMARY KEY,                    -- keyed hash of the token
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    created_ms INTEGER NOT NULL,
    seen_ms    INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    CONSTRAINT sessions_one_per_account UNIQUE (account_id)
) WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (expires_ms);

-- A one-time code that was asked for. The code itself is nowhere: it is derived from the caller's token.
CREATE TABLE challenges (
    id         BLOB PRIMARY KEY,                    -- keyed hash of the token
    phone      BLOB NOT NULL,
    sealed     BLOB NOT NULL,                       -- the phone number
    code_hash  BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    sends      INTEGER NOT NULL DEFAULT 1,
    sent_ms    INTEGER NOT NULL,
    used_ms    INTEGER,
    CONSTRAINT challenges_tries CHECK (tries BETWEEN 0 AND 5)
) WITHOUT ROWID;
CREATE INDEX challenges_by_end ON challenges (expires_ms);

CREATE TABLE limits (
    bucket    BLOB NOT NULL,                        -- keyed hash of what is limited and for whom
    window_ms INTEGER NOT NULL,                     -- start of the window
    used      INTEGER NOT NULL,
    PRIMARY KEY (window_ms, bucket)                 -- by age first: neighbours in time are neighbours on disk, and go together
) WITHOUT ROWID;

-- Answers lie in the order in which they were given; only the hashes, which are small, are spread.
CREATE TABLE idempotency (
    id         INTEGER PRIMARY KEY,
    key        BLOB NOT NULL,                       -- keyed hash of account, operation and key
    request    BLOB NOT NULL,                       -- hash of what was asked
    answer     BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    CONSTRAINT idempotency_once UNIQUE (key)
);

CREATE TABLE releases (
    id            TEXT PRIMARY KEY,
    mode          TEXT NOT NULL CHECK (mode IN ('draw', 'first_come')),
    state         TEXT NOT NULL
                  CHECK (state IN ('planned', 'open', 'frozen', 'drawing', 'drawn', 'closed')),
    opens_ms      INTEGER NOT NULL,                 -- earliest opening over the zones
    freeze_ms     INTEGER NOT NULL,
    ends_ms       INTEGER NOT NULL,                 -- after this instant no standby entry can get a place
    tag_key       BLOB NOT NULL,                    -- sealed
    round         INTEGER NOT NULL,                 -- beacon round, after sliding
    seed          BLOB,
    drawn_through INTEGER NOT NULL DEFAULT 0,       -- highest party id whose result is written
    drawn_ms      INTEGER,
    -- The long texts come last: what stands before them is read for every entry and booking, without a look at them.
    plan          TEXT NOT NULL,                    -- ReleasePlan as JSON
    rules         TEXT NOT NULL,
    closures      TEXT NOT NULL DEFAULT '',
    freeze_file   TEXT,
    beacon_file   TEXT
);

-- Rule 9: nothing about a release changes after it opens. Closures are written beside it, in `closures` and in `slots.closed`.
CREATE TRIGGER releases_open_never_change
BEFORE UPDATE OF id, mode, plan, opens_ms, freeze_ms, ends_ms, rules, tag_key ON releases
WHEN OLD.state <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'releases_open_never_change');
END;
-- Rule 8: a draw is never run a second time, and a list that was frozen does not thaw.
CREATE TRIGGER releases_drawn_once BEFORE UPDATE OF round, freeze_file, beacon_file, seed, drawn_ms ON releases
WHEN (OLD.freeze_file IS NOT NULL AND (NEW.freeze_file IS NOT OLD.freeze_file OR NEW.round <> OLD.round))
     OR (OLD.beacon_file IS NOT NULL AND (NEW.beacon_file IS NOT OLD.beacon_file OR NEW.seed IS NOT OLD.seed))
     OR (OLD.drawn_ms IS NOT NULL AND NEW.drawn_ms IS NOT OLD.drawn_ms)
BEGIN
    SELECT RAISE(ABORT, 'releases_drawn_once');
END;
CREATE TRIGGER releases_never_go_back BEFORE UPDATE OF state ON releases
WHEN (CASE NEW.state WHEN 'planned' THEN 0 WHEN 'open' THEN 1 WHEN 'frozen' THEN 2 WHEN 'drawing' THEN 3
                     WHEN 'drawn' THEN 4 ELSE 5 END)
     < (CASE OLD.state WHEN 'planned' THEN 0 WHEN 'open' THEN 1 WHEN 'frozen' THEN 2 WHEN 'drawing' THEN 3
                       WHEN 'drawn' THEN 4 ELSE 5 END)
BEGIN
    SELECT RAISE(ABORT, 'releases_never_go_back');
END;

CREATE TABLE release_counts (
    release_id TEXT NOT NULL REFERENCES releases (id),
    office     TEXT NOT NULL,                       -- office of the first choice
    entries    INTEGER NOT NULL,
    people     INTEGER NOT NULL,
    PRIMARY KEY (release_id, office)
) WITHOUT ROWID;

-- `freed` places were given back and wait for the next wave: not taken, not bookable.
CREATE TABLE slots (
    id         INTEGER PRIMARY KEY,
    release_id TEXT NOT NULL REFERENCES releases (id),
    office     TEXT NOT NULL,
    date       TEXT NOT NULL,
    starts     INTEGER NOT NULL,
    ends       INTEGER NOT NULL,
    pool       TEXT NOT NULL CHECK (pool IN ('public', 'priority', 'reserve')),
    capacity   INTEGER NOT NULL,
    taken      INTEGER NOT NULL DEFAULT 0,
    freed      INTEGER NOT NULL DEFAULT 0,
    closed     INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT slots_once UNIQUE (office, date, starts, pool),
    CONSTRAINT slots_never_oversold
        CHECK (taken >= 0 AND freed >= 0 AND capacity >= 0 AND taken + freed <= capacity)
);
CREATE INDEX slots_by_release ON slots (release_id, office, date, starts);

-- Rule 9 for places: how many there are and when is settled before the release opens.
CREATE TRIGGER slots_only_while_planned BEFORE INSERT ON slots
WHEN (SELECT state FROM releases WHERE id = NEW.release_id) <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'slots_only_while_planned');
END;
CREATE TRIGGER slots_open_never_change BEFORE UPDATE OF release_id, office, date, starts, ends, pool, capacity ON slots
WHEN (SELECT state FROM releases WHERE id = OLD.release_id) <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'slots_open_never_change');
END;
CREATE TRIGGER slots_open_never_go BEFORE DELETE ON slots
WHEN (SELECT state FROM releases WHERE id = OLD.release_id) <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'slots_open_never_go');
END;

-- A party: one to five people who apply together. It is live from its entry or booking until that ends.
CREATE TABLE parties (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    release_id TEXT NOT NULL REFERENCES releases (id),
    service    TEXT NOT NULL,
    passport   TEXT NOT NULL,
    size       INTEGER NOT NULL CHECK (size BETWEEN 1 AND 5),
    live       INTEGER NOT NULL CHECK (live IN (0, 1)),
    created_ms INTEGER NOT NULL,
    CONSTRAINT parties_with_life UNIQUE (id, live)
);
-- Rule 2: an account has at most one live entry or appointment.
CREATE UNIQUE INDEX one_live_party_per_account ON parties (account_id) WHERE live = 1;
CREATE INDEX parties_ended_by_account ON parties (account_id, id) WHERE live = 0;

-- `live` follows the party through the foreign key: the two can never disagree.
CREATE TABLE party_people (
    party_id INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 4),
    live     INTEGER NOT NULL,
    person   BLOB NOT NULL,
    sealed   BLOB NOT NULL,                         -- NIK, name, birth date, sex, salt of the commitment
    PRIMARY KEY (party_id, position),
    FOREIGN KEY (party_id, live) REFERENCES parties (id, live) ON UPDATE CASCADE
) WITHOUT ROWID;
-- Rule 1: a NIK has at most one live entry or appointment, over all offices, accounts and channels.
CREATE UNIQUE INDEX one_live_party_per_person ON party_people (person) WHERE live = 1;
-- Ended parties whose people can still be read: what retention has left to do.
CREATE INDEX party_people_to_erase ON party_people (party_id) WHERE live = 0 AND length(sealed) > 0;

-- Rule 6: who a place belongs to never changes. Erasing (an empty `sealed`) is the one thing allowed.
CREATE TRIGGER party_people_never_change BEFORE UPDATE OF party_id, position, person, sealed ON party_people
WHEN NEW.party_id <> OLD.party_id OR NEW.position <> OLD.position OR NEW.person <> OLD.person
     OR (NEW.sealed <> OLD.sealed AND length(NEW.sealed) > 0)
BEGIN
    SELECT RAISE(ABORT, 'party_people_never_change');
END;

CREATE TABLE entries (
    party_id   INTEGER PRIMARY KEY REFERENCES parties (id),
    release_id TEXT NOT NULL REFERENCES releases (id),
    entry_id   BLOB NOT NULL,
    leaf       BLOB NOT NULL,                       -- what the draw publishes; the choices are in it
    state      TEXT NOT NULL
               -- 'withdrawn' before the freeze; 'left' after it, which keeps its line in the frozen list
               CHECK (state IN ('entered', 'withdrawn', 'left', 'standby', 'placed', 'expired')),
    rank       INTEGER,
    place      TEXT,                                -- slot given by the draw, kept for the published result
    entered_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
);
CREATE INDEX entries_by_release ON entries (release_id);
CREATE INDEX entries_standby ON entries (release_id, rank) WHERE state = 'standby';

-- Rule 8: the list is final at the freeze, and what a draw gave is written once.
CREATE TRIGGER entries_only_while_open BEFORE INSERT ON entries
WHEN (SELECT state FROM releases WHERE id = NEW.release_id) <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'entries_only_while_open');
END;
CREATE TRIGGER entries_frozen_never_change BEFORE UPDATE OF entry_id, leaf ON entries
WHEN (SELECT state FROM releases WHERE id = OLD.release_id) <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'entries_frozen_never_change');
END;
CREATE TRIGGER entries_frozen_stay BEFORE UPDATE OF state ON entries
WHEN OLD.state <> NEW.state AND (OLD.state = 'withdrawn' OR NEW.state = 'withdrawn')
     AND (SELECT state FROM releases WHERE id = OLD.release_id) <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'entries_frozen_stay');
END;
CREATE TRIGGER entries_drawn_once BEFORE UPDATE OF rank, place ON entries
WHEN OLD.rank IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'entries_drawn_once');
END;

CREATE TABLE appointments (
    party_id   INTEGER PRIMARY KEY REFERENCES parties (id),
    slot_id    INTEGER NOT NULL REFERENCES slots (id),
    state      TEXT NOT NULL
               CHECK (state IN ('booked', 'checked_in', 'called', 'served', 'cancelled', 'cancelled_late',
                                'revoked', 'no_show', 'unrecorded')),
    source     TEXT NOT NULL CHECK (source IN ('draw', 'wave', 'leftover', 'first_come')),
    choice     INTEGER,                             -- which of the party's choices it was, from 0
    moves      INTEGER NOT NULL DEFAULT 0 CHECK (moves BETWEEN 0 AND 1),
    sequence   INTEGER NOT NULL DEFAULT 0,          -- counts the changes, for calendars and tickets
    booked_ms  INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
);
CREATE INDEX appointments_by_slot ON appointments (slot_id);

-- Rule 6 again: an appointment stays its party's, and once there is a place, or the list is frozen, nobody comes into
-- the party or goes out of it.
CREATE TRIGGER appointments_keep_their_party BEFORE UPDATE OF party_id ON appointments
BEGIN
    SELECT RAISE(ABORT, 'appointments_keep_their_party');
END;
CREATE TRIGGER party_people_with_a_place_stay BEFORE DELETE ON party_people
WHEN EXISTS (SELECT 1 FROM appointments WHERE party_id = OLD.party_id)
     OR (SELECT r.state FROM entries e JOIN releases r ON r.id = e.release_id WHERE e.party_id = OLD.party_id) <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'party_people_with_a_place_stay');
END;
CREATE TRIGGER party_people_with_a_place_stay_alone BEFORE INSERT ON party_people
WHEN EXISTS (SELECT 1 FROM appointments WHERE party_id = NEW.party_id)
     OR (SELECT r.state FROM entries e JOIN releases r ON r.id = e.release_id WHERE e.party_id = NEW.party_id) <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'party_people_with_a_place_stay_alone');
END;

-- A holder who asked to be moved at the next wave; the place is kept until a better one is found.
CREATE TABLE wishes (
    party_id INTEGER PRIMARY KEY REFERENCES parties (id),
    choices  TEXT NOT NULL,
    since_ms INTEGER NOT NULL
);

CREATE TABLE waves (
    release_id TEXT NOT NULL REFERENCES releases (id),
    at_ms      INTEGER NOT NULL,
    done_ms    INTEGER NOT NULL,
    placed     INTEGER NOT NULL,
    PRIMARY KEY (release_id, at_ms)
) WITHOUT ROWID;

CREATE TABLE strikes (
    id        INTEGER PRIMARY KEY,
    person    BLOB NOT NULL,
    party_id  INTEGER NOT NULL REFERENCES parties (id),
    kind      TEXT NOT NULL CHECK (kind IN ('no_show', 'late_cancellation')),
    at_ms     INTEGER NOT NULL,
    releases  INTEGER NOT NULL,                     -- how many releases the person rests
    lifted_ms INTEGER
);
CREATE INDEX strikes_by_person ON strikes (person);
CREATE INDEX strikes_by_party ON strikes (party_id);

-- Rule 10: who, when, what, why. Append only.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    actor      TEXT NOT NULL,                       -- 'account', 'nobody', 'staff', 'clock', 'operator'
    actor_id   INTEGER,
    kind       TEXT NOT NULL,
    release_id TEXT,
    party_id   INTEGER,
    slot_id    INTEGER,
    office     TEXT,
    reason     TEXT,
    network    BLOB,                                -- keyed hash of the caller's network
    device     BLOB
);
CREATE INDEX events_by_party ON events (party_id) WHERE party_id IS NOT NULL;
CREATE INDEX events_by_office ON events (office, at_ms) WHERE office IS NOT NULL;
CREATE INDEX events_by_actor ON events (actor_id, actor) WHERE actor_id IS NOT NULL;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events_never_change');
END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events_never_go');
END;

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    patient    INTEGER NOT NULL,                    -- 0: somebody waits for it now, such as for a one-time code
    sealed     BLOB NOT NULL,                       -- recipient and message
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
    tries      INTEGER NOT NULL DEFAULT 0,
    next_ms    INTEGER NOT NULL,
    sent_ms    INTEGER
);
CREATE INDEX outbox_waiting ON outbox (patient, next_ms) WHERE state = 'waiting';
CREATE INDEX outbox_settled ON outbox (at_ms) WHERE state <> 'waiting';

CREATE TABLE leases (
    name     TEXT PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_ms INTEGER NOT NULL
);

-- Days whose booked appointments were closed at the end of the day.
CREATE TABLE closed_days (
    office    TEXT NOT NULL,
    date      TEXT NOT NULL,
    closed_ms INTEGER NOT NULL,
    PRIMARY KEY (office, date)
) WITHOUT ROWID;
