//! One household's way through the API: a code, a session, who they are, an entry or a booking, and what came of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use antrean_domain::nik::Sex;
use antrean_domain::phone::Phone;
use antrean_domain::waiting::{LineKey, LinePhase, Spot};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, Call, Trouble};
use crate::market::{Market, Slot};
use crate::people::Household;

/// Looks for a code before a citizen asks for another.
const LOOKS_MAX: u32 = 100;
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// Codes that a citizen asks for before giving up.
const CODES_MAX: u32 = 3;

/// A code on its way to its reader.
pub type Code<'a> = Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>;

/// Where a citizen reads the one-time codes that come to their phone.
pub trait CodeSource: Send + Sync {
    /// The newest code that came to a phone; `None` while there is none.
    fn newest<'a>(&'a self, api: &'a Api, phone: &'a Phone) -> Code<'a>;
}

/// The demo's inbox, where every message can be read.
#[derive(Debug, Clone, Copy)]
pub struct DemoInbox;

#[derive(Deserialize)]
struct Message {
    code: Option<String>,
}

impl CodeSource for DemoInbox {
    fn newest<'a>(&'a self, api: &'a Api, phone: &'a Phone) -> Code<'a> {
        Box::pin(async move {
            let path = format!("/demo/messages?to={}", phone.e164().replace('+', "%2B"));
            let messages: Vec<Message> = api.ask(Call::get(&path)).await.ok()?;
            messages.into_iter().find_map(|message| message.code)
        })
    }
}

/// What a citizen needs to act.
#[derive(Clone)]
pub struct Means {
    /// The server.
    pub api: Api,
    /// The release they are in for.
    pub market: Arc<Market>,
    /// Where they read their codes.
    pub codes: Arc<dyn CodeSource>,
    /// Goes before their idempotency keys; two crowds on one server need two.
    pub key_prefix: String,
}

/// What a citizen has in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Has not done anything yet.
    #[default]
    Nothing,
    /// Entered, waiting for the draw.
    Entered,
    /// Has a place; `choice` counts from 1 where there were choices.
    Placed {
        /// The ticket's link id.
        link: String,
        /// `OFFICE/DATE/HH:MM`.
        slot: String,
        /// Which of the ranked choices came true.
        choice: Option<u32>,
    },
    /// Waits in the drawn order.
    Standby {
        /// The rank, from 1.
        rank: Option<u32>,
    },
    /// Every window they tried was full.
    Full,
    /// Gave the place back.
    Cancelled,
    /// Something went wrong on the way.
    Failed(Trouble),
}

/// A household with its way so far.
#[derive(Debug, Clone)]
pub struct Citizen {
    /// Who they are.
    pub household: Household,
    /// The office they want first, as an index into the market.
    pub home: usize,
    /// Their ranked choices.
    pub choices: Vec<String>,
    /// The windows they try where places go first come.
    pub windows: Vec<Slot>,
    /// What they have.
    pub outcome: Outcome,
    token: Option<String>,
    people: Vec<i64>,
    /// Where it stands in the line, once it has joined.
    place: Option<Spot>,
    /// Bookings tried so far: each is a request of its own, with a key of its own.
    tried: u32,
}

/// The public state of a line, as far as a citizen needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// Where it stands.
    pub phase: LinePhase,
    /// Seconds after which it is worth another look.
    pub look_again_s: u32,
    /// About how many wait.
    pub waiting: u64,
    hall: u64,
    threshold: u64,
    admitted: u64,
    key: Option<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Key {
    key: LineKey,
}

