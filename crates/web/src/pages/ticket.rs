//! The ticket: everything that a person needs at the door, in the first screen; below it what to bring and what can be changed.

use std::sync::Arc;

use antrean_app::Refusal;
use antrean_app::appointment::{Cancel, Move, Wish};
use antrean_app::caller::HOME_ZONE;
use antrean_app::day::{TicketLine, line_of};
use antrean_app::entry;
use antrean_app::overview::ReleaseView;
use antrean_app::party::MemberView;
use antrean_app::replacement::{self, Choosing, Replace};
use antrean_app::ticket::{self, TicketView};
use antrean_domain::appointment::AppointmentState;
use antrean_domain::draw::entry::Choice;
use antrean_domain::office::{Office, OfficeCode, PositionQuality};
use antrean_domain::person::ADULT_AGE;
use antrean_domain::service::ServiceCode;
use antrean_domain::visit::VisitState;
use antrean_store::appointments::Source;
use antrean_store::ids::SlotId;
use antrean_words::Arg;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::input::Fields;
use crate::pages::Page;
use crate::pages::book::{WindowPage, office_or, slot_of};
use crate::pages::enter::{NoticePage, fees};
use crate::pages::entry::not_yours;
use crate::pages::me::ConfirmPage;
use crate::pages::pick::{
    ChoiceLine, Day, Purpose, TimeForm, WindowLine, choice_lines, choice_of, days, office_of, office_page, time_page,
};
use crate::pages::qr;
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, Visit, onward, query_value, show, with_onward};
use crate::state::WebState;

/// Choices of a wish: it is one ticket for one week, so a handful says it all.
const WISH_MAX: usize = 5;

/// The ticket and what can be done with it.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/tiket/{link}", get(show_ticket))
        .route("/tiket/{link}/pindah", get(ask_window))
        .route("/tiket/{link}/pindah/kantor", get(ask_move_office))
        .route("/tiket/{link}/pindah/{slot}", get(ask_move).post(move_to))
        .route("/tiket/{link}/ganti", get(ask_replacement))
        .route("/tiket/{link}/ganti/{slot}", get(ask_replace).post(replace))
        .route("/tiket/{link}/batal", get(ask_cancel).post(cancel))
        .route("/tiket/{link}/gelombang", get(ask_wish).post(wish))
        .route("/tiket/{link}/gelombang/kantor", get(ask_wish_office))
        .route("/tiket/{link}/gelombang/jam", get(ask_wish_time))
}

/// A ticket as somebody with its link sees it.
pub(crate) struct Seen {
    pub ticket: TicketView,
    /// Whether it is the caller's own: only then can it be changed here.
    pub own: bool,
}

