//! One week: what people, officers, the operator and the clock do in random order, and what is looked at after each step.

use std::collections::{BTreeMap, BTreeSet};

use antrean_app::caller::{Actor, Caller};
use antrean_app::me::mine;
use antrean_app::operation::IdempotencyKey;
use antrean_app::party::LiveView;
use antrean_app::release::{GiveBeacon, Plan};
use antrean_app::sign_in::{EnterCode, RequestCode};
use antrean_app::{Failure, bundle};
use antrean_domain::appointment::AppointmentEvent;
use antrean_store::audit;
use antrean_store::releases::ReleaseState;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::act::{self, Act};
use crate::campaign::Log;
use crate::dice::Dice;
use crate::plans::{self, Hours, LOTTERY, RELEASES_MAX, START};
use crate::reference::{Account, Line, Reference, Release};
use crate::rows::{Seen, Traces, assert_rules, assert_same, unnamed_tables};
use crate::stage::{Stage, Template, account_of, caller, code_of, phone, sign_in};
use crate::story::Story;

/// A request that was answered under a key.
struct Sent {
    who: usize,
    account: i64,
    act: Act,
    key: IdempotencyKey,
    answer: Result<Value, Failure>,
    at: Timestamp,
}

struct Week<'t> {
    dice: Dice,
    stage: Stage,
    town: Reference,
    seen: Seen,
    log: &'t Log,
    hours: Hours,
    sent: Vec<Sent>,
    keys: u32,
    old_sessions: Vec<(usize, [u8; 32])>,
    bundles: BTreeMap<usize, Vec<u8>>,
    rushed: BTreeSet<usize>,
}

/// Plays one week.
pub async fn play(template: &Template, seed: u64, log: &Log) {
    let mut dice = Dice::new(seed);
    let mut catalogue = template.catalogue.clone();
    let hours = plans::random_hours(&mut dice, &mut catalogue);
    let stage = Stage::new(template, catalogue, START, seed).await;
    let town = Reference::new(
        START,
        template.accounts.clone(),
        template.persons.clone(),
        antrean_domain::keys::Keyring::derive(&[7; 32]),
    );
    let first_look = look(&stage).await;
    let unnamed = stage.app.store().read(unnamed_tables).await.expect("read");
    assert!(unnamed.is_empty(), "tables that rows.rs does not know: {unnamed:?}");
    let mut week = Week {
        dice,
        stage,
        town,
        seen: first_look,
        log,
        hours,
        sent: Vec::new(),
        keys: 0,
        old_sessions: Vec::new(),
        bundles: BTreeMap::new(),
        rushed: BTreeSet::new(),
    };
    week.plan().await;
    let steps = week.dice.weighted(&[(40, 40), (30, 70), (20, 110), (10, 180)]);
    // Some weeks hurry through the days, others stay with a few hours.
    let pace = 1 + week.dice.below(4);
    for _ in 0..steps {
        week.step(pace).await;
    }
    week.end().await;
}

async fn look(stage: &Stage) -> Seen {
    stage.app.store().read(Seen::read).await.expect("the store can be read")
}

async fn traces(stage: &Stage) -> Traces {
    stage.app.store().read(Traces::read).await.expect("the store can be read")
}

// ---- steps ----

#[derive(Clone, Copy)]
enum Kind {
    Act,
    Record,
    Time,
    Tick,
    SignIn,
    OldDevice,
    Repeat,
    Operator,
    Restart,
    CutOff,
}

