//! Slots: the places of an office's arrival windows. The one place where a place is taken or given back (rules 3 and 7).
//!
//! A place is free, taken, or freed: given back and waiting for the next wave, when nobody can book it.

use std::collections::BTreeSet;

use antrean_domain::office::OfficeCode;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::{Pool, SlotKey, WindowStart};
use jiff::civil::Date;

use crate::columns::name;
use crate::ids::SlotId;
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

macro_rules! columns {
    () => {
        "id, release_id, office, date, starts, ends, pool, capacity, taken, freed, closed"
    };
}

statements! {
    INSERT = "INSERT INTO slots (release_id, office, date, starts, ends, pool, capacity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    GET = concat!("SELECT ", columns!(), " FROM slots WHERE id = ?1");
    OF_RELEASE = concat!("SELECT ", columns!(), " FROM slots WHERE release_id = ?1 ORDER BY office, date, starts, pool");
    OF_RELEASE_AT = concat!(
        "SELECT ", columns!(), " FROM slots WHERE release_id = ?1 AND office = ?2 AND pool = 'public' ORDER BY date, starts"
    );
    OF_OFFICE = concat!(
        "SELECT ", columns!(), " FROM slots WHERE office = ?1 AND date >= ?2 AND pool = 'public' ORDER BY date, starts"
    );
    OF_OFFICE_BETWEEN = concat!(
        "SELECT ", columns!(), " FROM slots WHERE office = ?1 AND date >= ?2 AND date <= ?3 ORDER BY date, starts, pool"
    );
    OF_POOL = concat!(
        "SELECT ", columns!(), " FROM slots WHERE office = ?1 AND date = ?2 AND pool = ?3 ORDER BY starts"
    );
    FREED_OF_RELEASE = concat!(
        "SELECT ", columns!(), " FROM slots WHERE release_id = ?1 AND freed > 0 ORDER BY office, date, starts, pool"
    );
    // Checking and taking are one statement: no two callers can be told of the same last place.
    TAKE = "UPDATE slots SET taken = taken + ?2 WHERE id = ?1 AND closed = 0 AND taken + freed + ?2 <= capacity";
    // Waves pass on public places alone; those of another pool are the office's again.
    GIVE_BACK = "UPDATE slots SET taken = taken - ?2, freed = CASE WHEN pool = 'public' THEN freed + ?2 ELSE freed END
                 WHERE id = ?1 AND taken >= ?2";
    REOPEN = "UPDATE slots SET closed = 0 WHERE id = ?1 AND closed = 1";
    REOPEN_FREED = "UPDATE slots SET closed = 0, freed = CASE WHEN pool = 'public' THEN capacity - taken ELSE freed END
                    WHERE id = ?1 AND closed = 1";
    PUT_BACK = "UPDATE slots SET taken = taken - ?2 WHERE id = ?1 AND taken >= ?2 AND pool <> 'public'";
    FREE_DIRECTLY = "UPDATE slots SET freed = freed + ?2 WHERE id = ?1 AND taken + freed + ?2 <= capacity";
    TAKE_FREED = "UPDATE slots SET freed = freed - ?2, taken = taken + ?2 WHERE id = ?1 AND closed = 0 AND freed >= ?2";
    OPEN_FREED = "UPDATE slots SET freed = freed - ?2 WHERE id = ?1 AND freed >= ?2";
    // As strong as what changes counts, so that appointments of the slot can still be written meanwhile.
    LOCK = "", postgres "SELECT 1 FROM slots WHERE id = ?1 FOR NO KEY UPDATE";
    CLOSE = "UPDATE slots SET closed = 1 WHERE id = ?1 AND closed = 0";
}

/// A slot to be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSlot {
    /// The release it belongs to, which must still be planned.
    pub release: ReleaseId,
    /// Office, date, start of the window.
    pub key: SlotKey,
    /// When the window ends, local time.
    pub ends: WindowStart,
    /// Who its places are for.
    pub pool: Pool,
    /// How many places.
    pub capacity: u32,
}

/// A slot as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its number.
    pub id: SlotId,
    /// The release it belongs to.
    pub release: ReleaseId,
    /// Office, date, start of the window.
    pub key: SlotKey,
    /// When the window ends, local time.
    pub ends: WindowStart,
    /// Who its places are for.
    pub pool: Pool,
    /// How many places.
    pub capacity: u32,
    /// Places held, or used on the day.
    pub taken: u32,
    /// Places given back that wait for the next wave.
    pub freed: u32,
    /// Closed by the office: nothing can be taken.
    pub closed: bool,
}

impl Slot {
    /// Places that can be taken now.
    pub fn left(&self) -> u32 {
        if self.closed { 0 } else { self.capacity.saturating_sub(self.taken + self.freed) }
    }
}

fn slot(row: &RowRef<'_>) -> Result<Slot, Fault> {
    Ok(Slot {
        id: row.slot(0)?,
        release: row.release(1)?,
        key: SlotKey { office: row.office(2)?, date: row.date(3)?, starts: row.starts(4)? },
        ends: row.starts(5)?,
        pool: row.named(6)?,
        capacity: row.small(7)?,
        taken: row.small(8)?,
        freed: row.small(9)?,
        closed: row.flag(10)?,
    })
}

/// Plans a slot. One with the same office, date, start and pool, in whatever release, is a fault of the rule `slots_once`.
pub fn insert(tx: &Tx<'_>, new: &NewSlot) -> Result<SlotId, Fault> {
    let date = new.key.date.to_string();
    let values = [
        Value::Text(new.release.as_str()),
        Value::Text(new.key.office.as_str()),
        Value::Text(&date),
        Value::Int(new.key.starts.minutes().into()),
        Value::Int(new.ends.minutes().into()),
        name(new.pool),
        Value::Int(new.capacity.into()),
    ];
    tx.insert(INSERT, &values)?.map(SlotId).ok_or_else(|| Fault::corrupt("a slot was not inserted"))
}

