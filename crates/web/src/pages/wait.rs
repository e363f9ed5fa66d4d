//! The waiting room of a first-come release: joining it, and where one stands. A reload asks the store nothing: the place is in
//! a cookie, signed, and the state of the line is the same few numbers for everybody.

use antrean_app::Refusal;
use antrean_app::overview::ReleaseView;
use antrean_app::waiting::{JoinLine, LineView, Standing};
use antrean_domain::release::ReleaseId;
use antrean_domain::waiting::{Estimate, HALL, LinePhase, Spot};
use antrean_words::Arg;
use askama::Template;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::routing::get;

use crate::api::line::{line_of, token_of};
use crate::caller::{cookie, kept_cookie};
use crate::pages::release::{days, moment};
use crate::pages::visit::{Answer, Detour, Faults, Named, Sent, Visit, onward, onward_with, show, with_onward};
use crate::pages::{Action, Page};
use crate::state::WebState;

/// The cookie with the place token, bound to the session under which it was given.
const PLACE_COOKIE: &str = "antrean_tempat";
/// Kept for so long; a line never lasts longer.
const PLACE_KEPT_S: u64 = 14 * 24 * 60 * 60;
/// The field of the query that keeps the page from loading itself again.
const STILL_FIELD: &str = "diam";

/// The waiting room.
pub fn routes() -> Router<WebState> {
    Router::new().route("/antrean/{release}/tunggu", get(look).post(join))
}

/// The place that a browser carries, for a release.
pub(crate) struct Carried(HeaderMap);

impl FromRequestParts<WebState> for Carried {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &WebState) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.clone()))
    }
}

impl Carried {
    /// The place, if this browser joined under the session that it has now; whoever signs in after somebody else joins anew.
    fn spot(&self, visit: &Visit, release: &ReleaseId) -> Option<Spot> {
        let (session, token) = cookie(&self.0, PLACE_COOKIE)?.split_once('~')?;
        if session != session_mark(visit)? {
            return None;
        }
        token_of(&visit.state, release, token).ok().map(|token| token.spot)
    }
}

/// What ties the cookie to the session, without its token.
fn session_mark(visit: &Visit) -> Option<String> {
    let session = visit.caller.session.as_ref()?;
    Some(antrean_app::caller::hex(&visit.app().keys().keyed16("line-session", &session.0)))
}

/// Sends to the waiting room who cannot choose a place yet: the line is not worked off, and this browser has no turn.
pub(crate) fn turn_or_wait(visit: &Visit, carried: &Carried, release: &ReleaseView) -> Result<(), Detour> {
    let Some(line) = &release.line else { return Ok(()) };
    let waits = matches!(line.phase, LinePhase::Ordering | LinePhase::Admitting);
    let in_turn = || {
        let spot = carried.spot(visit, &release.id)?;
        line.standing(&spot, visit.app().now()).your_turn.then_some(())
    };
    if waits && in_turn().is_none() { Err(Detour::To(wait_path(&release.id))) } else { Ok(()) }
}

/// The address of a release's waiting room.
pub(crate) fn wait_path(release: &ReleaseId) -> String {
    format!("/antrean/{release}/tunggu")
}

/// What the script on the page goes by.
struct Live {
    /// The public document.
    line: String,
    hall: u64,
    value: Option<u64>,
    number: Option<u64>,
    phase: &'static str,
    look_again_s: u32,
}

#[derive(Template)]
#[template(path = "wait.html")]
struct WaitPage {
    page: Page,
    faults: Faults,
    /// For which days, in words.
    days: String,
    tag: String,
    kind: &'static str,
    /// What is the matter, first the most important; the script replaces none of it.
    lead: String,
    /// How many are ahead, where that is known.
    ahead: Option<String>,
    /// The time as a range, in words.
    estimate: Option<String>,
    warning: Option<String>,
    /// Shows the form that joins.
    joins: bool,
    here: String,
    actions: Vec<Action>,
    /// What holds for whoever waits.
    promises: Vec<String>,
    facts: Vec<(String, String)>,
    live: Option<Live>,
    /// Seconds after which the page loads itself again without the script, and the words about it.
    refresh: Option<(u32, String)>,
    /// Address and words of the same page that does not, or does again.
    still: Option<(String, String)>,
    document: String,
}

