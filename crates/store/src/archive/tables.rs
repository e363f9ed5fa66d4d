//! What an archive holds: every table of the schema with its columns, in an order in which no row comes before what it refers to.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// What a column holds, whatever an engine calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Bytes,
}

impl Kind {
    /// The kind's name in an archive; never changes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// One table. Its first `key` columns tell its rows apart, and rows are written in their order.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: usize,
    pub(super) columns: &'static [(&'static str, Kind)],
}

impl Table {
    /// Whether the table gives its rows numbers.
    pub(super) fn is_numbered(&self) -> bool {
        self.columns[0].0 == "id" && self.columns[0].1 == Kind::Int
    }

    /// Whether engines would differ on the order of its rows: each compares texts in its own way. Such tables are small.
    pub(super) fn is_sorted_here(&self) -> bool {
        self.columns[..self.key].iter().any(|(_, kind)| *kind == Kind::Text)
    }
}

const fn int(name: &'static str) -> (&'static str, Kind) {
    (name, Kind::Int)
}

const fn text(name: &'static str) -> (&'static str, Kind) {
    (name, Kind::Text)
}

const fn bytes(name: &'static str) -> (&'static str, Kind) {
    (name, Kind::Bytes)
}

/// Every table but the one in which migrations are noted: a test compares this list with the schema.
///
/// People come before entries and appointments: once one of those is there, nobody can be added to the party any more.
pub(super) const TABLES: &[Table] = &[
    Table { name: "settings", key: 1, columns: &[text("name"), bytes("value")] },
    Table { name: "catalogue", key: 1, columns: &[text("part"), text("body"), int("loaded_ms")] },
    Table {
        name: "accounts",
        key: 1,
        columns: &[int("id"), bytes("phone"), bytes("sealed"), text("language"), int("created_ms"), int("consent_ms")],
    },
    Table {
        name: "applicants",
        key: 1,
        columns: &[int("id"), int("account_id"), int("position"), bytes("person"), bytes("sealed"), int("created_ms")],
    },
    Table { name: "drafts", key: 1, columns: &[int("account_id"), text("body"), int("changed_ms")] },
    Table {
        name: "sessions",
        key: 1,
        columns: &[bytes("id"), int("account_id"), int("created_ms"), int("seen_ms"), int("expires_ms")],
    },
    Table {
        name: "challenges",
        key: 1,
        columns: &[
            bytes("id"),
            bytes("phone"),
            bytes("sealed"),
            bytes("code_hash"),
            int("created_ms"),
            int("expires_ms"),
            int("tries"),
            int("sends"),
            int("sent_ms"),
            int("used_ms"),
        ],
    },
    Table { name: "limits", key: 2, columns: &[bytes("bucket"), int("window_ms"), int("used")] },
    Table {
        name: "idempotency",
        key: 1,
        columns: &[int("id"), bytes("key"), bytes("request"), bytes("answer"), int("created_ms")],
    },
    Table {
        name: "releases",
        key: 1,
        columns: &[
            text("id"),
            text("mode"),
            text("state"),
            int("opens_ms"),
            int("freeze_ms"),
            int("ends_ms"),
            bytes("tag_key"),
            int("round"),
            bytes("seed"),
            int("drawn_through"),
            int("drawn_ms"),
            text("plan"),
            text("rules"),
            text("closures"),
            text("freeze_file"),
            text("beacon_file"),
        ],
    },
    Table {
        name: "release_counts",
        key: 2,
        columns: &[text("release_id"), text("office"), int("entries"), int("people")],
    },
    Table {
        name: "slots",
        key: 1,
        columns: &[
            int("id"),
            text("release_id"),
            text("office"),
            text("date"),
            int("starts"),
            int("ends"),
            text("pool"),
            int("capacity"),
            int("taken"),
            int("freed"),
            int("closed"),
        ],
    },
    Table {
        name: "parties",
        key: 1,
        columns: &[
            int("id"),
            int("account_id"),
            text("release_id"),
            text("service"),
            text("passport"),
            int("size"),
            int("live"),
            int("created_ms"),
        ],
    },
    Table {
        name: "party_people",
        key: 2,
        columns: &[int("party_id"), int("position"), int("live"), bytes("person"), bytes("sealed")],
    },
    Table {
        name: "entries",
        key: 1,
        columns: &[
            int("party_id"),
            text("release_id"),
            bytes("entry_id"),
            bytes("leaf"),
            text("state"),
            int("rank"),
            text("place"),
            int("entered_ms"),
            int("changed_ms"),
        ],
    },
    Table {
        name: "appointments",
        key: 1,
        columns: &[
            int("party_id"),
            int("slot_id"),
            text("state"),
            text("source"),
            int("choice"),
            int("moves"),
            int("sequence"),
            int("booked_ms"),
            int("changed_ms"),
        ],
    },
    // Places before their line: once it has opened, nobody can become present any more.
    Table {
        name: "line_places",
        key: 2,
        columns: &[int("line_id"), int("account_id"), bytes("person"), int("number"), int("joined_ms")],
    },
    Table { name: "line_arrivals", key: 1, columns: &[int("line_id"), int("last")] },
    Table {
        name: "lines",
        key: 1,
        columns: &[
            int("id"),
            text("release_id"),
            int("joins_ms"),
            int("opens_ms"),
            bytes("secret"),
            bytes("commitment"),
            int("present"),
            bytes("order_key"),
            text("key_source"),
            int("key_round"),
            bytes("randomness"),
            int("threshold"),
            int("admitted"),
            int("is_open"),
            int("rate"),
            int("pace_milli"),
            int("at_work_milli"),
            int("carry_milli"),
            int("places_left"),
            int("moved_ms"),
            int("version"),
        ],
    },
    Table { name: "wishes", key: 1, columns: &[int("party_id"), text("choices"), int("since_ms")] },
    Table { name: "waves", key: 2, columns: &[text("release_id"), int("at_ms"), int("done_ms"), int("placed")] },
    Table {
        name: "strikes",
        key: 1,
        columns: &[
            int("id"),
            bytes("person"),
            int("party_id"),
            text("kind"),
            int("at_ms"),
            int("releases"),
            int("lifted_ms"),
        ],
    },
    Table {
        name: "events",
        key: 1,
        columns: &[
            int("id"),
            int("at_ms"),
            text("actor"),
            int("actor_id"),
            text("kind"),
            text("release_id"),
            int("party_id"),
            int("slot_id"),
            text("office"),
            text("reason"),
            bytes("network"),
            bytes("device"),
        ],
    },
    Table {
        name: "outbox",
        key: 1,
        columns: &[
            int("id"),
            int("at_ms"),
            text("kind"),
            int("patient"),
            bytes("sealed"),
            text("state"),
            int("tries"),
            int("next_ms"),
            int("sent_ms"),
        ],
    },
    Table { name: "leases", key: 1, columns: &[text("name"), text("holder"), int("until_ms")] },
    Table { name: "closed_days", key: 2, columns: &[text("office"), text("date"), int("closed_ms")] },
    Table {
        name: "staff",
        key: 1,
        columns: &[
            int("id"),
            text("login"),
            bytes("sealed"),
            text("role"),
            text("state"),
            text("password"),
            bytes("totp"),
            int("totp_step"),
            int("created_ms"),
            int("version"),
        ],
    },
    Table { name: "staff_offices", key: 2, columns: &[int("staff_id"), text("office")] },
    Table { name: "staff_links", key: 1, columns: &[int("staff_id"), bytes("id"), int("expires_ms")] },
    Table {
        name: "staff_sessions",
        key: 1,
        columns: &[bytes("id"), int("staff_id"), int("created_ms"), int("seen_ms"), int("expires_ms")],
    },
    Table {
        name: "passkeys",
        key: 1,
        columns: &[
            int("id"),
            int("staff_id"),
            bytes("credential"),
            bytes("sealed"),
            int("sign_count"),
            int("created_ms"),
            int("used_ms"),
        ],
    },
    Table {
        name: "approvals",
        key: 1,
        columns: &[
            int("id"),
            text("kind"),
            text("office"),
            text("body"),
            text("reason"),
            text("state"),
            int("asked_by"),
            int("asked_ms"),
            int("decided_by"),
            int("decided_ms"),
            text("answer"),
        ],
    },
    Table {
        name: "office_changes",
        key: 1,
        columns: &[
            int("id"),
            text("office"),
            text("part"),
            int("at_ms"),
            int("changed_by"),
            int("seconded_by"),
            int("places"),
            text("what"),
            text("version_before"),
            text("version_after"),
            text("reason"),
        ],
    },
    Table {
        name: "counters",
        key: 1,
        columns: &[
            int("id"),
            text("office"),
            int("number"),
            text("name"),
            text("stages"),
            text("classes"),
            int("staff_id"),
            int("open"),
            int("version"),
        ],
    },
    Table {
        name: "visits",
        key: 1,
        columns: &[
            int("id"),
            text("office"),
            text("date"),
            text("class"),
            int("number"),
            int("party_id"),
            int("slot_id"),
            text("service"),
            text("passport"),
            text("reason"),
            int("people"),
            int("arrived"),
            text("stage"),
            text("state"),
            int("counter"),
            int("due_ms"),
            int("arrived_ms"),
            int("first_called_ms"),
            int("called_ms"),
            int("calls"),
            int("started_ms"),
            int("served_ms"),
            int("finished_ms"),
            text("outcome"),
            text("missing"),
            bytes("sealed"),
            int("inaccurate"),
            int("kept"),
            int("changed_ms"),
            int("version"),
        ],
    },
    Table {
        name: "calls",
        key: 1,
        columns: &[
            int("id"),
            text("office"),
            text("date"),
            int("visit_id"),
            text("class"),
            text("stage"),
            int("counter"),
            text("why"),
            int("at_ms"),
        ],
    },
    Table { name: "disowned", key: 2, columns: &[bytes("person"), int("account_id"), int("at_ms")] },
    Table {
        name: "closures",
        key: 1,
        columns: &[
            int("id"),
            text("office"),
            text("from_date"),
            text("to_date"),
            int("starts"),
            int("ends"),
            text("cause"),
            text("words"),
            text("relocation"),
            int("asked_by"),
            int("begun_ms"),
            int("done_ms"),
            int("chooses"),
            int("lifted_by"),
            int("lifted_ms"),
        ],
    },
    Table {
        name: "closure_people",
        key: 2,
        columns: &[
            int("closure_id"),
            int("party_id"),
            int("from_slot"),
            text("state"),
            int("to_slot"),
            int("done_ms"),
            int("called_by"),
            int("called_ms"),
            text("called"),
            bytes("called_sealed"),
        ],
    },
    Table { name: "closure_slots", key: 2, columns: &[int("closure_id"), int("slot_id")] },
    Table {
        name: "replacements",
        key: 1,
        columns: &[int("party_id"), int("closure_id"), int("until_ms"), int("used_by"), int("used_ms")],
    },
];

