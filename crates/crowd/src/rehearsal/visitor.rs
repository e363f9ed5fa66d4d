//! What people and programs do when they come. Each request is due at an instant: the arrival by schedule, or the moment at which
//! somebody has read and typed enough after the answer before. Latency counts from there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use antrean_domain::nik::Sex;
use antrean_domain::release::Mode;
use hyper::Method;
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::kind::Kind;
use super::ledger::{Account, End, Holds};
use super::population::Visitor;
use super::recorder::{Noted, Recorder, Reply, Step};
use crate::dice::Dice;
use crate::wire::{Answer, Ask, Broken, Wire, bearer};

/// Tries of one request before somebody gives up.
const TRIES_MAX: u32 = 12;
/// Programs are more stubborn.
const BOT_TRIES_MAX: u32 = 40;
/// Programs do not wait when told to; they try again after this.
const BOT_PAUSE: Duration = Duration::from_millis(250);
/// A slow phone on a bad day: bytes a second.
const SLOW_BYTES_PER_S: u32 = 6_000;
/// How often a person looks for a message that does not come.
const LOOKS_MAX: u32 = 20;
/// The longest pause between two looks; together they are two minutes, and a code holds for five.
const LOOK_PAUSE_MAX: Duration = Duration::from_secs(8);
/// A slow phone loses so many of a hundred answers and sends the request again.
const LOST_PERCENT: u64 = 10;
/// A reloader looks this often, and so many times.
const RELOAD_EVERY: Duration = Duration::from_secs(1);
const RELOADS_MAX: u32 = 30;
/// So many of a hundred citizens with a place give it back.
const CANCELS_PERCENT: u64 = 3;
/// How often a cancel-and-rebook program does it.
const CHURNS: u32 = 2;
/// Purposes of streams of chance.
const DOING: u64 = 1 << 43;

/// What everybody shares.
pub struct Scene {
    /// The server.
    pub wire: Wire,
    /// The release they are in for.
    pub release: String,
    /// How it gives its places.
    pub mode: Mode,
    /// Who comes.
    pub visitors: Vec<Visitor>,
    /// What each of them was told, in the same order.
    pub accounts: Vec<Mutex<Account>>,
    /// Takes notes.
    pub recorder: Recorder,
    /// Everything that is chance follows from it.
    pub seed: u64,
    /// By how much reading and typing times are shortened, from 0 to 1.
    pub ease: f64,
    /// Whether the release has a waiting room, as far as anybody has found one.
    pub has_line: AtomicBool,
    /// Rules that were seen broken while it went on.
    pub broken_rules: Mutex<Vec<String>>,
}

/// What an answer came to.
enum Said {
    Yes,
    No(String),
    Gone(String),
}

/// Why a visit ended early.
enum Away {
    Left,
    Refused(String),
    GaveUp(String),
}

type Way<T = ()> = Result<T, Away>;

#[derive(Deserialize)]
struct Problem {
    code: String,
}

#[derive(Deserialize)]
struct Challenge {
    challenge: String,
}

