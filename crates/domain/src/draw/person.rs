//! People as a draw sees them: a keyed tag that shows that nobody is in twice, and a salted commitment that binds a line to a name.

use std::fmt;

use super::encoding::{Feed as _, Hash32, HexError, finish_keyed, hex_value, keyed, read_hex, write_hex};
use crate::nik::Nik;
use crate::person::Person;
use crate::release::ReleaseId;

hex_value!(
    /// The tag of a person in one release, 32 bytes: same person, same tag. Outsiders cannot search for a NIK without the key.
    Tag,
    32
);

hex_value!(
    /// The commitment to a person's NIK, name and birth date under a salt that only the holder's receipt shows. 32 bytes.
    Commitment,
    32
);

/// Makes a 32-byte value that `Debug` never shows.
macro_rules! secret_value {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The value as 64 digits of lower-case hex, for those who may see it.
            pub fn to_hex(&self) -> String {
                let mut text = String::with_capacity(64);
                write_hex(&mut text, &self.0).expect("a String takes all");
                text
            }
        }

        impl std::str::FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                read_hex(text).map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(...)"))
            }
        }
    };
}

secret_value!(
    /// The key behind all tags of one release: 32 random bytes, their hash in the rules, shown to auditors only.
    TagKey
);

secret_value!(
    /// The salt of one person's commitment in one entry: 32 random bytes, on the holder's receipt.
    Salt
);

impl TagKey {
    /// The hash that the rules publish before the release opens.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&self.0)
    }

    /// The tag of the person with this NIK in `release`.
    pub fn tag(&self, release: &ReleaseId, nik: &Nik) -> Tag {
        let mac = keyed(&self.0).raw(b"antrean/tag/v1\n").lp(release.as_str().as_bytes()).lp(nik.as_str().as_bytes());
        Tag(finish_keyed(mac))
    }
}

impl Commitment {
    /// Commits to a person's NIK, name and birth date under `salt`.
    pub fn to(person: &Person, salt: &Salt) -> Self {
        let mac = keyed(&salt.0)
            .raw(b"antrean/person/v1\n")
            .lp(person.nik.as_str().as_bytes())
            .lp(person.name.as_str().as_bytes())
            .lp(person.birth_date.to_string().as_bytes());
        Self(finish_keyed(mac))
    }
}

/// Whether a receipt's salt and a person give the commitment that stands in a frozen entry. For the holder's own check.
pub fn verify_receipt(salt: &Salt, person: &Person, commitment: &Commitment) -> bool {
    Commitment::to(person, salt) == *commitment
}
