//! Parties: one to five people who apply together, live from entry or booking until that ends (rules 1, 2 and 6).

use antrean_domain::keys::PersonKey;
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use jiff::Timestamp;

use crate::columns::name;
use crate::ids::{AccountId, PartyId};
use crate::statements::statements;
use crate::{Fault, RowRef, Tx, Value};

macro_rules! columns {
    () => {
        "p.id, p.account_id, p.release_id, p.service, p.passport, p.size, p.live, p.created_ms"
    };
}

statements! {
    // The two unique indexes over live rows decide. What they refuse is not an error but no row.
    INSERT = "INSERT INTO parties (account_id, release_id, service, passport, size, live, created_ms)
              VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)
              ON CONFLICT (account_id) WHERE live = 1 DO NOTHING";
    INSERT_PERSON = "INSERT INTO party_people (party_id, position, live, person, sealed) VALUES (?1, ?2, 1, ?3, ?4)
                     ON CONFLICT (person) WHERE live = 1 DO NOTHING";
    REMOVE_PEOPLE = "DELETE FROM party_people WHERE party_id = ?1";
    REMOVE = "DELETE FROM parties WHERE id = ?1";
    SET_SIZE = "UPDATE parties SET size = ?2 WHERE id = ?1 AND live = 1";
    SET_SERVICE = "UPDATE parties SET service = ?2, passport = ?3 WHERE id = ?1 AND live = 1";
    // The people's `live` follows by the foreign key.
    END = "UPDATE parties SET live = 0 WHERE id = ?1 AND live = 1";
    GET = concat!("SELECT ", columns!(), " FROM parties p WHERE p.id = ?1");
    PEOPLE = "SELECT position, person, sealed FROM party_people WHERE party_id = ?1 ORDER BY position";
    LIVE_OF_ACCOUNT = concat!("SELECT ", columns!(), " FROM parties p WHERE p.account_id = ?1 AND p.live = 1");
    LIVE_OF_PERSON = concat!(
        "SELECT ", columns!(), " FROM party_people m JOIN parties p ON p.id = m.party_id WHERE m.person = ?1 AND m.live = 1"
    );
    ENDED_OF_ACCOUNT = concat!(
        "SELECT ", columns!(), " FROM parties p WHERE p.account_id = ?1 AND p.live = 0 ORDER BY p.id DESC LIMIT ?2"
    );
    OF_PERSON = concat!(
        "SELECT ", columns!(), " FROM party_people m JOIN parties p ON p.id = m.party_id WHERE m.person = ?1 ORDER BY p.id"
    );
    // The oldest first, and only so many are looked at: those who ended last week are millions, and none of them is due.
    TO_ERASE = "SELECT p.id FROM
                (SELECT DISTINCT party_id FROM party_people WHERE live = 0 AND length(sealed) > 0 ORDER BY party_id LIMIT ?2) AS due
                JOIN parties p ON p.id = due.party_id WHERE p.created_ms < ?1";
    // Whoever ends, moves or draws a party has it to itself meanwhile.
    LOCK = "", postgres "SELECT 1 FROM parties WHERE id = ?1 FOR UPDATE";
    ERASE = "UPDATE party_people SET sealed = ?2 WHERE party_id = ?1 AND live = 0";
    ERASE_OF_ACCOUNT = "UPDATE party_people SET sealed = ?2
                        WHERE party_id IN (SELECT id FROM parties WHERE account_id = ?1 AND live = 0)
                              AND live = 0 AND length(sealed) > 0";
}

/// A party as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its number.
    pub id: PartyId,
    /// Whose it is.
    pub account: AccountId,
    /// The release it applies in.
    pub release: ReleaseId,
    /// What it applies for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// How many people, 1 to 5.
    pub size: u32,
    /// Whether its entry or appointment is live.
    pub live: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// One person of a party, as they were when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyPerson {
    /// 0 to 4, the first of the party first.
    pub position: u32,
    /// Keyed hash of the NIK.
    pub person: PersonKey,
    /// NIK, name, birth date, sex and the salt of the commitment, sealed; empty after erasure.
    pub sealed: Vec<u8>,
}

/// What became of a new party. Nothing is left behind of one that was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict must be told to the caller"]
pub enum Inserted {
    /// It is live.
    Party(PartyId),
    /// The account has a live party already (rule 2).
    AccountTaken,
    /// The person at this position is in a live party already (rule 1).
    PersonTaken(u32),
}

fn party(row: &RowRef<'_>) -> Result<Party, Fault> {
    Ok(Party {
        id: row.party(0)?,
        account: row.account(1)?,
        release: row.release(2)?,
        service: row.named(3)?,
        passport: row.named(4)?,
        size: row.small(5)?,
        live: row.flag(6)?,
        created: row.instant(7)?,
    })
}

/// Makes a live party of one to five people.
pub fn insert(
    tx: &Tx<'_>,
    account: AccountId,
    release: &ReleaseId,
    service: ServiceCode,
    passport: PassportKind,
    people: &[PartyPerson],
    now: Timestamp,
) -> Result<Inserted, Fault> {
    let values = [
        Value::Int(account.0),
        Value::Text(release.as_str()),
        name(service),
        name(passport),
        Value::Int(people.len() as i64),
        Value::instant(now),
    ];
    let Some(id) = tx.insert(INSERT, &values)?.map(PartyId) else { return Ok(Inserted::AccountTaken) };
    let refused = insert_people(tx, id, people)?;
    if let Some(position) = refused {
        tx.post(REMOVE_PEOPLE, &[Value::Int(id.0)])?;
        tx.post(REMOVE, &[Value::Int(id.0)])?;
        return Ok(Inserted::PersonTaken(position));
    }
    Ok(Inserted::Party(id))
}

