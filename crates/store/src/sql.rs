//! The text of a statement, for either engine.

/// A statement. Wherever both engines accept one text it is the same; placeholders are `?1`, `?2`, ... in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sql {
    /// What SQLite runs.
    pub(crate) sqlite: &'static str,
    /// What PostgreSQL runs.
    pub(crate) postgres: &'static str,
}

impl Sql {
    /// One text for both engines.
    pub const fn both(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }

    /// A text for each engine, where PostgreSQL needs to say more: what must be locked while many write at once.
    pub const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::both(text)
    }
}

impl std::fmt::Display for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sqlite)
    }
}
