//! Who I am: the holder, the family on the same card, consent, and the rights to read, correct and delete.

use antrean_domain::keys::Keyring;
use antrean_domain::kk::FamilyCard;
use antrean_domain::name::FullName;
use antrean_domain::nik::{Nik, NikWarning, Sex};
use antrean_domain::person::Person;
use antrean_domain::phone::Phone;
use antrean_store::ids::{AccountId, ApplicantId};
use antrean_store::{Fault, Lane, Tx, accounts, applicants, disowned, parties, strikes, visits};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::caller::{Actor, HOME_ZONE, Language};
use crate::day::DayRefusal;
use crate::entropy;
use crate::limit::{self, DAY_S, Limited};
use crate::operation::{Context, Error, Note, Operation, trifles_limit};
use crate::party::{self, LiveView, PastView};
use crate::refusal::Refusal;

/// The holder and four others: one family card, one ticket.
pub const PEOPLE_MAX: u32 = 5;
/// From this age a person has their own account.
pub const ADULT_YEARS: u8 = 17;

const SEAL_ACCOUNT: &str = "account";
/// The purpose under which a person's data is sealed, in an account and in a party.
pub(crate) const SEAL_PERSON: &str = "person";

/// What is sealed beside an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The verified phone number; `None` once the account was deleted.
    pub phone: Option<Phone>,
    /// The family card that the holder stated.
    pub family_card: Option<FamilyCard>,
}

/// Seals an account's record.
pub(crate) fn seal_account(cx: &Context<'_>, record: &AccountRecord) -> Vec<u8> {
    let plain = serde_json::to_vec(record).expect("a record is plain data");
    cx.keys.seal(SEAL_ACCOUNT, &plain, entropy::bytes(cx.entropy))
}

/// Opens a sealed account record.
pub(crate) fn open_account(keys: &Keyring, sealed: &[u8]) -> Result<AccountRecord, Fault> {
    if sealed.is_empty() {
        // The account was deleted.
        return Ok(AccountRecord::default());
    }
    let broken = || Fault::Corrupt { what: "a sealed account record".to_owned() };
    let plain = keys.open(SEAL_ACCOUNT, sealed).map_err(|_| broken())?;
    serde_json::from_slice(&plain).map_err(|_| broken())
}

/// The record of a stored account.
pub fn account_record(keys: &Keyring, row: &accounts::Account) -> Result<AccountRecord, Fault> {
    open_account(keys, &row.sealed)
}

/// Seals a person's data. The purpose is the same in an account and in a party, so that a party copies it.
pub(crate) fn seal_person<T: Serialize>(cx: &Context<'_>, record: &T) -> Vec<u8> {
    let plain = serde_json::to_vec(record).expect("a record is plain data");
    cx.keys.seal(SEAL_PERSON, &plain, entropy::bytes(cx.entropy))
}

/// Opens a person's sealed data.
pub(crate) fn open_person<T: serde::de::DeserializeOwned>(keys: &Keyring, sealed: &[u8]) -> Result<T, Fault> {
    let broken = || Fault::Corrupt { what: "a sealed person record".to_owned() };
    let plain = keys.open(SEAL_PERSON, sealed).map_err(|_| broken())?;
    serde_json::from_slice(&plain).map_err(|_| broken())
}

/// A person as their own account sees them: the NIK masked, the rest whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonView {
    /// Number for choosing and changing this person.
    pub id: ApplicantId,
    /// 0 is the holder.
    pub position: u32,
    /// Name as stated.
    pub name: FullName,
    /// `************0000`.
    pub nik: String,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex, where it was stated.
    pub sex: Option<Sex>,
    /// Under 17 today: needs the papers of a child.
    pub minor: bool,
    /// What should be looked at again; never a reason to refuse.
    pub warnings: Vec<NikWarning>,
}

/// Everything about the caller's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mine {
    /// The verified number, masked.
    pub phone: String,
    /// The language of messages.
    pub language: Language,
    /// The family card, masked.
    pub family_card: Option<String>,
    /// When the holder agreed to the use of their data.
    pub consent: Option<Timestamp>,
    /// The holder (position 0) and the family. Empty until the holder has said who they are.
    pub people: Vec<PersonView>,
    /// The live entry or appointment.
    pub live: Option<LiveView>,
    /// What ended, newest first, at most 20.
    pub earlier: Vec<PastView>,
    /// Missed appointments and late cancellations that still count.
    pub strikes: Vec<StrikeView>,
}

