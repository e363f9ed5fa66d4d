//! The people in the storm: each insists on an answer, with the same key at whichever node answers, and notes what was acknowledged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use antrean_crowd::citizen::Citizen;
use antrean_crowd::dice::Dice;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// Between two tries of one request.
const PAUSE: Duration = Duration::from_millis(250);
/// Between two requests of somebody who books and cancels all the time.
const THINKS: Duration = Duration::from_millis(300);
/// Whoever has no answer by then never gets one.
const PATIENCE: Duration = Duration::from_secs(150);

/// A request that changes something.
#[derive(Clone, Debug)]
pub struct Act {
    pub key: String,
    pub path: String,
    pub body: Value,
    token: String,
}

/// What came of it in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn link(&self) -> &str {
        self.body["link"].as_str().expect("who has something has a link to it")
    }
}

/// What all clients together see.
#[derive(Default)]
pub struct Seen {
    /// How often each kind of answer came, lost lines included.
    pub kinds: BTreeMap<String, u32>,
    /// When changes were acknowledged, and when the last of them was.
    last: Option<Instant>,
    /// The longest time without any.
    pub silence: Duration,
}

/// What the clients share.
pub struct Town {
    pub client: Client,
    /// The nodes' addresses.
    pub nodes: Vec<String>,
    pub seen: Mutex<Seen>,
    /// The storm is over: what was begun is finished, and nothing else is begun.
    pub over: AtomicBool,
}

impl Town {
    /// Asks until there is an answer that is no "later". The nodes take turns; the key stays.
    pub async fn insist(&self, act: &Act, first: usize) -> Answer {
        let started = Instant::now();
        let mut tries = first;
        loop {
            let node = &self.nodes[tries % self.nodes.len()];
            let request = self.client.post(format!("{node}{}", act.path)).header(AUTHORIZATION, &act.token);
            let kind = match request.header("idempotency-key", &act.key).json(&act.body).send().await {
                Err(error) if error.is_timeout() => "no answer in time".to_owned(),
                Err(_) => "no connection".to_owned(),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    match answer.json().await {
                        Err(_) => format!("{status} and no body"),
                        Ok(body) => {
                            let answer = Answer { status, body };
                            if answer.is_success() {
                                self.note(&status.to_string(), true);
                                return answer;
                            }
                            let told = format!("{status} {}", answer.code());
                            if status != 503 && status != 429 {
                                self.note(&told, false);
                                return answer;
                            }
                            told
                        }
                    }
                }
            };
            self.note(&kind, false);
            assert!(started.elapsed() < PATIENCE, "{} {} has no answer but {kind}", act.path, act.key);
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn note(&self, kind: &str, acknowledged: bool) {
        let mut seen = self.seen.lock().unwrap();
        *seen.kinds.entry(kind.to_owned()).or_default() += 1;
        if acknowledged {
            let now = Instant::now();
            if let Some(last) = seen.last.replace(now) {
                seen.silence = seen.silence.max(now - last);
            }
        }
    }

    /// When a change was acknowledged last.
    pub fn last(&self) -> Option<Instant> {
        self.seen.lock().unwrap().last
    }

    /// What somebody has according to a node.
    pub async fn live(&self, person: &Person) -> Value {
        let started = Instant::now();
        loop {
            let url = format!("{}/api/v1/me", self.nodes[person.number as usize % self.nodes.len()]);
            let asked = self.client.request(Method::GET, url).header(AUTHORIZATION, &person.token).send().await;
            if let Ok(answer) = asked
                && answer.status().is_success()
            {
                return answer.json::<Value>().await.expect("who they are")["live"].take();
            }
            assert!(started.elapsed() < PATIENCE, "nobody says what {} has", person.number);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Somebody who has signed in and said who they are.
#[derive(Clone)]
pub struct Person {
    pub number: u32,
    token: String,
    applicant: i64,
}

impl Person {
    pub fn of(citizen: &Citizen) -> Self {
        let applicant = *citizen.numbers().first().expect("everybody has said who they are");
        Self { number: citizen.household.number, token: format!("Bearer {}", citizen.token()), applicant }
    }

    fn act(&self, key: String, path: String, mut body: Value) -> Act {
        if let Some(fields) = body.as_object_mut().filter(|fields| !fields.is_empty()) {
            fields.insert("people".to_owned(), json!([self.applicant]));
            fields.insert("service".to_owned(), "new".into());
            fields.insert("passport".to_owned(), "electronic".into());
        }
        Act { key, path, body, token: self.token.clone() }
    }

    /// Enters a release after a while.
    pub async fn enter(self, town: Arc<Town>, release: String, choice: String, after: Duration) -> (Act, Answer) {
        tokio::time::sleep(after).await;
        let path = format!("/api/v1/releases/{release}/entry");
        let act = self.act(format!("enter-{release}-{}", self.number), path, json!({"choices": [choice]}));
        let answer = town.insist(&act, self.number as usize).await;
        (act, answer)
    }

    /// Books, gives the place back, books again, until the storm is over. Ends with what they have and everything they did.
    pub async fn churn(self, town: Arc<Town>, round: u64, slots: Arc<Vec<i64>>, mut has: Option<String>) -> Churned {
        let mut dice = Dice::new(round, u64::from(self.number));
        let mut acts = Vec::new();
        for step in 0_usize.. {
            if town.over.load(Ordering::Relaxed) {
                break;
            }
            let key = format!("churn-{round}-{}-{step}", self.number);
            let act = if let Some(link) = &has {
                self.act(key, format!("/api/v1/appointments/{link}/cancel"), json!({}))
            } else {
                let slot = slots[dice.below(slots.len() as u64) as usize];
                self.act(key, "/api/v1/appointments".to_owned(), json!({"slot": slot, "for": "people"}))
            };
            let answer = town.insist(&act, self.number as usize + step).await;
            if answer.is_success() {
                has = if has.is_some() { None } else { Some(answer.link().to_owned()) };
            } else {
                assert_eq!(answer.code(), "full", "{act:?} was refused: {answer:?}");
            }
            acts.push((act, answer));
            tokio::time::sleep(THINKS).await;
        }
        Churned { person: self, has, acts }
    }
}

/// What became of somebody who booked and cancelled.
pub struct Churned {
    pub person: Person,
    /// The link of the appointment they were told they have.
    pub has: Option<String>,
    pub acts: Vec<(Act, Answer)>,
}