#[derive(Deserialize)]
struct Message {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Session {
    token: String,
    complete: bool,
}

#[derive(Deserialize)]
struct Me {
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    id: i64,
}

#[derive(Deserialize)]
struct Entered {
    link: String,
    entry_id: String,
}

#[derive(Deserialize)]
struct Booked {
    link: String,
    slot: String,
}

#[derive(Deserialize)]
struct Spot {
    token: Option<String>,
    your_turn: bool,
    phase: String,
    look_again_s: u32,
}

#[derive(Deserialize)]
struct Live {
    appointment: Option<Booked>,
}

#[derive(Deserialize)]
struct Linked {
    link: String,
}

impl Scene {
    /// An account, for a moment: never across a request.
    pub fn account(&self, index: usize) -> MutexGuard<'_, Account> {
        self.accounts[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a rule that was seen broken.
    fn complain(&self, what: String) {
        self.broken_rules.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn release_path(&self) -> String {
        format!("/api/v1/releases/{}", self.release)
    }
}

/// Somebody who is here.
struct Visit<'a> {
    scene: &'a Scene,
    index: usize,
    visitor: &'a Visitor,
    dice: Dice,
    due: Instant,
    deadline: Instant,
    buf: Vec<u8>,
}

/// Signs in, says who it is, and enters where places are drawn.
pub async fn come(scene: Arc<Scene>, index: usize, due: Instant, deadline: Instant) {
    let mut visit = Visit::new(&scene, index, 0, due, deadline);
    if visit.visitor.kind == Kind::Reloader {
        tokio::spawn(reload(Arc::clone(&scene), index, due, deadline));
    }
    let way = visit.come().await;
    visit.end(way);
}

/// Books, where places go first come.
pub async fn book(scene: Arc<Scene>, index: usize, due: Instant, deadline: Instant) {
    let mut visit = Visit::new(&scene, index, 1, due, deadline);
    if visit.visitor.kind == Kind::Reloader {
        tokio::spawn(reload(Arc::clone(&scene), index, due, deadline));
    }
    let way = visit.rush().await;
    visit.end(way);
}

/// Looks at what it got.
pub async fn look(scene: Arc<Scene>, index: usize, due: Instant, deadline: Instant) {
    let mut visit = Visit::new(&scene, index, 2, due, deadline);
    let before = scene.account(index).end.clone();
    if let Err(away) = visit.look().await {
        visit.end(Err(away));
    } else {
        scene.account(index).end = before;
    }
}

/// Looks at the public state again and again, whether the answer before has come or not.
async fn reload(scene: Arc<Scene>, index: usize, from: Instant, deadline: Instant) {
    let known: Arc<Mutex<Option<HeaderValue>>> = Arc::default();
    for tick in 1..=RELOADS_MAX {
        let due = from + RELOAD_EVERY * tick;
        if due >= deadline {
            return;
        }
        tokio::time::sleep_until(due.into()).await;
        let (scene, known) = (Arc::clone(&scene), Arc::clone(&known));
        tokio::spawn(async move {
            let mut visit = Visit::new(&scene, index, 3, due, deadline);
            let path = scene.release_path();
            let before = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let ask = Ask { known: before.as_ref(), ..Ask::get(&path) };
            if let Ok(answer) = visit.send(Step::Read, &ask).await {
                *known.lock().unwrap_or_else(PoisonError::into_inner) = answer.tag;
            }
        });
    }
}

impl<'a> Visit<'a> {
    fn new(scene: &'a Scene, index: usize, phase: u64, due: Instant, deadline: Instant) -> Self {
        let dice = Dice::new(scene.seed, DOING + index as u64 * 4 + phase);
        Self { scene, index, visitor: &scene.visitors[index], dice, due, deadline, buf: Vec::new() }
    }

    fn end(&self, way: Way) {
        let mut account = self.scene.account(self.index);
        account.end = match way {
            Ok(()) => End::Done,
            Err(Away::Left) => End::Left,
            Err(Away::Refused(code)) => End::Refused(code),
            Err(Away::GaveUp(why)) => End::GaveUp(why),
        };
    }

    /// Reads and types for a time, in milliseconds at ease. Programs do neither.
    async fn think(&mut self, from_ms: u64, to_ms: u64) {
        let slow = if self.visitor.kind == Kind::SlowPhone { 2.0 } else { 1.0 };
        let ms = if self.visitor.kind.is_bot() { 0 } else { from_ms + self.dice.below(to_ms - from_ms) };
        self.rest(Duration::from_millis(ms).mul_f64(self.scene.ease * slow)).await;
    }

    async fn rest(&mut self, pause: Duration) {
        self.due = Instant::now() + pause;
        if !pause.is_zero() {
            tokio::time::sleep_until(self.due.into()).await;
        }
    }

    /// Sends one request now and notes what came of it; the answer's body lies in `buf`.
    async fn send(&mut self, step: Step, ask: &Ask<'_>) -> Result<Answer, Broken> {
        let slow = self.visitor.kind == Kind::SlowPhone;
        let ask =
            Ask { from: Some(self.visitor.from), bytes_per_s: if slow { SLOW_BYTES_PER_S } else { 0 }, ..ask.clone() };
        let mut line = self.scene.wire.line().await;
        let left = Instant::now();
        let result = line.exchange(&ask, &mut self.buf).await;
        drop(line);
        let now = Instant::now();
        let (answered, reply, why) = match &result {
            Ok(answer) => {
                // How slowly a phone takes the rest is not the server's time.
                let own_time = if slow { answer.took.saturating_sub(answer.head_took) } else { Duration::ZERO };
                let answered = now.checked_sub(own_time).unwrap_or(now);
                let (reply, why) = read_reply(answer, &self.buf);
                (answered, reply, why)
            }
            Err(Broken::Late) => (now, Reply::Broken, Some("no answer in time".to_owned())),
            Err(Broken::Connect(_)) => (now, Reply::Broken, Some("no connection".to_owned())),
            Err(Broken::Line(_) | Broken::Request(_)) => (now, Reply::Broken, Some("connection broken".to_owned())),
        };
        let (bot, due, why) = (self.visitor.kind.is_bot(), self.due, why.as_deref());
        self.scene.recorder.note(&Noted { step, bot, due, left, answered, reply, why });
        result
    }

