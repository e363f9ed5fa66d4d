//! Events: who did what, when and why, in the order in which it happened (rule 10). Written once, never changed, never removed.

use jiff::Timestamp;

use crate::ids::{PartyId, SlotId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

macro_rules! columns {
    () => {
        "id, at_ms, actor, actor_id, kind, release_id, party_id, slot_id, office, reason, network, device"
    };
}

statements! {
    APPEND = "INSERT INTO events (at_ms, actor, actor_id, kind, release_id, party_id, slot_id, office, reason, network, device)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    OF_PARTY = concat!("SELECT ", columns!(), " FROM events WHERE party_id = ?1 ORDER BY id");
    OF_OFFICE = concat!(
        "SELECT ", columns!(), " FROM events WHERE office = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms, id LIMIT ?4"
    );
    OF_COUNTERS = concat!(
        "SELECT ", columns!(), " FROM events
         WHERE office = ?1 AND at_ms >= ?2
           AND kind IN ('counter_set', 'counter_removed', 'counter_opened', 'counter_taken_over', 'counter_closed')
         ORDER BY at_ms DESC, id DESC LIMIT ?3"
    );
    // What was found is read from the index of the office, the newest first; what else is asked for is looked at on the way. Kinds come as
    // one text with spaces around each.
    SEARCH_OFFICE = concat!(
        "SELECT ", columns!(), " FROM events WHERE office = ?1 AND at_ms >= ?2 AND (at_ms, id) < (?3, ?4)
         AND ((actor = 'staff' AND actor_id = ?5) OR ?5 = 0) AND (?6 = '' OR ?6 LIKE '% ' || kind || ' %')
         AND (?7 = '' OR reason = ?7 OR reason LIKE ?7 || ' %') ORDER BY at_ms DESC, id DESC LIMIT ?8"
    );
    SEARCH_ACTOR = concat!(
        "SELECT ", columns!(), " FROM events WHERE actor_id = ?1 AND actor = 'staff' AND at_ms >= ?2 AND at_ms < ?3 AND id < ?4
         AND (?5 = '' OR office = ?5) AND (?6 = '' OR ?6 LIKE '% ' || kind || ' %') ORDER BY id DESC LIMIT ?7"
    );
    OF_ACTOR = concat!("SELECT ", columns!(), " FROM events WHERE actor = ?1 AND actor_id = ?2 ORDER BY id DESC LIMIT ?3");
    RECENT = concat!("SELECT ", columns!(), " FROM events ORDER BY id DESC LIMIT ?1");
}

/// Something that happened, to be written down. Nothing in it can be read about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// What kind of actor: `account`, `nobody`, `staff`, `clock`, `operator`.
    pub actor: &'a str,
    /// The actor's number, where actors of the kind have one.
    pub actor_id: Option<i64>,
    /// What happened, such as `booked`.
    pub kind: &'a str,
    /// In which release.
    pub release: Option<&'a str>,
    /// To which party.
    pub party: Option<PartyId>,
    /// At which slot.
    pub slot: Option<SlotId>,
    /// At which office.
    pub office: Option<&'a str>,
    /// Why, as a code.
    pub reason: Option<&'a str>,
    /// Keyed hash of the caller's network.
    pub network: Option<&'a [u8; 16]>,
    /// Keyed hash of the caller's device.
    pub device: Option<&'a [u8; 16]>,
}

/// Something that happened, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number, growing in the order of happening.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of actor: `account`, `nobody`, `staff`, `clock`, `operator`.
    pub actor: String,
    /// The actor's number, where actors of the kind have one.
    pub actor_id: Option<i64>,
    /// What happened, such as `booked`.
    pub kind: String,
    /// In which release.
    pub release: Option<String>,
    /// To which party.
    pub party: Option<PartyId>,
    /// At which slot.
    pub slot: Option<SlotId>,
    /// At which office.
    pub office: Option<String>,
    /// Why, as a code.
    pub reason: Option<String>,
    /// Keyed hash of the caller's network.
    pub network: Option<[u8; 16]>,
    /// Keyed hash of the caller's device.
    pub device: Option<[u8; 16]>,
}

