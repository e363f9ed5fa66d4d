//! The receipt of an entry, before the draw and after it: what happens next and when, changing, withdrawing, standby.

use antrean_app::Refusal;
use antrean_app::caller::HOME_ZONE;
use antrean_app::day::claimed_at;
use antrean_app::draft::SaveDraft;
use antrean_app::entry::{self, EntryView, Withdraw};
use antrean_app::me;
use antrean_app::party::{LiveView, ReceiptLine};
use antrean_store::entries::EntryState;
use antrean_store::releases::ReleaseState;
use antrean_words::Arg;
use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use crate::pages::Page;
use crate::pages::enter::{NoticePage, draft_of};
use crate::pages::me::ConfirmPage;
use crate::pages::pick::{ChoiceLine, choice_lines};
use crate::pages::ticket::claimed_lines;
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, Visit, onward, show};
use crate::state::WebState;

/// An entry and its receipt.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route("/entri/{link}", get(receipt))
        .route("/entri/{link}/ubah", post(change).get(back))
        .route("/entri/{link}/mundur", get(ask_withdraw).post(withdraw))
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    page: Page,
    key: String,
    link: String,
    release: String,
    release_name: String,
    /// The state on a tag, and its colour.
    state: String,
    kind: &'static str,
    /// What it means, big.
    heading: String,
    /// What happens next, a paragraph each.
    lines: Vec<String>,
    /// Numbers that matter now, such as the place among those on standby.
    figures: Vec<(String, String)>,
    /// Places that are free now can be taken by this entry.
    leftovers: Option<String>,
    can_change: bool,
    can_withdraw: bool,
    withdraw: String,
    drawn: bool,
    service: String,
    people: Vec<String>,
    choices: Vec<ChoiceLine>,
    entered: String,
    entry_id: String,
    receipt: Vec<ReceiptLine>,
}

