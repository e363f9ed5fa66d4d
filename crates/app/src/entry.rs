//! Entering a release that is drawn: enter, change and withdraw while it is open; receipt and result afterwards.

use antrean_domain::draw::entry::{Choice, EntryId, Leaf, LeafPerson};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId, ReleasePlan};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::entries::{Entry, EntryState};
use antrean_store::ids::{AccountId, ApplicantId, PartyId};
use antrean_store::parties::{Inserted, Party};
use antrean_store::releases::{ReleaseState, Standing};
use antrean_store::{Fault, Tx, drafts, entries, parties, releases};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::caller::{Actor, hex};
use crate::choices::{Offered, Wanted, check};
use crate::limit::{self, HOUR_S, Limited};
use crate::message::{Message, Recipient, tell};
use crate::operation::{Context, Error, Note, Operation};
use crate::party::{self, MemberView, ReceiptLine, link_of};
use crate::refusal::Refusal;

/// An entry as its holder sees it, before and after the draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryView {
    /// Link id of the party: the entry's address now, the ticket's address later.
    pub link: String,
    /// The release.
    pub release: ReleaseId,
    /// `entered`, `withdrawn`, `left`, `standby`, `placed` or `expired`.
    pub state: EntryState,
    /// Where the release stands.
    pub release_state: ReleaseState,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// The people, masked.
    pub people: Vec<MemberView>,
    /// The ranked choices.
    pub choices: Vec<Choice>,
    /// When it was entered.
    pub entered: Timestamp,
    /// When it was last changed.
    pub changed: Timestamp,
    /// 32 hexadecimal digits: the entry in the published list.
    pub entry_id: String,
    /// Rank in the drawn order, from 1; `None` before the draw.
    pub rank: Option<u32>,
    /// Place among those still on standby, from 1, as of the last wave.
    pub standby_position: Option<u32>,
    /// Until when it can be changed.
    pub freeze: Timestamp,
    /// When the draw is expected.
    pub draw: Timestamp,
    /// The next wave that can give it a place.
    pub next_wave: Option<Timestamp>,
    /// After this instant no wave can give it a place.
    pub standby_ends: Timestamp,
    /// The receipt: what is needed to check the published commitments.
    pub receipt: Vec<ReceiptLine>,
}

/// What the view of an entry is made from, as it is in the store.
struct Parts<'a> {
    party: &'a Party,
    entry: &'a Entry,
    release: &'a Standing,
    plan: &'a ReleasePlan,
    choices: Vec<Choice>,
    /// The people, masked.
    people: Vec<MemberView>,
    receipt: Vec<ReceiptLine>,
}

/// Builds the view of an entry from what was read or written just before.
fn compose(cx: &Context<'_>, parts: Parts<'_>) -> EntryView {
    let Parts { party, entry, release, plan, choices, people, receipt } = parts;
    let next_wave = antrean_domain::wave::wave_instants(plan).into_iter().find(|instant| *instant > cx.now);
    EntryView {
        link: link_of(cx, party.id),
        release: party.release.clone(),
        state: entry.state,
        release_state: release.state,
        service: party.service,
        passport: party.passport,
        people,
        choices,
        entered: entry.entered,
        changed: entry.changed,
        entry_id: hex(&entry.entry_id.0),
        rank: entry.rank,
        standby_position: entry.rank.and_then(|rank| cx.overview.release(&party.release)?.standby_position(rank)),
        freeze: plan.freeze,
        draw: crate::release::draw_instant(release.round, plan),
        next_wave: if party::waits(entry.state) { next_wave } else { None },
        standby_ends: release.ends,
        receipt,
    }
}

/// The day on which the ages in the view of an entry are counted: the last that it can lead to.
fn last_day(plan: &ReleasePlan) -> Date {
    plan.dates.last().copied().unwrap_or_default()
}

/// Reads what is shown of an entry.
pub(crate) fn entry_view(tx: &Tx<'_>, cx: &Context<'_>, party: &Party, entry: &Entry) -> Result<EntryView, Error> {
    let (release, plan) = party::release_and_plan(tx, cx, &party.release)?;
    let leaf =
        Leaf::parse(&entry.leaf).map_err(|error| Fault::Corrupt { what: format!("leaf of {}: {error}", party.id) })?;
    let made = Parts {
        party,
        entry,
        release: &release,
        choices: leaf.choices().collect(),
        people: party::members(tx, cx, party.id, last_day(&plan))?,
        receipt: party::receipt(tx, cx, party.id, &entry.leaf)?,
        plan: &plan,
    };
    Ok(compose(cx, made))
}

/// Enters a release: one party, ranked choices.
#[derive(Serialize, Deserialize)]
pub struct Enter {
    /// The release.
    pub release: ReleaseId,
    /// The people of the account who apply, the first of them first.
    pub people: Vec<ApplicantId>,
    /// What is applied for.
    pub service: ServiceCode,
    /// Which passport.
    pub passport: PassportKind,
    /// Ranked, best first.
    pub choices: Vec<Choice>,
}