/// The ticket behind a link; a link that leads nowhere says what to do.
pub(crate) async fn see(visit: &Visit, link: &str) -> Result<Seen, Detour> {
    let asked = link.to_owned();
    let seen = visit.ask(move |tx, cx| {
        let ticket = ticket::show(tx, cx, &asked)?;
        Ok(Seen { ticket, own: entry::show(tx, cx, &asked).is_ok() })
    });
    match seen.await? {
        Ok(seen) => Ok(seen),
        Err(Refusal::TicketUnknown) => {
            Err(Detour::Shown(Box::new(not_yours(visit, "ticket-unknown-title", "ticket-unknown-why")?)))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The same, for its holder: everybody else is told who can change it.
async fn see_own(visit: &Visit, link: &str) -> Result<TicketView, Detour> {
    // Asking for the account first sends those away to sign in who have not.
    visit.mine().await?;
    let Seen { ticket, own } = see(visit, link).await?;
    if own {
        return Ok(ticket);
    }
    let words = visit.words;
    let page = NoticePage {
        page: visit.page("ticket-other-title", &Faults::none()),
        lines: vec![words.say("ticket-other-why"), words.say("ticket-other-do")],
        ways: vec![
            (words.say("ticket-back"), format!("/tiket/{link}")),
            (words.say("receipt-unknown-mine"), "/saya".to_owned()),
        ],
    };
    Err(Detour::Shown(Box::new(show(StatusCode::FORBIDDEN, &page)?)))
}

/// A person on the ticket with the papers to bring.
struct PersonPapers {
    name: String,
    nik: String,
    note: Option<String>,
    papers: Vec<String>,
}

/// Ways to the office.
struct Map {
    app: String,
    web: String,
    /// Whether the point is not exact.
    rough: bool,
}

/// What the one who looks can do with the ticket now.
struct Can {
    move_it: bool,
    cancel: bool,
    wish: bool,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    page: Page,
    link: String,
    code: String,
    state: String,
    kind: &'static str,
    next: String,
    date: String,
    window: String,
    office: String,
    qr: Option<String>,
    live: bool,
    /// Where the place came from, for example from the draw.
    source: String,
    service: String,
    fees: String,
    people: Vec<PersonPapers>,
    hints: Vec<String>,
    address: String,
    map: Option<Map>,
    can: Can,
    /// Until when it can be given back without a consequence, in a sentence; none once that is over.
    free_until: Option<String>,
    wish: Vec<ChoiceLine>,
    next_wave: Option<String>,
    own: bool,
    sign_in: Option<String>,
    /// Why the office took the place back, and until when another can be chosen first.
    lost: Option<(String, Option<String>)>,
    /// That a NIK was shown to be somebody else's, what became of the place, and what can be done.
    claimed: Vec<String>,
    /// The line at the office, on the day.
    line: Vec<String>,
}

/// What is said to whoever named a NIK that was shown to be somebody else's: what was shown where, what became of the place, and where
/// to go if that is wrong.
pub(crate) fn claimed_lines(visit: &Visit, office: OfficeCode) -> Vec<String> {
    let catalogue = visit.app().catalogue();
    let name = catalogue.offices.get(&office).map_or_else(|| office.to_string(), |office| office.name.clone());
    let say = |key: &str| visit.words.say_with(key, &[("office", Arg::from(&name))]);
    vec![say("claimed-why"), visit.words.say("claimed-place"), say("claimed-wrong")]
}

async fn show_ticket(visit: Visit, Named(link): Named<String>) -> Answer {
    let Seen { ticket, own } = see(&visit, &link).await?;
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let overview = visit.app().overview();
    let release = overview.release(&ticket.release).map(|release| &**release);
    let office = catalogue.offices.get(&ticket.slot.office);
    let live = ticket.state.is_live();
    let adult_or_child = |member: &MemberView| if member.minor { 0 } else { ADULT_AGE };
    let people = ticket.people.iter().map(|member| {
        let papers = catalogue.services.papers_for(ticket.service, adult_or_child(member));
        PersonPapers {
            name: member.name.clone(),
            nik: member.nik.clone(),
            note: member.minor.then(|| words.say("ticket-child")),
            papers: papers.iter().map(|paper| words.text(paper).to_owned()).collect(),
        }
    });
    let source = match ticket.source {
        Source::Draw => "ticket-source-draw",
        Source::Wave => "ticket-source-wave",
        Source::Leftover => "ticket-source-leftover",
        Source::FirstCome => "ticket-source-first-come",
    };
    let claimed = ticket.claimed_at.filter(|_| own).map(|office| claimed_lines(&visit, office));
    let lost = match ticket.state {
        AppointmentState::Revoked if own && claimed.is_none() => choosing(&visit, &link).await?.map(|right| {
            let until = words.say_with(
                "ticket-lost-choose",
                &[("until", Arg::from(words.date(ticket.zone.local(right.until).date())))],
            );
            (words.say_with("ticket-lost-why", &[("why", Arg::from(right.why))]), (!right.is_over).then_some(until))
        }),
        _ => None,
    };
    let in_line = if live {
        let asked = link.clone();
        visit
            .ask(move |tx, cx| line_of(tx, cx, &asked))
            .await??
            .map(|line| line_lines(&visit, &line))
            .unwrap_or_default()
    } else {
        Vec::new()
    };
    let can_wish = own && ticket.can_move && release.is_some_and(|release| release.next_wave.is_some());
    let page = TicketPage {
        page: visit.page("ticket-title", &Faults::none()),
        code: ticket.code.to_string(),
        state: words.state(ticket.state),
        kind: kind(ticket.state),
        next: if claimed.is_some() { words.say("claimed-next") } else { words.state_next(ticket.state) },
        claimed: claimed.unwrap_or_default(),
        date: words.date(ticket.slot.date),
        window: words.window(ticket.slot.starts, ticket.ends, ticket.zone),
        office: office.map_or_else(|| ticket.slot.office.to_string(), |office| office.name.clone()),
        qr: live.then(|| qr::svg(&ticket.token, &words.say("ticket-qr"))).flatten(),
        live,
        source: words.say(source),
        service: format!("{}, {}", words.service(ticket.service), words.passport(ticket.passport)),
        fees: fees(&visit, ticket.passport),
        people: people.collect(),
        hints: catalogue
            .services
            .get(ticket.service)
            .hints
            .iter()
            .map(|hint| words.text(hint).to_owned())
            .take(hints_on_ticket(ticket.service))
            .collect(),
        address: office.map(|office| office.address.clone()).unwrap_or_default(),
        map: office.map(map),
        can: Can { move_it: own && ticket.can_move, cancel: own && ticket.can_cancel, wish: can_wish },
        free_until: match (ticket.can_move, ticket.can_cancel && !ticket.cancel_is_late) {
            (true, _) => Some("ticket-free-until"),
            // What can be cancelled in time and yet not be moved, was moved already.
            (false, true) => Some("ticket-cancel-until"),
            (false, false) => None,
        }
        .map(|key| words.say_with(key, &[("until", Arg::from(words.until(ticket.free_until, ticket.zone)))])),
        wish: choice_lines(&visit, release, ticket.wish.as_deref().filter(|_| own).unwrap_or_default()),
        next_wave: release.and_then(|release| release.next_wave).map(|wave| words.instant(wave, HOME_ZONE)),
        sign_in: (!own && visit.caller.session.is_none()).then(|| with_onward("/masuk", &format!("/tiket/{link}"))),
        own,
        lost,
        line: in_line,
        link,
    };
    show(StatusCode::OK, &page)
}

/// The line as sentences: who is called now, where one stands oneself, how long that takes, and when to be there.
fn line_lines(visit: &Visit, line: &TicketLine) -> Vec<String> {
    let words = visit.words;
    let mut lines = Vec::with_capacity(4);
    let calls: Vec<String> = line
        .board
        .calls
        .iter()
        .take(3)
        .map(|call| {
            format!("{} {}", call.number, words.say_with("board-to-counter", &[("counter", call.counter.into())]))
        })
        .collect();
    if !calls.is_empty() {
        lines.push(words.say_with("ticket-line-now", &[("calls", calls.join(", ").into())]));
    }
    match line.own {
        Some((number, VisitState::Called | VisitState::Serving, Some(counter))) => {
            lines.push(
                words.say_with(
                    "ticket-line-called",
                    &[("number", number.to_string().into()), ("counter", counter.into())],
                ),
            );
            return lines;
        }
        Some((number, ..)) => {
            lines.push(words.say_with("ticket-line-number", &[("number", number.to_string().into())]));
        }
        None => {
            let by = words.time(line.board.zone.local(line.come_by).time(), line.board.zone);
            lines.push(words.say_with("ticket-line-come", &[("by", by.into())]));
        }
    }
    let (from, to) = line.wait;
    let wait = [("ahead", line.ahead.into()), ("from", from.into()), ("to", to.into())];
    lines.push(words.say_with("ticket-line-wait", &wait));
    lines
}

/// How many of a service's hints still help who has a ticket. The first says how to bring the papers, the second of a new passport
/// that they must agree; the others help to choose a service.
fn hints_on_ticket(service: ServiceCode) -> usize {
    if service == ServiceCode::New { 2 } else { 1 }
}

/// The colour of a state; the words say it as well.
fn kind(state: AppointmentState) -> &'static str {
    match state {
        AppointmentState::Booked | AppointmentState::Served => "good",
        AppointmentState::CheckedIn | AppointmentState::Called => "live",
        AppointmentState::NoShow | AppointmentState::Revoked | AppointmentState::CancelledLate => "bad",
        AppointmentState::Cancelled | AppointmentState::Unrecorded => "",
    }
}

/// Links to maps: to the point where it is exact, else a search for the address, so that nobody is led to a wrong street.
fn map(office: &Office) -> Map {
    let (latitude, longitude) = (office.latitude, office.longitude);
    if office.position_quality == PositionQuality::Office {
        return Map {
            rough: false,
            app: format!("geo:{latitude},{longitude}?q={latitude},{longitude}({})", query_value(&office.name)),
            web: format!(
                "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=17/{latitude}/{longitude}"
            ),
        };
    }
    let wanted = query_value(&format!("{} {}", office.name, office.address));
    Map {
        rough: true,
        app: format!("geo:0,0?q={wanted}"),
        web: format!("https://www.openstreetmap.org/search?query={wanted}"),
    }
}

// ---- another place, first, after a closure ----

async fn choosing(visit: &Visit, link: &str) -> Result<Option<Choosing>, Detour> {
    let asked = link.to_owned();
    Ok(visit.ask(move |tx, cx| replacement::choosing(tx, cx, &asked)).await??)
}

/// The right to choose, while it can be used; otherwise back to the ticket, which says why not.
async fn may_choose(visit: &Visit, link: &str) -> Result<(TicketView, Choosing), Detour> {
    let ticket = see_own(visit, link).await?;
    match choosing(visit, link).await? {
        Some(right) if !right.is_over => Ok((ticket, right)),
        _ => Err(Detour::To(format!("/tiket/{link}"))),
    }
}

async fn ask_replacement(visit: Visit, Named(link): Named<String>) -> Answer {
    let (ticket, right) = may_choose(&visit, &link).await?;
    let (words, catalogue) = (visit.words, visit.app().catalogue());
    let mut days: Vec<Day> = Vec::new();
    for offer in right.offers {
        let Some(office) = catalogue.offices.get(&offer.key.office) else { continue };
        let window = WindowLine {
            window: words.window(offer.key.starts, offer.ends, office.zone),
            state: words.places(offer.left),
            href: Some(format!("/tiket/{link}/ganti/{}", offer.id)),
        };
        let date = format!("{}, {}", words.date(offer.key.date), office.short_name());
        match days.last_mut() {
            Some(day) if day.date == date => day.windows.push(window),
            _ => days.push(Day { date, windows: vec![window] }),
        }
    }
    let page = WindowPage {
        page: visit.page("ticket-replace-title", &Faults::none()),
        office: words.say_with("ticket-lost-why", &[("why", Arg::from(right.why))]),
        lead: words.say(if days.is_empty() { "ticket-replace-none" } else { "ticket-replace-lead" }),
        days,
        back: format!("/tiket/{}", ticket.link),
        back_text: words.say("ticket-back"),
        other: None,
    };
    show(StatusCode::OK, &page)
}

async fn ask_replace(visit: Visit, Named((link, slot)): Named<(String, i64)>) -> Answer {
    replace_page(&visit, &link, slot, Faults::none()).await
}

async fn replace_page(visit: &Visit, link: &str, slot: i64, faults: Faults) -> Answer {
    let (ticket, right) = may_choose(visit, link).await?;
    let (words, catalogue) = (visit.words, visit.app().catalogue());
    let chosen = right.offers.iter().find(|offer| offer.id == SlotId(slot));
    let office = chosen.and_then(|offer| catalogue.offices.get(&offer.key.office));
    let (Some(to), Some(office)) = (chosen, office) else {
        if faults.any() {
            let page = NoticePage {
                page: visit.page("ticket-replace-title", &faults),
                lines: vec![words.say("ticket-replace-gone")],
                ways: vec![(words.say("ticket-move-no"), format!("/tiket/{link}/ganti"))],
            };
            return show(StatusCode::CONFLICT, &page);
        }
        return Ok(onward(&format!("/tiket/{link}/ganti")));
    };
    let new =
        format!("{}, {}, {}", office.name, words.date(to.key.date), words.window(to.key.starts, to.ends, office.zone));
    let old = place_words(visit, &ticket);
    let page = ConfirmPage {
        page: visit.page("ticket-replace-check", &faults),
        key: visit.new_key(),
        lines: vec![
            words.say_with("ticket-move-old", &[("place", Arg::from(old))]),
            words.say_with("ticket-move-new", &[("place", Arg::from(new))]),
        ],
        warning: None,
        action: format!("/tiket/{link}/ganti/{slot}"),
        yes: words.say("ticket-replace-yes"),
        no: words.say("ticket-move-no"),
        back: format!("/tiket/{link}/ganti"),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn replace(visit: Visit, Named((link, slot)): Named<(String, i64)>, sent: Sent) -> Answer {
    match visit.perform(&sent, Replace { link: link.clone(), slot: SlotId(slot) }).await? {
        Ok(ticket) => Ok(onward(&format!("/tiket/{}", ticket.link))),
        Err(refusal) => {
            let faults = Faults::one("isi", visit.explain(&refusal));
            replace_page(&visit, &link, slot, faults).await
        }
    }
}

// ---- cancel ----

async fn ask_cancel(visit: Visit, Named(link): Named<String>) -> Answer {
    cancel_page(&visit, &link, Faults::none()).await
}

async fn cancel_page(visit: &Visit, link: &str, faults: Faults) -> Answer {
    let ticket = see_own(visit, link).await?;
    if !ticket.can_cancel && !faults.any() {
        // Cancelled already, or over: the ticket says so.
        return Ok(onward(&format!("/tiket/{link}")));
    }
    let words = visit.words;
    let place = place_words(visit, &ticket);
    let late = ticket.cancel_is_late;
    let page = ConfirmPage {
        page: visit.page("ticket-cancel-title", &faults),
        key: visit.new_key(),
        lines: vec![place, words.say(if late { "ticket-cancel-late-place" } else { "ticket-cancel-place" })],
        warning: Some(words.say(if late { "ticket-cancel-late" } else { "ticket-cancel-free" })),
        action: format!("/tiket/{link}/batal"),
        yes: words.say("ticket-cancel-yes"),
        no: words.say("ticket-cancel-no"),
        back: format!("/tiket/{link}"),
        faults,
    };
    show(page.faults.status(), &page)
}

/// Office, date and window of a ticket in a line.
fn place_words(visit: &Visit, ticket: &TicketView) -> String {
    let words = visit.words;
    let catalogue = visit.app().catalogue();
    let office = catalogue
        .offices
        .get(&ticket.slot.office)
        .map_or_else(|| ticket.slot.office.to_string(), |office| office.name.clone());
    format!(
        "{office}, {}, {}",
        words.date(ticket.slot.date),
        words.window(ticket.slot.starts, ticket.ends, ticket.zone)
    )
}

async fn cancel(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    match visit.perform(&sent, Cancel { link: link.clone() }).await? {
        Ok(_) => Ok(onward(&format!("/tiket/{link}"))),
        Err(refusal) => {
            let faults = Faults::one("isi", visit.explain(&refusal));
            cancel_page(&visit, &link, faults).await
        }
    }
}

// ---- move ----

/// The holder's ticket with its release, while it can be moved; otherwise a page that says why not.
async fn movable(visit: &Visit, link: &str) -> Result<(TicketView, Arc<ReleaseView>), Detour> {
    let ticket = see_own(visit, link).await?;
    let release = visit.app().overview().release(&ticket.release).cloned();
    let refusal = match (&release, ticket.state) {
        (None, _) => Some(Refusal::BookingClosed { since: ticket.free_until }),
        (Some(_), _) if ticket.can_move => None,
        (_, AppointmentState::Booked) if ticket.cancel_is_late => {
            Some(Refusal::TooLateToMove { since: ticket.free_until })
        }
        (_, AppointmentState::Booked) => Some(Refusal::MovedAlready),
        (_, state) => Some(Refusal::NotPossibleNow { state }),
    };
    match (refusal, release) {
        (None, Some(release)) => Ok((ticket, release)),
        (refusal, _) => {
            let why = refusal.map(|refusal| visit.explain(&refusal)).unwrap_or_default();
            let page = NoticePage {
                page: visit.page("ticket-move-not-title", &Faults::none()),
                lines: vec![why],
                ways: vec![(visit.words.say("ticket-back"), format!("/tiket/{link}"))],
            };
            Err(Detour::Shown(Box::new(show(StatusCode::OK, &page)?)))
        }
    }
}

fn move_purpose<'a>(link: &str, ticket: &TicketView, release: &'a ReleaseView) -> Purpose<'a> {
    Purpose {
        release,
        service: Some((ticket.service, ticket.passport)),
        size: ticket.people.len() as u32,
        now: true,
        title: "ticket-move-office-title",
        here: format!("/tiket/{link}/pindah/kantor"),
        next: format!("/tiket/{link}/pindah"),
        back: format!("/tiket/{link}/pindah"),
        kept: Vec::new(),
    }
}

async fn ask_window(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    let (ticket, release) = movable(&visit, &link).await?;
    let catalogue = visit.app().catalogue();
    let Some(office) = office_or(&catalogue.offices, &sent, &ticket.slot.office) else {
        return Err(Refusal::SlotUnknown.into());
    };
    let words = visit.words;
    let size = ticket.people.len() as u32;
    let page = WindowPage {
        page: visit.page("ticket-move-title", &Faults::none()),
        office: office.name.clone(),
        lead: words.say_with("ticket-move-lead", &[("place", Arg::from(place_words(&visit, &ticket)))]),
        days: days(&visit, &release, office, size, Some(&ticket.slot), |slot| format!("/tiket/{link}/pindah/{slot}")),
        back: format!("/tiket/{link}"),
        back_text: words.say("ticket-back"),
        other: Some((
            words.say("pick-other-office"),
            move_purpose(&link, &ticket, &release)
                .link(&format!("/tiket/{link}/pindah/kantor"), &[("provinsi", &office.province)]),
        )),
    };
    show(StatusCode::OK, &page)
}

async fn ask_move_office(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    let (ticket, release) = movable(&visit, &link).await?;
    office_page(&visit, &sent, &move_purpose(&link, &ticket, &release))
}

async fn ask_move(visit: Visit, Named((link, slot)): Named<(String, i64)>) -> Answer {
    move_page(&visit, &link, slot, Faults::none()).await
}

async fn move_page(visit: &Visit, link: &str, slot: i64, faults: Faults) -> Answer {
    let (ticket, release) = movable(visit, link).await?;
    let catalogue = visit.app().catalogue();
    let (to, office) = slot_of(&release, &catalogue.offices, slot)?;
    let words = visit.words;
    let new =
        format!("{}, {}, {}", office.name, words.date(to.key.date), words.window(to.key.starts, to.ends, office.zone));
    let old = place_words(visit, &ticket);
    let page = ConfirmPage {
        page: visit.page("ticket-move-check-title", &faults),
        key: visit.new_key(),
        lines: vec![
            words.say_with("ticket-move-old", &[("place", Arg::from(old))]),
            words.say_with("ticket-move-new", &[("place", Arg::from(new))]),
        ],
        warning: Some(words.say("ticket-move-once")),
        action: format!("/tiket/{link}/pindah/{slot}"),
        yes: words.say("ticket-move-yes"),
        no: words.say("ticket-move-no"),
        back: format!("/tiket/{link}/pindah?kantor={}", office.code),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn move_to(visit: Visit, Named((link, slot)): Named<(String, i64)>, sent: Sent) -> Answer {
    match visit.perform(&sent, Move { link: link.clone(), slot: SlotId(slot) }).await? {
        Ok(_) => Ok(onward(&format!("/tiket/{link}"))),
        Err(refusal) => {
            let faults = Faults::one("isi", visit.explain(&refusal));
            move_page(&visit, &link, slot, faults).await
        }
    }
}

// ---- a better place at the next wave ----

/// The choices that the address carries: a wish is small, so it needs no draft.
fn wished(sent: &Sent) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for choice in sent.all("p").into_iter().filter_map(|text| Choice::parse(text).ok()) {
        if !choices.contains(&choice) && choices.len() < WISH_MAX {
            choices.push(choice);
        }
    }
    choices
}

fn wish_purpose<'a>(link: &str, ticket: &TicketView, release: &'a ReleaseView, choices: &[Choice]) -> Purpose<'a> {
    let base = format!("/tiket/{link}/gelombang");
    let kept: Vec<(&'static str, String)> = choices.iter().map(|choice| ("p", choice.to_string())).collect();
    let mut purpose = Purpose {
        release,
        service: Some((ticket.service, ticket.passport)),
        size: ticket.people.len() as u32,
        now: false,
        title: "ticket-wish-office-title",
        here: format!("{base}/kantor"),
        next: format!("{base}/jam"),
        back: base.clone(),
        kept,
    };
    purpose.back = purpose.link(&base, &[("ubah", "1")]);
    purpose
}

#[derive(Template)]
#[template(path = "ticket_wish.html")]
struct WishPage {
    page: Page,
    faults: Faults,
    key: String,
    link: String,
    place: String,
    wave: Option<String>,
    choices: Vec<ChoiceLine>,
    /// For each choice the address of this page without it.
    without: Vec<String>,
    add: Option<String>,
    /// Whether a wish is kept already, which can be taken back.
    kept: bool,
}

async fn ask_wish(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    let (ticket, release) = movable(&visit, &link).await?;
    // A fresh look shows the wish that is kept; the address takes over once it was changed.
    let fresh = !sent.has("ubah", "1") && sent.all("p").is_empty() && sent.get("date").is_empty();
    let mut choices = if fresh { ticket.wish.clone().unwrap_or_default() } else { wished(&sent) };
    let catalogue = visit.app().catalogue();
    if let Some(office) = office_of(&catalogue.offices, &sent).filter(|_| !sent.get("date").is_empty()) {
        match choice_of(&visit, &sent, &release, office) {
            Ok(choice) if !choices.contains(&choice) && choices.len() < WISH_MAX => choices.push(choice),
            Ok(_) => {}
            Err(faults) => return wish_time_page(&visit, &link, &sent, &ticket, &release, faults),
        }
    }
    wish_page(&visit, &link, &ticket, &release, &choices, Faults::none())
}

fn wish_page(
    visit: &Visit,
    link: &str,
    ticket: &TicketView,
    release: &ReleaseView,
    choices: &[Choice],
    faults: Faults,
) -> Answer {
    let words = visit.words;
    let base = format!("/tiket/{link}/gelombang");
    let without = choices.iter().map(|left_out| {
        let rest: Vec<Choice> = choices.iter().filter(|choice| *choice != left_out).copied().collect();
        wish_purpose(link, ticket, release, &rest).link(&base, &[("ubah", "1")])
    });
    let purpose = wish_purpose(link, ticket, release, choices);
    let page = WishPage {
        page: visit.page("ticket-wish-title", &faults),
        key: visit.new_key(),
        link: link.to_owned(),
        place: place_words(visit, ticket),
        wave: release.next_wave.map(|wave| words.instant(wave, HOME_ZONE)),
        choices: choice_lines(visit, Some(release), choices),
        without: without.collect(),
        add: (choices.len() < WISH_MAX).then(|| purpose.link(&purpose.here, &[])),
        kept: ticket.wish.is_some(),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn ask_wish_office(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    let (ticket, release) = movable(&visit, &link).await?;
    office_page(&visit, &sent, &wish_purpose(&link, &ticket, &release, &wished(&sent)))
}

async fn ask_wish_time(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    let (ticket, release) = movable(&visit, &link).await?;
    wish_time_page(&visit, &link, &sent, &ticket, &release, Faults::none())
}

fn wish_time_page(
    visit: &Visit,
    link: &str,
    sent: &Sent,
    ticket: &TicketView,
    release: &ReleaseView,
    faults: Faults,
) -> Answer {
    let catalogue = visit.app().catalogue();
    let purpose = wish_purpose(link, ticket, release, &wished(sent));
    let Some(office) = office_of(&catalogue.offices, sent) else {
        return Ok(onward(&purpose.link(&purpose.here, &[])));
    };
    if purpose.why_not(visit, office).is_some() {
        // Its line in the list says why.
        return Ok(onward(&purpose.link(&purpose.here, &[("cari", &office.name)])));
    }
    let form = TimeForm { method: "get", action: format!("/tiket/{link}/gelombang"), submit: "pick-add" };
    time_page(visit, sent, &purpose, office, form, faults)
}

/// The wish that the form sent: none where it is taken back. What cannot be read is told, so that it takes no wish away.
fn wish_of(visit: &Visit, sent: &Sent) -> Result<Vec<Choice>, Faults> {
    if sent.has("aksi", "hapus") {
        return Ok(Vec::new());
    }
    let mut fields = Fields::new(visit.app().now());
    match fields.choices("choices", sent.all("p")) {
        None => Err(Faults::read(&fields.wrong(), visit.words)),
        Some(choices) if choices.is_empty() => Err(Faults::one("choices", visit.explain(&Refusal::NoChoice))),
        Some(choices) if choices.len() > WISH_MAX => {
            Err(Faults::one("choices", visit.explain(&Refusal::TooManyChoices { max: WISH_MAX as u32 })))
        }
        Some(choices) => Ok(choices),
    }
}

async fn wish(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    let choices = match wish_of(&visit, &sent) {
        Ok(choices) => choices,
        Err(faults) => {
            let (ticket, release) = movable(&visit, &link).await?;
            return wish_page(&visit, &link, &ticket, &release, &wished(&sent), faults);
        }
    };
    match visit.perform(&sent, Wish { link: link.clone(), choices: choices.clone() }).await? {
        Ok(_) => Ok(onward(&format!("/tiket/{link}"))),
        Err(refusal) => {
            let (ticket, release) = movable(&visit, &link).await?;
            let faults = Faults::one("choices", visit.explain(&refusal));
            wish_page(&visit, &link, &ticket, &release, &choices, faults)
        }
    }
}
