//! One's own data: saying who one is, the family on the same card, what is live and what was, and the rights over all of it.

use antrean_app::Refusal;
use antrean_app::caller::{HOME_ZONE, Language};
use antrean_app::me::{AddFamily, Forget, Mine, PEOPLE_MAX, PersonView, RemoveFamily, SetLanguage, StateSelf};
use antrean_app::party::LiveView;
use antrean_domain::name::FullName;
use antrean_domain::nik::{Nik, NikWarning, Sex};
use antrean_words::{Arg, Words};
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::Date;

use crate::caller::{LANGUAGE_FIELD, kept_cookie, no_session_cookie};
use crate::input::Fields;
use crate::pages::Page;
use crate::pages::visit::{Answer, Faults, Named, Sent, Visit, onward, onward_with, show, with_onward};
use crate::state::WebState;

/// A year, in which a chosen language is remembered.
const LANGUAGE_KEPT_S: u64 = 365 * 24 * 60 * 60;

/// One's own data.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/daftar", get(ask_self).post(state_self))
        .route("/saya", get(mine))
        .route("/saya/keluarga", get(ask_family).post(add_family))
        .route("/saya/keluarga/{person}/hapus", get(ask_removal).post(remove_family))
        .route("/saya/bahasa", post(set_language).get(back_home))
        .route("/saya/data.json", get(data))
        .route("/saya/hapus", get(ask_forget).post(forget))
        .route("/saya/sudah-dihapus", get(forgotten))
}

// ---- saying who somebody is ----

/// What the form about a person said, once all of it could be read.
struct Stated {
    nik: Nik,
    name: FullName,
    birth_date: Date,
    sex: Option<Sex>,
}

impl Stated {
    /// Reads the fields in the order in which they stand on the page.
    fn read(fields: &mut Fields, sent: &Sent) -> Option<Self> {
        let name = fields.name("name", sent.get("name"));
        let nik = fields.nik("nik", sent.get("nik"));
        let birth_date = fields.birth_date("birth_date", &sent.birth_date());
        let sex = fields.sex("sex", Some(sent.get("sex")));
        Some(Self { nik: nik?, name: name?, birth_date: birth_date?, sex: sex? })
    }

    /// What should be looked at again before it is taken; nothing once the person has said that it is right.
    fn doubts(&self, visit: &Visit, sent: &Sent) -> Vec<String> {
        if sent.has("tetap", "1") {
            return Vec::new();
        }
        let catalogue = visit.app().catalogue();
        let warnings = self.nik.warnings(Some(self.birth_date), self.sex, &catalogue.regions);
        doubts(visit.words, &warnings)
    }
}

/// Warnings in words. That a region has another name today is no doubt.
fn doubts(words: &Words, warnings: &[NikWarning]) -> Vec<String> {
    let doubtful = warnings.iter().filter(|warning| !matches!(warning, NikWarning::FormerRegion { .. }));
    doubtful.map(|warning| words.warning(warning)).collect()
}

/// What is doubtful about anybody of the account, by name.
fn doubts_of_all(words: &Words, mine: &Mine) -> Vec<String> {
    let of = |person: &PersonView| {
        let name = person.name.as_str().to_owned();
        doubts(words, &person.warnings).into_iter().map(move |doubt| format!("{name}: {doubt}"))
    };
    mine.people.iter().flat_map(of).collect()
}

/// The form about the holder or about somebody of the family.
#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    faults: Faults,
    doubts: Vec<String>,
    key: String,
    sent: Sent,
    onward: Option<String>,
    action: &'static str,
    /// Whether it is about the holder.
    holder: bool,
    /// Keys of the hints for the name and the NIK.
    hints: (&'static str, &'static str),
    /// Whether the holder has yet to agree to the use of the data.
    ask_consent: bool,
    /// Whether to ask if the holder is married, which makes an adult of somebody young.
    ask_married: bool,
    /// Why the data cannot change now, with what is live.
    locked: Option<(String, String)>,
}

async fn ask_self(visit: Visit, sent: Sent) -> Answer {
    let mine = visit.mine().await?;
    let filled = match mine.people.first() {
        None => Sent::default(),
        Some(holder) => as_typed(holder),
    };
    self_page(&visit, &mine, filled, &sent, Faults::none(), Vec::new())
}

/// The fields of a person as they were typed. The NIK is never shown whole again, so it is typed anew.
fn as_typed(person: &PersonView) -> Sent {
    let born = person.birth_date;
    let sex = person.sex.map(|sex| if sex == Sex::Female { "female" } else { "male" });
    Sent::of([
        ("name", person.name.as_str().to_owned()),
        ("birth_day", born.day().to_string()),
        ("birth_month", born.month().to_string()),
        ("birth_year", born.year().to_string()),
        ("sex", sex.unwrap_or_default().to_owned()),
    ])
}

