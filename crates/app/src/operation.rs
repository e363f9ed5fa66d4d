//! How an operation is run: who asks, once only, all or nothing, and written down.

use std::cell::OnceCell;
use std::sync::Arc;

use antrean_domain::catalogue::Catalogue;
use antrean_domain::keys::Keyring;
use antrean_store::ids::AccountId;
use antrean_store::locks::Lock;
use antrean_store::{Fault, Lane, Tx, events, idempotency, sessions};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::caller::{Actor, Caller};
use crate::entropy::{self, Entropy};
use crate::limit::{self, HOUR_S, Limited};
use crate::overview::Overview;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::staff::{Officer, StaffRefusal, is_kind};

/// Something that can be done: a command with everything it needs, performed inside one transaction.
///
/// It may be performed again from the start when the engine asks for it, so it keeps no state of its own.
pub trait Operation: Serialize + Send + Sync + 'static {
    /// The operation's name in the log of changes and in idempotency keys; never changes.
    const NAME: &'static str;
    /// Who goes first when there is more to do than can be done: people who confirm, unless an operation says otherwise.
    const LANE: Lane = Lane::Confirm;
    /// What the caller gets. It is stored beside an idempotency key, so it carries no secret.
    type Outcome: Serialize + DeserializeOwned + Send + 'static;
    /// Does it. A refusal undoes whatever was written.
    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Self::Outcome, Error>;

    /// Completes the outcome with what follows from it and the keys alone, such as a signature: after the commit, outside the
    /// transaction, where it holds nobody up. A remembered answer is completed in the same way, so this is always the same.
    fn complete(_outcome: &mut Self::Outcome, _keys: &Keyring) {}
}

/// Why an operation did not succeed.
#[derive(Debug)]
pub enum Error {
    /// Refused: nothing that the operation wrote remains.
    Refused(Refusal),
    /// Refused, but what was written stays: a wrong code costs a try.
    Counted(Refusal),
    /// The store failed.
    Fault(Fault),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why a caller got no outcome.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// A rule says no.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// Too much work is waiting, or the database is away: come back in a moment.
    #[error("too much work is waiting")]
    Busy,
    /// Our fault; logged once, here.
    #[error("the store failed")]
    Broken,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            // The store has said in the log what it is; whoever asks hears when to come back, and whoever has an idempotency key finds
            // out what became of a commit whose answer was lost.
            Fault::Busy | Fault::Unavailable | Fault::Unknown => Self::Busy,
            other => {
                tracing::error!(fault = %other, "the store failed");
                Self::Broken
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) | Error::Counted(refusal) => Self::Refused(refusal),
            Error::Fault(fault) => fault.into(),
        }
    }
}

/// What an operation may know besides its command and the transaction.
pub struct Context<'a> {
    /// The instant of this attempt.
    pub now: Timestamp,
    /// The keys for hashing, sealing and signing.
    pub keys: &'a Keyring,
    /// Regions, offices, services, holidays, timetables.
    pub catalogue: &'a Catalogue,
    /// When what it was read from was stored last; nothing for what the program brings along.
    pub catalogue_of: Option<Timestamp>,
    /// Limits and terms.
    pub policy: &'a Policy,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// The public state as of the last look, for what everybody may see.
    pub overview: &'a Overview,
    /// Who asks.
    pub caller: &'a Caller,
    /// Who acts, when it is not the caller: the clock or the operator.
    pub acting: Option<Actor>,
    /// The account of the caller's session, once it was looked up.
    pub(crate) signed_in: OnceCell<AccountId>,
    /// The officer of the caller's staff session, once looked up.
    pub(crate) on_duty: OnceCell<Officer>,
}

