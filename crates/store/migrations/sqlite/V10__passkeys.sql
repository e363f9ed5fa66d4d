-- Passkeys: a way in beside password and second factor, or instead of both.

-- `credential` is the name by which a device knows the key; `sealed` holds the public key and the name that its owner gave it.
-- `sign_count` is what the device counted last: it never goes back, or the key was copied.
CREATE TABLE passkeys (
    id         INTEGER PRIMARY KEY,
    staff_id   INTEGER NOT NULL REFERENCES staff (id),
    credential BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    sign_count INTEGER NOT NULL CHECK (sign_count >= 0),
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER,
    CONSTRAINT passkeys_credential_once UNIQUE (credential)
);
CREATE INDEX passkeys_by_staff ON passkeys (staff_id);

-- Who is active has password and second factor, or a passkey. A check sees one row, so triggers hold this now.
ALTER TABLE staff DROP CONSTRAINT staff_active_can_sign_in;
ALTER TABLE staff ADD CONSTRAINT staff_password_with_factor CHECK ((password IS NULL) = (totp IS NULL));

CREATE TRIGGER staff_active_can_sign_in BEFORE UPDATE ON staff
WHEN NEW.state = 'active' AND NEW.password IS NULL AND NOT EXISTS (SELECT 1 FROM passkeys WHERE staff_id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'staff_active_can_sign_in');
END;

CREATE TRIGGER passkeys_last_way_in BEFORE DELETE ON passkeys
WHEN EXISTS (SELECT 1 FROM staff WHERE id = OLD.staff_id AND state = 'active' AND password IS NULL)
 AND NOT EXISTS (SELECT 1 FROM passkeys WHERE staff_id = OLD.staff_id AND id <> OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'passkeys_last_way_in');
END;