/// The table in which migrations are noted. It is not archived: the store that is restored into has its own.
#[cfg(test)]
const HISTORY: &str = "refinery_schema_history";

/// Rows written by one statement: the way to another machine and back is paid once for all of them.
pub(super) const ROWS_AT_ONCE: usize = 64;

/// The statements of one table.
pub(super) struct Statements {
    /// Every row, in the order of the key.
    pub(super) select: &'static str,
    /// Whether there is any row.
    pub(super) any: &'static str,
    /// Writes one row.
    pub(super) insert: &'static str,
    /// Writes `ROWS_AT_ONCE` rows.
    pub(super) insert_many: &'static str,
}

/// The statements of all tables, in the order of [`TABLES`]. Made once and kept, as statements are constants to a transaction.
pub(super) static STATEMENTS: LazyLock<Vec<Statements>> = LazyLock::new(|| TABLES.iter().map(statements).collect());

fn statements(table: &Table) -> Statements {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let (name, all, key) = (table.name, names.join(", "), names[..table.key].join(", "));
    let insert = |rows: usize| {
        let mut sql = format!("INSERT INTO {name} ({all}) VALUES ");
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..names.len() {
                let gap = if column == 0 { "" } else { ", " };
                write!(sql, "{gap}?{}", row * names.len() + column + 1).expect("a string takes everything");
            }
            sql.push(')');
        }
        kept(sql)
    };
    Statements {
        select: kept(format!("SELECT {all} FROM {name} ORDER BY {key}")),
        any: kept(format!("SELECT 1 FROM {name} LIMIT 1")),
        insert: insert(1),
        insert_many: insert(ROWS_AT_ONCE),
    }
}

/// As many as there are tables, once in the life of a process.
fn kept(sql: String) -> &'static str {
    String::leak(sql)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every statement of the archive, with its name, for the tests of an engine.
    pub(crate) fn every_statement() -> Vec<(String, &'static str)> {
        let named = TABLES.iter().zip(STATEMENTS.iter()).flat_map(|(table, sql)| {
            [("select", sql.select), ("any", sql.any), ("insert", sql.insert), ("insert_many", sql.insert_many)]
                .map(|(what, sql)| (format!("archive::{}::{what}", table.name), sql))
        });
        named.collect()
    }

    /// Compares the list with a schema: its tables, each with the names of its columns.
    pub(crate) fn names_all_of(schema: &[(String, Vec<String>)]) {
        let sorted = |mut all: Vec<(String, Vec<String>)>| {
            for (_, columns) in &mut all {
                columns.sort();
            }
            all.sort();
            all
        };
        let ours = TABLES.iter().map(|table| {
            (table.name.to_owned(), table.columns.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>())
        });
        let theirs = schema.iter().filter(|(name, _)| name != HISTORY).cloned();
        assert_eq!(sorted(ours.collect()), sorted(theirs.collect()), "archive/tables.rs against the schema");
    }
}