impl Context<'_> {
    /// The account of the caller's session, or `SignedOut`. Looked up once in an attempt.
    pub fn account(&self, tx: &Tx<'_>) -> Result<AccountId, Error> {
        if let Some(account) = self.signed_in.get() {
            return Ok(*account);
        }
        let account = self.look_up_account(tx)?;
        Ok(*self.signed_in.get_or_init(|| account))
    }

    fn look_up_account(&self, tx: &Tx<'_>) -> Result<AccountId, Error> {
        let Some(token) = &self.caller.session else { return Err(Refusal::SignedOut.into()) };
        let id = self.keys.session_hash(&token.0);
        let Some(session) = sessions::find(tx, &id)? else { return Err(Refusal::SignedOut.into()) };
        if session.expires <= self.now {
            return Err(Refusal::SignedOut.into());
        }
        // What the account has (people, a live party, counters) is read before it is changed: one operation of it after the other.
        tx.lock(&Lock::Account(session.account))?;
        Ok(session.account)
    }

    /// Who is signed in: an account, or on the pages of staff a member of staff; else nobody.
    fn signed_in_actor(&self, tx: &Tx<'_>) -> Result<Actor, Fault> {
        let found = match &self.caller.staff {
            Some(_) => self.officer(tx).map(|officer| Actor::Staff(officer.id)),
            None => self.account(tx).map(Actor::Account),
        };
        match found {
            Ok(actor) => Ok(actor),
            Err(Error::Fault(fault)) => Err(fault),
            Err(Error::Refused(_) | Error::Counted(_)) => Ok(Actor::Nobody),
        }
    }

    /// The hash under which the caller's network is remembered.
    pub fn network(&self) -> Option<[u8; 16]> {
        self.caller.network.as_ref().map(|network| self.keys.keyed16("network", network.as_bytes()))
    }

    /// Writes one line of the log of changes.
    pub fn note(&self, tx: &Tx<'_>, actor: Actor, what: Note<'_>) -> Result<(), Fault> {
        debug_assert!(is_kind(what.kind), "{} is in no group of kinds, and has no words", what.kind);
        let actor = self.acting.unwrap_or(actor);
        let network = self.network();
        events::append(
            tx,
            &events::Event {
                at: self.now,
                actor: actor.kind(),
                actor_id: actor.id(),
                kind: what.kind,
                release: what.release,
                party: what.party,
                slot: what.slot,
                office: what.office,
                reason: what.reason,
                network: network.as_ref(),
                device: None,
            },
        )
    }
}

/// One line of the log of changes, before who and when are added.
#[derive(Debug, Clone, Copy, Default)]
pub struct Note<'a> {
    /// What happened, such as `entered`, `booked`, `refused`.
    pub kind: &'a str,
    /// In which release.
    pub release: Option<&'a str>,
    /// To which party.
    pub party: Option<antrean_store::ids::PartyId>,
    /// At which slot.
    pub slot: Option<antrean_store::ids::SlotId>,
    /// At which office.
    pub office: Option<&'a str>,
    /// Why, as a code.
    pub reason: Option<&'a str>,
}

/// An idempotency key as the caller sent it: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a key; `None` if it is empty, longer than 255 characters or not visible ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let good = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(text.to_owned()))
    }
}

/// Everything one attempt needs, owned, so that the writer's thread can run it.
pub(crate) struct Attempt<O> {
    pub operation: O,
    pub key: Option<IdempotencyKey>,
    pub caller: Caller,
    pub acting: Option<Actor>,
}