/// Inserts people; the first position that was refused, if one was.
///
/// In the order of their keys, whatever their positions: two parties that name the same people do not wait for each other in turn.
fn insert_people(tx: &Tx<'_>, id: PartyId, people: &[PartyPerson]) -> Result<Option<u32>, Fault> {
    let mut in_order: Vec<&PartyPerson> = people.iter().collect();
    in_order.sort_by_key(|one| one.person.0);
    let mut refused = None;
    for one in in_order {
        let values =
            [Value::Int(id.0), Value::Int(one.position.into()), Value::Blob(&one.person.0), Value::Blob(&one.sealed)];
        if !tx.changed(INSERT_PERSON, &values)? {
            refused = Some(refused.map_or(one.position, |first: u32| first.min(one.position)));
        }
    }
    Ok(refused)
}

/// Replaces the people of a live party that has no place yet and whose entry is not frozen; triggers refuse anything else (rule 6).
pub fn replace_people(tx: &Tx<'_>, id: PartyId, people: &[PartyPerson]) -> Result<Inserted, Fault> {
    enum Undone {
        Taken(u32),
        Fault(Fault),
    }
    impl From<Fault> for Undone {
        fn from(fault: Fault) -> Self {
            Self::Fault(fault)
        }
    }
    let replaced = tx.attempt(|tx| {
        tx.execute(REMOVE_PEOPLE, &[Value::Int(id.0)])?;
        if !tx.changed(SET_SIZE, &[Value::Int(id.0), Value::Int(people.len() as i64)])? {
            return Err(Undone::Fault(Fault::corrupt(format!(
                "party {id} is not live: its people cannot be replaced"
            ))));
        }
        match insert_people(tx, id, people)? {
            None => Ok(()),
            Some(position) => Err(Undone::Taken(position)),
        }
    });
    match replaced {
        Ok(()) => Ok(Inserted::Party(id)),
        Err(Undone::Taken(position)) => Ok(Inserted::PersonTaken(position)),
        Err(Undone::Fault(fault)) => Err(fault),
    }
}

/// Changes what a live party applies for; `false` if it is not live.
pub fn set_service(tx: &Tx<'_>, id: PartyId, service: ServiceCode, passport: PassportKind) -> Result<bool, Fault> {
    tx.changed(SET_SERVICE, &[Value::Int(id.0), name(service), name(passport)])
}

/// Ends a party's life: its account and its people are free again; `false` if it had ended.
pub fn end(tx: &Tx<'_>, id: PartyId) -> Result<bool, Fault> {
    tx.changed(END, &[Value::Int(id.0)])
}

/// Holds a party to the end of the transaction: whoever else wants to change something of it waits. Several are held in the order of
/// their numbers, and before any slot.
pub fn lock(tx: &Tx<'_>, id: PartyId) -> Result<(), Fault> {
    tx.hold(LOCK, &[Value::Int(id.0)])
}

/// A party by its number.
pub fn get(tx: &Tx<'_>, id: PartyId) -> Result<Option<Party>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], party)
}

/// The people of a party by position.
pub fn people(tx: &Tx<'_>, id: PartyId) -> Result<Vec<PartyPerson>, Fault> {
    tx.all(PEOPLE, &[Value::Int(id.0)], |row| {
        Ok(PartyPerson { position: row.small(0)?, person: row.person(1)?, sealed: row.blob(2)?.to_vec() })
    })
}

/// The live party of an account.
pub fn live_of_account(tx: &Tx<'_>, account: AccountId) -> Result<Option<Party>, Fault> {
    tx.opt(LIVE_OF_ACCOUNT, &[Value::Int(account.0)], party)
}

/// The live party that a person is in.
pub fn live_of_person(tx: &Tx<'_>, person: &PersonKey) -> Result<Option<Party>, Fault> {
    tx.opt(LIVE_OF_PERSON, &[Value::Blob(&person.0)], party)
}

/// The newest parties of an account whose life has ended, at most `limit`, the newest first.
pub fn ended_of_account(tx: &Tx<'_>, account: AccountId, limit: u32) -> Result<Vec<Party>, Fault> {
    tx.all(ENDED_OF_ACCOUNT, &[Value::Int(account.0), Value::Int(limit.into())], party)
}

/// All parties a person was ever in, the oldest first. Reads the whole table: for audits, on a reader.
pub fn of_person(tx: &Tx<'_>, person: &PersonKey) -> Result<Vec<Party>, Fault> {
    tx.all(OF_PERSON, &[Value::Blob(&person.0)], party)
}

/// Erases what can be read about the people of at most `limit` ended parties made before an instant; returns how many
/// parties, so that 0 means done.
pub fn erase_ended_before(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Fault> {
    let due = tx.all(TO_ERASE, &[Value::instant(before), Value::Int(limit.into())], |row| row.party(0))?;
    for id in &due {
        tx.post(ERASE, &[Value::Int(id.0), Value::Blob(&[])])?;
    }
    Ok(due.len() as u64)
}

/// Erases what can be read about the people of an account's ended parties.
pub fn erase_of_account(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.post(ERASE_OF_ACCOUNT, &[Value::Int(account.0), Value::Blob(&[])])
}