impl Operation for Enter {
    const NAME: &'static str = "enter";
    type Outcome = EntryView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<EntryView, Error> {
        let account = cx.account(tx)?;
        entries_limit(tx, cx, account)?;
        let (release, plan) = open_release(tx, cx, &self.release)?;
        let draft = party::draft(tx, cx, account, &release, &plan, &self.people)?;
        let offered = Offered::read(tx, cx, &self.release, &self.choices)?;
        let wanted = Wanted {
            service: self.service,
            passport: self.passport,
            size: draft.people.len() as u32,
            choices: &self.choices,
        };
        check(cx, &plan, &offered, &wanted)?;
        let party = party::insert(tx, cx, account, &self.release, self.service, self.passport, &draft.people)?;
        let published = draft.published(cx, &release)?;
        let entry_id = EntryId::of(&published[0].tag);
        let leaf = leaf(tx, cx, &release.id, &published, &self.choices)?;
        entries::insert(tx, party.id, &self.release, &entry_id, leaf.as_bytes(), cx.now)?;
        drafts::remove(tx, account)?;
        let first = &self.choices[0].office;
        releases::add_counts(tx, &self.release, first, 1, i64::from(wanted.size))?;
        note(tx, cx, account, "entered", &self.release, party.id)?;
        tell(
            tx,
            cx,
            Recipient::Account(account),
            Message::Entered {
                release: self.release.clone(),
                link: link_of(cx, party.id),
                draw: crate::release::draw_instant(release.round, &plan),
            },
        )?;
        // Everything that the receipt shows was just written: it need not be read again.
        let entry = Entry {
            party: party.id,
            release: self.release.clone(),
            entry_id,
            leaf: leaf.as_bytes().to_vec(),
            state: EntryState::Entered,
            rank: None,
            place: None,
            entered: cx.now,
            changed: cx.now,
        };
        let made = Parts {
            party: &party,
            entry: &entry,
            release: &release,
            plan: &plan,
            choices: self.choices.clone(),
            people: draft.members(last_day(&plan)),
            receipt: draft.receipt(&published),
        };
        Ok(compose(cx, made))
    }
}

/// Changes people, service or choices while the release is open. The id follows from the first person, so that changing and
/// changing back gains nothing; which id is lucky is not known before the freeze.
#[derive(Serialize, Deserialize)]
pub struct Change {
    /// The entry's link id.
    pub link: String,
    /// As in [`Enter`].
    pub people: Vec<ApplicantId>,
    /// As in [`Enter`].
    pub service: ServiceCode,
    /// As in [`Enter`].
    pub passport: PassportKind,
    /// As in [`Enter`].
    pub choices: Vec<Choice>,
}

impl Operation for Change {
    const NAME: &'static str = "change";
    type Outcome = EntryView;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<EntryView, Error> {
        let account = cx.account(tx)?;
        entries_limit(tx, cx, account)?;
        let (party, entry) = own_entry(tx, cx, &self.link, account)?;
        let (release, plan) = open_release(tx, cx, &party.release)?;
        if entry.state != EntryState::Entered {
            return Err(Refusal::EntryFinal.into());
        }
        let draft = party::draft(tx, cx, account, &release, &plan, &self.people)?;
        let offered = Offered::read(tx, cx, &party.release, &self.choices)?;
        let size = draft.people.len() as u32;
        let wanted = Wanted { service: self.service, passport: self.passport, size, choices: &self.choices };
        check(cx, &plan, &offered, &wanted)?;
        match parties::replace_people(tx, party.id, &draft.people)? {
            Inserted::Party(_) => {}
            Inserted::AccountTaken => return Err(party::account_has_live(tx, cx, account)?.into()),
            Inserted::PersonTaken(position) => return Err(Refusal::PersonHasLive { position }.into()),
        }
        parties::set_service(tx, party.id, self.service, self.passport)?;
        let published = draft.published(cx, &release)?;
        let entry_id = EntryId::of(&published[0].tag);
        let leaf = leaf(tx, cx, &release.id, &published, &self.choices)?;
        if !entries::set_leaf(tx, party.id, &entry_id, leaf.as_bytes(), cx.now)? {
            return Err(Refusal::EntryFinal.into());
        }
        recount(tx, &party, &entry, &self.choices[0].office, size)?;
        note(tx, cx, account, "changed", &party.release, party.id)?;
        read(tx, cx, party.id)
    }
}

/// Withdraws an entry: before the freeze it leaves the list, afterwards it keeps its line and gives up its place.
#[derive(Serialize, Deserialize)]
pub struct Withdraw {
    /// The entry's link id.
    pub link: String,
}

impl Operation for Withdraw {
    const NAME: &'static str = "withdraw";
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let account = cx.account(tx)?;
        entries_limit(tx, cx, account)?;
        let (party, entry) = own_entry(tx, cx, &self.link, account)?;
        leave(tx, cx, &party, &entry)?;
        note(tx, cx, account, "withdrawn", &party.release, party.id)?;
        Ok(())
    }
}

