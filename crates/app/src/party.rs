//! A party: one to five people of one account who apply together, frozen as they were, live until their matter ends.

use std::sync::Arc;

use antrean_domain::appointment::AppointmentState;
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Leaf, LeafPerson};
use antrean_domain::draw::person::{Commitment, Salt};
use antrean_domain::keys::PersonKey;
use antrean_domain::office::OfficeCode;
use antrean_domain::person::Person;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::release::{ReleaseId, ReleasePlan};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::SlotKey;
use antrean_domain::ticket::LinkId;
use antrean_store::entries::EntryState;
use antrean_store::ids::{AccountId, ApplicantId, PartyId};
use antrean_store::locks::Lock;
use antrean_store::parties::{Inserted, Party, PartyPerson};
use antrean_store::releases::{Release, ReleaseState, Standing};
use antrean_store::{Fault, Tx, applicants, appointments, entries, parties, releases, slots, strikes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entropy;
use crate::entry::{EntryView, entry_view};
use crate::me::{open_person, seal_person};
use crate::operation::{Context, Error};
use crate::overview::ReleaseView;
use crate::refusal::Refusal;
use crate::ticket::{TicketView, code_of, ticket_view};

/// Ended parties shown to their account.
const EARLIER_MAX: u32 = 20;

/// A person as frozen in a party. `salt` ties the published commitment to the holder's receipt.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PartyRecord {
    #[serde(flatten)]
    pub person: Person,
    /// 64 hexadecimal digits.
    pub salt: String,
}

impl PartyRecord {
    fn member(&self, on: jiff::civil::Date) -> MemberView {
        MemberView {
            name: self.person.name.masked(),
            nik: self.person.nik.masked(),
            minor: self.person.age_on(on) < crate::me::ADULT_YEARS,
        }
    }

    fn receipt(&self, published: &LeafPerson) -> ReceiptLine {
        ReceiptLine {
            name: self.person.name.as_str().to_owned(),
            birth_date: self.person.birth_date,
            salt: self.salt.clone(),
            tag: published.tag.to_string(),
            commitment: published.commitment.to_string(),
        }
    }
}

/// What is live for an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "live", rename_all = "snake_case")]
pub enum LiveView {
    /// An entry, before the draw or on standby.
    Entry(EntryView),
    /// A place.
    Appointment(TicketView),
}

/// What ended, in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastView {
    /// Link id of the party.
    pub link: String,
    /// The release.
    pub release: ReleaseId,
    /// When it was made.
    pub created: Timestamp,
    /// How many people.
    pub size: u32,
    /// The appointment's last state and slot, if there was one.
    pub appointment: Option<(AppointmentState, SlotKey)>,
}

/// The public, unguessable id of a party.
pub fn link_of(cx: &Context<'_>, party: PartyId) -> String {
    LinkId::of(party.0 as u64, cx.keys.link_key()).to_string()
}

/// The party behind a link id, whoever it belongs to.
pub(crate) fn by_link(tx: &Tx<'_>, cx: &Context<'_>, link: &str) -> Result<Option<Party>, Error> {
    match LinkId::verify(link, cx.keys.link_key()) {
        None => Ok(None),
        Some(number) => {
            let party = PartyId(number as i64);
            // The clock may be giving it a place, or ending it, just now.
            parties::lock(tx, party)?;
            Ok(parties::get(tx, party)?)
        }
    }
}

/// The party that a queue code of an office names, whoever it belongs to.
pub(crate) fn by_code(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    office: &OfficeCode,
    code: QueueCode,
) -> Result<Option<Party>, Error> {
    let Ok(number) = i64::try_from(code.number(cx.keys.queue_key())) else { return Ok(None) };
    let party = PartyId(number);
    if code_of(cx, office, party) != code {
        return Ok(None);
    }
    parties::lock(tx, party)?;
    Ok(parties::get(tx, party)?)
}

/// The caller's own party behind a link id.
pub(crate) fn own_by_link(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    link: &str,
    account: AccountId,
) -> Result<Option<Party>, Error> {
    Ok(by_link(tx, cx, link)?.filter(|party| party.account == account))
}

/// Where the release stands, and its plan.
pub(crate) fn release_and_plan(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    id: &ReleaseId,
) -> Result<(Standing, ReleasePlan), Error> {
    tx.lock(&Lock::ReleaseStays(id))?;
    let standing = releases::standing(tx, id)?.ok_or(Refusal::ReleaseUnknown)?;
    let plan = match settled(cx, id) {
        Some(view) => view.plan.clone(),
        None => plan_of(&releases::get(tx, id)?.ok_or(Refusal::ReleaseUnknown)?)?,
    };
    Ok((standing, plan))
}

