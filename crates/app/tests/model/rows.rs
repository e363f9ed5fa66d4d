//! The store's rows as they lie, read by SQL of its own, and what must hold of them whatever happened before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use antrean_domain::draw::entry::{Choice, Leaf};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{SlotKey, WindowStart};
use antrean_store::{Fault, RowRef, Sql, Tx, Value};

/// Tables whose rows are a state: a refused act leaves every one of them as it was.
const STATE: &[(&str, &str)] = &[
    ("accounts", "SELECT * FROM accounts"),
    ("approvals", "SELECT * FROM approvals"),
    ("applicants", "SELECT * FROM applicants"),
    ("appointments", "SELECT * FROM appointments"),
    ("calls", "SELECT * FROM calls"),
    ("challenges", "SELECT * FROM challenges"),
    ("closure_people", "SELECT * FROM closure_people"),
    ("closure_slots", "SELECT * FROM closure_slots"),
    ("closures", "SELECT * FROM closures"),
    ("replacements", "SELECT * FROM replacements"),
    ("closed_days", "SELECT * FROM closed_days"),
    ("counters", "SELECT * FROM counters"),
    ("disowned", "SELECT * FROM disowned"),
    ("drafts", "SELECT * FROM drafts"),
    ("entries", "SELECT * FROM entries"),
    ("leases", "SELECT * FROM leases"),
    ("line_arrivals", "SELECT * FROM line_arrivals"),
    ("line_places", "SELECT * FROM line_places"),
    ("lines", "SELECT * FROM lines"),
    ("office_changes", "SELECT * FROM office_changes"),
    ("parties", "SELECT * FROM parties"),
    ("party_people", "SELECT * FROM party_people"),
    ("passkeys", "SELECT * FROM passkeys"),
    ("release_counts", "SELECT * FROM release_counts"),
    ("releases", "SELECT * FROM releases"),
    ("sessions", "SELECT * FROM sessions"),
    ("settings", "SELECT * FROM settings"),
    ("slots", "SELECT * FROM slots"),
    ("staff", "SELECT * FROM staff"),
    ("staff_links", "SELECT * FROM staff_links"),
    ("staff_offices", "SELECT * FROM staff_offices"),
    ("staff_sessions", "SELECT * FROM staff_sessions"),
    ("strikes", "SELECT * FROM strikes"),
    ("visits", "SELECT * FROM visits"),
    ("waves", "SELECT * FROM waves"),
    ("wishes", "SELECT * FROM wishes"),
];

/// Tables that also a refused act may write to, but not one whose answer is repeated.
const RECORD: &[(&str, &str)] = &[
    ("idempotency", "SELECT * FROM idempotency"),
    ("limits", "SELECT * FROM limits"),
    ("outbox", "SELECT * FROM outbox"),
];

/// Tables that are not looked at: reference data, which no act writes, and the engine's own.
const OTHER: &[&str] = &["catalogue", "refinery_schema_history", "events"];

/// What the model foretells.
#[derive(Debug, Default, PartialEq)]
pub struct Rows {
    pub releases: BTreeMap<String, String>,
    pub slots: BTreeMap<i64, SlotRow>,
    pub parties: BTreeMap<i64, PartyRow>,
    /// By account: hash of the token.
    pub sessions: BTreeMap<i64, [u8; 16]>,
    /// By account and position: number and person.
    pub applicants: BTreeMap<(i64, u32), (i64, [u8; 16])>,
    /// Person, kind, instant, releases; in order.
    pub strikes: Vec<([u8; 16], String, i64, u32)>,
    pub waves: BTreeMap<(String, i64), u32>,
    pub closed_days: BTreeSet<(String, String)>,
    pub counts: BTreeMap<(String, String), (i64, i64)>,
}

#[derive(Debug, PartialEq)]
pub struct SlotRow {
    pub release: String,
    pub key: SlotKey,
    pub ends: u16,
    pub public: bool,
    pub capacity: u32,
    pub taken: u32,
    pub freed: u32,
    pub closed: bool,
}

