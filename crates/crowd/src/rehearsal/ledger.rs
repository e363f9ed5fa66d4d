//! What the server acknowledged to each account: whatever stands here must be there in the end.

use hyper::header::HeaderValue;

/// What an account holds by the server's own word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Holds {
    /// Nothing was acknowledged, or it was given back.
    #[default]
    Nothing,
    /// An entry.
    Entry {
        /// Its link id, which stays when a place comes of it.
        link: String,
    },
    /// A place.
    Place {
        /// The ticket's link id.
        link: String,
        /// `OFFICE/DATE/HH:MM`.
        slot: String,
    },
}

/// How somebody's visit ended so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum End {
    /// Has not come, or is still there.
    #[default]
    Open,
    /// Went away by their own choice.
    Left,
    /// Got through.
    Done,
    /// Was refused; the name of the refusal.
    Refused(String),
    /// Gave up without an answer, or after being told to come back too often.
    GaveUp(String),
    /// Was still waiting when the phase was over.
    Unfinished,
}

/// An account as far as its owner knows.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The session.
    pub bearer: Option<HeaderValue>,
    /// The place token in the line, where there is one.
    pub place: Option<HeaderValue>,
    /// Numbers of its people.
    pub people: Vec<i64>,
    /// Whether it asked for a place at all.
    pub asked: bool,
    /// What was acknowledged last.
    pub holds: Holds,
    /// The entry in the published list: 32 hexadecimal digits. Withdrawn entries are not in it.
    pub entry_id: Option<String>,
    /// Links that were given back, by acknowledgement.
    pub gave_back: Vec<String>,
    /// A change was sent whose answer never came: the server may or may not have done it.
    pub unsure: bool,
    /// Changes asked for so far: each has a key of its own.
    pub keys: u32,
    /// How the visit ended.
    pub end: End,
}
