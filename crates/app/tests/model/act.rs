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
use antrean_domain::draw::entry::{Choice, WindowChoice};
use antrean_domain::release::Mode;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::SlotKey;
use antrean_store::ids::{ApplicantId, SlotId};
use antrean_store::releases::ReleaseState;
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

/// How an act reaches the application; the simulation has a door that notes what went through it.
pub trait Door {
    /// Sends an operation of whoever stands at the door.
    fn send<O: Operation>(self, operation: O) -> impl Future<Output = Result<Value, Failure>> + Send;
}

/// The plain door: straight to the application.
struct Straight<'a> {
    app: &'a App,
    caller: Caller,
    key: Option<IdempotencyKey>,
}

impl Door for Straight<'_> {
    async fn send<O: Operation>(self, operation: O) -> Result<Value, Failure> {
        plain(self.app.perform(self.caller, self.key, operation).await)
    }
}

/// An outcome as plain data, so that outcomes of all operations can be kept together.
pub fn plain<T: serde::Serialize>(outcome: Result<T, Failure>) -> Result<Value, Failure> {
    Ok(serde_json::to_value(outcome?).expect("an outcome is plain data"))
}

impl Act {
    /// Sends it straight to the application.
    pub async fn perform(&self, app: &App, caller: Caller, key: Option<IdempotencyKey>) -> Result<Value, Failure> {
        self.through(Straight { app, caller, key }).await
    }

    /// Sends it through a door.
    pub async fn through(&self, door: impl Door) -> Result<Value, Failure> {
        let people = |wanted: &Wanted| wanted.people.iter().map(|id| ApplicantId(*id)).collect::<Vec<_>>();
        match self.clone() {
            Self::Enter { release, wanted, choices } => {
                let release = release.parse().expect("a release id");
                let Wanted { service, passport, .. } = wanted;
                door.send(Enter { release, people: people(&wanted), service, passport, choices }).await
            }
            Self::Change { link, wanted, choices } => {
                let Wanted { service, passport, .. } = wanted;
                door.send(Change { link, people: people(&wanted), service, passport, choices }).await
            }
            Self::Withdraw { link } => door.send(Withdraw { link }).await,
            Self::Book { slot, wanted } => {
                let Wanted { service, passport, .. } = wanted;
                let who = BookFor::People { people: people(&wanted), service, passport };
                door.send(Book { slot: SlotId(slot), who }).await
            }
            Self::BookOnStandby { slot } => door.send(Book { slot: SlotId(slot), who: BookFor::Standby }).await,
            Self::Cancel { link } => door.send(Cancel { link }).await,
            Self::Move { link, slot } => door.send(Move { link, slot: SlotId(slot) }).await,
            Self::Wish { link, choices } => door.send(Wish { link, choices }).await,
            Self::StateSelf { nik, adult, consent } => door.send(stating(nik, adult, consent)).await,
            Self::AddFamily { nik } => door.send(adding(nik)).await,
            Self::RemoveFamily { person } => door.send(RemoveFamily { person: ApplicantId(person) }).await,
            Self::SaveDraft { release, wanted } => {
                let mut draft = Draft::new(release.parse().expect("a release id"));
                draft.people = people(&wanted);
                door.send(SaveDraft { draft }).await
            }
            Self::SetLanguage => door.send(SetLanguage { language: Language::En }).await,
            Self::SignOut => door.send(SignOut {}).await,
            Self::Forget => door.send(Forget {}).await,
        }
    }