#[derive(Debug, PartialEq)]
pub struct PartyRow {
    pub account: i64,
    pub release: String,
    pub wanted: (ServiceCode, PassportKind),
    pub size: u32,
    pub live: bool,
    pub people: Vec<[u8; 16]>,
    pub entry: Option<EntryRow>,
    pub place: Option<PlaceRow>,
    pub wish: Option<Vec<Choice>>,
}

#[derive(Debug, PartialEq)]
pub struct EntryRow {
    pub id: String,
    pub state: String,
    pub choices: Vec<Choice>,
    pub rank: Option<u32>,
    pub given: Option<SlotKey>,
}

#[derive(Debug, PartialEq)]
pub struct PlaceRow {
    pub slot: i64,
    pub state: String,
    pub source: String,
    pub choice: Option<u32>,
    pub moves: u32,
}

/// Whether anything was written, and where.
#[derive(Debug, PartialEq)]
pub struct Traces {
    /// By table: a digest of its rows.
    pub state: BTreeMap<&'static str, u64>,
    pub record: BTreeMap<&'static str, u64>,
    /// How many events there are, and kind and reason of the last.
    pub events: (i64, String, Option<String>),
}

impl Traces {
    pub fn read(tx: &Tx<'_>) -> Result<Self, Fault> {
        let digests = |tables: &[(&'static str, &'static str)]| {
            tables.iter().map(|(name, sql)| Ok((*name, digest(tx, sql)?))).collect::<Result<_, Fault>>()
        };
        Ok(Self { state: digests(STATE)?, record: digests(RECORD)?, events: events(tx)? })
    }
}

/// What is public of a release from some instant on: freeze file, beacon file and seed.
type Published = [Option<Vec<u8>>; 3];

/// Everything that is looked at after a step that did something.
pub struct Seen {
    pub traces: Traces,
    pub rows: Rows,
    /// By party: what is sealed of its people.
    pub sealed: BTreeMap<i64, Vec<Vec<u8>>>,
    pub published: BTreeMap<String, Published>,
}

impl Seen {
    pub fn read(tx: &Tx<'_>) -> Result<Self, Fault> {
        Ok(Self { traces: Traces::read(tx)?, rows: Rows::read(tx)?, sealed: sealed(tx)?, published: published(tx)? })
    }
}

/// Every table is named above, so that a new one is not forgotten.
pub fn unnamed_tables(tx: &Tx<'_>) -> Result<Vec<String>, Fault> {
    const TABLES: Sql = Sql::each(
        "SELECT name FROM sqlite_schema WHERE type = 'table'",
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
    );
    let mut tables = tx.all(TABLES, &[], |row| Ok(row.text(0)?.to_owned()))?;
    let named = |table: &String| {
        let of = |(name, _): &(&str, &str)| name == table;
        STATE.iter().any(of) || RECORD.iter().any(of) || OTHER.contains(&table.as_str()) || table.starts_with("sqlite_")
    };
    tables.retain(|table| !named(table));
    Ok(tables)
}