/// A missed appointment or late cancellation as its holder sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrikeView {
    /// Position of the person in the account.
    pub position: u32,
    /// `no_show` or `late_cancellation`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// For how many releases the person rests.
    pub releases: u32,
}

/// Reads everything about the caller's account.
pub fn mine(tx: &Tx<'_>, cx: &Context<'_>) -> Result<Mine, Error> {
    let account = cx.account(tx)?;
    let row = accounts::get(tx, account)?.ok_or(Refusal::SignedOut)?;
    let record = account_record(cx.keys, &row)?;
    let today = HOME_ZONE.local(cx.now).date();
    let mut people = Vec::new();
    let mut counted = Vec::new();
    for applicant in applicants::list(tx, account)? {
        let person: Person = open_person(cx.keys, &applicant.sealed)?;
        for strike in strikes::of_person(tx, &applicant.person)?.into_iter().filter(|strike| strike.lifted.is_none()) {
            counted.push(StrikeView {
                position: applicant.position,
                kind: strike.kind.as_str().to_owned(),
                at: strike.at,
                releases: strike.releases,
            });
        }
        people.push(view(cx, applicant.id, applicant.position, &person, today));
    }
    Ok(Mine {
        phone: record.phone.as_ref().map(Phone::masked).unwrap_or_default(),
        language: Language::from_tag(&row.language),
        family_card: record.family_card.as_ref().map(FamilyCard::masked),
        consent: row.consent,
        people,
        live: party::live(tx, cx, account)?,
        earlier: party::earlier(tx, cx, account)?,
        strikes: counted,
    })
}

fn view(cx: &Context<'_>, id: ApplicantId, position: u32, person: &Person, today: Date) -> PersonView {
    PersonView {
        id,
        position,
        name: person.name.clone(),
        nik: person.nik.masked(),
        birth_date: person.birth_date,
        sex: person.sex,
        minor: person.age_on(today) < ADULT_YEARS,
        warnings: person.nik.warnings(Some(person.birth_date), person.sex, &cx.catalogue.regions),
    }
}

/// The holder says who they are, or corrects it while nothing is live.
#[derive(Serialize, Deserialize)]
pub struct StateSelf {
    /// The holder's own NIK.
    pub nik: Nik,
    /// The family card (KK).
    pub family_card: FamilyCard,
    /// Full name as on the KTP.
    pub name: FullName,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex, if stated.
    pub sex: Option<Sex>,
    /// Agreement to the use of the data (UU 27/2022).
    pub consent: bool,
    /// Married people count as adults whatever their age.
    #[serde(default)]
    pub married: bool,
}

impl Operation for StateSelf {
    const NAME: &'static str = "state_self";
    const LANE: Lane = Lane::SignIn;
    type Outcome = Mine;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Mine, Error> {
        let account = cx.account(tx)?;
        people_limit(tx, cx, account)?;
        let row = accounts::get(tx, account)?.ok_or(Refusal::SignedOut)?;
        if !self.consent && row.consent.is_none() {
            return Err(Refusal::ConsentMissing.into());
        }
        let person = Person { nik: self.nik, name: self.name.clone(), birth_date: self.birth_date, sex: self.sex };
        let years = person.age_on(HOME_ZONE.local(cx.now).date());
        if years < ADULT_YEARS && !self.married {
            return Err(Refusal::Underage { years }.into());
        }
        // A live party holds a copy of the data as it was; changing the account's copy then would only confuse.
        if parties::live_of_account(tx, account)?.is_some() {
            return Err(Refusal::InLiveParty.into());
        }
        let key = cx.keys.person_key(&self.nik);
        if disowned::holds(tx, &key, account)? {
            return Err(DayRefusal::Disowned.into());
        }
        if applicants::list(tx, account)?.iter().any(|other| other.position > 0 && other.person == key) {
            return Err(Refusal::AlreadyInFamily.into());
        }
        let mut record = account_record(cx.keys, &row)?;
        record.family_card = Some(self.family_card);
        accounts::set_sealed(tx, account, &seal_account(cx, &record))?;
        if row.consent.is_none() {
            accounts::set_consent(tx, account, cx.now)?;
        }
        applicants::put_holder(tx, account, &key, &seal_person(cx, &person), cx.now)?;
        cx.note(tx, Actor::Account(account), Note { kind: "stated_self", ..Note::default() })?;
        mine(tx, cx)
    }
}

