//! What people do: right and wrong, as a list that can be printed, and how it is sent to the application.

use antrean_app::app::App;
use antrean_app::appointment::{Cancel, Move, Wish};
use antrean_app::booking::{Book, BookFor};
use antrean_app::caller::{Actor, Caller, Language};
use antrean_app::day::Record;
use antrean_app::draft::{Draft, SaveDraft};
use antrean_app::entry::{Change, Enter, Withdraw};
use antrean_app::me::{Forget, RemoveFamily, SetLanguage};
use antrean_app::operation::IdempotencyKey;
use antrean_app::sign_in::SignOut;
use antrean_app::{Failure, Operation};
use antrean_domain::appointment::AppointmentEvent;
use antrean_domain::draw::entry::Choice;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::ids::{ApplicantId, SlotId};
use serde_json::Value;

use crate::dice::Dice;
use crate::reference::Reference;
use crate::stage::{NIKS, OFFICES, adding, stating};

/// For what a party applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub people: Vec<i64>,
    pub service: ServiceCode,
    pub passport: PassportKind,
}

/// One thing that somebody does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Enter { release: String, wanted: Wanted, choices: Vec<Choice> },
    Change { link: String, wanted: Wanted, choices: Vec<Choice> },
    Withdraw { link: String },
    Book { slot: i64, wanted: Wanted },
    BookOnStandby { slot: i64 },
    Cancel { link: String },
    Move { link: String, slot: i64 },
    Wish { link: String, choices: Vec<Choice> },
    StateSelf { nik: u32, adult: bool, consent: bool },
    AddFamily { nik: u32 },
    RemoveFamily { person: i64 },
    SaveDraft { release: String, wanted: Wanted },
    SetLanguage,
    SignOut,
    Forget,
}

async fn send<O: Operation>(
    app: &App,
    caller: Caller,
    key: Option<IdempotencyKey>,
    operation: O,
) -> Result<Value, Failure> {
    let outcome = app.perform(caller, key, operation).await?;
    Ok(serde_json::to_value(outcome).expect("an outcome is plain data"))
}

impl Act {
    /// Sends it.
    pub async fn perform(
        &self,
        app: &App,
        caller: Caller,
        key: Option<IdempotencyKey>,
    ) -> Result<Value, Failure> {
        let people = |wanted: &Wanted| wanted.people.iter().map(|id| ApplicantId(*id)).collect::<Vec<_>>();
        match self.clone() {
            Self::Enter { release, wanted, choices } => {
                let release = release.parse().expect("a release id");
                let Wanted { service, passport, .. } = wanted;
                send(app, caller, key, Enter { release, people: people(&wanted), service, passport, choices }).await
            }
            Self::Change { link, wanted, choices } => {
                let Wanted { service, passport, .. } = wanted;
                send(app, caller, key, Change { link, people: people(&wanted), service, passport, choices }).await
            }
            Self::Withdraw { link } => send(app, caller, key, Withdraw { link }).await,
            Self::Book { slot, wanted } => {
                let Wanted { service, passport, .. } = wanted;
                let who = BookFor::People { people: people(&wanted), service, passport };
                send(app, caller, key, Book { slot: SlotId(slot), who }).await
            }
            Self::BookOnStandby { slot } => {
                send(app, caller, key, Book { slot: SlotId(slot), who: BookFor::Standby }).await
            }
            Self::Cancel { link } => send(app, caller, key, Cancel { link }).await,
            Self::Move { link, slot } => send(app, caller, key, Move { link, slot: SlotId(slot) }).await,
            Self::Wish { link, choices } => send(app, caller, key, Wish { link, choices }).await,
            Self::StateSelf { nik, adult, consent } => {
                send(app, caller, key, stating(nik, adult, consent)).await
            }
            Self::AddFamily { nik } => send(app, caller, key, adding(nik)).await,
            Self::RemoveFamily { person } => {
                send(app, caller, key, RemoveFamily { person: ApplicantId(person) }).await
            }
            Self::SaveDraft { release, wanted } => {
                let mut draft = Draft::new(release.parse().expect("a release id"));
                draft.people = people(&wanted);
                send(app, caller, key, SaveDraft { draft }).await
            }
            Self::SetLanguage => send(app, caller, key, SetLanguage { language: Language::En }).await,
            Self::SignOut => send(app, caller, key, SignOut {}).await,
            Self::Forget => send(app, caller, key, Forget {}).await,
        }
    }