    /// Sends a request until there is an answer that is one, waiting as told, with the same key every time.
    async fn insist(&mut self, step: Step, ask: &Ask<'_>) -> Said {
        let bot = self.visitor.kind.is_bot();
        let mut pause = Duration::from_millis(200);
        for _ in 0..if bot { BOT_TRIES_MAX } else { TRIES_MAX } {
            let wait = match self.send(step, ask).await {
                Ok(answer) if answer.is_success() || answer.status == 304 => return Said::Yes,
                Ok(answer) if answer.says_come_back() => {
                    let told = answer.retry_after.unwrap_or(Duration::from_secs(1));
                    // Nobody comes back to the millisecond, and not all at once.
                    if bot { BOT_PAUSE } else { told + Duration::from_millis(self.dice.below(500)) }
                }
                Ok(answer) if answer.status < 500 => return Said::No(refusal(&self.buf)),
                Ok(_) | Err(_) => {
                    pause *= 2;
                    pause
                }
            };
            if Instant::now() + wait >= self.deadline {
                return Said::Gone("told to come back after the end".to_owned());
            }
            self.rest(wait).await;
        }
        Said::Gone("no answer after many tries".to_owned())
    }

    /// The answer to a request that must succeed for the visit to go on.
    async fn need<T: DeserializeOwned>(&mut self, step: Step, ask: &Ask<'_>) -> Way<T> {
        match self.insist(step, ask).await {
            Said::Yes => self.read(),
            Said::No(code) => Err(Away::Refused(code)),
            Said::Gone(why) => Err(Away::GaveUp(why)),
        }
    }

    fn read<T: DeserializeOwned>(&self) -> Way<T> {
        serde_json::from_slice(&self.buf).map_err(|error| Away::GaveUp(format!("an answer cannot be read: {error}")))
    }

    /// Asks for a change: whether it happened is unknown until the answer is here.
    async fn change(&mut self, step: Step, ask: &Ask<'_>) -> Said {
        let before = std::mem::replace(&mut self.scene.account(self.index).unsure, true);
        let said = self.insist(step, ask).await;
        if !matches!(said, Said::Gone(_)) {
            self.scene.account(self.index).unsure = before;
        }
        said
    }

    fn key(&self) -> String {
        let mut account = self.scene.account(self.index);
        account.keys += 1;
        format!("r{}-{}-{}-{}", self.scene.seed, self.scene.release, self.index, account.keys)
    }

    fn bearer(&self) -> Way<HeaderValue> {
        self.scene.account(self.index).bearer.clone().ok_or(Away::Left)
    }

    /// Leavers go at one of several points; `at` counts from 0.
    fn may_leave(&self, at: usize) -> Way {
        let leaves_at = self.index % 4;
        if self.visitor.kind == Kind::Leaver && leaves_at == at { Err(Away::Left) } else { Ok(()) }
    }

    async fn come(&mut self) -> Way {
        if !self.visitor.kind.is_bot() {
            let path = self.scene.release_path();
            let _ = self.insist(Step::Read, &Ask::get(&path)).await;
            self.think(1_000, 5_000).await;
        }
        self.may_leave(0)?;
        self.sign_in().await?;
        self.may_leave(2)?;
        self.introduce().await?;
        self.may_leave(3)?;
        if self.scene.mode == Mode::Draw { self.enter().await } else { self.join().await }
    }

