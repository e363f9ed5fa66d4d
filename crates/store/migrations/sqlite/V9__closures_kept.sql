-- What a closure closed, so that it can be lifted again; the right of whoever lost a place by it to choose another before others; and
-- what officers heard on the telephone, sealed as everything that is said about a person.

ALTER TABLE closures ADD COLUMN lifted_by INTEGER REFERENCES staff (id);
ALTER TABLE closures ADD COLUMN lifted_ms INTEGER;
ALTER TABLE closures ADD COLUMN chooses INTEGER NOT NULL DEFAULT 0 CHECK (chooses IN (0, 1));
ALTER TABLE closure_people ADD COLUMN called_sealed BLOB;

CREATE TABLE closure_slots (
    closure_id INTEGER NOT NULL REFERENCES closures (id),
    slot_id    INTEGER NOT NULL REFERENCES slots (id),
    PRIMARY KEY (closure_id, slot_id)
) WITHOUT ROWID;
CREATE INDEX closure_slots_by_slot ON closure_slots (slot_id);

-- One a party whose places were taken back and not replaced. Used once, by a party of the same account.
CREATE TABLE replacements (
    party_id   INTEGER PRIMARY KEY REFERENCES parties (id),
    closure_id INTEGER NOT NULL REFERENCES closures (id),
    until_ms   INTEGER NOT NULL,
    used_by    INTEGER REFERENCES parties (id),
    used_ms    INTEGER,
    CONSTRAINT replacements_used_whole CHECK ((used_by IS NULL) = (used_ms IS NULL))
);
CREATE UNIQUE INDEX replacements_used_by_one ON replacements (used_by) WHERE used_by IS NOT NULL;
CREATE INDEX closures_by_last_day ON closures (to_date) WHERE lifted_ms IS NULL;
