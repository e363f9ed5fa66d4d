//! Entering a draw, one question a page: what for, who, which choices, check; then the single commit. The draft lives on
//! the server, so that a lost connection loses nothing. The first two questions serve booking as well.

use std::sync::Arc;

use antrean_app::Refusal;
use antrean_app::draft::{self, Draft, SaveDraft};
use antrean_app::entry::{Change, Enter, EntryView};
use antrean_app::me::Mine;
use antrean_app::overview::ReleaseView;
use antrean_app::party::LiveView;
use antrean_domain::draw::entry::Choice;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_domain::service::{PassportKind, ServiceCode, Validity};
use antrean_store::entries::EntryState;
use antrean_store::ids::ApplicantId;
use antrean_store::releases::ReleaseState;
use antrean_words::Arg;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::input::Fields;
use crate::pages::Page;
use crate::pages::me::{ADDED_FIELD, path_of};
use crate::pages::pick::{ChoiceLine, Purpose, TimeForm, choice_lines, choice_of, office_of, office_page, time_page};
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, Visit, onward, show, with_onward};
use crate::problem::BadRequest;
use crate::state::WebState;

/// Questions before the commit: what for, who, which choices, check.
const STEPS: u32 = 4;

/// Entering a draw.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/antrean/{release}/daftar", get(start))
        .route("/antrean/{release}/daftar/layanan", get(ask_service).post(set_service))
        .route("/antrean/{release}/daftar/orang", get(ask_people).post(set_people))
        .route("/antrean/{release}/daftar/pilihan", get(ask_choices).post(set_choices))
        .route("/antrean/{release}/daftar/pilihan/kantor", get(ask_office))
        .route("/antrean/{release}/daftar/pilihan/jam", get(ask_time).post(add_choice))
        .route("/antrean/{release}/daftar/periksa", get(check).post(commit))
}

/// What has been filled in so far, with everything that the questions need.
pub(crate) struct Filling {
    pub mine: Mine,
    pub release: Arc<ReleaseView>,
    pub draft: Draft,
    /// The entry that is being changed; none while it is a new one.
    pub entry: Option<EntryView>,
    /// A live entry on standby in this very release, which may take a place that is free.
    pub standby: Option<EntryView>,
}

impl Filling {
    /// Reads it for the person. Whoever has something else live already is told so instead.
    pub async fn read(visit: &Visit, release: &str) -> Result<Self, Detour> {
        let release = release_of(visit, release)?;
        let mut mine = visit.known().await?;
        let (mut entry, mut standby) = (None, None);
        match mine.live.take() {
            None => {}
            Some(LiveView::Entry(live)) if live.release == release.id && live.state == EntryState::Entered => {
                entry = Some(live);
            }
            Some(LiveView::Entry(live)) if live.release == release.id && live.state == EntryState::Standby => {
                standby = Some(live);
            }
            Some(other) => return Err(Detour::Shown(Box::new(already_live(visit, &other)?))),
        }
        let kept = visit.ask(draft::load).await??.filter(|draft| draft.release == release.id);
        let draft = match (kept, &entry) {
            (Some(draft), _) => draft,
            (None, Some(entry)) => draft_of(entry, &mine),
            (None, None) => Draft::new(release.id.clone()),
        };
        Ok(Self { mine, release, draft, entry, standby })
    }

    /// The same, for the steps that only an open draw has: at any other time the release's own page says what is the matter.
    async fn open(visit: &Visit, release: &str) -> Result<Self, Detour> {
        let filling = Self::read(visit, release).await?;
        let plan = &filling.release.plan;
        let open = filling.release.state == ReleaseState::Open && visit.app().now() < plan.freeze;
        if plan.mode == Mode::FirstCome {
            return Err(Detour::To(format!("/antrean/{}/tempat", plan.id)));
        }
        if let Some(standby) = &filling.standby {
            return Err(Detour::To(format!("/entri/{}", standby.link)));
        }
        if !open {
            return Err(Detour::To(format!("/antrean/{}", plan.id)));
        }
        Ok(filling)
    }