    /// Whether it can be sent again with the same key by the same account. These two end the session, and with it the
    /// account under which a key is kept.
    pub fn keeps_the_session(&self) -> bool {
        !matches!(self, Self::SignOut | Self::Forget)
    }

    /// The same kind of request with another content.
    pub fn other_content(&self) -> Option<Self> {
        let mut other = self.clone();
        match &mut other {
            Self::Enter { wanted, .. } | Self::Change { wanted, .. } | Self::SaveDraft { wanted, .. } => {
                wanted.people.push(1_000_000);
            }
            Self::Book { slot, .. } | Self::BookOnStandby { slot } | Self::Move { slot, .. } => *slot += 1_000_000,
            Self::Withdraw { link } | Self::Cancel { link } | Self::Wish { link, .. } => link.push('a'),
            Self::StateSelf { nik, .. } | Self::AddFamily { nik } => *nik = (*nik + 1) % NIKS,
            Self::RemoveFamily { person } => *person += 1_000_000,
            Self::SetLanguage | Self::SignOut | Self::Forget => return None,
        }
        Some(other)
    }
}

/// What an officer records, sent by the operator.
pub async fn record(app: &App, link: &str, event: AppointmentEvent) -> Result<Value, Failure> {
    let state = app.perform_as(Actor::Operator, Record { link: link.to_owned(), event }).await?;
    Ok(serde_json::to_value(state).expect("a state is plain data"))
}

/// Something that an account may think of doing; mostly what makes sense for it now.
pub fn think(dice: &mut Dice, town: &Reference, who: usize) -> Act {
    let live = town.accounts[who].number.and_then(|account| town.live_of(account));
    let (waits, holds) = match live.map(|id| &town.parties[&id]) {
        None => (false, false),
        Some(party) => (party.place.is_none(), party.place.is_some()),
    };
    let weights: [(u64, usize); 14] = match (waits, holds) {
        (true, _) => [20, 14, 8, 4, 12, 1, 1, 1, 2, 3, 3, 1, 1, 1],
        (_, true) => [1, 2, 5, 4, 2, 18, 22, 20, 2, 3, 3, 1, 1, 1],
        _ => [2, 2, 45, 35, 3, 3, 2, 2, 5, 8, 5, 2, 1, 3],
    }
    .into_iter()
    .enumerate()
    .map(|(kind, weight)| (weight, kind))
    .collect::<Vec<_>>()
    .try_into()
    .expect("as many as there are");
    match dice.weighted(&weights) {
        0 => Act::Change { link: link(dice, town, who), wanted: wanted(dice, town, who), choices: choices(dice, town) },
        1 => Act::Withdraw { link: link(dice, town, who) },
        2 => {
            let release = release(dice, town);
            Act::Enter { release, wanted: wanted(dice, town, who), choices: choices(dice, town) }
        }
        3 => Act::Book { slot: slot(dice, town), wanted: wanted(dice, town, who) },
        4 => Act::BookOnStandby { slot: slot(dice, town) },
        5 => Act::Cancel { link: link(dice, town, who) },
        6 => Act::Move { link: link(dice, town, who), slot: slot(dice, town) },
        7 => {
            let choices = if dice.percent(15) { Vec::new() } else { choices(dice, town) };
            Act::Wish { link: link(dice, town, who), choices }
        }
        8 => Act::StateSelf { nik: dice.below(NIKS as usize) as u32, adult: dice.percent(90), consent: dice.percent(90) },
        9 => Act::AddFamily { nik: dice.below(NIKS as usize) as u32 },
        10 => Act::RemoveFamily { person: person(dice, town, who) },
        11 => Act::SaveDraft { release: release(dice, town), wanted: wanted(dice, town, who) },
        12 => *dice.pick(&[&Act::SetLanguage, &Act::SignOut]).clone(),
        _ => Act::Forget,
    }
}

