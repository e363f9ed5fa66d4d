//! How a noun writes down its SQL: each statement is a constant, and all of them are in `ALL`, so that a test can prepare every one.

/// Defines the statements of a module, and `ALL` with their names and texts. After `, postgres` a second text may follow, which is
/// PostgreSQL's own.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr $(, postgres $postgres:expr)?;)*) => {
        $($(#[$doc])* const $name: $crate::sql::Sql = $crate::statements::statement!($sql $(, $postgres)?);)*

        #[cfg(test)]
        pub(crate) const ALL: &[(&str, $crate::sql::Sql)] = &[$((stringify!($name), $name)),*];
    };
}
macro_rules! statement {
    ($sql:expr) => {
        $crate::sql::Sql::both($sql)
    };
    ($sql:expr, $postgres:expr) => {
        $crate::sql::Sql::each($sql, $postgres)
    };
}
pub(crate) use {statement, statements};

/// All statements of all nouns, with module and name.
#[cfg(test)]
pub(crate) fn every_statement() -> Vec<(String, crate::sql::Sql)> {
    let modules: &[(&str, &[(&str, crate::sql::Sql)])] = &[
        ("accounts", crate::accounts::ALL),
        ("applicants", crate::applicants::ALL),
        ("appointments", crate::appointments::ALL),
        ("approvals", crate::approvals::ALL),
        ("archive", crate::archive::ALL),
        ("audit", crate::audit::ALL),
        ("catalogue", crate::catalogue::ALL),
        ("challenges", crate::challenges::ALL),
        ("closures", crate::closures::ALL),
        ("counters", crate::counters::ALL),
        ("days", crate::days::ALL),
        ("disowned", crate::disowned::ALL),
        ("drafts", crate::drafts::ALL),
        ("entries", crate::entries::ALL),
        ("events", crate::events::ALL),
        ("idempotency", crate::idempotency::ALL),
        ("leases", crate::leases::ALL),
        ("limits", crate::limits::ALL),
        ("numbers", crate::numbers::ALL),
        ("lines", crate::lines::ALL),
        ("office_changes", crate::office_changes::ALL),
        ("outbox", crate::outbox::ALL),
        ("parties", crate::parties::ALL),
        ("passkeys", crate::passkeys::ALL),
        ("releases", crate::releases::ALL),
        ("replacements", crate::replacements::ALL),
        ("sessions", crate::sessions::ALL),
        ("settings", crate::settings::ALL),
        ("slots", crate::slots::ALL),
        ("staff", crate::staff::ALL),
        ("strikes", crate::strikes::ALL),
        ("visits", crate::visits::ALL),
        ("waves", crate::waves::ALL),
        ("wishes", crate::wishes::ALL),
    ];
    modules
        .iter()
        .flat_map(|(module, all)| all.iter().map(move |(name, sql)| (format!("{module}::{name}"), *sql)))
        .chain(crate::archive::every_statement().into_iter().map(|(name, sql)| (name, sql.into())))
        .collect()
}