    pub fn base(&self) -> String {
        format!("/antrean/{}/daftar", self.release.id)
    }

    /// The first question without an answer, else the check.
    fn next_step(&self) -> String {
        let step = if self.draft.service.is_none() || self.draft.passport.is_none() {
            "layanan"
        } else if self.draft.people.is_empty() {
            "orang"
        } else if self.draft.choices.is_empty() {
            "pilihan"
        } else {
            "periksa"
        };
        format!("{}/{step}", self.base())
    }

    async fn save(&self, visit: &Visit) -> Result<(), Detour> {
        // Without a key: keeping a draft twice is keeping it once.
        visit.perform(&Sent::default(), SaveDraft { draft: self.draft.clone() }).await?.map_err(Detour::from)
    }

    /// What is picked for, on the pages of one choice.
    fn purpose(&self) -> Purpose<'_> {
        Purpose {
            release: &self.release,
            service: self.draft.service.zip(self.draft.passport),
            size: self.draft.people.len().max(1) as u32,
            now: false,
            title: "enter-office-title",
            here: format!("{}/pilihan/kantor", self.base()),
            next: format!("{}/pilihan/jam", self.base()),
            back: format!("{}/pilihan", self.base()),
            kept: Vec::new(),
        }
    }

    /// The people chosen, in the order of the account, as (name, note).
    pub fn chosen(&self, visit: &Visit) -> Vec<String> {
        let chosen = self.mine.people.iter().filter(|person| self.draft.people.contains(&person.id));
        let line = |person: &antrean_app::me::PersonView| {
            let name = person.name.as_str();
            if person.minor {
                visit.words.say_with("enter-person-child", &[("name", Arg::from(name))])
            } else {
                name.to_owned()
            }
        };
        chosen.map(line).collect()
    }
}

/// A release by the name in the address.
pub(crate) fn release_of(visit: &Visit, id: &str) -> Result<Arc<ReleaseView>, Detour> {
    let id = ReleaseId::parse(id).map_err(|_| Detour::from(BadRequest::NotFound))?;
    visit.app().overview().release(&id).cloned().ok_or_else(|| Detour::from(Refusal::ReleaseUnknown))
}

/// An entry as a draft. Its people are found again among those of the account by what the receipt says of them: masked, two
/// brothers can be one.
pub(crate) fn draft_of(entry: &EntryView, mine: &Mine) -> Draft {
    let same = |person: &&antrean_app::me::PersonView| {
        entry.receipt.iter().any(|line| line.name == person.name.as_str() && line.birth_date == person.birth_date)
    };
    Draft {
        release: entry.release.clone(),
        service: Some(entry.service),
        passport: Some(entry.passport),
        people: mine.people.iter().filter(same).map(|person| person.id).collect(),
        choices: entry.choices.clone(),
    }
}

/// A page that says one thing and what to do now.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct NoticePage {
    pub page: Page,
    pub lines: Vec<String>,
    /// Words and address of each way on, the best first.
    pub ways: Vec<(String, String)>,
}

/// Says that something else is live, and leads to it.
pub(crate) fn already_live(visit: &Visit, live: &LiveView) -> Answer {
    let words = visit.words;
    let open = match live {
        LiveView::Entry(_) => words.say("me-open-entry"),
        LiveView::Appointment(_) => words.say("me-open-ticket"),
    };
    let page = NoticePage {
        page: visit.page("enter-live-title", &Faults::none()),
        lines: vec![words.say("enter-live-why")],
        ways: vec![(open, path_of(live))],
    };
    show(StatusCode::OK, &page)
}

async fn start(visit: Visit, Named(release): Named<String>) -> Answer {
    let filling = Filling::open(&visit, &release).await?;
    Ok(onward(&filling.next_step()))
}

// ---- what for ----

struct ServiceRadio {
    value: &'static str,
    name: String,
    hint: String,
}

