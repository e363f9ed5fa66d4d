//! Messages on their way: claimed by one node at a time, sent at least once, given up after some tries.

use antrean_domain::phone::Phone;
use antrean_store::outbox::Urgency;
use antrean_store::{Fault, accounts, outbox};
use jiff::SignedDuration;

use crate::app::App;
use crate::caller::Language;
use crate::me::account_record;
use crate::message::{Letter, Message, Recipient, SEAL_LETTER};
use crate::operation::Failure;

/// Letters claimed at once: enough that a rush of one-time codes does not wait for the store, few enough to be sent within the lease.
const CLAIM_MAX: u32 = 256;
/// A claimed letter that was neither sent nor returned goes out again after this time.
const CLAIM_LEASE: SignedDuration = SignedDuration::from_secs(60);
/// A letter is given up after so many tries (spread over about a day by the growing pause).
const TRIES_MAX: u32 = 12;
/// A one-time code is given up after so many tries, which take about five minutes.
const CODE_TRIES_MAX: u32 = 5;

/// A letter opened for sending.
#[derive(Debug)]
pub struct Opened {
    /// The outbox row.
    pub id: i64,
    /// Where it goes.
    pub phone: Phone,
    /// The language of the recipient.
    pub language: Language,
    /// What it says.
    pub message: Message,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// Claims the letters that are due. Letters that cannot be opened or addressed any more are given up here.
pub async fn claim(app: &App) -> Result<Vec<Opened>, Failure> {
    let now = app.now();
    let this = app.clone();
    let waiting = app.store().read(move |tx| outbox::any_due(tx, now)).await?;
    if !waiting {
        return Ok(Vec::new());
    }
    Ok(app
        .store()
        .write(move |tx| {
            let mut opened = Vec::new();
            for row in outbox::claim(tx, now, CLAIM_MAX, now + CLAIM_LEASE)? {
                let letter = this
                    .keys()
                    .open(SEAL_LETTER, &row.sealed)
                    .ok()
                    .and_then(|plain| serde_json::from_slice::<Letter>(&plain).ok());
                let addressed = match letter {
                    None => None,
                    Some(Letter { to: Recipient::Phone(phone, language), message }) => Some((phone, language, message)),
                    Some(Letter { to: Recipient::Account(account), message }) => match accounts::get(tx, account)? {
                        None => None,
                        Some(row) => account_record(this.keys(), &row)?
                            .phone
                            .map(|phone| (phone, Language::from_tag(&row.language), message)),
                    },
                };
                // A code holds for some minutes; after that its message costs money and only confuses.
                let stale = |message: &Message| matches!(message, Message::Code { .. }) && row.tries > CODE_TRIES_MAX;
                match addressed.filter(|(_, _, message)| !stale(message)) {
                    Some((phone, language, message)) => {
                        opened.push(Opened { id: row.id, phone, language, message, tries: row.tries });
                    }
                    None => outbox::retry(tx, row.id, now, true)?,
                }
            }
            Ok::<_, Fault>(opened)
        })
        .await?)
}

/// Notes what became of the letters: sent, or to be tried again later.
pub async fn settle(app: &App, sent: Vec<i64>, failed: Vec<(i64, u32)>) -> Result<(), Failure> {
    if sent.is_empty() && failed.is_empty() {
        return Ok(());
    }
    let now = app.now();
    let given_up = failed.iter().filter(|(_, tries)| *tries >= TRIES_MAX).count() as u64;
    let (taken, returned) = (sent.len() as u64, failed.len() as u64 - given_up);
    app.store()
        .write(move |tx| {
            for id in &sent {
                outbox::sent(tx, *id, now)?;
            }
            for (id, tries) in &failed {
                let pause = SignedDuration::from_secs(5 << (*tries).min(TRIES_MAX));
                outbox::retry(tx, *id, now + pause, *tries >= TRIES_MAX)?;
            }
            Ok(())
        })
        .await?;
    app.tally().settled(taken, returned, given_up);
    Ok(())
}

/// The outbox as it is now, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Messages that wait; more than a million are told as a million.
    pub messages: u64,
    /// When the message was added that goes out next of those that somebody waits for, such as one-time codes.
    pub next_urgent: Option<jiff::Timestamp>,
    /// The same of those that can stand in line.
    pub next_patient: Option<jiff::Timestamp>,
}

/// Looks at the outbox: a few milliseconds of a reader's time, growing with what waits.
pub async fn waiting(app: &App) -> Result<Waiting, Failure> {
    let looked = app
        .store()
        .read(|tx| {
            Ok(Waiting {
                messages: outbox::waiting(tx)?,
                next_urgent: outbox::next(tx, Urgency::Urgent)?,
                next_patient: outbox::next(tx, Urgency::Patient)?,
            })
        })
        .await?;
    Ok(looked)
}