/// A slot by its number.
pub fn get(tx: &Tx<'_>, id: SlotId) -> Result<Option<Slot>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], slot)
}

/// All slots of a release, of all pools, by office, date, start, pool.
pub fn of_release(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<Slot>, Fault> {
    tx.all(OF_RELEASE, &[Value::Text(release.as_str())], slot)
}

/// The public slots of a release at one office, by date and start.
pub fn of_release_at(tx: &Tx<'_>, release: &ReleaseId, office: &OfficeCode) -> Result<Vec<Slot>, Fault> {
    tx.all(OF_RELEASE_AT, &[Value::Text(release.as_str()), Value::Text(office.as_str())], slot)
}

/// The slots of an office on some days, of all releases and pools, by date, start and pool.
pub fn of_office_between(tx: &Tx<'_>, office: &OfficeCode, from: Date, to: Date) -> Result<Vec<Slot>, Fault> {
    let values = [Value::Text(office.as_str()), Value::Text(&from.to_string()), Value::Text(&to.to_string())];
    tx.all(OF_OFFICE_BETWEEN, &values, slot)
}

/// The public slots of an office from a date on, of all releases, by date and start.
pub fn of_office(tx: &Tx<'_>, office: &OfficeCode, from: Date) -> Result<Vec<Slot>, Fault> {
    tx.all(OF_OFFICE, &[Value::Text(office.as_str()), Value::Text(&from.to_string())], slot)
}

/// The slots of one pool at an office on a day, by start.
pub fn of_pool(tx: &Tx<'_>, office: &OfficeCode, date: Date, pool: Pool) -> Result<Vec<Slot>, Fault> {
    tx.all(OF_POOL, &[Value::Text(office.as_str()), Value::Text(&date.to_string()), name(pool)], slot)
}

/// The slots of a release that have freed places, by office, date, start, pool.
pub fn freed_of_release(tx: &Tx<'_>, release: &ReleaseId) -> Result<Vec<Slot>, Fault> {
    tx.all(FREED_OF_RELEASE, &[Value::Text(release.as_str())], slot)
}

/// Holds slots to the end of the transaction, whatever their order here. Whoever changes more than one holds them first: two that
/// wanted the same ones in turn would wait for each other.
pub fn lock(tx: &Tx<'_>, ids: impl IntoIterator<Item = SlotId>) -> Result<(), Fault> {
    let ordered: BTreeSet<SlotId> = ids.into_iter().collect();
    ordered.into_iter().try_for_each(|id| tx.hold(LOCK, &[Value::Int(id.0)]))
}

/// Takes places that are free; `false`, and nothing taken, if there are not so many or the slot is closed.
pub fn take(tx: &Tx<'_>, id: SlotId, places: u32) -> Result<bool, Fault> {
    tx.changed(TAKE, &[Value::Int(id.0), Value::Int(places.into())])
}

/// Gives taken places back: they wait for the next wave (rule 7). Giving back what was not taken is `Fault::Corrupt`.
pub fn give_back(tx: &Tx<'_>, id: SlotId, places: u32) -> Result<(), Fault> {
    if tx.changed(GIVE_BACK, &[Value::Int(id.0), Value::Int(places.into())])? {
        return Ok(());
    }
    Err(Fault::corrupt(format!("slot {id}: {places} places given back that were not taken")))
}

/// Puts places back that were taken by mistake a moment ago, in a pool for people who walk in: nobody waits for a wave there, so they
/// can be taken again at once. Putting back what was not taken is `Fault::Corrupt`.
pub fn put_back(tx: &Tx<'_>, id: SlotId, places: u32) -> Result<(), Fault> {
    if tx.changed(PUT_BACK, &[Value::Int(id.0), Value::Int(places.into())])? {
        return Ok(());
    }
    Err(Fault::corrupt(format!("slot {id}: {places} places put back that were not taken")))
}

/// Lets free places wait for the next wave, as for a winner who left before the draw; `false` if there are not so many.
pub fn free_directly(tx: &Tx<'_>, id: SlotId, places: u32) -> Result<bool, Fault> {
    tx.changed(FREE_DIRECTLY, &[Value::Int(id.0), Value::Int(places.into())])
}

/// Takes freed places, for a wave; `false`, and nothing taken, if there are not so many or the slot is closed.
pub fn take_freed(tx: &Tx<'_>, id: SlotId, places: u32) -> Result<bool, Fault> {
    tx.changed(TAKE_FREED, &[Value::Int(id.0), Value::Int(places.into())])
}

/// Opens freed places that a wave left over to everybody; `false`, and nothing opened, if there are not so many.
pub fn open_freed(tx: &Tx<'_>, id: SlotId, places: u32) -> Result<bool, Fault> {
    tx.changed(OPEN_FREED, &[Value::Int(id.0), Value::Int(places.into())])
}

/// Opens a closed slot again; `false` if it was not closed. With `waves`, its free public places go to the next wave before all.
pub fn reopen(tx: &Tx<'_>, id: SlotId, waves: bool) -> Result<bool, Fault> {
    tx.changed(if waves { REOPEN_FREED } else { REOPEN }, &[Value::Int(id.0)])
}

/// Closes a slot: nothing can be taken any more; `false` if it was closed. What is held is for the caller to revoke.
pub fn close(tx: &Tx<'_>, id: SlotId) -> Result<bool, Fault> {
    tx.changed(CLOSE, &[Value::Int(id.0)])
}
