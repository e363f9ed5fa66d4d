-- The waiting room of first-come releases. A release has one if it has a row in `lines`, which is made when it is planned.

-- The state of a line: what was settled before the opening, what was settled at it, and how far it has come since. Only the
-- holder of the release clock moves it, each time on condition that nobody else did (`version`).
CREATE TABLE lines (
    id            INTEGER PRIMARY KEY,
    release_id    TEXT NOT NULL REFERENCES releases (id),
    joins_ms      INTEGER NOT NULL,                 -- joining begins
    opens_ms      INTEGER NOT NULL,                 -- who joined before is present: order by keyed hash
    secret        BLOB NOT NULL,                    -- sealed; the order's key follows from it where no beacon gives one
    commitment    BLOB NOT NULL,                    -- hash of the secret, public from the planning on
    present       INTEGER,                          -- how many were present at the opening
    order_key     BLOB,                             -- public from then on
    key_source    TEXT CHECK (key_source IN ('beacon', 'secret')),
    key_round     INTEGER,
    randomness    BLOB,                             -- what the key was made from: the beacon's value, or the secret itself
    threshold     INTEGER NOT NULL DEFAULT 0,       -- of 2^48: who is present with a lower value is let in
    admitted      INTEGER NOT NULL DEFAULT 0,       -- who came later is let in up to this number
    is_open       INTEGER NOT NULL DEFAULT 0,       -- nobody waits
    rate          INTEGER NOT NULL DEFAULT 0,       -- people a minute
    pace_milli    INTEGER NOT NULL DEFAULT 0,
    at_work_milli INTEGER NOT NULL DEFAULT 0,
    carry_milli   INTEGER NOT NULL DEFAULT 0,
    places_left   INTEGER NOT NULL DEFAULT 0,
    moved_ms      INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT lines_one_per_release UNIQUE (release_id),
    CONSTRAINT lines_within_bounds CHECK (threshold BETWEEN 0 AND 281474976710656 AND admitted >= 0
                                          AND is_open IN (0, 1) AND at_work_milli >= 0)
);

-- A line never goes back: who was let in stays in, and what was settled stays settled.
CREATE TRIGGER lines_never_go_back BEFORE UPDATE ON lines
WHEN NEW.threshold < OLD.threshold OR NEW.admitted < OLD.admitted OR NEW.version < OLD.version
     OR NEW.commitment <> OLD.commitment OR NEW.opens_ms <> OLD.opens_ms
     OR (OLD.present IS NOT NULL AND NEW.present IS NOT OLD.present)
     OR (OLD.order_key IS NOT NULL AND NEW.order_key IS NOT OLD.order_key)
     OR (NEW.present IS NULL AND (NEW.threshold > 0 OR NEW.admitted > 0 OR NEW.is_open <> 0 OR NEW.order_key IS NOT NULL))
BEGIN
    SELECT RAISE(ABORT, 'lines_never_go_back');
END;

-- Arrival numbers, apart from the line itself: joining and moving the line must not wait for each other.
CREATE TABLE line_arrivals (
    line_id    INTEGER PRIMARY KEY,
    last       INTEGER NOT NULL DEFAULT 0 CHECK (last >= 0)
);

-- Who waits: one place an account and release, whatever it is joined from. Nothing of it is in memory.
-- Its key is short, for there may be a million of them.
CREATE TABLE line_places (
    line_id    INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    person     BLOB NOT NULL,                       -- the account's holder at joining
    number     INTEGER,                             -- arrival number; NULL for those present at the opening
    joined_ms  INTEGER NOT NULL,
    PRIMARY KEY (line_id, account_id)
) WITHOUT ROWID;

-- A place never changes, and nobody is present who came after the opening.
CREATE TRIGGER line_places_never_change BEFORE UPDATE ON line_places
BEGIN
    SELECT RAISE(ABORT, 'line_places_never_change');
END;
CREATE TRIGGER line_places_present_before_the_opening BEFORE INSERT ON line_places
WHEN NEW.number IS NULL AND (SELECT present FROM lines WHERE id = NEW.line_id) IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'line_places_present_before_the_opening');
END;
CREATE TRIGGER line_places_stay BEFORE DELETE ON line_places
WHEN (SELECT r.state FROM lines l JOIN releases r ON r.id = l.release_id WHERE l.id = OLD.line_id)
     NOT IN ('planned', 'closed')
BEGIN
    SELECT RAISE(ABORT, 'line_places_stay');
END;