/// The hash of the release's rules file.
pub(crate) fn rules_hash(tx: &Tx<'_>, cx: &Context<'_>, id: &ReleaseId) -> Result<Hash32, Error> {
    if let Some(hash) = settled(cx, id).and_then(|view| view.rules_sha256.parse().ok()) {
        return Ok(hash);
    }
    let release = releases::get(tx, id)?.ok_or(Refusal::ReleaseUnknown)?;
    Ok(Hash32::of(release.rules.as_bytes()))
}

/// The public state of a release whose plan and rules cannot change any more (rule 9): they need not be read again.
fn settled<'a>(cx: &Context<'a>, id: &ReleaseId) -> Option<&'a ReleaseView> {
    cx.overview.release(id).map(Arc::as_ref).filter(|view| view.state != ReleaseState::Planned)
}

/// The plan as it was written when the release was planned.
pub(crate) fn plan_of(release: &Release) -> Result<ReleasePlan, Fault> {
    serde_json::from_str(&release.plan)
        .map_err(|error| Fault::Corrupt { what: format!("plan of {}: {error}", release.id) })
}

/// A party about to be made: its people as they are frozen.
pub(crate) struct Draft {
    pub people: Vec<PartyPerson>,
    records: Vec<(PartyRecord, Salt)>,
    /// The account's holder, who need not be one of them.
    pub holder: Option<PersonKey>,
}

impl Draft {
    /// What the draw publishes of the people of an entry.
    pub(crate) fn published(&self, cx: &Context<'_>, release: &Standing) -> Result<Vec<LeafPerson>, Fault> {
        let key = crate::release::tag_key(cx, release)?;
        let publish = |(record, salt): &(PartyRecord, Salt)| LeafPerson {
            tag: key.tag(&release.id, &record.person.nik),
            commitment: Commitment::to(&record.person, salt),
        };
        Ok(self.records.iter().map(publish).collect())
    }

    /// The people as their own account sees them on a day.
    pub(crate) fn members(&self, on: jiff::civil::Date) -> Vec<MemberView> {
        self.records.iter().map(|(record, _)| record.member(on)).collect()
    }

    /// What a holder needs to check what was published.
    pub(crate) fn receipt(&self, published: &[LeafPerson]) -> Vec<ReceiptLine> {
        self.records.iter().zip(published).map(|((record, _), published)| record.receipt(published)).collect()
    }
}

/// Freezes the chosen people of the caller's account as they are now. Refuses nobody, too many, twice, unknown, resting.
pub(crate) fn draft(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    account: AccountId,
    release: &Standing,
    plan: &ReleasePlan,
    chosen: &[ApplicantId],
) -> Result<Draft, Error> {
    if chosen.is_empty() {
        return Err(Refusal::NobodyChosen.into());
    }
    if chosen.len() > usize::from(plan.party_max) {
        return Err(Refusal::PartyTooLarge { max: u32::from(plan.party_max) }.into());
    }
    let known = applicants::list(tx, account)?;
    if known.is_empty() {
        return Err(Refusal::DetailsMissing.into());
    }
    let holder = known.iter().find(|applicant| applicant.position == 0).map(|applicant| applicant.person);
    let mut draft = Draft { people: Vec::new(), records: Vec::new(), holder };
    for (index, id) in chosen.iter().enumerate() {
        let position = index as u32;
        let applicant = known.iter().find(|applicant| applicant.id == *id).ok_or(Refusal::PersonUnknown)?;
        if draft.people.iter().any(|other: &PartyPerson| other.person == applicant.person) {
            return Err(Refusal::PersonTwice { position }.into());
        }
        let rests = rests(tx, &applicant.person, release.opens)?;
        if rests > 0 {
            return Err(Refusal::PersonRests { position, releases: rests }.into());
        }
        let person: Person = open_person(cx.keys, &applicant.sealed)?;
        let salt = Salt(entropy::bytes(cx.entropy));
        let record = PartyRecord { person, salt: salt.to_hex() };
        draft.people.push(PartyPerson { position, person: applicant.person, sealed: seal_person(cx, &record) });
        draft.records.push((record, salt));
    }
    Ok(draft)
}

/// For how many more releases a person rests when entering one that opens at `opens`; 0 means not at all.
fn rests(tx: &Tx<'_>, person: &PersonKey, opens: Timestamp) -> Result<u32, Fault> {
    let mut rests = 0;
    for strike in strikes::of_person(tx, person)? {
        if strike.lifted.is_some() || strike.releases == 0 || strike.at >= opens {
            continue;
        }
        let opened = releases::opened_between(tx, strike.at, opens)? as u32;
        rests = rests.max((strike.releases + 1).saturating_sub(opened));
    }
    Ok(rests)
}