    /// Joins the line, where the release has one.
    async fn join(&mut self) -> Way {
        let bearer = self.bearer()?;
        let path = format!("{}/line", self.scene.release_path());
        let key = self.key();
        let ask = Ask::new(Method::POST, &path).by(&bearer).once(&key);
        match self.insist(Step::Line, &ask).await {
            Said::Yes => {
                let Spot { token, .. } = self.read()?;
                let token = token.and_then(|token| HeaderValue::try_from(token).ok());
                let mut account = self.scene.account(self.index);
                account.place = token;
                account.asked = true;
                drop(account);
                self.scene.has_line.store(true, Ordering::Relaxed);
                Ok(())
            }
            // Without a waiting room, or before it opens its doors, there is nothing to join.
            Said::No(_) => Ok(()),
            Said::Gone(why) => Err(Away::GaveUp(why)),
        }
    }

    /// Waits in the line until it is their turn; programs and reloaders look more often than they are told to.
    async fn wait_for_turn(&mut self) -> Way {
        if self.scene.account(self.index).place.is_none() {
            self.join().await?;
        }
        let Some(place) = self.scene.account(self.index).place.clone() else { return Ok(()) };
        let path = format!("{}/line/place", self.scene.release_path());
        loop {
            let ask = Ask { place: Some(&place), ..Ask::get(&path) };
            let spot: Spot = self.need(Step::Line, &ask).await?;
            if spot.your_turn {
                return Ok(());
            }
            if matches!(spot.phase.as_str(), "full" | "closed") {
                return Err(Away::Refused("full".to_owned()));
            }
            let told = Duration::from_secs(u64::from(spot.look_again_s.max(1)));
            let wait = match self.visitor.kind {
                Kind::Reloader => RELOAD_EVERY,
                kind if kind.is_bot() => BOT_PAUSE,
                _ => told + Duration::from_millis(self.dice.below(500)),
            };
            if Instant::now() + wait >= self.deadline {
                return Err(Away::GaveUp("still in the line at the end".to_owned()));
            }
            self.rest(wait).await;
        }
    }

    async fn sign_in(&mut self) -> Way {
        let phone = self.visitor.household.phone.e164();
        let asked = json!({"phone": phone}).to_string();
        let sent: Challenge = self.need(Step::Code, &Ask::post("/api/v1/sessions/codes", asked)).await?;
        self.may_leave(1)?;
        let code = self.read_code().await?;
        self.think(2_000, 6_000).await;
        let answered = json!({"challenge": sent.challenge, "code": code}).to_string();
        let session: Session = self.need(Step::SignIn, &Ask::post("/api/v1/sessions", answered)).await?;
        let bearer = bearer(&session.token).map_err(|_| Away::GaveUp("a token that is none".to_owned()))?;
        self.scene.account(self.index).bearer = Some(bearer.clone());
        if session.complete {
            // Was here before, in an earlier rehearsal on the same server.
            let me: Me = self.need(Step::Introduce, &Ask::get("/api/v1/me").by(&bearer)).await?;
            self.remember(&me);
        }
        Ok(())
    }

    /// Waits for the message with the code; programs read theirs by a machine as well.
    async fn read_code(&mut self) -> Way<String> {
        let path = format!("/demo/messages?to={}", self.visitor.household.phone.e164().replace('+', "%2B"));
        let mut wait = Duration::from_millis(if self.visitor.kind.is_bot() { 400 } else { 700 });
        for _ in 0..LOOKS_MAX {
            self.rest(wait).await;
            let messages: Vec<Message> = self.need(Step::Inbox, &Ask::get(&path)).await?;
            if let Some(code) = messages.into_iter().find_map(|message| message.code) {
                return Ok(code);
            }
            // Whoever looks too often only keeps the server from sending it.
            wait = (wait * 2).min(LOOK_PAUSE_MAX);
            if Instant::now() + wait >= self.deadline {
                break;
            }
        }
        Err(Away::GaveUp("no code came".to_owned()))
    }

    fn remember(&self, me: &Me) {
        self.scene.account(self.index).people = me.people.iter().map(|person| person.id).collect();
    }