fn recorded(row: &RowRef<'_>) -> Result<Recorded, Fault> {
    Ok(Recorded {
        id: row.int(0)?,
        at: row.instant(1)?,
        actor: row.text(2)?.to_owned(),
        actor_id: row.int_opt(3)?,
        kind: row.text(4)?.to_owned(),
        release: row.text_opt(5)?.map(str::to_owned),
        party: row.int_opt(6)?.map(PartyId),
        slot: row.int_opt(7)?.map(SlotId),
        office: row.text_opt(8)?.map(str::to_owned),
        reason: row.text_opt(9)?.map(str::to_owned),
        network: row.bytes_opt(10)?,
        device: row.bytes_opt(11)?,
    })
}

/// What is looked for in the log besides an office or an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search<'a> {
    /// From this instant on.
    pub from: Timestamp,
    /// Up to before this instant.
    pub to: Timestamp,
    /// Before this line, which happened at `to`: where the page before has ended.
    pub before: Option<i64>,
    /// Of these kinds; of all where there are none.
    pub kinds: &'a [&'a str],
    /// At most so many lines.
    pub limit: u32,
}

impl Search<'_> {
    fn kinds_text(&self) -> String {
        if self.kinds.is_empty() { String::new() } else { format!(" {} ", self.kinds.join(" ")) }
    }
}

/// What happened at an office, the newest first: what this member of staff did, or anybody; about this call number, or anything.
pub fn search_office(
    tx: &Tx<'_>,
    office: &str,
    staff: Option<i64>,
    number: &str,
    search: &Search<'_>,
) -> Result<Vec<Recorded>, Fault> {
    let kinds = search.kinds_text();
    let values = [
        Value::Text(office),
        Value::instant(search.from),
        Value::instant(search.to),
        Value::Int(search.before.unwrap_or(0)),
        Value::Int(staff.unwrap_or(0)),
        Value::Text(&kinds),
        Value::Text(number),
        Value::Int(search.limit.into()),
    ];
    tx.all(SEARCH_OFFICE, &values, recorded)
}

/// What a member of staff did, the newest first: at an office, or anywhere.
pub fn search_staff(tx: &Tx<'_>, staff: i64, office: &str, search: &Search<'_>) -> Result<Vec<Recorded>, Fault> {
    let kinds = search.kinds_text();
    let values = [
        Value::Int(staff),
        Value::instant(search.from),
        Value::instant(search.to),
        Value::Int(search.before.unwrap_or(i64::MAX)),
        Value::Text(office),
        Value::Text(&kinds),
        Value::Int(search.limit.into()),
    ];
    tx.all(SEARCH_ACTOR, &values, recorded)
}

/// Writes an event down.
pub fn append(tx: &Tx<'_>, event: &Event<'_>) -> Result<(), Fault> {
    let values = [
        Value::instant(event.at),
        Value::Text(event.actor),
        Value::from(event.actor_id),
        Value::Text(event.kind),
        Value::from(event.release),
        Value::from(event.party.map(|party| party.0)),
        Value::from(event.slot.map(|slot| slot.0)),
        Value::from(event.office),
        Value::from(event.reason),
        Value::from(event.network),
        Value::from(event.device),
    ];
    tx.post(APPEND, &values)
}

/// What happened to a party, the oldest first.
pub fn of_party(tx: &Tx<'_>, party: PartyId) -> Result<Vec<Recorded>, Fault> {
    tx.all(OF_PARTY, &[Value::Int(party.0)], recorded)
}

/// What happened at an office from one instant up to before another, at most `limit`, the oldest first.
pub fn of_office(
    tx: &Tx<'_>,
    office: &str,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<Recorded>, Fault> {
    let values = [Value::Text(office), Value::instant(from), Value::instant(to), Value::Int(limit.into())];
    tx.all(OF_OFFICE, &values, recorded)
}

/// What happened to the counters of an office since an instant, at most `limit`, the newest first.
pub fn of_counters(tx: &Tx<'_>, office: &str, from: Timestamp, limit: u32) -> Result<Vec<Recorded>, Fault> {
    tx.all(OF_COUNTERS, &[Value::Text(office), Value::instant(from), Value::Int(limit.into())], recorded)
}

/// What an actor did, at most `limit`, the newest first.
pub fn of_actor(tx: &Tx<'_>, actor: &str, id: i64, limit: u32) -> Result<Vec<Recorded>, Fault> {
    tx.all(OF_ACTOR, &[Value::Text(actor), Value::Int(id), Value::Int(limit.into())], recorded)
}

/// What happened last, at most `limit`, the newest first.
pub fn recent(tx: &Tx<'_>, limit: u32) -> Result<Vec<Recorded>, Fault> {
    tx.all(RECENT, &[Value::Int(limit.into())], recorded)
}