impl Week<'_> {
    async fn step(&mut self, pace: usize) {
        let kind = self.dice.weighted(&[
            (60, Kind::Act),
            (12, Kind::Record),
            (self.hurry(), Kind::Time),
            (4, Kind::Tick),
            (1, Kind::SignIn),
            (1, Kind::OldDevice),
            (3, Kind::Repeat),
            (if self.waits_for_beacon() { 15 } else { 3 }, Kind::Operator),
            (1, Kind::Restart),
            (1, Kind::CutOff),
        ]);
        match kind {
            Kind::Act => self.act().await,
            Kind::Record => self.record().await,
            Kind::Time => self.time_passes(pace).await,
            Kind::Tick => self.tick().await,
            Kind::SignIn => self.sign_in().await,
            Kind::OldDevice => self.old_device().await,
            Kind::Repeat => self.repeat().await,
            Kind::Operator => self.operator().await,
            Kind::Restart => {
                self.note("restart");
                self.stage.restart().await;
                self.unchanged().await;
            }
            Kind::CutOff => {
                self.note("power cut");
                self.stage.cut_off().await;
                self.unchanged().await;
            }
        }
    }

    /// Before anything is open there is little to do; while people can enter there is most.
    fn hurry(&self) -> u64 {
        let going_on = |release: &Release| {
            use ReleaseState as Is;
            !matches!(release.state, Is::Planned | Is::Closed) || self.town.now >= release.first_opens()
        };
        let newest = self.town.releases.iter().rev().find(|release| going_on(release));
        match newest.map(|release| release.state) {
            None | Some(ReleaseState::Closed) => 100,
            Some(ReleaseState::Planned | ReleaseState::Open) => {
                let everywhere = newest.is_some_and(|release| self.town.now >= release.opens(7));
                if everywhere { 7 } else { 50 }
            }
            Some(ReleaseState::Frozen | ReleaseState::Drawing) => 20,
            Some(ReleaseState::Drawn) => 14,
        }
    }

    fn waits_for_beacon(&self) -> bool {
        self.town.releases.iter().any(|release| release.state == ReleaseState::Frozen)
    }

    fn note(&self, line: impl std::fmt::Display) {
        self.log.note(format!("{} {line}", self.town.now));
    }

    /// Looks, and compares with what the model foretells.
    async fn check(&mut self) {
        let seen = look(&self.stage).await;
        assert_same(&seen.rows, &self.town.rows());
        assert_rules(&seen, &self.seen);
        self.seen = seen;
    }

    /// Nothing at all happened, in any table.
    async fn unchanged(&mut self) {
        assert_eq!(traces(&self.stage).await, self.seen.traces, "nothing may be written at all");
    }

    /// It was refused: one event says so, and no state changed.
    async fn refused(&mut self, code: &'static str) {
        let traces = traces(&self.stage).await;
        assert_eq!(traces.state, self.seen.traces.state, "a refusal ({code}) leaves everything as it was");
        let noted = (self.seen.traces.events.0 + 1, "refused".to_owned(), Some(code.to_owned()));
        assert_eq!(traces.events, noted, "a refusal is written down");
        self.seen.traces = traces;
    }

    async fn act(&mut self) {
        let who = self.somebody();
        let act = act::think(&mut self.dice, &self.town, who);
        self.act_as(who, act).await;
    }

    /// Everybody at once, in some order, when a release has opened: only a crowd makes places scarce.
    async fn rush(&mut self, release: usize) {
        let mut order: Vec<usize> = (0..self.town.accounts.len()).collect();
        self.dice.shuffle(&mut order);
        for who in order {
            let act = act::rush(&mut self.dice, &self.town, who, release);
            self.act_as(who, act).await;
        }
    }

    async fn act_as(&mut self, who: usize, act: Act) {
        let Some(session) = self.town.accounts[who].session else { return self.sign_in_as(who).await };
        let account = self.town.accounts[who].number.expect("a session is an account's");
        let key = self.dice.percent(50).then(|| self.fresh_key());
        let why = self.town.refusals(who, &act);
        self.log.note(format!("{} account {who}: {act:?} {key:?}", self.town.now));
        let answer = act.perform(&self.stage.app, caller(session), key.clone()).await;
        match &answer {
            Ok(outcome) => {
                assert!(why.is_empty(), "accepted against {why:?}");
                self.log.count(act.name());
                self.town.apply(who, &act, outcome);
                self.check().await;
                if act == Act::Forget {
                    self.check_forgotten(account);
                }
            }
            Err(Failure::Refused(refusal)) => {
                self.note(format!("    refused: {}", refusal.code()));
                self.log.count(format!("refused: {}", refusal.code()));
                assert!(why.contains(refusal.code()), "refused for {refusal:?}; the model knows {why:?}");
                self.refused(refusal.code()).await;
            }
            Err(other) => panic!("not refused but failed: {other}"),
        }
        if self.dice.percent(20) {
            self.check_mine(who).await;
        }
        // Who is told to come back may send the same again then, and get another answer.
        let answered = !matches!(&answer, Err(Failure::Refused(refusal)) if refusal.says_come_back());
        let Some(key) = key.filter(|_| answered && act.keeps_the_session()) else { return };
        self.sent.push(Sent { who, account, act, key, answer, at: self.town.now });
        if self.dice.percent(30) {
            self.send_again(self.sent.len() - 1).await;
        }
    }

    /// Anybody; rather somebody who is in nothing, as long as there is something to enter.
    fn somebody(&mut self) -> usize {
        let entering = self.town.releases.iter().any(Release::is_open);
        let idle: Vec<usize> = (0..self.town.accounts.len())
            .filter(|who| self.town.accounts[*who].number.is_some_and(|account| self.town.live_of(account).is_none()))
            .collect();
        let idle = if entering && self.dice.percent(60) { idle } else { Vec::new() };
        if idle.is_empty() { self.dice.below(self.town.accounts.len()) } else { *self.dice.pick(&idle) }
    }

    fn fresh_key(&mut self) -> IdempotencyKey {
        self.keys += 1;
        IdempotencyKey::parse(&format!("key-{}", self.keys)).expect("a key")
    }

    /// Rule 5, now or later: the same request has the same answer and no second effect; another request is told apart.
    async fn repeat(&mut self) {
        // Answers are kept for a day.
        let day = SignedDuration::from_hours(24);
        let now = self.town.now;
        self.sent.retain(|sent| now < sent.at + day);
        if !self.sent.is_empty() {
            let index = self.dice.below(self.sent.len());
            self.send_again(index).await;
        }
    }

    async fn send_again(&mut self, index: usize) {
        let sent = &self.sent[index];
        let account = &self.town.accounts[sent.who];
        let Some(session) = account.session.filter(|_| account.number == Some(sent.account)) else { return };
        let other = sent.act.other_content().filter(|_| self.dice.percent(25));
        let act = other.as_ref().unwrap_or(&sent.act);
        self.log.note(format!("{} account {} again: {act:?} {:?}", self.town.now, sent.who, sent.key));
        let answer = act.perform(&self.stage.app, caller(session), Some(sent.key.clone())).await;
        match (other.is_some(), answer) {
            (true, Err(Failure::Refused(refusal))) if refusal.code() == "key-reused" => {}
            (true, answer) => panic!("rule 5: another request under a used key got {answer:?}"),
            (false, answer) => assert_eq!(answer, sent.answer, "rule 5: the same request has the same answer"),
        }
        self.unchanged().await;
        self.log.count(if other.is_some() { "key reused" } else { "sent again" });
    }

    /// The account's own page says what the model says.
    async fn check_mine(&mut self, who: usize) {
        let Some(session) = self.town.accounts[who].session else { return };
        let page = self.stage.app.ask(caller(session), mine).await.expect("my page");
        let shown = page.live.map(|live| match live {
            LiveView::Entry(entry) => (entry.link, entry.state.as_str()),
            LiveView::Appointment(ticket) => (ticket.link, ticket.state.as_str()),
        });
        let account = self.town.accounts[who].number.expect("an account");
        let live = self.town.live_of(account).map(|id| {
            let party = &self.town.parties[&id];
            let entry = party.entry.as_ref().map(|entry| entry.state.as_str());
            let state = party.place.as_ref().map_or(entry, |place| Some(place.state.as_str()));
            (self.town.link(id), state.expect("an entry or a place"))
        });
        assert_eq!(shown, live, "my page shows what is live");
    }

    /// Nothing can be read any more about the people of an account that was deleted.
    fn check_forgotten(&self, account: i64) {
        for (id, party) in self.seen.rows.parties.iter().filter(|(_, party)| party.account == account) {
            assert!(!party.live);
            assert!(self.seen.sealed[id].iter().all(Vec::is_empty), "the people of party {id} can still be read");
        }
    }

    async fn record(&mut self) {
        // Officers record those of today; the program leaves it to them, and so they sometimes do others.
        let today = self.town.expected_today();
        let link = if !today.is_empty() && self.dice.percent(90) {
            self.town.link(*self.dice.pick(&today))
        } else if self.dice.percent(15) {
            let who = self.dice.below(self.town.accounts.len());
            act::link(&mut self.dice, &self.town, who)
        } else {
            return;
        };
        let event = match self.dice.below(10) {
            0..4 => AppointmentEvent::CheckIn,
            4 => AppointmentEvent::UndoCheckIn,
            5 => AppointmentEvent::Call,
            6 => AppointmentEvent::Park,
            7 => AppointmentEvent::Serve,
            _ => *self.dice.pick(&AppointmentEvent::ALL),
        };
        self.note(format!("officer: {event} {link}"));
        let foretold = self.town.record(&link, event);
        match (act::record(&self.stage.app, &link, event).await, foretold) {
            (Ok(state), Ok(to)) => {
                assert_eq!(state, to.as_str());
                self.log.count(format!("recorded: {to}"));
                self.town.recorded(&link, to);
                self.check().await;
            }
            (Err(Failure::Refused(refusal)), Err(code)) if refusal.code() == code => self.refused(code).await,
            (found, foretold) => panic!("found {found:?}, foretold {foretold:?}"),
        }
    }

    async fn sign_in(&mut self) {
        let who = self.dice.below(self.town.accounts.len());
        self.sign_in_as(who).await;
    }

    /// Signs in, perhaps after some wrong codes: five of them use the code up. The session before ends.
    async fn sign_in_as(&mut self, who: usize) {
        let wrong = if self.dice.percent(30) { 1 + self.dice.below(6) } else { 0 };
        self.note(format!("account {who} signs in, {wrong} wrong codes first"));
        if wrong > 0 {
            let app = &self.stage.app;
            let request = RequestCode { phone: phone(who) };
            let sent = app.perform(Caller::default(), None, request).await.expect("a code");
            let right = code_of(app, &sent.challenge);
            let guess = if right == "000000" { "000001" } else { "000000" };
            let mut codes = vec![guess.to_owned(); wrong];
            codes.extend((wrong >= 5).then_some(right));
            for (index, code) in codes.into_iter().enumerate() {
                let enter = EnterCode { challenge: sent.challenge.clone(), code };
                let expected = if index < 5 { "code-wrong" } else { "code-expired" };
                match app.perform(Caller::default(), None, enter).await {
                    Err(Failure::Refused(refusal)) => assert_eq!(refusal.code(), expected, "try {index}"),
                    other => panic!("try {index}: {other:?}"),
                }
            }
        }
        let (number, session) = sign_in(&self.stage.app, who).await;
        let account = &mut self.town.accounts[who];
        if account.number.is_none() {
            *account = Account { number: Some(number), session: None, consent: false, people: Vec::new() };
        }
        assert_eq!(account.number, Some(number), "the phone signs in to its account");
        if let Some(before) = account.session.replace(session) {
            self.old_sessions.push((who, before));
        }
        self.check().await;
    }

    async fn old_device(&mut self) {
        if self.old_sessions.is_empty() {
            return;
        }
        let (who, session) = *self.dice.pick(&self.old_sessions);
        let act = act::think(&mut self.dice, &self.town, who);
        let key = self.dice.percent(50).then(|| self.fresh_key());
        self.note(format!("account {who} on the old device: {act:?}"));
        match act.perform(&self.stage.app, caller(session), key).await {
            Err(Failure::Refused(refusal)) if refusal.code() == "signed-out" => {}
            other => panic!("the old device is signed out, but got {other:?}"),
        }
        self.unchanged().await;
    }
}