    async fn introduce(&mut self) -> Way {
        if !self.scene.account(self.index).people.is_empty() {
            return Ok(());
        }
        let bearer = self.bearer()?;
        let household = &self.visitor.household;
        let [holder, family @ ..] = household.people.as_slice() else { return Err(Away::Left) };
        self.think(4_000, 10_000).await;
        let stated = json!({
            "nik": holder.nik.as_str(), "family_card": household.family_card.as_str(), "name": holder.name.as_str(),
            "birth_date": holder.birth_date, "sex": sex(holder.sex), "consent": true,
        });
        let key = self.key();
        let ask = Ask { method: Method::PUT, ..Ask::post("/api/v1/me", stated.to_string()) };
        let mut me: Me = self.need(Step::Introduce, &ask.by(&bearer).once(&key)).await?;
        for person in family {
            self.think(3_000, 6_000).await;
            let added = json!({
                "nik": person.nik.as_str(), "name": person.name.as_str(), "birth_date": person.birth_date,
                "sex": sex(person.sex),
            });
            let key = self.key();
            let ask = Ask::post("/api/v1/me/family", added.to_string()).by(&bearer).once(&key);
            me = self.need(Step::Introduce, &ask).await?;
        }
        self.remember(&me);
        Ok(())
    }

    async fn enter(&mut self) -> Way {
        if !self.visitor.kind.is_bot() {
            let windows = format!("/api/v1/offices/{}/slots?release={}", self.visitor.office, self.scene.release);
            let _ = self.insist(Step::Read, &Ask::get(&windows)).await;
            self.think(3_000, 9_000).await;
        }
        self.enter_once().await?;
        if self.visitor.kind == Kind::Churner {
            for _ in 0..CHURNS {
                self.withdraw().await?;
                self.enter_once().await?;
            }
        }
        Ok(())
    }

    async fn enter_once(&mut self) -> Way {
        let bearer = self.bearer()?;
        let people = {
            let mut account = self.scene.account(self.index);
            account.asked = true;
            account.people.clone()
        };
        let path = format!("{}/entry", self.scene.release_path());
        let wanted = json!({
            "people": people, "service": "new", "passport": "electronic", "choices": self.visitor.choices,
        });
        let key = self.key();
        let ask = Ask::post(&path, wanted.to_string()).by(&bearer).once(&key);
        match self.change(Step::Enter, &ask).await {
            Said::Yes => {
                let Entered { link, entry_id } = self.read()?;
                {
                    let mut account = self.scene.account(self.index);
                    account.holds = Holds::Entry { link: link.clone() };
                    account.entry_id = Some(entry_id);
                }
                self.repeat(Step::Enter, &ask, &link).await
            }
            Said::No(code) => Err(self.refused(code)),
            Said::Gone(why) => Err(Away::GaveUp(why)),
        }
    }

    /// Notes what a refusal means for the account: somebody who has something already, by a rehearsal before this one, cannot be
    /// counted on.
    fn refused(&self, code: String) -> Away {
        let mut account = self.scene.account(self.index);
        if code == "already-live" {
            account.unsure = true;
        }
        // Whoever came too late had no chance to be compared with anybody's.
        account.asked &= code != "entries-closed";
        drop(account);
        Away::Refused(code)
    }

    /// On a slow phone an answer is lost now and then: the same request with the same key must get the same answer.
    async fn repeat(&mut self, step: Step, ask: &Ask<'_>, link: &str) -> Way {
        if self.visitor.kind != Kind::SlowPhone || !self.dice.percent(LOST_PERCENT) {
            return Ok(());
        }
        self.rest(Duration::from_secs(1)).await;
        match self.insist(step, ask).await {
            Said::Yes => {
                let again: Linked = self.read()?;
                if again.link != link {
                    self.scene.complain(format!("account {}: a repeated request got another answer", self.index));
                }
                Ok(())
            }
            Said::No(code) => {
                self.scene.complain(format!("account {}: a repeated request was refused: {code}", self.index));
                Ok(())
            }
            Said::Gone(why) => Err(Away::GaveUp(why)),
        }
    }

    async fn withdraw(&mut self) -> Way {
        let bearer = self.bearer()?;
        let path = format!("{}/entry", self.scene.release_path());
        let key = self.key();
        let ask = Ask::new(Method::DELETE, &path).by(&bearer).once(&key);
        match self.change(Step::Cancel, &ask).await {
            Said::Yes => {
                let mut account = self.scene.account(self.index);
                account.entry_id = None;
                if let Holds::Entry { link } = std::mem::take(&mut account.holds) {
                    account.gave_back.push(link);
                }
                Ok(())
            }
            Said::No(code) => Err(Away::Refused(code)),
            Said::Gone(why) => Err(Away::GaveUp(why)),
        }
    }