fn digest(tx: &Tx<'_>, sql: &'static str) -> Result<u64, Fault> {
    let mut all: u64 = 0;
    let bytes = |bytes: &[u8], add: &mut dyn FnMut(u64)| {
        add(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            add(u64::from_le_bytes(word));
        }
    };
    tx.each(sql, &[], |row| {
        let mut digest: u64 = 0;
        // Quick rather than strong: nobody tries to deceive it.
        let mut add = |word: u64| digest = (u64::rotate_left(digest, 5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // Whatever columns there are: past the last there is no value.
        for column in 0.. {
            match row.value(column) {
                Err(_) => break,
                Ok(Value::Null) => add(1),
                Ok(Value::Int(number)) => add(number.cast_unsigned()),
                Ok(Value::Real(number)) => add(number.to_bits()),
                Ok(Value::Text(text)) => bytes(text.as_bytes(), &mut add),
                Ok(Value::Blob(blob)) => bytes(blob, &mut add),
            }
        }
        add(u64::MAX);
        // Rows come in whatever order the engine keeps them.
        all = all.wrapping_add(digest);
        Ok(())
    })?;
    Ok(all)
}

fn events(tx: &Tx<'_>) -> Result<(i64, String, Option<String>), Fault> {
    let last = tx.opt("SELECT id, kind, reason FROM events ORDER BY id DESC LIMIT 1", &[], |row| {
        Ok((row.int(0)?, row.text(1)?.to_owned(), row.text_opt(2)?.map(str::to_owned)))
    })?;
    Ok(last.unwrap_or_default())
}

fn sealed(tx: &Tx<'_>) -> Result<BTreeMap<i64, Vec<Vec<u8>>>, Fault> {
    let mut all: BTreeMap<i64, Vec<Vec<u8>>> = BTreeMap::new();
    tx.each("SELECT party_id, sealed FROM party_people ORDER BY party_id, position", &[], |row| {
        all.entry(row.int(0)?).or_default().push(row.blob(1)?.to_vec());
        Ok(())
    })?;
    Ok(all)
}

fn published(tx: &Tx<'_>) -> Result<BTreeMap<String, Published>, Fault> {
    let text = |row: &RowRef<'_>, column| Ok(row.text_opt(column)?.map(|text| text.as_bytes().to_vec()));
    let rows = tx.all("SELECT id, freeze_file, beacon_file, seed FROM releases", &[], |row| {
        let seed = row.blob_opt(3)?.map(<[u8]>::to_vec);
        Ok((row.text(0)?.to_owned(), [text(row, 1)?, text(row, 2)?, seed]))
    })?;
    Ok(rows.into_iter().collect())
}

fn key(row: &RowRef<'_>, from: usize) -> Result<SlotKey, Fault> {
    Ok(SlotKey {
        office: row.text(from)?.parse().expect("an office"),
        date: row.date(from + 1)?,
        starts: WindowStart::from_minutes(row.small(from + 2)?).expect("a minute of a day"),
    })
}

/// A name as JSON has it.
fn named<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).expect("a known name")
}

impl Rows {
    fn read(tx: &Tx<'_>) -> Result<Self, Fault> {
        let text = |row: &RowRef<'_>, column| Ok::<_, Fault>(row.text(column)?.to_owned());
        let mut strikes = tx.all("SELECT person, kind, at_ms, releases FROM strikes", &[], |row| {
            Ok((row.bytes(0)?, text(row, 1)?, row.int(2)?, row.small(3)?))
        })?;
        strikes.sort_unstable();
        Ok(Self {
            releases: map(tx, "SELECT id, state FROM releases", |row| Ok((text(row, 0)?, text(row, 1)?)))?,
            slots: map(
                tx,
                "SELECT id, release_id, office, date, starts, ends, pool, capacity, taken, freed, closed FROM slots",
                |row| {
                    let slot = SlotRow {
                        release: text(row, 1)?,
                        key: key(row, 2)?,
                        ends: row.small(5)?,
                        public: row.text(6)? == "public",
                        capacity: row.small(7)?,
                        taken: row.small(8)?,
                        freed: row.small(9)?,
                        closed: row.flag(10)?,
                    };
                    Ok((row.int(0)?, slot))
                },
            )?,
            parties: parties(tx)?,
            sessions: map(tx, "SELECT account_id, id FROM sessions", |row| Ok((row.int(0)?, row.bytes(1)?)))?,
            applicants: map(tx, "SELECT account_id, position, id, person FROM applicants", |row| {
                Ok(((row.int(0)?, row.small(1)?), (row.int(2)?, row.bytes(3)?)))
            })?,
            strikes,
            waves: map(tx, "SELECT release_id, at_ms, placed FROM waves", |row| {
                Ok(((text(row, 0)?, row.int(1)?), row.small(2)?))
            })?,
            closed_days: map(tx, "SELECT office, date FROM closed_days", |row| {
                Ok(((text(row, 0)?, text(row, 1)?), ()))
            })?
            .into_keys()
            .collect(),
            counts: map(tx, "SELECT release_id, office, entries, people FROM release_counts", |row| {
                Ok(((text(row, 0)?, text(row, 1)?), (row.int(2)?, row.int(3)?)))
            })?,
        })
    }
}