async fn look(visit: Visit, Named(release): Named<String>, carried: Carried, sent: Sent) -> Answer {
    let (release, line) = match line_of(&visit.state, &release) {
        Ok(found) => found,
        Err(Refusal::NoWaitingRoom) => return Ok(onward(&format!("/antrean/{release}"))),
        Err(refusal) => return Err(refusal.into()),
    };
    let spot = carried.spot(&visit, &release.id);
    let still = !sent.get(STILL_FIELD).is_empty();
    wait_page(&visit, &release, &line, spot.as_ref(), still, Faults::none())
}

async fn join(visit: Visit, Named(release): Named<String>, _sent: Sent) -> Answer {
    let (release, line) = line_of(&visit.state, &release)?;
    // There is one place however often it is asked for: the form needs no key.
    match visit.perform(&Sent::default(), JoinLine { release: release.id.clone() }).await? {
        Ok(joined) => {
            let mark = session_mark(&visit).unwrap_or_default();
            let kept = format!("{mark}~{}", joined.token(visit.app().keys()));
            let cookie: HeaderValue = kept_cookie(&visit.state.settings, PLACE_COOKIE, &kept, PLACE_KEPT_S);
            Ok(onward_with(&wait_path(&release.id), [cookie]))
        }
        Err(Refusal::DetailsMissing) => Ok(onward(&with_onward("/daftar", &wait_path(&release.id)))),
        Err(refusal) => {
            let faults = Faults::one("isi", visit.explain(&refusal));
            wait_page(&visit, &release, &line, None, true, faults)
        }
    }
}

fn wait_page(
    visit: &Visit,
    release: &ReleaseView,
    line: &LineView,
    spot: Option<&Spot>,
    still: bool,
    faults: Faults,
) -> Answer {
    let words = visit.words;
    let now = visit.app().now();
    let standing = spot.map(|spot| line.standing(spot, now));
    let your_turn = standing.as_ref().is_some_and(|standing| standing.your_turn);
    let joined = standing.is_some();
    let page = visit.titled(words.say(title(line.phase, joined, your_turn)));
    let page = if faults.any() { page.failed() } else { page };
    let (tag, kind) = tag(line.phase, your_turn);
    let home = antrean_app::caller::HOME_ZONE;
    let lead = match (line.phase, joined, your_turn) {
        (LinePhase::NotOpen, ..) => {
            words.say_with("wait-not-open", &[("joins", moment(&page, line.joins, home).into())])
        }
        (LinePhase::Joining, false, _) => {
            words.say_with("wait-joining", &[("opens", moment(&page, line.opens, home).into())])
        }
        (LinePhase::Joining, true, _) => {
            words.say_with("wait-joined-before", &[("opens", moment(&page, line.opens, home).into())])
        }
        (LinePhase::Full, ..) => words.say("wait-full"),
        (LinePhase::Closed, ..) => words.say("wait-closed"),
        (LinePhase::Open, false, _) => words.say("wait-open"),
        (_, _, true) => words.say("wait-your-turn"),
        (LinePhase::Ordering, true, _) => words.say("wait-ordering"),
        (_, false, _) => words.say("wait-join-now"),
        (_, true, _) => words.say("wait-waiting"),
    };
    let can_join = !joined && matches!(line.phase, LinePhase::Joining | LinePhase::Ordering | LinePhase::Admitting);
    let waits = joined && !your_turn && !matches!(line.phase, LinePhase::Full | LinePhase::Closed);
    let places = format!("/antrean/{}/tempat", release.id);
    let mut actions = Vec::new();
    if your_turn || line.phase == LinePhase::Open {
        actions.push(Action::main(words.say("wait-choose"), places));
    }
    if !waits && !can_join {
        actions.push(Action::second(words.say("wait-about-release"), format!("/antrean/{}", release.id)));
    }
    let here = wait_path(&release.id);
    let look_again_s = standing.as_ref().map_or(line.look_again_s(), |standing| standing.look_again_s);
    let refreshes = waits && !faults.any();
    let figure = |key: &str, number: u64| (words.say(key), words.number(i64::try_from(number).unwrap_or(i64::MAX)));
    // Before the opening no place can be taken; then it matters how many there will be.
    let mut facts = vec![match line.phase {
        LinePhase::NotOpen | LinePhase::Joining => figure("figure-places", release.places.into()),
        _ => figure("wait-figure-left", line.left.into()),
    }];
    match line.phase {
        LinePhase::NotOpen | LinePhase::Full | LinePhase::Closed => {}
        LinePhase::Joining => facts.push(figure("wait-figure-joined", line.present)),
        LinePhase::Ordering | LinePhase::Admitting | LinePhase::Open => {
            facts.push(figure("wait-figure-waiting", line.waiting()));
        }
    }
    if let Some(number) = spot.and_then(|spot| spot.number) {
        facts.push(figure("wait-figure-number", number));
    }
    let ahead = standing.as_ref().and_then(|standing| standing.ahead).filter(|_| waits);
    let view = WaitPage {
        days: days(&page, &release.plan),
        tag: words.say(tag),
        kind,
        lead,
        ahead: ahead.map(|ahead| words.number(i64::try_from(ahead).unwrap_or(i64::MAX))),
        estimate: standing.as_ref().filter(|_| waits).and_then(|standing| say_estimate(visit, standing)),
        warning: standing
            .as_ref()
            .filter(|standing| waits && standing.places_may_go)
            .map(|_| words.say("wait-places-may-go")),
        joins: can_join,
        actions,
        promises: promises(visit, line.phase, joined),
        facts,
        live: refreshes.then(|| Live {
            line: format!("/api/v1/releases/{}/line", release.id),
            hall: HALL,
            value: standing.as_ref().and_then(|standing| standing.value),
            number: spot.and_then(|spot| spot.number),
            phase: line.phase.as_str(),
            look_again_s,
        }),
        refresh: (refreshes && !still)
            .then(|| (look_again_s, words.say_with("wait-refresh", &[("wait", words.duration(look_again_s).into())]))),
        still: refreshes.then(|| {
            if still {
                (here.clone(), words.say("wait-refresh-again"))
            } else {
                (format!("{here}?{STILL_FIELD}=1"), words.say("wait-refresh-stop"))
            }
        }),
        document: format!("/api/v1/releases/{}/line", release.id),
        here,
        page,
        faults,
    };
    show(view.faults.status(), &view)
}

