//! Who asks: the session, the network and the language of one request.

use antrean_domain::region::Zone;
use antrean_store::Lane;
use antrean_store::ids::{AccountId, StaffId};
use serde::{Deserialize, Serialize};

/// The two languages that people read. Indonesian is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

impl Language {
    /// The BCP 47 tag, `id` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }

    /// The language of a tag; anything unknown reads Indonesian.
    pub fn from_tag(tag: &str) -> Self {
        if tag.to_ascii_lowercase().starts_with("en") { Self::En } else { Self::Id }
    }
}

/// A session token as the caller presents it: 32 random bytes, only its keyed hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(pub [u8; 32]);

impl SessionToken {
    /// The token as text for a cookie or a header: 64 hexadecimal digits.
    pub fn to_text(&self) -> String {
        hex(&self.0)
    }

    /// Reads the text form; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        unhex(text).map(Self)
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// What a browser keeps of a member of staff who has signed in there: 16 random bytes and what binds them to that person.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserMark(pub [u8; 32]);

impl BrowserMark {
    /// The mark as text for a cookie: 64 hexadecimal digits.
    pub fn to_text(&self) -> String {
        hex(&self.0)
    }

    /// Reads the text form; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        unhex(text).map(Self)
    }
}

impl std::fmt::Debug for BrowserMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserMark(..)")
    }
}

/// One request's caller, as `web` and `channels` know it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The session, where one was presented.
    pub session: Option<SessionToken>,
    /// The staff session, where one was presented to a page of staff. It is another thing than a citizen's.
    pub staff: Option<SessionToken>,
    /// The marks of staff who have signed in with this browser before, the latest first.
    pub browser: Vec<BrowserMark>,
    /// The caller's network, already coarsened by `web` (IPv4 /24, IPv6 /48), as text.
    pub network: Option<String>,
    /// The language the caller reads.
    pub language: Language,
    /// Before whom the caller's questions go; operations say themselves.
    pub lane: Lane,
}

/// Who did something, for the log of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A citizen's account.
    Account(AccountId),
    /// Somebody who has not signed in.
    Nobody,
    /// Somebody who works at the offices.
    Staff(StaffId),
    /// The release clock.
    Clock,
    /// The operator at the command line.
    Operator,
}

impl Actor {
    /// The word in the log.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Nobody => "nobody",
            Self::Staff(_) => "staff",
            Self::Clock => "clock",
            Self::Operator => "operator",
        }
    }

    /// The number of the account, or of the member of staff.
    pub fn id(self) -> Option<i64> {
        match self {
            Self::Account(account) => Some(account.0),
            Self::Staff(staff) => Some(staff.0),
            Self::Nobody | Self::Clock | Self::Operator => None,
        }
    }
}

/// The zone in which times are shown when no office says otherwise.
pub const HOME_ZONE: Zone = Zone::Wib;

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Reads exactly `N` bytes of lower-case hexadecimal.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = text.as_bytes();
    if bytes.len() != N * 2 || !bytes.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)) {
        return None;
    }
    let mut out = [0; N];
    for (index, pair) in bytes.chunks_exact(2).enumerate() {
        let nibble = |b: u8| if b.is_ascii_digit() { b - b'0' } else { b - b'a' + 10 };
        out[index] = nibble(pair[0]) << 4 | nibble(pair[1]);
    }
    Some(out)
}