/// Runs an attempt inside a transaction: answers a repeated key from memory, undoes what was refused,
/// and writes both the answer and the refusal down.
pub(crate) fn run<O: Operation>(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    attempt: &Attempt<O>,
) -> Result<Result<O::Outcome, Refusal>, Fault> {
    let remembered = match &attempt.key {
        None => None,
        Some(key) => Some(Remembered::of(tx, cx, key, &attempt.operation)?),
    };
    if let Some(remembered) = &remembered {
        // Of two equal requests at once the second waits here for the answer to the first.
        tx.lock(&Lock::Request(&remembered.key))?;
    }
    if let Some(remembered) = &remembered
        && let Some(answered) = idempotency::find(tx, &remembered.key)?
    {
        if answered.request != remembered.request {
            return Ok(Err(Refusal::KeyReused));
        }
        let broken = || Fault::Corrupt { what: format!("idempotency answer of {}", O::NAME) };
        let answer = cx.keys.open(SEAL_ANSWER, &answered.answer).map_err(|_| broken())?;
        return serde_json::from_slice(&answer).map_err(|_| broken());
    }
    let answer = match tx.attempt(|tx| match attempt.operation.perform(tx, cx) {
        Err(Error::Counted(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error),
        Ok(outcome) => Ok(Ok(outcome)),
    }) {
        Ok(kept) => kept,
        Err(Error::Refused(refusal) | Error::Counted(refusal)) => Err(refusal),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    // Whoever is signed out has broken no rule, and must not be able to fill the log.
    if let Err(refusal) = &answer
        && !matches!(refusal, Refusal::SignedOut | Refusal::Staff(StaffRefusal::SignedOut))
    {
        let actor = cx.signed_in_actor(tx)?;
        // Nor must whoever is signed in: what is refused again and again leaves no more lines, and is not remembered.
        match trifles_limit_of(tx, cx, actor) {
            Ok(()) => {}
            Err(Error::Refused(refusal) | Error::Counted(refusal)) => return Ok(Err(refusal)),
            Err(Error::Fault(fault)) => return Err(fault),
        }
        cx.note(
            tx,
            actor,
            Note { kind: "refused", reason: Some(refusal.code()), office: Some(O::NAME), ..Note::default() },
        )?;
    }
    if let Some(remembered) = remembered
        && !answer.as_ref().is_err_and(Refusal::says_come_back)
    {
        let bytes = serde_json::to_vec(&answer)
            .map_err(|error| Fault::Corrupt { what: format!("outcome of {}: {error}", O::NAME) })?;
        let sealed = cx.keys.seal(SEAL_ANSWER, &bytes, entropy::bytes(cx.entropy));
        if !idempotency::insert(tx, &remembered.key, &remembered.request, &sealed, cx.now)? {
            // Whoever answered meanwhile had the lock and lost it; their answer is the one.
            return Err(Fault::Busy);
        }
    }
    Ok(answer)
}

/// Takes one of what an account may have written down in an hour without changing anything that matters.
pub(crate) fn trifles_limit(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<(), Error> {
    trifles_limit_of(tx, cx, Actor::Account(account))
}

fn trifles_limit_of(tx: &Tx<'_>, cx: &Context<'_>, actor: Actor) -> Result<(), Error> {
    let whom = match actor {
        Actor::Account(account) => account.0.to_be_bytes().to_vec(),
        Actor::Staff(staff) => [b"staff\n".as_slice(), &staff.0.to_be_bytes()].concat(),
        Actor::Nobody | Actor::Clock | Actor::Operator => return Ok(()),
    };
    limit::take(tx, cx, Limited::Requests, &whom, HOUR_S, cx.policy.trifles_per_account_hour)
}

/// The purpose under which answers are sealed: they name people, and what lies in the store names nobody.
const SEAL_ANSWER: &str = "answer";

struct Remembered {
    key: [u8; 16],
    request: [u8; 16],
}

impl Remembered {
    fn of<O: Operation>(tx: &Tx<'_>, cx: &Context<'_>, key: &IdempotencyKey, operation: &O) -> Result<Self, Fault> {
        // The scope is whoever is signed in, so that a stranger who learns a key learns nothing from it.
        let whose = match cx.signed_in_actor(tx)? {
            Actor::Account(account) => account.0.to_string(),
            Actor::Staff(staff) => format!("staff {staff}"),
            Actor::Nobody | Actor::Clock | Actor::Operator => "0".to_owned(),
        };
        let request = serde_json::to_vec(operation)
            .map_err(|error| Fault::Corrupt { what: format!("command of {}: {error}", O::NAME) })?;
        let scope = format!("{whose}\n{}\n{}", O::NAME, key.0);
        Ok(Self {
            key: cx.keys.keyed16("idempotency-key", scope.as_bytes()),
            request: cx.keys.keyed16("idempotency-request", &request),
        })
    }
}

/// The catalogue as operations see it: replaced as a whole when it is imported again.
pub type SharedCatalogue = Arc<arc_swap::ArcSwap<Catalogue>>;