/// Adds a person of the same family card.
#[derive(Serialize, Deserialize)]
pub struct AddFamily {
    /// Their NIK (children have one on the family card).
    pub nik: Nik,
    /// Full name.
    pub name: FullName,
    /// Date of birth.
    pub birth_date: Date,
    /// Sex, if stated.
    pub sex: Option<Sex>,
}

impl Operation for AddFamily {
    const NAME: &'static str = "add_family";
    const LANE: Lane = Lane::SignIn;
    type Outcome = Mine;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Mine, Error> {
        let account = cx.account(tx)?;
        people_limit(tx, cx, account)?;
        let known = applicants::list(tx, account)?;
        if known.is_empty() {
            return Err(Refusal::DetailsMissing.into());
        }
        let key = cx.keys.person_key(&self.nik);
        if disowned::holds(tx, &key, account)? {
            return Err(DayRefusal::Disowned.into());
        }
        if known.iter().any(|other| other.person == key) {
            return Err(Refusal::AlreadyInFamily.into());
        }
        let Some(position) = (1..PEOPLE_MAX).find(|place| known.iter().all(|other| other.position != *place)) else {
            return Err(Refusal::FamilyFull { max: PEOPLE_MAX }.into());
        };
        let person = Person { nik: self.nik, name: self.name.clone(), birth_date: self.birth_date, sex: self.sex };
        if applicants::add(tx, account, position, &key, &seal_person(cx, &person), cx.now)?.is_none() {
            return Err(Refusal::AlreadyInFamily.into());
        }
        cx.note(tx, Actor::Account(account), Note { kind: "family_added", ..Note::default() })?;
        mine(tx, cx)
    }
}

/// Takes a person out of the account. The holder stays: deleting the account is another thing.
#[derive(Serialize, Deserialize)]
pub struct RemoveFamily {
    /// Which person.
    pub person: ApplicantId,
}

impl Operation for RemoveFamily {
    const NAME: &'static str = "remove_family";
    const LANE: Lane = Lane::SignIn;
    type Outcome = Mine;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Mine, Error> {
        let account = cx.account(tx)?;
        let person = applicants::get(tx, self.person, account)?
            .filter(|person| person.position > 0)
            .ok_or(Refusal::PersonUnknown)?;
        if let Some(live) = parties::live_of_account(tx, account)?
            && parties::people(tx, live.id)?.iter().any(|member| member.person == person.person)
        {
            return Err(Refusal::InLiveParty.into());
        }
        applicants::remove(tx, self.person, account)?;
        cx.note(tx, Actor::Account(account), Note { kind: "family_removed", ..Note::default() })?;
        mine(tx, cx)
    }
}

/// Sets the language of messages.
#[derive(Serialize, Deserialize)]
pub struct SetLanguage {
    /// The language.
    pub language: Language,
}

impl Operation for SetLanguage {
    const NAME: &'static str = "set_language";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let account = cx.account(tx)?;
        trifles_limit(tx, cx, account)?;
        Ok(accounts::set_language(tx, account, self.language.tag())?)
    }
}

/// Deletes the account: sessions, phone, family card and people. Refused while something is live.
///
/// What remains are the hashes that hold rules 1 and 10, without anything that can be read.
#[derive(Serialize, Deserialize)]
pub struct Forget {}

impl Operation for Forget {
    const NAME: &'static str = "forget";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let account = cx.account(tx)?;
        if parties::live_of_account(tx, account)?.is_some() {
            return Err(Refusal::InLiveParty.into());
        }
        cx.note(tx, Actor::Account(account), Note { kind: "forgotten", ..Note::default() })?;
        parties::erase_of_account(tx, account)?;
        visits::erase_notes_of_account(tx, account)?;
        Ok(accounts::erase(tx, account, entropy::bytes(cx.entropy))?)
    }
}

fn people_limit(tx: &Tx<'_>, cx: &Context<'_>, account: AccountId) -> Result<(), Error> {
    let whom = account.0.to_be_bytes();
    limit::take(tx, cx, Limited::PeopleOfAccount, &whom, DAY_S, cx.policy.people_per_account_day)
}