fn self_page(visit: &Visit, mine: &Mine, filled: Sent, sent: &Sent, faults: Faults, doubts: Vec<String>) -> Answer {
    let known = !mine.people.is_empty();
    let locked = mine.live.as_ref().filter(|_| known).map(|live| (visit.explain(&Refusal::InLiveParty), path_of(live)));
    let page = PersonPage {
        page: visit.page(if known { "person-correct-title" } else { "person-self-title" }, &faults),
        doubts,
        key: visit.new_key(),
        ask_married: filled.has("married", "1") || filled.has("underage", "1"),
        sent: filled,
        onward: sent.onward().map(str::to_owned),
        action: "/daftar",
        holder: true,
        hints: ("person-name-hint", "person-nik-hint"),
        ask_consent: mine.consent.is_none(),
        locked,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn state_self(visit: Visit, sent: Sent) -> Answer {
    let mine = visit.mine().await?;
    let mut fields = Fields::new(visit.app().now());
    let stated = Stated::read(&mut fields, &sent);
    let family_card = fields.family_card("family_card", sent.get("family_card"));
    let consent = sent.has("consent", "1") || mine.consent.is_some();
    let mut faults = Faults::read(&fields.wrong(), visit.words);
    if !consent {
        faults.add("consent", visit.explain(&Refusal::ConsentMissing));
    }
    let (Some(stated), Some(family_card), true) = (stated, family_card, consent) else {
        return self_page(&visit, &mine, sent.clone(), &sent, faults, Vec::new());
    };
    let doubts = stated.doubts(&visit, &sent);
    if !doubts.is_empty() {
        return self_page(&visit, &mine, sent.clone(), &sent, Faults::none(), doubts);
    }
    let Stated { nik, name, birth_date, sex } = stated;
    let married = sent.has("married", "1");
    match visit.perform(&sent, StateSelf { nik, family_card, name, birth_date, sex, consent, married }).await? {
        Ok(_) => Ok(onward(sent.onward().unwrap_or("/saya"))),
        Err(refusal) => {
            let filled = if matches!(refusal, Refusal::Underage { .. }) {
                sent.clone().and("underage", "1")
            } else {
                sent.clone()
            };
            let fault = fault_of(&visit, &refusal, "name");
            self_page(&visit, &mine, filled, &sent, fault, Vec::new())
        }
    }
}

/// A refusal at the field that it is about, or at the first one.
fn fault_of(visit: &Visit, refusal: &Refusal, first: &str) -> Faults {
    let explained = visit.words.refusal(refusal, &visit.app().catalogue());
    Faults::one(explained.field.unwrap_or(first), explained.detail)
}

// ---- the family ----

async fn ask_family(visit: Visit, sent: Sent) -> Answer {
    visit.known().await?;
    family_page(&visit, &sent, Faults::none(), Vec::new())
}

fn family_page(visit: &Visit, sent: &Sent, faults: Faults, doubts: Vec<String>) -> Answer {
    let page = PersonPage {
        page: visit.page("person-family-title", &faults),
        doubts,
        key: visit.new_key(),
        sent: sent.clone(),
        onward: sent.onward().map(str::to_owned),
        action: "/saya/keluarga",
        holder: false,
        hints: ("person-name-hint-family", "person-nik-hint-family"),
        ask_consent: false,
        ask_married: false,
        locked: None,
        faults,
    };
    show(page.faults.status(), &page)
}

async fn add_family(visit: Visit, sent: Sent) -> Answer {
    let mut fields = Fields::new(visit.app().now());
    let Some(stated) = Stated::read(&mut fields, &sent) else {
        return family_page(&visit, &sent, Faults::read(&fields.wrong(), visit.words), Vec::new());
    };
    let doubts = stated.doubts(&visit, &sent);
    if !doubts.is_empty() {
        return family_page(&visit, &sent, Faults::none(), doubts);
    }
    let Stated { nik, name, birth_date, sex } = stated;
    match visit.perform(&sent, AddFamily { nik, name, birth_date, sex }).await? {
        Ok(mine) => {
            // Who was added on the way to saying who comes, most likely comes: that page ticks the newest.
            let newest = mine.people.iter().max_by_key(|person| person.position);
            Ok(onward(&match (sent.onward(), newest) {
                (Some(goal), Some(newest)) => {
                    let joint = if goal.contains('?') { '&' } else { '?' };
                    format!("{goal}{joint}{ADDED_FIELD}={}", newest.id)
                }
                _ => "/saya".to_owned(),
            }))
        }
        Err(Refusal::DetailsMissing) => Ok(onward(&with_onward("/daftar", "/saya/keluarga"))),
        Err(refusal) => family_page(&visit, &sent, fault_of(&visit, &refusal, "name"), Vec::new()),
    }
}

/// The field that tells the page behind the family form who was just added.
pub(crate) const ADDED_FIELD: &str = "baru";

/// A question with one button that does it and one that does not.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    pub page: Page,
    pub faults: Faults,
    pub key: String,
    /// What follows, a paragraph each.
    pub lines: Vec<String>,
    /// What weighs more, such as a consequence.
    pub warning: Option<String>,
    /// Address that does it.
    pub action: String,
    /// Words on the button that does it.
    pub yes: String,
    /// Words on the link that does not.
    pub no: String,
    /// Where that link leads.
    pub back: String,
}

async fn ask_removal(visit: Visit, Named(person): Named<i64>) -> Answer {
    removal_page(&visit, person, Faults::none()).await
}

async fn removal_page(visit: &Visit, person: i64, faults: Faults) -> Answer {
    let mine = visit.known().await?;
    let Some(member) = mine.people.iter().find(|known| known.id.0 == person && known.position > 0) else {
        return Err(Refusal::PersonUnknown.into());
    };
    let page = ConfirmPage {
        page: visit.page("me-remove-title", &faults),
        key: visit.new_key(),
        lines: vec![visit.words.say_with("me-remove-who", &[("name", Arg::from(member.name.as_str()))])],
        warning: None,
        action: format!("/saya/keluarga/{person}/hapus"),
        yes: visit.words.say("me-remove-yes"),
        no: visit.words.say("me-remove-no"),
        back: "/saya".to_owned(),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn remove_family(visit: Visit, Named(person): Named<i64>, sent: Sent) -> Answer {
    match visit.perform(&sent, RemoveFamily { person: antrean_store::ids::ApplicantId(person) }).await? {
        // Whoever is gone already was removed by the first of two presses.
        Ok(_) | Err(Refusal::PersonUnknown) => Ok(onward("/saya")),
        Err(refusal) => {
            let fault = Faults::one("isi", visit.explain(&refusal));
            removal_page(&visit, person, fault).await
        }
    }
}

// ---- everything about me ----

/// Where a live thing is seen.
pub(crate) fn path_of(live: &LiveView) -> String {
    match live {
        LiveView::Entry(entry) => format!("/entri/{}", entry.link),
        LiveView::Appointment(ticket) => format!("/tiket/{}", ticket.link),
    }
}

/// What is live, on a card.
struct Card {
    href: String,
    state: String,
    heading: String,
    lines: Vec<String>,
    link: String,
}

/// A line of the family list.
struct PersonLine {
    name: String,
    detail: String,
    minor: bool,
    remove: Option<String>,
}

struct PastLine {
    what: String,
    when: String,
    href: Option<String>,
}

struct StrikeLine {
    what: String,
    follows: String,
}

#[derive(Template)]
#[template(path = "me.html")]
struct MinePage {
    page: Page,
    key: String,
    card: Option<Card>,
    holder: Option<PersonLine>,
    family: Vec<PersonLine>,
    doubts: Vec<String>,
    rows: Vec<(String, String)>,
    can_add: bool,
    can_correct: bool,
    earlier: Vec<PastLine>,
    strikes: Vec<StrikeLine>,
    messages_in: Language,
}

async fn mine(visit: Visit) -> Answer {
    let mine = visit.mine().await?;
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let mut people = mine.people.iter().map(|person| PersonLine {
        name: person.name.as_str().to_owned(),
        detail: words.say_with(
            "me-person",
            &[("nik", Arg::from(person.nik.as_str())), ("birth", Arg::from(words.date_short(person.birth_date)))],
        ),
        minor: person.minor,
        remove: (person.position > 0).then(|| format!("/saya/keluarga/{}/hapus", person.id)),
    });
    let holder = people.next();
    let family: Vec<PersonLine> = people.collect();
    let mut rows = vec![(words.say("me-phone"), mine.phone.clone())];
    rows.extend(mine.family_card.clone().map(|card| (words.say("me-family-card"), card)));
    rows.extend(mine.consent.map(|at| (words.say("me-consent"), words.date_short(HOME_ZONE.local(at).date()))));
    let earlier = mine.earlier.iter().map(|past| match &past.appointment {
        Some((state, slot)) => PastLine {
            what: catalogue
                .offices
                .get(&slot.office)
                .map_or_else(|| slot.office.to_string(), |office| office.name.clone()),
            when: format!("{} · {}", words.date(slot.date), words.state(*state)),
            href: Some(format!("/tiket/{}", past.link)),
        },
        None => PastLine {
            what: words.say("me-earlier-entry"),
            when: words.release(&past.release),
            href: Some(format!("/entri/{}", past.link)),
        },
    });
    let strikes = mine.strikes.iter().map(|strike| {
        let who = mine.people.iter().find(|person| person.position == strike.position);
        let key = if strike.kind == "no_show" { "me-strike-no-show" } else { "me-strike-late" };
        let name = who.map_or("", |person| person.name.as_str());
        let at = words.date_short(HOME_ZONE.local(strike.at).date());
        StrikeLine {
            what: words.say_with(key, &[("name", Arg::from(name)), ("date", Arg::from(at))]),
            follows: words.say_with("me-strike-follows", &[("releases", Arg::from(strike.releases))]),
        }
    });
    let page = MinePage {
        page: visit.page("me-title", &Faults::none()),
        key: visit.new_key(),
        card: mine.live.as_ref().map(|live| card(&visit, live)),
        can_add: holder.is_some() && family.len() + 1 < PEOPLE_MAX as usize,
        can_correct: mine.live.is_none(),
        doubts: if mine.live.is_none() { doubts_of_all(words, &mine) } else { Vec::new() },
        holder,
        family,
        rows,
        earlier: earlier.collect(),
        strikes: strikes.collect(),
        messages_in: mine.language,
    };
    show(StatusCode::OK, &page)
}

fn card(visit: &Visit, live: &LiveView) -> Card {
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let href = path_of(live);
    match live {
        LiveView::Appointment(ticket) => {
            let office = catalogue.offices.get(&ticket.slot.office);
            Card {
                href,
                state: words.state(ticket.state),
                heading: ticket.code.to_string(),
                lines: vec![
                    words.date(ticket.slot.date),
                    words.window(ticket.slot.starts, ticket.ends, ticket.zone),
                    office.map_or_else(|| ticket.slot.office.to_string(), |office| office.name.clone()),
                ],
                link: words.say("me-open-ticket"),
            }
        }
        LiveView::Entry(entry) => Card {
            href,
            state: words.entry_state(entry.state),
            heading: words.say_with("me-entry-heading", &[("release", Arg::from(words.release(&entry.release)))]),
            lines: vec![words.entry_state_next(entry.state)],
            link: words.say("me-open-entry"),
        },
    }
}

async fn set_language(visit: Visit, sent: Sent) -> Answer {
    let mut fields = Fields::new(visit.app().now());
    let Some(language) = fields.language(LANGUAGE_FIELD, sent.get(LANGUAGE_FIELD)) else { return Ok(onward("/saya")) };
    if let Err(refusal) = visit.perform(&sent, SetLanguage { language }).await? {
        return Err(refusal.into());
    }
    let cookie = kept_cookie(&visit.state.settings, LANGUAGE_FIELD, language.tag(), LANGUAGE_KEPT_S);
    Ok(onward_with("/saya", [cookie]))
}

async fn back_home() -> Answer {
    Ok(onward("/saya"))
}

/// Everything that is known about the account, to take along (UU 27/2022 art. 13). NIKs stay masked: a download is easily lost.
async fn data(visit: Visit) -> Answer {
    let mine = visit.mine().await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"antrean-data-saya.json\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Json(mine)).into_response())
}

async fn ask_forget(visit: Visit) -> Answer {
    forget_page(&visit, Faults::none()).await
}

async fn forget_page(visit: &Visit, faults: Faults) -> Answer {
    visit.mine().await?;
    let words = visit.words;
    let page = ConfirmPage {
        page: visit.page("me-forget-title", &faults),
        key: visit.new_key(),
        lines: vec![words.say("me-forget-what"), words.say("me-forget-kept")],
        warning: Some(words.say("me-forget-final")),
        action: "/saya/hapus".to_owned(),
        yes: words.say("me-forget-yes"),
        no: words.say("me-forget-no"),
        back: "/saya".to_owned(),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn forget(visit: Visit, sent: Sent) -> Answer {
    match visit.perform(&sent, Forget {}).await? {
        Ok(()) => Ok(onward_with("/saya/sudah-dihapus", [no_session_cookie(&visit.state.settings)])),
        Err(refusal) => {
            let fault = Faults::one("isi", visit.explain(&refusal));
            forget_page(&visit, fault).await
        }
    }
}

#[derive(Template)]
#[template(path = "me_forgotten.html")]
struct ForgottenPage {
    page: Page,
}

async fn forgotten(visit: Visit) -> Answer {
    show(StatusCode::OK, &ForgottenPage { page: visit.page("me-forgotten-title", &Faults::none()) })
}