    /// What kind of act it is.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Enter { .. } => "enter",
            Self::Change { .. } => "change",
            Self::Withdraw { .. } => "withdraw",
            Self::Book { .. } => "book",
            Self::BookOnStandby { .. } => "book on standby",
            Self::Cancel { .. } => "cancel",
            Self::Move { .. } => "move",
            Self::Wish { .. } => "wish",
            Self::StateSelf { .. } => "state self",
            Self::AddFamily { .. } => "add family",
            Self::RemoveFamily { .. } => "remove family",
            Self::SaveDraft { .. } => "save draft",
            Self::SetLanguage => "set language",
            Self::SignOut => "sign out",
            Self::Forget => "forget",
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

#[derive(Clone, Copy)]
enum Kind {
    Change,
    Withdraw,
    Enter,
    Book,
    BookOnStandby,
    Cancel,
    Move,
    Wish,
    StateSelf,
    AddFamily,
    RemoveFamily,
    SaveDraft,
    SetLanguage,
    SignOut,
    Forget,
}

/// Something that an account may think of doing; mostly what makes sense for it now.
pub fn think(dice: &mut Dice, town: &Reference, who: usize) -> Act {
    let account = &town.accounts[who];
    let live = account.number.and_then(|account| town.live_of(account)).map(|id| &town.parties[&id]);
    let waits = live.is_some_and(|party| party.place.is_none());
    let on_standby = live.and_then(|party| party.entry.as_ref()).is_some_and(|entry| entry.rank.is_some()) && waits;
    let holds = live.is_some_and(|party| party.place.is_some());
    let somebody_waits = town.parties.values().any(|party| {
        let entry = party.entry.as_ref().filter(|_| party.live && party.place.is_none());
        entry.is_some_and(|entry| entry.rank.is_some())
    });
    let nobody = account.people.is_empty();
    let entering = town.releases.iter().any(|release| release.is_open() && release.plan.mode == Mode::Draw);
    let booking = town.slots.keys().any(|slot| town.left_of(*slot) > 0);
    let if_so = |so: bool, much: u64, little: u64| if so { much } else { little };
    let free = live.is_none() && !nobody;
    let kind = dice.weighted(&[
        (if_so(waits && entering, 30, 1), Kind::Change),
        (if_so(waits, 9, 1), Kind::Withdraw),
        (if_so(free && entering, 80, 4), Kind::Enter),
        (if_so(free && booking, 60, 4), Kind::Book),
        (if_so(on_standby && booking, 20, 1), Kind::BookOnStandby),
        // A place given up is what others wait for.
        (if_so(holds, if_so(somebody_waits, 45, 18), 1), Kind::Cancel),
        (if_so(holds, 22, 1), Kind::Move),
        (if_so(holds, 30, 1), Kind::Wish),
        (if_so(nobody, 60, 2), Kind::StateSelf),
        (3, Kind::AddFamily),
        (2, Kind::RemoveFamily),
        (1, Kind::SaveDraft),
        (1, Kind::SetLanguage),
        (1, Kind::SignOut),
        (1, Kind::Forget),
    ]);
    match kind {
        Kind::Change => {
            let wanted = wanted(dice, town, who);
            let choices = choices(dice, town, wanted.people.len());
            Act::Change { link: link(dice, town, who), wanted, choices }
        }
        Kind::Withdraw => Act::Withdraw { link: link(dice, town, who) },
        Kind::Enter => {
            let wanted = wanted(dice, town, who);
            let choices = choices(dice, town, wanted.people.len());
            Act::Enter { release: release(dice, town), wanted, choices }
        }
        Kind::Book => Act::Book { slot: slot(dice, town), wanted: wanted(dice, town, who) },
        Kind::BookOnStandby => Act::BookOnStandby { slot: slot(dice, town) },
        Kind::Cancel => Act::Cancel { link: link(dice, town, who) },
        Kind::Move => Act::Move { link: link(dice, town, who), slot: slot(dice, town) },
        Kind::Wish => {
            let choices = if dice.percent(15) { Vec::new() } else { choices(dice, town, 1) };
            Act::Wish { link: link(dice, town, who), choices }
        }
        Kind::StateSelf => {
            let nik = dice.below(NIKS as usize) as u32;
            Act::StateSelf { nik, adult: dice.percent(90), consent: dice.percent(90) }
        }
        Kind::AddFamily => Act::AddFamily { nik: dice.below(NIKS as usize) as u32 },
        Kind::RemoveFamily => Act::RemoveFamily { person: person(dice, town, who) },
        Kind::SaveDraft => Act::SaveDraft { release: release(dice, town), wanted: wanted(dice, town, who) },
        Kind::SetLanguage => Act::SetLanguage,
        Kind::SignOut => Act::SignOut,
        Kind::Forget => Act::Forget,
    }
}

/// What somebody does when a release has just opened.
pub fn rush(dice: &mut Dice, town: &Reference, who: usize, release: usize) -> Act {
    let plan = &town.releases[release].plan;
    match plan.mode {
        Mode::Draw => {
            let wanted = wanted(dice, town, who);
            let choices = choices(dice, town, wanted.people.len());
            Act::Enter { release: plan.id.to_string(), wanted, choices }
        }
        Mode::FirstCome => Act::Book { slot: slot(dice, town), wanted: wanted(dice, town, who) },
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
    if town.releases.is_empty() || dice.percent(2) {
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
    dice.shuffle(&mut people);
    people.truncate(dice.weighted(&[(55, 1), (30, 2), (14, 3), (1, 4)]));
    if dice.percent(3) {
        let other = person(dice, town, who);
        people.push(other);
    }
    if dice.percent(1) {
        people.clear();
    }
    let service = dice.weighted(&[(60, ServiceCode::New), (39, ServiceCode::Replacement), (1, ServiceCode::Lost)]);
    let passport = dice.weighted(&[(96, PassportKind::Electronic), (4, PassportKind::Ordinary)]);
    Wanted { people, service, passport }
}

/// A slot that can be taken now, more often than one that cannot.
fn slot(dice: &mut Dice, town: &Reference) -> i64 {
    let with_room: Vec<i64> = town.slots.iter().filter(|(id, _)| town.left_of(**id) > 0).map(|(id, _)| *id).collect();
    let public: Vec<i64> = town.slots.iter().filter(|(_, slot)| slot.public).map(|(id, _)| *id).collect();
    let all: Vec<i64> = town.slots.keys().copied().collect();
    match dice.below(20) {
        0..10 if !with_room.is_empty() => *dice.pick(&with_room),
        0..18 if !public.is_empty() => *dice.pick(&public),
        0..19 if !all.is_empty() => *dice.pick(&all),
        _ => 987_654,
    }
}

fn choices(dice: &mut Dice, town: &Reference, size: usize) -> Vec<Choice> {
    let count = dice.weighted(&[(1, 0), (50, 1), (30, 2), (16, 3), (3, 5)]);
    let mut all: Vec<Choice> = Vec::new();
    for _ in 0..count {
        let choice = if dice.percent(95) { sensible_choice(dice, town, size) } else { any_choice(dice, town) };
        // The same choice twice is wrong, and should be so rarely.
        if !all.contains(&choice) || dice.percent(5) {
            all.push(choice);
        }
    }
    all
}

/// A slot of the newest release that gives something out or takes entries, or the choices around it.
fn sensible_choice(dice: &mut Dice, town: &Reference, size: usize) -> Choice {
    let size = if dice.percent(90) { size as u32 } else { 0 };
    let newest = town.releases.iter().rposition(|release| release.state > ReleaseState::Planned);
    let keys: Vec<SlotKey> = town
        .slots
        .values()
        .filter(|slot| slot.public && Some(slot.release) == newest && slot.capacity >= size)
        .map(|slot| slot.key)
        .collect();
    if keys.is_empty() {
        return any_choice(dice, town);
    }
    let key = dice.pick(&keys);
    let half = if key.starts.is_morning() { WindowChoice::Morning } else { WindowChoice::Afternoon };
    let window = dice.weighted(&[(50, WindowChoice::Any), (20, half), (30, WindowChoice::Start(key.starts))]);
    Choice { office: key.office, date: dice.percent(50).then_some(key.date), window }
}

fn any_choice(dice: &mut Dice, town: &Reference) -> Choice {
    let office = match dice.below(100) {
        0..80 => *dice.pick(&OFFICES[..3]),
        80..90 => *dice.pick(&OFFICES[3..]),
        _ => "ZZZ",
    };
    let date = match (dice.below(10), town.releases.last()) {
        (0..5, _) | (_, None) => "*".to_owned(),
        (5..9, Some(release)) => dice.pick(&release.plan.dates).to_string(),
        _ => "2026-11-30".to_owned(),
    };
    let window = dice.weighted(&[(50, "*"), (15, "am"), (15, "pm"), (9, "08:00"), (9, "13:00"), (2, "07:30")]);
    format!("{office}/{date}/{window}").parse().expect("a choice")
}