#[derive(Template)]
#[template(path = "enter_service.html")]
struct ServicePage {
    page: Page,
    faults: Faults,
    key: String,
    step: String,
    action: String,
    onward: Option<String>,
    services: Vec<ServiceRadio>,
    passports: Vec<ServiceRadio>,
    service: String,
    passport: String,
    back: String,
}

async fn ask_service(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let filling = Filling::read(&visit, &release).await?;
    let filled = Sent::of([
        ("service", filling.draft.service.map(service_value).unwrap_or_default().to_owned()),
        ("passport", filling.draft.passport.map(passport_value).unwrap_or_default().to_owned()),
        ("lanjut", sent.get("lanjut").to_owned()),
    ]);
    service_page(&visit, &filling, &filled, Faults::none())
}

fn service_page(visit: &Visit, filling: &Filling, sent: &Sent, faults: Faults) -> Answer {
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let services = catalogue.services.online().map(|service| ServiceRadio {
        value: service_value(service.code),
        name: words.service(service.code),
        hint: words.text(&service.who).to_owned(),
    });
    let passports = [PassportKind::Ordinary, PassportKind::Electronic].map(|kind| ServiceRadio {
        value: passport_value(kind),
        name: words.passport(kind),
        hint: fees(visit, kind),
    });
    let page = ServicePage {
        page: visit.page("enter-service-title", &faults),
        key: visit.new_key(),
        step: step(visit, filling, 1),
        action: format!("{}/layanan", filling.base()),
        onward: sent.onward().map(str::to_owned),
        services: services.collect(),
        passports: passports.into(),
        service: sent.get("service").to_owned(),
        passport: sent.get("passport").to_owned(),
        back: sent.onward().map_or_else(|| format!("/antrean/{}", filling.release.id), str::to_owned),
        faults,
    };
    show(page.faults.status(), &page)
}

/// What a passport of a kind costs.
pub(crate) fn fees(visit: &Visit, kind: PassportKind) -> String {
    let services = &visit.app().catalogue().services;
    let fee = |validity| Arg::from(visit.words.rupiah(services.fee(kind, validity)));
    visit.words.say_with("enter-fees", &[("five", fee(Validity::Five)), ("ten", fee(Validity::Ten))])
}

/// "Step 2 of 4"; nothing on the way to a booking, which has other steps.
fn step(visit: &Visit, filling: &Filling, number: u32) -> String {
    if filling.release.mode == Mode::FirstCome || filling.release.state != ReleaseState::Open {
        return String::new();
    }
    visit.words.say_with("enter-step", &[("step", Arg::from(number)), ("of", Arg::from(STEPS))])
}

/// The value of a service in forms.
pub(crate) fn service_value(service: ServiceCode) -> &'static str {
    match service {
        ServiceCode::New => "new",
        ServiceCode::Replacement => "replacement",
        ServiceCode::Child => "child",
        ServiceCode::Lost => "lost",
        ServiceCode::Damaged => "damaged",
        ServiceCode::DataChange => "data_change",
    }
}

/// The value of a kind of passport in forms.
pub(crate) fn passport_value(kind: PassportKind) -> &'static str {
    match kind {
        PassportKind::Ordinary => "ordinary",
        PassportKind::Electronic => "electronic",
    }
}

async fn set_service(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let mut filling = Filling::read(&visit, &release).await?;
    let mut fields = Fields::new(visit.app().now());
    let service = fields.service("service", sent.get("service"));
    let passport = fields.passport("passport", sent.get("passport"));
    let (Some(service), Some(passport)) = (service, passport) else {
        let mut faults = Faults::none();
        if service.is_none() {
            faults.add("service", visit.words.say("enter-service-missing"));
        }
        if passport.is_none() {
            faults.add("passport", visit.words.say("enter-passport-missing"));
        }
        return service_page(&visit, &filling, &sent, faults);
    };
    (filling.draft.service, filling.draft.passport) = (Some(service), Some(passport));
    filling.save(&visit).await?;
    Ok(onward(&sent.onward().map_or_else(|| filling.next_step(), str::to_owned)))
}

// ---- who ----

