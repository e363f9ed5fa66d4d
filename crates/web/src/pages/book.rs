//! Places that are free now: the whole of a first-come release, and what a draw left over. An office, a window, check, book.

use std::sync::Arc;

use antrean_app::Refusal;
use antrean_app::booking::{Book, BookFor};
use antrean_app::overview::{ReleaseView, SlotOffer, SlotView};
use antrean_domain::office::{Office, OfficeCode};
use antrean_domain::release::Mode;
use antrean_store::ids::{ApplicantId, SlotId};
use antrean_store::releases::ReleaseState;
use antrean_words::Arg;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::input::Fields;
use crate::pages::Page;
use crate::pages::enter::{Filling, NoticePage, passport_value, release_of, service_value};
use crate::pages::pick::{Day, Purpose, days, office_of, office_page};
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, Visit, onward, show, with_onward};
use crate::pages::wait::{Carried, to_the_room, turn_or_wait};
use crate::problem::BadRequest;
use crate::state::WebState;

/// Free places.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/antrean/{release}/tempat", get(ask_office))
        .route("/antrean/{release}/tempat/jam", get(ask_window))
        .route("/antrean/{release}/tempat/{slot}", get(check).post(book))
}

/// The release, if places can be taken in it now; its own page says why not.
fn giving(visit: &Visit, release: &str) -> Result<Arc<ReleaseView>, Detour> {
    let release = release_of(visit, release)?;
    let gives = matches!(
        (release.mode, release.state),
        (Mode::Draw, ReleaseState::Drawn) | (Mode::FirstCome, ReleaseState::Open)
    );
    if gives { Ok(release) } else { Err(Detour::To(format!("/antrean/{}", release.id))) }
}

/// Picking needs nobody to sign in: what is applied for is asked after the window.
fn purpose(release: &ReleaseView) -> Purpose<'_> {
    Purpose {
        release,
        service: None,
        size: 1,
        now: true,
        title: "book-office-title",
        here: format!("/antrean/{}/tempat", release.id),
        next: format!("/antrean/{}/tempat/jam", release.id),
        back: format!("/antrean/{}", release.id),
        kept: Vec::new(),
    }
}

async fn ask_office(visit: Visit, Named(release): Named<String>, carried: Carried, sent: Sent) -> Answer {
    let release = giving(&visit, &release)?;
    turn_or_wait(&visit, &carried, &release)?;
    office_page(&visit, &sent, &purpose(&release))
}

/// The windows of an office with the places left in each. Booking and moving show it.
#[derive(Template)]
#[template(path = "pick_window.html")]
pub(crate) struct WindowPage {
    pub page: Page,
    pub office: String,
    pub lead: String,
    pub days: Vec<Day>,
    pub back: String,
    pub back_text: String,
    /// Words and address of another list, such as that of all offices.
    pub other: Option<(String, String)>,
}

async fn ask_window(visit: Visit, Named(release): Named<String>, carried: Carried, sent: Sent) -> Answer {
    let release = giving(&visit, &release)?;
    turn_or_wait(&visit, &carried, &release)?;
    let purpose = purpose(&release);
    let catalogue = visit.app().catalogue();
    let Some(office) = office_of(&catalogue.offices, &sent) else { return Ok(onward(&purpose.here)) };
    let page = WindowPage {
        page: visit.page("book-window-title", &Faults::none()),
        office: office.name.clone(),
        lead: visit.words.say("book-window-lead"),
        days: days(&visit, &release, office, 1, None, |slot| format!("/antrean/{}/tempat/{slot}", release.id)),
        back: purpose.link(&purpose.here, &[("provinsi", &office.province)]),
        back_text: visit.words.say("pick-other-office"),
        other: None,
    };
    show(StatusCode::OK, &page)
}

/// Another window that still has places.
struct Alternative {
    office: String,
    when: String,
    href: String,
}

#[derive(Template)]
#[template(path = "book_check.html")]
struct CheckPage {
    page: Page,
    faults: Faults,
    key: String,
    here: String,
    back: String,
    office: String,
    date: String,
    window: String,
    left: String,
    /// Addresses of the two questions, with the way back; none for a party on standby, which is what it is.
    change: Option<(String, String)>,
    service: String,
    people: Vec<String>,
    hidden: Vec<(&'static str, String)>,
    alternatives: Vec<Alternative>,
}

/// A slot of a release and its office, by the number in the address.
pub(crate) fn slot_of<'a>(
    release: &'a ReleaseView,
    offices: &'a antrean_domain::office::Offices,
    slot: i64,
) -> Result<(&'a SlotView, &'a Office), Detour> {
    let found = release.slots.iter().find(|known| known.id == SlotId(slot));
    let slot = found.ok_or_else(|| Detour::from(BadRequest::NotFound))?;
    let office = offices.get(&slot.key.office).ok_or_else(|| Detour::from(Refusal::SlotUnknown))?;
    Ok((slot, office))
}

