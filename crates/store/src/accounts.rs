//! Accounts: the sign-in of one adult by a verified phone number.

use antrean_domain::keys::PhoneKey;
use jiff::Timestamp;

use crate::ids::AccountId;
use crate::statements::statements;
use crate::{Fault, Tx, Value};

statements! {
    BY_PHONE = "SELECT id FROM accounts WHERE phone = ?1";
    INSERT = "INSERT INTO accounts (phone, sealed, language, created_ms) VALUES (?1, ?2, ?3, ?4)";
    GET = "SELECT id, phone, sealed, language, created_ms, consent_ms FROM accounts WHERE id = ?1";
    SET_SEALED = "UPDATE accounts SET sealed = ?2 WHERE id = ?1";
    SET_LANGUAGE = "UPDATE accounts SET language = ?2 WHERE id = ?1";
    SET_CONSENT = "UPDATE accounts SET consent_ms = ?2 WHERE id = ?1";
    END_SESSIONS = "DELETE FROM sessions WHERE account_id = ?1";
    FORGET_APPLICANTS = "DELETE FROM applicants WHERE account_id = ?1";
    FORGET_DRAFT = "DELETE FROM drafts WHERE account_id = ?1";
    FORGET_PHONE = "UPDATE accounts SET phone = ?2, sealed = ?3 WHERE id = ?1";
}

/// An account as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Keyed hash of the phone number, or a random tombstone after erasure.
    pub phone: PhoneKey,
    /// Phone number and family card, sealed; empty after erasure.
    pub sealed: Vec<u8>,
    /// Language of messages, `id` or `en`.
    pub language: String,
    /// When the phone number was first verified.
    pub created: Timestamp,
    /// When the holder agreed to the use of their data (UU 27/2022).
    pub consent: Option<Timestamp>,
}

/// The account of a phone number.
pub fn by_phone(tx: &Tx<'_>, phone: &PhoneKey) -> Result<Option<AccountId>, Fault> {
    tx.opt(BY_PHONE, &[Value::Blob(&phone.0)], |row| row.account(0))
}

/// A new account. A phone number that has one already is a fault of the rule `accounts_phone_once`: look first.
pub fn insert(
    tx: &Tx<'_>,
    phone: &PhoneKey,
    sealed: &[u8],
    language: &str,
    now: Timestamp,
) -> Result<AccountId, Fault> {
    let values = [Value::Blob(&phone.0), Value::Blob(sealed), Value::Text(language), Value::instant(now)];
    tx.insert(INSERT, &values)?.map(AccountId).ok_or_else(|| Fault::corrupt("an account was not inserted"))
}

/// An account by its number.
pub fn get(tx: &Tx<'_>, id: AccountId) -> Result<Option<Account>, Fault> {
    tx.opt(GET, &[Value::Int(id.0)], |row| {
        Ok(Account {
            id: row.account(0)?,
            phone: row.phone(1)?,
            sealed: row.blob(2)?.to_vec(),
            language: row.text(3)?.to_owned(),
            created: row.instant(4)?,
            consent: row.instant_opt(5)?,
        })
    })
}

/// Replaces what is sealed.
pub fn set_sealed(tx: &Tx<'_>, id: AccountId, sealed: &[u8]) -> Result<(), Fault> {
    tx.post(SET_SEALED, &[Value::Int(id.0), Value::Blob(sealed)])
}

/// Sets the language of messages.
pub fn set_language(tx: &Tx<'_>, id: AccountId, language: &str) -> Result<(), Fault> {
    tx.post(SET_LANGUAGE, &[Value::Int(id.0), Value::Text(language)])
}

/// Notes when the holder agreed to the use of their data.
pub fn set_consent(tx: &Tx<'_>, id: AccountId, now: Timestamp) -> Result<(), Fault> {
    tx.post(SET_CONSENT, &[Value::Int(id.0), Value::instant(now)])
}

/// Forgets who the account was: its session, applicants and draft go, phone and sealed data become the tombstone and nothing.
///
/// `tombstone` is 16 random bytes from the caller. The row stays, for parties and events name it. Whether the account may be erased
/// (no live party) is for the caller to ask.
pub fn erase(tx: &Tx<'_>, id: AccountId, tombstone: [u8; 16]) -> Result<(), Fault> {
    tx.post(END_SESSIONS, &[Value::Int(id.0)])?;
    tx.post(FORGET_APPLICANTS, &[Value::Int(id.0)])?;
    tx.post(FORGET_DRAFT, &[Value::Int(id.0)])?;
    tx.post(FORGET_PHONE, &[Value::Int(id.0), Value::Blob(&tombstone), Value::Blob(&[])])
}