fn title(phase: LinePhase, joined: bool, your_turn: bool) -> &'static str {
    match phase {
        LinePhase::Full => "wait-title-full",
        LinePhase::Closed => "wait-title-closed",
        _ if your_turn => "wait-title-your-turn",
        _ if joined => "wait-title-joined",
        _ => "wait-title",
    }
}

fn tag(phase: LinePhase, your_turn: bool) -> (&'static str, &'static str) {
    match phase {
        LinePhase::NotOpen => ("wait-tag-not-open", ""),
        LinePhase::Joining => ("wait-tag-joining", "live"),
        LinePhase::Full => ("wait-tag-full", "bad"),
        LinePhase::Closed => ("wait-tag-closed", ""),
        _ if your_turn => ("wait-tag-your-turn", "good"),
        LinePhase::Ordering => ("wait-tag-ordering", "warn"),
        LinePhase::Admitting => ("wait-tag-admitting", "live"),
        LinePhase::Open => ("wait-tag-open", "good"),
    }
}

/// What holds for whoever waits: the reasons not to hurry.
fn promises(visit: &Visit, phase: LinePhase, joined: bool) -> Vec<String> {
    let keys: &[&str] = match phase {
        LinePhase::Open | LinePhase::Full | LinePhase::Closed => &[],
        LinePhase::NotOpen | LinePhase::Joining if !joined => {
            &["wait-promise-early", "wait-promise-account", "wait-promise-close"]
        }
        _ => &["wait-promise-close", "wait-promise-tabs", "wait-promise-account", "wait-promise-early"],
    };
    keys.iter().map(|key| visit.words.say(key)).collect()
}

fn say_estimate(visit: &Visit, standing: &Standing) -> Option<String> {
    let number = |number: u32| Arg::from(number);
    Some(match standing.estimate? {
        Estimate { from_min: 0, to_min: Some(to) } => {
            visit.words.say_with("wait-estimate-below", &[("to", number(to))])
        }
        Estimate { from_min, to_min: Some(to) } => {
            visit.words.say_with("wait-estimate", &[("from", number(from_min)), ("to", number(to))])
        }
        Estimate { from_min, to_min: None } => {
            visit.words.say_with("wait-estimate-over", &[("from", number(from_min))])
        }
    })
}

/// A page that cannot be had without a turn says so by going to the waiting room.
pub(crate) fn to_the_room(refusal: &Refusal) -> Option<axum::response::Response> {
    match refusal {
        Refusal::NotYourTurn { release, .. } => Some(onward(&wait_path(release))),
        _ => None,
    }
}