/// Mostly the account's own live party, sometimes an old one, another's, or none.
pub fn link(dice: &mut Dice, town: &Reference, who: usize) -> String {
    let account = town.accounts[who].number;
    let own: Vec<i64> =
        town.parties.iter().filter(|(_, party)| Some(party.account) == account).map(|(id, _)| *id).collect();
    let all: Vec<i64> = town.parties.keys().copied().collect();
    let live = account.and_then(|account| town.live_of(account));
    match (dice.below(20), live) {
        (0..16, Some(live)) => town.link(live),
        (0..19, _) if !own.is_empty() => town.link(*dice.pick(&own)),
        (0..20, _) if !all.is_empty() => town.link(*dice.pick(&all)),
        _ => "no-such-link".to_owned(),
    }
}

fn release(dice: &mut Dice, town: &Reference) -> String {
    if town.releases.is_empty() || dice.percent(3) {
        return "2026-W01".to_owned();
    }
    let open: Vec<&str> =
        town.releases.iter().filter(|release| release.is_open()).map(|release| release.plan.id.as_str()).collect();
    if !open.is_empty() && dice.percent(85) {
        return (*dice.pick(&open)).to_owned();
    }
    dice.pick(&town.releases).plan.id.as_str().to_owned()
}

fn person(dice: &mut Dice, town: &Reference, who: usize) -> i64 {
    let own: Vec<i64> = town.accounts[who].people.iter().map(|member| member.id).collect();
    let all: Vec<i64> = town.accounts.iter().flat_map(|account| &account.people).map(|member| member.id).collect();
    match dice.below(20) {
        0..18 if !own.is_empty() => *dice.pick(&own),
        18 if !all.is_empty() => *dice.pick(&all),
        _ => 987_654,
    }
}

fn wanted(dice: &mut Dice, town: &Reference, who: usize) -> Wanted {
    let mut people: Vec<i64> = town.accounts[who].people.iter().map(|member| member.id).collect();
    for index in (1..people.len()).rev() {
        people.swap(index, dice.below(index + 1));
    }
    people.truncate(1 + dice.below(3));
    if dice.percent(5) {
        let other = person(dice, town, who);
        people.push(other);
    }
    if dice.percent(2) {
        people.clear();
    }
    let service = dice.weighted(&[(60, ServiceCode::New), (37, ServiceCode::Replacement), (3, ServiceCode::Lost)]);
    let passport = dice.weighted(&[(85, PassportKind::Electronic), (15, PassportKind::Ordinary)]);
    Wanted { people, service, passport }
}

/// A slot that can be taken now, more often than one that cannot.
fn slot(dice: &mut Dice, town: &Reference) -> i64 {
    let with_room: Vec<i64> =
        town.slots.iter().filter(|(id, _)| town.left_of(**id) > 0).map(|(id, _)| *id).collect();
    let all: Vec<i64> = town.slots.keys().copied().collect();
    match dice.below(20) {
        0..9 if !with_room.is_empty() => *dice.pick(&with_room),
        0..19 if !all.is_empty() => *dice.pick(&all),
        _ => 987_654,
    }
}

fn choices(dice: &mut Dice, town: &Reference) -> Vec<Choice> {
    let count = dice.weighted(&[(1, 0), (40, 1), (30, 2), (20, 3), (9, 5)]);
    let mut all: Vec<Choice> = Vec::new();
    for _ in 0..count {
        let choice = choice(dice, town);
        // The same choice twice is wrong, and should be so rarely.
        if !all.contains(&choice) || dice.percent(10) {
            all.push(choice);
        }
    }
    all
}

fn choice(dice: &mut Dice, town: &Reference) -> Choice {
    let office = match dice.below(100) {
        0..96 => *dice.pick(&OFFICES[..3]),
        96..98 => *dice.pick(&OFFICES[3..]),
        _ => "ZZZ",
    };
    let newest = town.releases.last();
    let date = match (dice.below(10), newest) {
        (0..5, _) | (_, None) => "*".to_owned(),
        (5..9, Some(release)) => dice.pick(&release.plan.dates).to_string(),
        _ => "2026-11-30".to_owned(),
    };
    let window = dice.weighted(&[(50, "*"), (15, "am"), (15, "pm"), (9, "08:00"), (9, "13:00"), (2, "07:30")]);
    format!("{office}/{date}/{window}").parse().expect("a choice")
}