// ---- the clock ----

impl Week<'_> {
    /// The clock moves on: a little, or to where something begins or ends, to the second or just beside it.
    async fn time_passes(&mut self, pace: usize) {
        let now = self.town.now;
        let entering = self.town.releases.iter().any(|release| release.is_open() && now < release.plan.freeze);
        let to = if self.dice.percent(if entering { 60 } else { 30 }) {
            now + SignedDuration::from_secs(1 + self.dice.below(7_200) as i64)
        } else {
            let ahead: Vec<Timestamp> = self.town.instants().range(now..).skip(1).copied().collect();
            let index = self.dice.below(pace);
            let Some(at) = ahead.get(index).or(ahead.last()) else { return };
            *at + SignedDuration::from_secs(*self.dice.pick(&[-1, 0, 0, 0, 1]))
        };
        self.town.now = to.max(now);
        self.stage.clock.set(self.town.now);
        self.note("is the time now");
        if self.dice.percent(70) {
            self.tick().await;
        }
        let now = self.town.now;
        let opened = |release: &Release| release.is_open() && now >= release.opens(7) && now < release.plan.freeze;
        if let Some(index) = self.town.releases.iter().position(opened)
            && self.rushed.insert(index)
            && self.dice.percent(75)
        {
            self.rush(index).await;
        }
    }

    async fn tick(&mut self) {
        self.note("the clock looks");
        let due = self.town.draw_due();
        self.stage.release_clock.tick().await.expect("the clock does its work");
        let mut drawn = BTreeMap::new();
        for index in due {
            drawn.insert(index, self.published(index).await);
        }
        let wishes = self.town.granted;
        self.town.tick(&drawn);
        if self.town.granted > wishes {
            self.log.count("wish granted");
        }
        self.check().await;
        self.town.assert_shown(&self.stage.app.overview(), &self.seen.rows);
        if self.dice.percent(10) {
            self.check_story().await;
        }
    }

    /// The result of a draw that was just made, from its published file alone, which must verify.
    async fn published(&mut self, index: usize) -> Vec<Line> {
        let bytes = self.bundle(index).await;
        let lines = plans::verified(&bytes);
        assert!(self.bundles.insert(index, bytes).is_none(), "rule 8: drawn once");
        lines
    }

    async fn bundle(&self, index: usize) -> Vec<u8> {
        let release = self.town.releases[index].plan.id.clone();
        let path = bundle::file(&self.stage.app, &release, bundle::BUNDLE).await.expect("a published file");
        std::fs::read(path).expect("it can be read")
    }

    async fn check_story(&self) {
        let story = self.stage.app.store().read(Story::read).await.expect("the events can be read");
        story.assert_in_order_of_time();
        story.assert_explains(&self.seen.rows, &self.town.freezes());
    }
}