struct PersonBox {
    id: String,
    name: String,
    hint: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "enter_people.html")]
struct PeoplePage {
    page: Page,
    faults: Faults,
    key: String,
    step: String,
    action: String,
    onward: Option<String>,
    people: Vec<PersonBox>,
    hint: String,
    can_add: bool,
    back: String,
}

async fn ask_people(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let filling = Filling::read(&visit, &release).await?;
    people_page(&visit, &filling, &sent, Faults::none())
}

fn people_page(visit: &Visit, filling: &Filling, sent: &Sent, faults: Faults) -> Answer {
    let words = visit.words;
    let mine = &filling.mine;
    // Who is alone, or has chosen nobody yet, most likely comes themselves.
    let added = sent.get(ADDED_FIELD);
    let nobody = filling.draft.people.is_empty() && added.is_empty();
    let people = mine.people.iter().map(|person| PersonBox {
        id: person.id.to_string(),
        name: person.name.as_str().to_owned(),
        hint: if person.minor { words.say("enter-people-child") } else { person.nik.clone() },
        ticked: filling.draft.people.contains(&person.id)
            || person.id.to_string() == added
            || (nobody && person.position == 0 && !faults.any()),
    });
    let page = PeoplePage {
        page: visit.page("enter-people-title", &faults),
        key: visit.new_key(),
        step: step(visit, filling, 2),
        action: format!("{}/orang", filling.base()),
        onward: sent.onward().map(str::to_owned),
        people: people.collect(),
        hint: words.say_with("enter-people-hint", &[("max", Arg::from(filling.release.plan.party_max))]),
        can_add: mine.people.len() < antrean_app::me::PEOPLE_MAX as usize,
        back: sent.onward().map_or_else(|| format!("{}/layanan", filling.base()), str::to_owned),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn set_people(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let mut filling = Filling::read(&visit, &release).await?;
    let ticked: Vec<ApplicantId> =
        sent.all("people").into_iter().filter_map(|id| id.parse().ok().map(ApplicantId)).collect();
    let known = filling.mine.people.iter().map(|person| person.id);
    filling.draft.people = known.filter(|id| ticked.contains(id)).collect();
    if sent.has("aksi", "tambah") {
        filling.save(&visit).await?;
        let here = format!("{}/orang", filling.base());
        let here = sent.onward().map_or(here.clone(), |goal| with_onward(&here, goal));
        return Ok(onward(&with_onward("/saya/keluarga", &here)));
    }
    let max = filling.release.plan.party_max;
    let refused = match filling.draft.people.len() {
        0 => Some(Refusal::NobodyChosen),
        chosen if chosen > usize::from(max) => Some(Refusal::PartyTooLarge { max: max.into() }),
        _ => None,
    };
    if let Some(refusal) = refused {
        let faults = Faults::one("people", visit.explain(&refusal));
        return people_page(&visit, &filling, &sent, faults);
    }
    filling.save(&visit).await?;
    Ok(onward(&sent.onward().map_or_else(|| filling.next_step(), str::to_owned)))
}

// ---- which choices ----

#[derive(Template)]
#[template(path = "enter_choices.html")]
struct ChoicesPage {
    page: Page,
    faults: Faults,
    key: String,
    step: String,
    action: String,
    choices: Vec<ChoiceLine>,
    add: String,
    can_add: bool,
    hint: String,
    back: String,
}

async fn ask_choices(visit: Visit, Named(release): Named<String>) -> Answer {
    let filling = Filling::open(&visit, &release).await?;
    choices_page(&visit, &filling, Faults::none())
}

fn choices_page(visit: &Visit, filling: &Filling, faults: Faults) -> Answer {
    let choices = &filling.draft.choices;
    let max = filling.release.plan.choices_max;
    let page = ChoicesPage {
        page: visit.page("enter-choices-title", &faults),
        key: visit.new_key(),
        step: step(visit, filling, 3),
        action: format!("{}/pilihan", filling.base()),
        choices: choice_lines(visit, Some(&filling.release), choices),
        add: format!("{}/pilihan/kantor", filling.base()),
        can_add: choices.len() < usize::from(max),
        hint: visit.words.say_with("enter-choices-hint", &[("max", Arg::from(max))]),
        back: format!("{}/orang", filling.base()),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn set_choices(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let mut filling = Filling::open(&visit, &release).await?;
    let choices = &mut filling.draft.choices;
    let action = sent
        .get("aksi")
        .split_once(' ')
        .map(|(verb, choice)| (verb, choices.iter().position(|known| known.to_string() == choice)));
    match action {
        None if choices.is_empty() => {
            let faults = Faults::one("tambah", visit.explain(&Refusal::NoChoice));
            return choices_page(&visit, &filling, faults);
        }
        None => return Ok(onward(&filling.next_step())),
        // The buttons name the choice, not its place: sent twice, "remove" removes once.
        Some(("naik", Some(at))) if at > 0 => choices.swap(at, at - 1),
        Some(("turun", Some(at))) if at + 1 < choices.len() => choices.swap(at, at + 1),
        Some(("hapus", Some(at))) => {
            choices.remove(at);
        }
        Some(_) => {}
    }
    filling.save(&visit).await?;
    Ok(onward(&format!("{}/pilihan", filling.base())))
}

async fn ask_office(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let filling = Filling::open(&visit, &release).await?;
    office_page(&visit, &sent, &filling.purpose())
}

async fn ask_time(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let filling = Filling::open(&visit, &release).await?;
    choice_page(&visit, &filling, &sent, Faults::none())
}

fn choice_page(visit: &Visit, filling: &Filling, sent: &Sent, faults: Faults) -> Answer {
    let catalogue = visit.app().catalogue();
    let purpose = filling.purpose();
    let Some(office) = office_of(&catalogue.offices, sent) else { return Ok(onward(&purpose.here)) };
    if purpose.why_not(visit, office).is_some() {
        // Its line in the list says why.
        return Ok(onward(&purpose.link(&purpose.here, &[("cari", &office.name)])));
    }
    let form = TimeForm { method: "post", action: purpose.next.clone(), submit: "pick-add" };
    time_page(visit, sent, &purpose, office, form, faults)
}

async fn add_choice(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    let mut filling = Filling::open(&visit, &release).await?;
    let catalogue = visit.app().catalogue();
    let Some(office) = office_of(&catalogue.offices, &sent) else { return Ok(onward(&filling.purpose().here)) };
    let choice = match choice_of(&visit, &sent, &filling.release, office) {
        Ok(choice) => choice,
        Err(faults) => return choice_page(&visit, &filling, &sent, faults),
    };
    let list = format!("{}/pilihan", filling.base());
    if filling.draft.choices.contains(&choice) {
        // Pressed twice, or chosen before: it is in the list, which is what was wanted.
        return Ok(onward(&list));
    }
    let max = filling.release.plan.choices_max;
    if filling.draft.choices.len() >= usize::from(max) {
        let faults = Faults::one("date", visit.explain(&Refusal::TooManyChoices { max: max.into() }));
        return choice_page(&visit, &filling, &sent, faults);
    }
    filling.draft.choices.push(choice);
    filling.save(&visit).await?;
    Ok(onward(&list))
}

// ---- check and commit ----

#[derive(Template)]
#[template(path = "enter_check.html")]
struct CheckPage {
    page: Page,
    faults: Faults,
    key: String,
    step: String,
    base: String,
    here: String,
    service: String,
    passport: String,
    service_value: &'static str,
    passport_value: &'static str,
    people: Vec<String>,
    people_ids: Vec<String>,
    choices: Vec<ChoiceLine>,
    /// The link of the entry that is changed.
    entry: Option<String>,
    when: String,
}

async fn check(visit: Visit, Named(release): Named<String>) -> Answer {
    let filling = Filling::open(&visit, &release).await?;
    check_page(&visit, &filling, Faults::none())
}

fn check_page(visit: &Visit, filling: &Filling, faults: Faults) -> Answer {
    let next = filling.next_step();
    let here = format!("{}/periksa", filling.base());
    let (Some(service), Some(passport)) = (filling.draft.service, filling.draft.passport) else {
        return Ok(onward(&next));
    };
    if next != here {
        return Ok(onward(&next));
    }
    let words = visit.words;
    let draw = words.instant(filling.release.draw, antrean_app::caller::HOME_ZONE);
    let page = CheckPage {
        page: visit
            .page(if filling.entry.is_some() { "enter-check-change-title" } else { "enter-check-title" }, &faults),
        key: visit.new_key(),
        step: step(visit, filling, 4),
        base: filling.base(),
        here,
        service: words.service(service),
        passport: words.passport(passport),
        service_value: service_value(service),
        passport_value: passport_value(passport),
        people: filling.chosen(visit),
        people_ids: filling.draft.people.iter().map(ToString::to_string).collect(),
        choices: choice_lines(visit, Some(&filling.release), &filling.draft.choices),
        entry: filling.entry.as_ref().map(|entry| entry.link.clone()),
        when: words.say_with("enter-check-when", &[("draw", Arg::from(draw))]),
        faults,
    };
    show(page.faults.status(), &page)
}

/// What the check showed, as its form sends it: what was seen is what is entered, whatever the draft has become.
struct Checked {
    service: ServiceCode,
    passport: PassportKind,
    people: Vec<ApplicantId>,
    choices: Vec<Choice>,
}

impl Checked {
    fn read(visit: &Visit, sent: &Sent) -> Result<Self, Faults> {
        let mut fields = Fields::new(visit.app().now());
        let service = fields.service("service", sent.get("service"));
        let passport = fields.passport("passport", sent.get("passport"));
        let people = fields.people("people", sent.all("people"));
        let choices = fields.choices("choices", sent.all("choices"));
        match (service, passport, people, choices) {
            (Some(service), Some(passport), Some(people), Some(choices)) => {
                Ok(Self { service, passport, people, choices })
            }
            _ => Err(Faults::read(&fields.wrong(), visit.words)),
        }
    }
}

async fn commit(visit: Visit, Named(release): Named<String>, sent: Sent) -> Answer {
    // The draft is not asked here: a form sent twice finds it gone, and must get the same answer all the same.
    let view = release_of(&visit, &release)?;
    let Checked { service, passport, people, choices } = match Checked::read(&visit, &sent) {
        Ok(checked) => checked,
        Err(faults) => return check_page(&visit, &Filling::open(&visit, &release).await?, faults),
    };
    let done = match sent.get("entri") {
        "" => visit.perform(&sent, Enter { release: view.id.clone(), people, service, passport, choices }).await?,
        link => visit.perform(&sent, Change { link: link.to_owned(), people, service, passport, choices }).await?,
    };
    match done {
        Ok(entry) => Ok(onward(&format!("/entri/{}", entry.link))),
        Err(Refusal::AccountHasLive { link }) => {
            let page = NoticePage {
                page: visit.page("enter-live-title", &Faults::none()),
                lines: vec![visit.words.say("enter-live-why")],
                ways: vec![(visit.words.say("me-open-entry"), format!("/entri/{link}"))],
            };
            show(StatusCode::CONFLICT, &page)
        }
        Err(
            refusal @ (Refusal::EntriesClosed { .. } | Refusal::NotOpenYet { office: None, .. } | Refusal::EntryFinal),
        ) => {
            let explained = visit.words.refusal(&refusal, &visit.app().catalogue());
            let page = NoticePage {
                page: visit.titled(explained.title),
                lines: vec![explained.detail],
                ways: vec![(visit.words.say("me-see-release"), format!("/antrean/{release}"))],
            };
            show(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => {
            let filling = Filling::open(&visit, &release).await?;
            let explained = visit.words.refusal(&refusal, &visit.app().catalogue());
            let faults =
                Faults::one(explained.field.unwrap_or("choices"), format!("{}. {}", explained.title, explained.detail));
            check_page(&visit, &filling, faults)
        }
    }
}