fn map<K: Ord, V>(
    tx: &Tx<'_>,
    sql: &'static str,
    row: impl FnMut(&RowRef<'_>) -> Result<(K, V), Fault>,
) -> Result<BTreeMap<K, V>, Fault> {
    Ok(tx.all(sql, &[], row)?.into_iter().collect())
}

fn parties(tx: &Tx<'_>) -> Result<BTreeMap<i64, PartyRow>, Fault> {
    let mut parties =
        map(tx, "SELECT id, account_id, release_id, service, passport, size, live FROM parties", |row| {
            let party = PartyRow {
                account: row.int(1)?,
                release: row.text(2)?.to_owned(),
                wanted: (named(row.text(3)?), named(row.text(4)?)),
                size: row.small(5)?,
                live: row.flag(6)?,
                people: Vec::new(),
                entry: None,
                place: None,
                wish: None,
            };
            Ok((row.int(0)?, party))
        })?;
    tx.each("SELECT party_id, person, live FROM party_people ORDER BY party_id, position", &[], |row| {
        let party = parties.get_mut(&row.int(0)?).expect("people have a party");
        assert_eq!(party.live, row.flag(2)?, "a party and its people are live together");
        party.people.push(row.bytes(1)?);
        Ok(())
    })?;
    tx.each("SELECT party_id, release_id, entry_id, leaf, state, rank, place FROM entries", &[], |row| {
        let party = parties.get_mut(&row.int(0)?).expect("an entry has a party");
        assert_eq!(party.release, row.text(1)?, "an entry is in the release of its party");
        let id: [u8; 16] = row.bytes(2)?;
        party.entry = Some(EntryRow {
            id: antrean_app::caller::hex(&id),
            state: row.text(4)?.to_owned(),
            choices: Leaf::parse(row.blob(3)?).expect("a leaf").choices().collect(),
            rank: row.int_opt(5)?.map(|rank| rank as u32),
            given: row.text_opt(6)?.map(|place| SlotKey::parse(place).expect("a slot")),
        });
        Ok(())
    })?;
    tx.each("SELECT party_id, slot_id, state, source, choice, moves FROM appointments", &[], |row| {
        let party = parties.get_mut(&row.int(0)?).expect("an appointment has a party");
        party.place = Some(PlaceRow {
            slot: row.int(1)?,
            state: row.text(2)?.to_owned(),
            source: row.text(3)?.to_owned(),
            choice: row.int_opt(4)?.map(|choice| choice as u32),
            moves: row.small(5)?,
        });
        Ok(())
    })?;
    tx.each("SELECT party_id, choices FROM wishes", &[], |row| {
        let party = parties.get_mut(&row.int(0)?).expect("a wish has a party");
        party.wish = Some(row.text(1)?.lines().map(|line| line.parse().expect("a choice")).collect());
        Ok(())
    })?;
    Ok(parties)
}

/// Fails with what differs, and only that.
pub fn assert_same(found: &Rows, foretold: &Rows) {
    let mut differ = Vec::new();
    compare(&mut differ, "release", &found.releases, &foretold.releases);
    compare(&mut differ, "slot", &found.slots, &foretold.slots);
    compare(&mut differ, "party", &found.parties, &foretold.parties);
    compare(&mut differ, "session of account", &found.sessions, &foretold.sessions);
    compare(&mut differ, "applicant", &found.applicants, &foretold.applicants);
    compare(&mut differ, "wave", &found.waves, &foretold.waves);
    compare(&mut differ, "count", &found.counts, &foretold.counts);
    if found.strikes != foretold.strikes {
        differ.push(format!("strikes: found {:?}\n  foretold {:?}", found.strikes, foretold.strikes));
    }
    if found.closed_days != foretold.closed_days {
        differ.push(format!("closed days: found {:?}\n  foretold {:?}", found.closed_days, foretold.closed_days));
    }
    assert!(differ.is_empty(), "the store is not as the model foretold:\n{}", differ.join("\n"));
    assert_eq!(found, foretold, "the comparison above has forgotten something");
}

fn compare<K: Ord + Debug, V: PartialEq + Debug>(
    differ: &mut Vec<String>,
    what: &str,
    found: &BTreeMap<K, V>,
    foretold: &BTreeMap<K, V>,
) {
    let keys: BTreeSet<&K> = found.keys().chain(foretold.keys()).collect();
    for key in keys {
        let (is, should) = (found.get(key), foretold.get(key));
        if is != should {
            differ.push(format!("{what} {key:?}: found    {is:?}\n  foretold {should:?}"));
        }
    }
}

/// Rules 1, 2, 3 and 6 of the rows alone, whatever the model thinks.
pub fn assert_rules(seen: &Seen, before: &Seen) {
    let rows = &seen.rows;
    let mut persons = BTreeMap::new();
    let mut accounts = BTreeMap::new();
    let mut held: BTreeMap<i64, u32> = BTreeMap::new();
    for (id, party) in &rows.parties {
        assert_eq!(party.people.len(), party.size as usize, "party {id} has as many people as its size");
        let waits = party.entry.as_ref().is_some_and(|entry| ["entered", "standby"].contains(&entry.state.as_str()));
        let expected = party
            .place
            .as_ref()
            .is_some_and(|place| ["booked", "checked_in", "called"].contains(&place.state.as_str()));
        assert_eq!(party.live, waits || expected, "party {id} is live as long as it waits or is expected");
        assert!(!(waits && expected), "party {id} waits although it has a place");
        if party.live {
            let other = accounts.insert(party.account, id);
            assert_eq!(other, None, "rule 2: account {} is live twice", party.account);
            for person in &party.people {
                assert_eq!(persons.insert(*person, id), None, "rule 1: a person is live twice");
            }
        }
        if let Some(place) = &party.place
            && !["cancelled", "cancelled_late", "revoked"].contains(&place.state.as_str())
        {
            *held.entry(place.slot).or_default() += party.size;
        }
    }
    for (id, slot) in &rows.slots {
        assert_eq!(
            held.get(id).copied().unwrap_or(0),
            slot.taken,
            "rule 3: what is taken in slot {id} is held by somebody"
        );
        assert!(slot.taken + slot.freed <= slot.capacity, "rule 3: slot {id} is oversold");
    }
    assert_settled(seen, before);
}

/// What was final before is still the same: the people of a frozen entry or of a place, and what was published.
fn assert_settled(seen: &Seen, before: &Seen) {
    for (id, was) in &before.rows.parties {
        let is = &seen.rows.parties[id];
        let open = before.rows.releases[&was.release] == "open";
        if was.place.is_some() || !open {
            assert_eq!(
                (is.account, &is.people),
                (was.account, &was.people),
                "rule 6: the people of party {id} changed"
            );
            let (was, is) = (&before.sealed[id], &seen.sealed[id]);
            let erased = is.iter().all(Vec::is_empty);
            assert!(is == was || erased, "rule 6: what is sealed of the people of party {id} changed");
        }
        if let (Some(was), Some(is)) = (&was.entry, &is.entry)
            && was.rank.is_some()
        {
            assert_eq!(
                (is.rank, is.given, &is.id),
                (was.rank, was.given, &was.id),
                "rule 8: a result of party {id} changed"
            );
        }
    }
    for (id, was) in &before.published {
        for (was, is) in was.iter().zip(&seen.published[id]) {
            assert!(was.is_none() || was == is, "rule 8: what was published of {id} changed");
        }
    }
}