/// Makes the party live. The two unique indexes decide; a refusal names the live thing or the person.
pub(crate) fn insert(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    account: AccountId,
    release: &ReleaseId,
    service: ServiceCode,
    passport: PassportKind,
    people: &[PartyPerson],
) -> Result<Party, Error> {
    match parties::insert(tx, account, release, service, passport, people, cx.now)? {
        Inserted::Party(id) => Ok(Party {
            id,
            account,
            release: release.clone(),
            service,
            passport,
            size: people.len() as u32,
            live: true,
            created: cx.now,
        }),
        Inserted::AccountTaken => Err(account_has_live(tx, cx, account)?.into()),
        Inserted::PersonTaken(position) => Err(Refusal::PersonHasLive { position }.into()),
    }
}

/// The refusal for an account that has something live already.
pub(crate) fn account_has_live(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<Refusal, Fault> {
    let live = parties::live_of_account(tx, account)?;
    Ok(Refusal::AccountHasLive { link: live.map(|party| link_of(cx, party.id)).unwrap_or_default() })
}

/// A person of a party as its own account sees them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// Name, masked: `Budi S***`.
    pub name: String,
    /// NIK, masked.
    pub nik: String,
    /// Under 17 on the day: needs the papers of a child.
    pub minor: bool,
}

/// The people of a party, masked.
pub(crate) fn members(
    tx: &Tx<'_>,
    cx: &Context<'_>,
    party: PartyId,
    on: jiff::civil::Date,
) -> Result<Vec<MemberView>, Fault> {
    let mut members = Vec::new();
    for member in parties::people(tx, party)? {
        if member.sealed.is_empty() {
            members.push(MemberView { name: "–".to_owned(), nik: String::new(), minor: false });
            continue;
        }
        let record: PartyRecord = open_person(cx.keys, &member.sealed)?;
        members.push(record.member(on));
    }
    Ok(members)
}

/// One line of a receipt: what the holder needs to check the published commitment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The name exactly as hashed.
    pub name: String,
    /// The birth date exactly as hashed.
    pub birth_date: jiff::civil::Date,
    /// 64 hexadecimal digits.
    pub salt: String,
    /// 64 hexadecimal digits.
    pub tag: String,
    /// 64 hexadecimal digits.
    pub commitment: String,
}

/// The receipt lines of an entry: salts, tags and commitments of its people.
pub(crate) fn receipt(tx: &Tx<'_>, cx: &Context<'_>, party: PartyId, leaf: &[u8]) -> Result<Vec<ReceiptLine>, Fault> {
    let leaf = Leaf::parse(leaf).map_err(|error| Fault::Corrupt { what: format!("leaf of {party}: {error}") })?;
    let mut lines = Vec::new();
    for (member, published) in parties::people(tx, party)?.iter().zip(leaf.people()) {
        if member.sealed.is_empty() {
            continue;
        }
        let record: PartyRecord = open_person(cx.keys, &member.sealed)?;
        lines.push(record.receipt(&published));
    }
    Ok(lines)
}

/// What is live for the account.
pub(crate) fn live(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<Option<LiveView>, Error> {
    let Some(party) = parties::live_of_account(tx, account)? else { return Ok(None) };
    view(tx, cx, &party).map(Some)
}

/// A party as an appointment if it has one, else as an entry.
pub(crate) fn view(tx: &Tx<'_>, cx: &Context<'_>, party: &Party) -> Result<LiveView, Error> {
    if let Some(appointment) = appointments::get(tx, party.id)? {
        let mut ticket = ticket_view(tx, cx, party, &appointment)?;
        ticket.sign(cx.keys);
        return Ok(LiveView::Appointment(ticket));
    }
    let entry = entries::get(tx, party.id)?
        .ok_or_else(|| Fault::Corrupt { what: format!("party {} has neither entry nor appointment", party.id) })?;
    Ok(LiveView::Entry(entry_view(tx, cx, party, &entry)?))
}

/// The account's ended parties, newest first.
pub(crate) fn earlier(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<Vec<PastView>, Error> {
    let mut past = Vec::new();
    for party in parties::ended_of_account(tx, account, EARLIER_MAX)? {
        let appointment = match appointments::get(tx, party.id)? {
            None => None,
            Some(appointment) => slots::get(tx, appointment.slot)?.map(|slot| (appointment.state, slot.key)),
        };
        past.push(PastView {
            link: link_of(cx, party.id),
            release: party.release,
            created: party.created,
            size: party.size,
            appointment,
        });
    }
    Ok(past)
}

/// Whether an entry in this state may still get a place.
pub(crate) fn waits(state: EntryState) -> bool {
    matches!(state, EntryState::Entered | EntryState::Standby)
}