// ---- the operator ----

impl Week<'_> {
    async fn operator(&mut self) {
        let planning = if self.waits_for_beacon() { 20 } else { 70 };
        if self.dice.percent(planning) { self.plan().await } else { self.give_beacon().await }
    }

    /// Plans the release of the next week, or once more one that is there.
    async fn plan(&mut self) {
        let again = !self.town.releases.is_empty() && self.dice.percent(20);
        let index = self.town.releases.len() - usize::from(again);
        if index >= RELEASES_MAX {
            return;
        }
        let plan = plans::random_plan(&mut self.dice, index);
        let late = plans::is_too_late(index, self.town.now);
        self.note(format!("plan {} {}", plan.id, plan.mode));
        let planned = self.stage.app.perform_as(Actor::Operator, Plan { plan: plan.clone() }).await;
        match planned {
            Ok(planned) => {
                assert!(!again && !late, "planned twice or too late");
                assert_eq!(planned.release, plan.id);
                let found = look(&self.stage).await.rows;
                self.town.planned(plan, &self.hours, found);
                self.check().await;
            }
            Err(Failure::Refused(refusal)) => {
                assert!(again || late, "{refusal:?}");
                self.refused("plan-refused").await;
            }
            Err(other) => panic!("not refused but failed: {other}"),
        }
    }

    /// The lottery's numbers, for a release that waits for them, or for one that does not.
    async fn give_beacon(&mut self) {
        if self.town.releases.is_empty() {
            return;
        }
        let index = self.dice.below(self.town.releases.len());
        let (label, value) = plans::random_beacon(&mut self.dice);
        let release = &self.town.releases[index];
        let frozen = release.state == ReleaseState::Frozen && !release.is_over(self.town.now);
        let waits = frozen && !release.is_drawn_by_itself() && label == LOTTERY;
        let id = release.plan.id.clone();
        self.note(format!("beacon of {id}: {label}"));
        let give = GiveBeacon { release: id, file: value.to_text() };
        match self.stage.app.perform_as(Actor::Operator, give).await {
            Ok(()) => {
                assert!(waits, "rule 8: a value is taken once, when the list is final");
                self.town.releases[index].state = ReleaseState::Drawing;
                self.check().await;
            }
            Err(Failure::Refused(refusal)) => {
                assert!(!waits, "{refusal:?}");
                assert_eq!(refusal.code(), "beacon-refused");
                self.refused("beacon-refused").await;
            }
            Err(other) => panic!("not refused but failed: {other}"),
        }
    }

    /// The end: the clock runs past the last day, and everything is looked at once more, also after a restart.
    async fn end(&mut self) {
        if self.dice.percent(50) {
            // Late beacons come too, so that the places go out.
            for _ in 0..3 {
                self.give_beacon().await;
            }
        }
        self.tick().await;
        if let Some(last) = self.town.instants().last() {
            self.town.now = self.town.now.max(*last);
            self.stage.clock.set(self.town.now);
            self.note("is the end");
            self.tick().await;
        }
        let _ = std::fs::remove_dir_all(self.stage.app.published());
        self.stage.restart().await;
        for (index, bytes) in &self.bundles {
            assert_eq!(
                self.bundle(*index).await,
                *bytes,
                "rule 8: what is published follows from the store, byte for byte"
            );
        }
        self.tick().await;
        self.check_story().await;
        let violations = self.stage.app.store().read(audit::violations).await.expect("an audit");
        assert!(violations.is_empty(), "{violations:#?}");
        for who in 0..self.town.accounts.len() {
            self.check_mine(who).await;
        }
        for release in self.town.releases.iter().filter(|release| release.state == ReleaseState::Closed) {
            let id = release.plan.id.as_str();
            let live = self.seen.rows.parties.values().any(|party| party.live && party.release == id);
            assert!(!live, "nothing is live in a release that is over");
        }
        self.count_ends();
        for who in 0..self.town.accounts.len() {
            assert_eq!(account_of(&self.stage.app, who).await, self.town.accounts[who].number);
        }
    }

    fn count_ends(&self) {
        for party in self.seen.rows.parties.values() {
            if let Some(entry) = &party.entry {
                self.log.count(format!("entry at the end: {}", entry.state));
            }
            if let Some(place) = &party.place {
                self.log.count(format!("place at the end: {}", place.state));
                self.log.count(format!("place from: {}", place.source));
                if place.moves > 0 {
                    self.log.count("moved");
                }
            }
        }
        for release in &self.town.releases {
            self.log.count(format!("{} release at the end: {}", release.plan.mode, release.state.as_str()));
        }
        for strike in &self.town.strikes {
            self.log.count(format!("strike: no-show {}, rests {}", strike.no_show, strike.releases));
        }
    }
}