/// Takes an entry out of its release, and ends its party.
pub(crate) fn leave(tx: &Tx<'_>, cx: &Context<'_>, party: &Party, entry: &Entry) -> Result<(), Error> {
    let (release, plan) = party::release_and_plan(tx, cx, &party.release)?;
    let to = match (release.state, entry.state) {
        (ReleaseState::Open, EntryState::Entered) if cx.now < plan.freeze => EntryState::Withdrawn,
        (_, EntryState::Entered | EntryState::Standby) => EntryState::Left,
        _ => return Err(Refusal::EntryFinal.into()),
    };
    if !entries::advance(tx, party.id, &[entry.state], to, cx.now)? {
        return Err(Refusal::EntryFinal.into());
    }
    parties::end(tx, party.id)?;
    if to == EntryState::Withdrawn {
        uncount(tx, party, entry)?;
    }
    Ok(())
}

/// The entry or ticket behind a link, for the account that made it.
pub fn show(tx: &Tx<'_>, cx: &Context<'_>, link: &str) -> Result<party::LiveView, Error> {
    let account = cx.account(tx)?;
    let party = party::own_by_link(tx, cx, link, account)?.ok_or(Refusal::EntryUnknown)?;
    party::view(tx, cx, &party)
}

fn read(tx: &Tx<'_>, cx: &Context<'_>, party: PartyId) -> Result<EntryView, Error> {
    let missing = || Fault::Corrupt { what: format!("entry {party} is missing after it was written") };
    let row = parties::get(tx, party)?.ok_or_else(missing)?;
    let entry = entries::get(tx, party)?.ok_or_else(missing)?;
    entry_view(tx, cx, &row, &entry)
}

fn own_entry(tx: &Tx<'_>, cx: &Context<'_>, link: &str, account: AccountId) -> Result<(Party, Entry), Error> {
    let party = party::own_by_link(tx, cx, link, account)?.ok_or(Refusal::EntryUnknown)?;
    let entry = entries::get(tx, party.id)?.ok_or(Refusal::EntryUnknown)?;
    Ok((party, entry))
}

/// The release, if it takes entries now.
fn open_release(tx: &Tx<'_>, cx: &Context<'_>, id: &ReleaseId) -> Result<(Standing, ReleasePlan), Error> {
    let (release, plan) = party::release_and_plan(tx, cx, id)?;
    if plan.mode != Mode::Draw {
        return Err(Refusal::OtherMode { mode: plan.mode }.into());
    }
    if cx.now >= plan.freeze || !matches!(release.state, ReleaseState::Planned | ReleaseState::Open) {
        return Err(Refusal::EntriesClosed { since: plan.freeze }.into());
    }
    if cx.now < release.opens || release.state == ReleaseState::Planned {
        return Err(Refusal::NotOpenYet { opens: release.opens, office: None }.into());
    }
    Ok((release, plan))
}

/// What the draw will publish of the entry.
fn leaf(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    release: &ReleaseId,
    published: &[LeafPerson],
    choices: &[Choice],
) -> Result<Leaf, Error> {
    let rules = party::rules_hash(tx, cx, release)?;
    Leaf::build(release, &rules, published, choices)
        .map_err(|error| Fault::Corrupt { what: format!("a leaf of {release}: {error}") }.into())
}

fn uncount(tx: &Tx<'_>, party: &Party, entry: &Entry) -> Result<(), Fault> {
    match first_office(party, entry)? {
        None => Ok(()),
        Some(office) => releases::add_counts(tx, &party.release, &office, -1, -i64::from(party.size)),
    }
}

/// Counts an entry where its first choice is now instead of where it was. In the order of the offices, so that two who change places
/// do not wait for each other.
fn recount(tx: &Tx<'_>, party: &Party, before: &Entry, office: &OfficeCode, size: u32) -> Result<(), Fault> {
    let mut counts = vec![(*office, 1, i64::from(size))];
    counts.extend(first_office(party, before)?.map(|office| (office, -1, -i64::from(party.size))));
    counts.sort_by_key(|(office, ..)| *office);
    counts
        .into_iter()
        .try_for_each(|(office, entries, people)| releases::add_counts(tx, &party.release, &office, entries, people))
}

fn first_office(party: &Party, entry: &Entry) -> Result<Option<OfficeCode>, Fault> {
    let leaf =
        Leaf::parse(&entry.leaf).map_err(|error| Fault::Corrupt { what: format!("leaf of {}: {error}", party.id) })?;
    Ok(leaf.choices().next().map(|choice| choice.office))
}

fn note(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    account: AccountId,
    kind: &str,
    release: &ReleaseId,
    party: PartyId,
) -> Result<(), Fault> {
    let note = Note { kind, release: Some(release.as_str()), party: Some(party), ..Note::default() };
    cx.note(tx, Actor::Account(account), note)
}

fn entries_limit(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<(), Error> {
    let whom = account.0.to_be_bytes();
    limit::take(tx, cx, Limited::EntriesOfAccount, &whom, HOUR_S, cx.policy.entries_per_account_hour)
}