impl Line {
    /// Reads the state of the line; `None` where the release has none.
    pub async fn read(means: &Means) -> Result<Option<Self>, Trouble> {
        let path = format!("/api/v1/releases/{}/line", means.market.release);
        match means.api.ask(Call::get(&path)).await {
            Ok(line) => Ok(Some(line)),
            Err(trouble) if trouble.is("no-waiting-room") => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}

#[derive(Deserialize)]
struct Place {
    line_id: String,
    number: Option<u64>,
}

#[derive(Deserialize)]
struct Challenge {
    challenge: String,
}

#[derive(Deserialize)]
struct Session {
    token: String,
    complete: bool,
}

#[derive(Deserialize)]
struct Me {
    people: Vec<Person>,
    live: Option<Live>,
}

#[derive(Deserialize)]
struct Person {
    id: i64,
}

#[derive(Deserialize)]
struct Live {
    entry: Option<Entry>,
    appointment: Option<Appointment>,
}

#[derive(Deserialize)]
struct Entry {
    state: String,
    rank: Option<u32>,
}

#[derive(Deserialize)]
struct Appointment {
    link: String,
    slot: String,
    choice: Option<u32>,
}

impl From<Appointment> for Outcome {
    fn from(Appointment { link, slot, choice }: Appointment) -> Self {
        Self::Placed { link, slot, choice }
    }
}

impl Citizen {
    /// A household with what it wants.
    pub fn new(household: Household, home: usize, choices: Vec<String>, windows: Vec<Slot>) -> Self {
        Self {
            household,
            home,
            choices,
            windows,
            outcome: Outcome::Nothing,
            token: None,
            people: Vec::new(),
            place: None,
            tried: 0,
        }
    }

    /// How many people apply.
    pub fn size(&self) -> u32 {
        self.household.people.len() as u32
    }

    /// The numbers under which the account knows its people, the holder first; none for somebody who has not said who they are.
    pub fn numbers(&self) -> &[i64] {
        &self.people
    }

    fn key(&self, means: &Means, step: &str) -> String {
        format!("{}-{}-{step}", means.key_prefix, self.household.number)
    }

    /// Asks for a code, reads it and signs in. Needed again after another device took the session over.
    pub async fn sign_in(&mut self, means: &Means) -> Result<(), Trouble> {
        let mut last = Trouble::NoAnswer("no code came".to_owned());
        for _ in 0..CODES_MAX {
            let asked = Call::new(Method::POST, "/api/v1/sessions/codes");
            let asked = asked.with(&json!({"phone": self.household.phone.e164()}));
            let Challenge { challenge } = means.api.ask(asked).await?;
            let Some(code) = self.read_code(means).await else { continue };
            let answered = Call::new(Method::POST, "/api/v1/sessions");
            let answered = answered.with(&json!({"challenge": challenge, "code": code}));
            match means.api.ask::<Session>(answered).await {
                Ok(Session { token, complete }) => {
                    self.token = Some(token);
                    if complete {
                        self.people = self.read(means).await?.people.iter().map(|person| person.id).collect();
                    }
                    return Ok(());
                }
                // The answer to a first try was lost, or an older code was read: another code helps.
                Err(trouble) if trouble.is("code-expired") || trouble.is("code-wrong") => last = trouble,
                Err(trouble) => return Err(trouble),
            }
        }
        Err(last)
    }

    async fn read_code(&self, means: &Means) -> Option<String> {
        for _ in 0..LOOKS_MAX {
            if let Some(code) = means.codes.newest(&means.api, &self.household.phone).await {
                return Some(code);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        None
    }

    /// Says who the holder and the family are; nothing to do where that was said before.
    pub async fn introduce(&mut self, means: &Means) -> Result<(), Trouble> {
        if !self.people.is_empty() {
            return Ok(());
        }
        let Household { family_card, people, .. } = &self.household;
        let [holder, family @ ..] = people.as_slice() else { return Ok(()) };
        let stated = json!({
            "nik": holder.nik.as_str(), "family_card": family_card.as_str(), "name": holder.name.as_str(),
            "birth_date": holder.birth_date, "sex": sex(holder.sex), "consent": true,
        });
        let call = Call::new(Method::PUT, "/api/v1/me").by(self.token()).once(self.key(means, "me")).with(&stated);
        let mut me: Me = means.api.ask(call).await?;
        for (place, person) in family.iter().enumerate() {
            let added = json!({
                "nik": person.nik.as_str(), "name": person.name.as_str(), "birth_date": person.birth_date, "sex": sex(person.sex),
            });
            let key = self.key(means, &format!("family-{place}"));
            let call = Call::new(Method::POST, "/api/v1/me/family").by(self.token()).once(key).with(&added);
            me = means.api.ask(call).await?;
        }
        self.people = me.people.iter().map(|person| person.id).collect();
        Ok(())
    }

    /// Enters the release with the ranked choices.
    pub async fn enter(&mut self, means: &Means) -> Result<(), Trouble> {
        let path = format!("/api/v1/releases/{}/entry", means.market.release);
        let body = json!({
            "people": self.people, "service": "new", "passport": "electronic", "choices": self.choices,
        });
        let call = Call::new(Method::POST, &path).by(self.token()).once(self.key(means, "enter")).with(&body);
        means.api.send(call).await?;
        self.outcome = Outcome::Entered;
        Ok(())
    }

    /// Joins the waiting room, if the release has one; joining again gives the same place.
    pub async fn join(&mut self, means: &Means) -> Result<(), Trouble> {
        let path = format!("/api/v1/releases/{}/line", means.market.release);
        let call = Call::new(Method::POST, &path).by(self.token()).once(self.key(means, "line"));
        match means.api.ask::<Place>(call).await {
            Ok(place) => {
                let line = place.line_id.parse().map_err(|_| Trouble::NoAnswer("a place without an id".to_owned()))?;
                self.place = Some(Spot { line, number: place.number });
                Ok(())
            }
            Err(trouble) if trouble.is("no-waiting-room") => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether it may book, by the line's public state alone, as every browser reckons it.
    pub fn has_turn(&self, line: &Line) -> bool {
        match (self.place, line.phase) {
            (_, LinePhase::Open) => true,
            (Some(Spot { number: Some(number), .. }), LinePhase::Admitting) => {
                line.threshold == line.hall && number <= line.admitted
            }
            (Some(Spot { line: id, number: None }), LinePhase::Admitting) => {
                line.threshold == line.hall
                    || line.key.as_ref().is_some_and(|known| known.key.value(&id) < line.threshold)
            }
            _ => false,
        }
    }

    /// Tries its windows one after the other until one has room.
    pub async fn book(&mut self, means: &Means) -> Result<(), Trouble> {
        self.outcome = Outcome::Full;
        for slot in self.windows.clone() {
            let body = json!({
                "slot": slot.id, "for": "people", "people": self.people, "service": "new", "passport": "electronic",
            });
            self.tried += 1;
            let key = self.key(means, &format!("book-{}", self.tried));
            let call = Call::new(Method::POST, "/api/v1/appointments").by(self.token()).once(key).with(&body);
            match means.api.ask::<Appointment>(call).await {
                Ok(appointment) => {
                    self.outcome = appointment.into();
                    return Ok(());
                }
                Err(trouble) if trouble.is("full") => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// Looks at what it has now; what it had before stays where nothing is live.
    pub async fn look(&mut self, means: &Means) -> Result<(), Trouble> {
        match self.read(means).await?.live {
            Some(Live { appointment: Some(appointment), .. }) => self.outcome = appointment.into(),
            Some(Live { entry: Some(entry), .. }) if entry.state == "standby" => {
                self.outcome = Outcome::Standby { rank: entry.rank };
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives its place back; nothing to do without one.
    pub async fn cancel(&mut self, means: &Means) -> Result<(), Trouble> {
        let Outcome::Placed { link, .. } = &self.outcome else { return Ok(()) };
        let path = format!("/api/v1/appointments/{link}/cancel");
        let call =
            Call::new(Method::POST, &path).by(self.token()).once(self.key(means, &format!("cancel-{}", self.tried)));
        means.api.send(call).await?;
        self.outcome = Outcome::Cancelled;
        Ok(())
    }

    async fn read(&self, means: &Means) -> Result<Me, Trouble> {
        means.api.ask(Call::get("/api/v1/me").by(self.token())).await
    }

    /// The token of their session; empty before they have one.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}