    /// The rush: people look which windows have room, programs try at once.
    async fn rush(&mut self) -> Way {
        self.wait_for_turn().await?;
        if !self.visitor.kind.is_bot() {
            let windows = format!("/api/v1/offices/{}/slots?release={}", self.visitor.office, self.scene.release);
            let _ = self.insist(Step::Read, &Ask::get(&windows)).await;
            self.think(1_000, 4_000).await;
        }
        self.book_any().await?;
        if self.visitor.kind == Kind::Churner {
            for _ in 0..CHURNS {
                self.cancel().await?;
                self.book_any().await?;
            }
        }
        Ok(())
    }

    /// Tries its windows one after the other until one has room.
    async fn book_any(&mut self) -> Way {
        let bearer = self.bearer()?;
        let people = {
            let mut account = self.scene.account(self.index);
            account.asked = true;
            account.people.clone()
        };
        for slot in &self.visitor.windows {
            let wanted = json!({
                "slot": slot, "for": "people", "people": people, "service": "new", "passport": "electronic",
            });
            let key = self.key();
            let ask = Ask::post("/api/v1/appointments", wanted.to_string()).by(&bearer).once(&key);
            match self.change(Step::Book, &ask).await {
                Said::Yes => {
                    let Booked { link, slot } = self.read()?;
                    self.scene.account(self.index).holds = Holds::Place { link: link.clone(), slot };
                    return self.repeat(Step::Book, &ask, &link).await;
                }
                Said::No(code) if code == "full" => self.think(500, 2_000).await,
                // The turn has passed, or has not quite come: the line says when.
                Said::No(code) if code == "not-your-turn" => self.wait_for_turn().await?,
                Said::No(code) => return Err(self.refused(code)),
                Said::Gone(why) => return Err(Away::GaveUp(why)),
            }
        }
        Err(Away::Refused("full".to_owned()))
    }

    async fn cancel(&mut self) -> Way {
        let bearer = self.bearer()?;
        let Holds::Place { link, .. } = self.scene.account(self.index).holds.clone() else { return Ok(()) };
        let path = format!("/api/v1/appointments/{link}/cancel");
        let key = self.key();
        let ask = Ask::new(Method::POST, &path).by(&bearer).once(&key);
        match self.change(Step::Cancel, &ask).await {
            Said::Yes => {
                let mut account = self.scene.account(self.index);
                account.holds = Holds::Nothing;
                account.gave_back.push(link);
                Ok(())
            }
            Said::No(code) => Err(Away::Refused(code)),
            Said::Gone(why) => Err(Away::GaveUp(why)),
        }
    }

    async fn look(&mut self) -> Way {
        let bearer = self.bearer()?;
        let path = format!("{}/entry", self.scene.release_path());
        let live = match self.insist(Step::Result, &Ask::get(&path).by(&bearer)).await {
            Said::Yes => self.read::<Live>()?,
            // Nothing of theirs is live: they left, or were refused.
            Said::No(_) => return Ok(()),
            Said::Gone(why) => return Err(Away::GaveUp(why)),
        };
        let Some(Booked { link, slot }) = live.appointment else { return Ok(()) };
        {
            // Told for the first time that the entry came to a place: from now on that must stay true.
            let mut account = self.scene.account(self.index);
            if matches!(&account.holds, Holds::Entry { link: known } if *known == link) {
                account.holds = Holds::Place { link: link.clone(), slot };
            }
        }
        self.think(1_000, 4_000).await;
        let ticket = format!("/api/v1/appointments/{link}/ticket");
        let _ = self.insist(Step::Result, &Ask::get(&ticket)).await;
        match self.visitor.kind {
            Kind::Churner => {
                self.cancel().await?;
                self.book_any().await
            }
            Kind::Citizen | Kind::SlowPhone if self.dice.percent(CANCELS_PERCENT) => {
                self.think(2_000, 5_000).await;
                self.cancel().await
            }
            _ => Ok(()),
        }
    }
}

fn read_reply(answer: &Answer, body: &[u8]) -> (Reply, Option<String>) {
    match answer.status {
        200..400 => (Reply::Done, None),
        429 | 503 => (Reply::Later, Some(refusal(body))),
        500.. => (Reply::Broken, Some(refusal(body))),
        _ => (Reply::Refused, Some(refusal(body))),
    }
}

/// The name of a refusal.
fn refusal(body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body).map_or_else(|_| "unreadable".to_owned(), |problem| problem.code)
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}