/// The caller's own entry; an appointment is seen as a ticket instead, and a stranger's entry says what to do.
async fn own(visit: &Visit, link: &str) -> Result<EntryView, Detour> {
    let asked = link.to_owned();
    match visit.ask(move |tx, cx| entry::show(tx, cx, &asked)).await? {
        Ok(LiveView::Entry(entry)) => Ok(entry),
        Ok(LiveView::Appointment(_)) => Err(Detour::To(format!("/tiket/{link}"))),
        Err(Refusal::EntryUnknown) => {
            Err(Detour::Shown(Box::new(not_yours(visit, "receipt-unknown-title", "receipt-unknown-why")?)))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Says that something is not in this account, and what may be the matter.
pub(crate) fn not_yours(visit: &Visit, title: &str, why: &str) -> Answer {
    let words = visit.words;
    let page = NoticePage {
        page: visit.page(title, &Faults::none()),
        lines: vec![words.say(why), words.say("receipt-unknown-do")],
        ways: vec![
            (words.say("receipt-unknown-mine"), "/saya".to_owned()),
            (words.say("receipt-unknown-help"), "/bantuan".to_owned()),
        ],
    };
    show(StatusCode::NOT_FOUND, &page)
}

async fn receipt(visit: Visit, Named(link): Named<String>) -> Answer {
    let entry = own(&visit, &link).await?;
    let words = visit.words;
    let overview = visit.app().overview();
    let release = overview.release(&entry.release);
    let mut told = Told::of(&visit, &entry);
    if matches!(entry.state, EntryState::Withdrawn | EntryState::Left) {
        let asked = link.clone();
        if let Some(office) = visit.ask(move |tx, cx| claimed_at(tx, cx, &asked)).await?? {
            told.heading = words.say("claimed-title");
            told.lines = claimed_lines(&visit, office);
        }
    }
    let open = entry.state == EntryState::Entered
        && visit.app().now() < entry.freeze
        && entry.release_state == ReleaseState::Open;
    let standby = entry.state == EntryState::Standby;
    let left = release.map_or(0, |release| release.left);
    let page = EntryPage {
        page: visit.page("receipt-title", &Faults::none()),
        key: visit.new_key(),
        release: entry.release.to_string(),
        release_name: words.release(&entry.release),
        state: words.entry_state(entry.state),
        kind: told.kind,
        heading: told.heading,
        lines: told.lines,
        figures: told.figures,
        leftovers: (standby && left > 0).then(|| words.say_with("receipt-leftovers", &[("places", Arg::from(left))])),
        can_change: open,
        can_withdraw: open || standby || (entry.state == EntryState::Entered),
        withdraw: words.say(if standby { "receipt-leave" } else { "receipt-withdraw" }),
        drawn: entry.rank.is_some(),
        service: format!("{}, {}", words.service(entry.service), words.passport(entry.passport)),
        people: entry.people.iter().map(|member| format!("{} · {}", member.name, member.nik)).collect(),
        choices: choice_lines(&visit, release.map(|release| &**release), &entry.choices),
        entered: words.instant(entry.entered, HOME_ZONE),
        entry_id: entry.entry_id,
        receipt: entry.receipt,
        link,
    };
    show(StatusCode::OK, &page)
}

/// What an entry's state means for its holder.
struct Told {
    kind: &'static str,
    heading: String,
    lines: Vec<String>,
    figures: Vec<(String, String)>,
}

impl Told {
    fn of(visit: &Visit, entry: &EntryView) -> Self {
        let words = visit.words;
        let at = |instant| Arg::from(words.instant(instant, HOME_ZONE));
        let say = |key: &str| words.say_with(key, &[("draw", at(entry.draw)), ("freeze", at(entry.freeze))]);
        match entry.state {
            EntryState::Entered if visit.app().now() < entry.freeze => Self {
                kind: "good",
                heading: words.say("receipt-in"),
                lines: vec![say("receipt-in-draw"), words.say("receipt-in-message"), say("receipt-in-until")],
                figures: Vec::new(),
            },
            EntryState::Entered => Self {
                kind: "live",
                heading: words.say("receipt-waiting"),
                lines: vec![say("receipt-waiting-draw"), words.say("receipt-in-message")],
                figures: Vec::new(),
            },
            EntryState::Standby => Self::standby(visit, entry),
            EntryState::Expired => Self {
                kind: "",
                heading: words.say("receipt-expired"),
                lines: vec![words.say("receipt-drawn-by-lot"), words.say("receipt-expired-next")],
                figures: Vec::new(),
            },
            EntryState::Withdrawn | EntryState::Left => Self {
                kind: "",
                heading: words.say("receipt-gone"),
                lines: vec![words.entry_state_next(entry.state)],
                figures: Vec::new(),
            },
            EntryState::Placed => Self {
                kind: "good",
                heading: words.entry_state(entry.state),
                lines: vec![words.entry_state_next(entry.state)],
                figures: Vec::new(),
            },
        }
    }

    fn standby(visit: &Visit, entry: &EntryView) -> Self {
        let words = visit.words;
        let at = |instant| words.instant(instant, HOME_ZONE);
        let overview = visit.app().overview();
        let position = entry.standby_position.or_else(|| {
            overview.release(&entry.release).zip(entry.rank).and_then(|(release, rank)| release.standby_position(rank))
        });
        let heading = match position {
            Some(position) => words.say_with("receipt-standby-position", &[("position", Arg::from(position))]),
            None => words.say("receipt-standby"),
        };
        let mut figures = Vec::new();
        figures.extend(entry.next_wave.map(|wave| (words.say("receipt-next-wave"), at(wave))));
        figures.extend(entry.rank.map(|rank| (words.say("receipt-rank"), words.number(i64::from(rank)))));
        figures.push((words.say("receipt-standby-ends"), at(entry.standby_ends)));
        let lines = ["receipt-drawn-by-lot", "receipt-standby-what", "receipt-standby-calm"].map(|key| words.say(key));
        Self { kind: "warn", heading, lines: lines.into(), figures }
    }
}

/// Whoever comes here by GET pressed "reload" or signed in on the way.
async fn back(Named(link): Named<String>) -> Answer {
    Ok(onward(&format!("/entri/{link}")))
}

/// Takes the entry up again as a draft; it stays as it is until the changed draft is sent.
async fn change(visit: Visit, Named(link): Named<String>, _sent: Sent) -> Answer {
    let entry = own(&visit, &link).await?;
    let mine = visit.ask(me::mine).await??;
    let draft = draft_of(&entry, &mine);
    visit.perform(&Sent::default(), SaveDraft { draft }).await??;
    Ok(onward(&format!("/antrean/{}/daftar/periksa", entry.release)))
}

async fn ask_withdraw(visit: Visit, Named(link): Named<String>) -> Answer {
    withdraw_page(&visit, &link, Faults::none()).await
}

async fn withdraw_page(visit: &Visit, link: &str, faults: Faults) -> Answer {
    let entry = own(visit, link).await?;
    let words = visit.words;
    let standby = entry.state == EntryState::Standby;
    let title = if standby { "receipt-leave-title" } else { "receipt-withdraw-title" };
    let before = visit.app().now() < entry.freeze;
    let lines = match (standby, before) {
        (true, _) => vec![words.say("receipt-leave-what")],
        (false, true) => vec![words.say("receipt-withdraw-what"), words.say("receipt-withdraw-again")],
        (false, false) => vec![words.say("receipt-withdraw-late")],
    };
    let page = ConfirmPage {
        page: visit.page(title, &faults),
        key: visit.new_key(),
        lines,
        warning: None,
        action: format!("/entri/{link}/mundur"),
        yes: words.say(if standby { "receipt-leave-yes" } else { "receipt-withdraw-yes" }),
        no: words.say(if standby { "receipt-leave-no" } else { "receipt-withdraw-no" }),
        back: format!("/entri/{link}"),
        faults,
    };
    show(page.faults.status(), &page)
}

async fn withdraw(visit: Visit, Named(link): Named<String>, sent: Sent) -> Answer {
    match visit.perform(&sent, Withdraw { link: link.clone() }).await? {
        Ok(()) => Ok(onward(&format!("/entri/{link}"))),
        Err(refusal) => {
            let faults = Faults::one("isi", visit.explain(&refusal));
            withdraw_page(&visit, &link, faults).await
        }
    }
}