async fn check(visit: Visit, Named((release, slot)): Named<(String, i64)>) -> Answer {
    giving(&visit, &release)?;
    let filling = Filling::read(&visit, &release).await?;
    check_page(&visit, &filling, slot, Faults::none(), &[])
}

fn check_page(visit: &Visit, filling: &Filling, slot: i64, faults: Faults, offers: &[SlotOffer]) -> Answer {
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let (slot, office) = slot_of(&filling.release, &catalogue.offices, slot)?;
    let here = format!("/antrean/{}/tempat/{}", filling.release.id, slot.id);
    let steps = ["layanan", "orang"].map(|step| with_onward(&format!("{}/{step}", filling.base()), &here));
    let (service, passport, people, hidden, change) = if let Some(standby) = &filling.standby {
        let people = standby.people.iter().map(|member| member.name.clone()).collect();
        (standby.service, standby.passport, people, vec![("cadangan", "1".to_owned())], None)
    } else {
        let (Some(service), Some(passport)) = (filling.draft.service, filling.draft.passport) else {
            return Ok(onward(&steps[0]));
        };
        if filling.draft.people.is_empty() {
            return Ok(onward(&steps[1]));
        }
        let mut hidden =
            vec![("service", service_value(service).to_owned()), ("passport", passport_value(passport).to_owned())];
        hidden.extend(filling.draft.people.iter().map(|id| ("people", id.to_string())));
        let [service_step, people_step] = steps;
        (service, passport, filling.chosen(visit), hidden, Some((service_step, people_step)))
    };
    let alternatives = offers.iter().map(|offer| {
        let other = catalogue.offices.get(&offer.key.office).unwrap_or(office);
        let when = format!(
            "{}, {} · {}",
            words.date_without_year(offer.key.date),
            words.window(offer.key.starts, offer.ends, other.zone),
            words.places(offer.left)
        );
        Alternative {
            office: other.name.clone(),
            when,
            href: format!("/antrean/{}/tempat/{}", filling.release.id, offer.id),
        }
    });
    let page = CheckPage {
        page: visit.page("book-check-title", &faults),
        key: visit.new_key(),
        back: format!("/antrean/{}/tempat/jam?kantor={}", filling.release.id, office.code),
        here,
        office: office.name.clone(),
        date: words.date(slot.key.date),
        window: words.window(slot.key.starts, slot.ends, office.zone),
        left: words.say_with("book-left", &[("places", Arg::from(slot.left))]),
        change,
        service: format!("{}, {}", words.service(service), words.passport(passport)),
        people,
        hidden,
        alternatives: alternatives.collect(),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn book(visit: Visit, Named((release, slot)): Named<(String, i64)>, sent: Sent) -> Answer {
    let who = if sent.has("cadangan", "1") {
        BookFor::Standby
    } else {
        let mut fields = Fields::new(visit.app().now());
        let service = fields.service("service", sent.get("service"));
        let passport = fields.passport("passport", sent.get("passport"));
        let people: Option<Vec<ApplicantId>> = fields.people("people", sent.all("people"));
        let (Some(service), Some(passport), Some(people)) = (service, passport, people) else {
            let faults = Faults::read(&fields.wrong(), visit.words);
            return check_page(&visit, &Filling::read(&visit, &release).await?, slot, faults, &[]);
        };
        BookFor::People { people, service, passport }
    };
    match visit.perform(&sent, Book { slot: SlotId(slot), who }).await? {
        Ok(ticket) => Ok(onward(&format!("/tiket/{}", ticket.link))),
        Err(Refusal::AccountHasLive { link }) => {
            let page = NoticePage {
                page: visit.page("enter-live-title", &Faults::none()),
                lines: vec![visit.words.say("enter-live-why")],
                ways: vec![(visit.words.say("me-open-entry"), format!("/entri/{link}"))],
            };
            show(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => {
            if let Some(room) = to_the_room(&refusal) {
                return Ok(room);
            }
            let filling = Filling::read(&visit, &release).await?;
            let offers = if let Refusal::SlotFull { alternatives } = &refusal { alternatives.as_slice() } else { &[] };
            // The page lists the other windows as links; the summary need not name them as well.
            let said = match &refusal {
                Refusal::SlotFull { .. } => Refusal::SlotFull { alternatives: Vec::new() },
                other => other.clone(),
            };
            let explained = visit.words.refusal(&said, &visit.app().catalogue());
            let field = if explained.field == Some("people") { "people" } else { "slot" };
            let faults = Faults::one(field, format!("{}. {}", explained.title, explained.detail));
            check_page(&visit, &filling, slot, faults, offers)
        }
    }
}

/// The office of a query or the one that is meant when it names none.
pub(crate) fn office_or<'a>(
    offices: &'a antrean_domain::office::Offices,
    sent: &Sent,
    own: &OfficeCode,
) -> Option<&'a Office> {
    office_of(offices, sent).or_else(|| offices.get(own))
}
