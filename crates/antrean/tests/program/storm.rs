//! A storm of bookings and cancellations on a real server, with real messages: for seeing what becomes of it when something happens
//! in the midst of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antrean_app::clock::{Clock as _, SystemClock};
use antrean_crowd::api::Api;
use antrean_crowd::citizen::{Code, CodeSource, Outcome};
use antrean_crowd::{Crowd, Settings};
use antrean_domain::phone::Phone;
use antrean_domain::region::Zone;
use antrean_store::{Store, StoreConfig, appointments, audit};
use axum::Router;
use axum::extract::State;
use axum::routing::post;

use crate::running::json;

/// The release that everybody is in for: first come, open at once.
pub const RELEASE: &str = "UJI-CRASH";

/// The phones of a town: the last text that came to each, as the real gateway channel delivers it.
#[derive(Clone, Default)]
pub struct Phones(Arc<Mutex<HashMap<String, String>>>, Arc<Mutex<Vec<String>>>);

impl Phones {
    /// Every code that came to anybody.
    pub fn codes(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }

    /// Takes messages at the address it returns.
    pub async fn listen(&self) -> String {
        let router = Router::new().route("/send", post(take)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

async fn take(State(phones): State<Phones>, axum::Json(message): axum::Json<HashMap<String, String>>) {
    if let Some(code) = message["text"].split(|sign: char| !sign.is_ascii_digit()).find(|digits| digits.len() == 6) {
        phones.1.lock().unwrap().push(code.to_owned());
        phones.0.lock().unwrap().insert(message["to"].clone(), code.to_owned());
    }
}

impl CodeSource for Phones {
    fn newest<'a>(&'a self, _: &'a Api, phone: &'a Phone) -> Code<'a> {
        // Taken out, so that a second code is waited for and not mistaken for the first.
        let code = self.0.lock().unwrap().remove(phone.e164());
        Box::pin(async move { code })
    }
}

/// Limits lifted, messages to a gateway.
pub fn configuration(gateway: &str) -> String {
    let mut text = String::from(
        "[server]\nsign_ins_per_network_hour = 0\nlog_filter = \"error\"\n[policy]\nplan_weekly = false\n",
    );
    for limit in ["codes_per_network_hour", "bookings_per_account_minute", "moves_per_account_day"] {
        writeln!(text, "{limit} = 1000000").unwrap();
    }
    writeln!(text, "[gateway]\nurl = \"{gateway}\"\nbody = \"json\"").unwrap();
    text
}

/// A number from the environment.
pub fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Looks at the database of a server that is gone: every rule, and how many places are held.
pub fn audited(data: &Path) -> u32 {
    audited_at(&StoreConfig::at(data.join("antrean.db")))
}

/// The same, wherever it is.
pub fn audited_at(config: &StoreConfig) -> u32 {
    let store = Store::open(config).unwrap();
    let (violations, booked) = store
        .read_blocking(|tx| {
            let states = appointments::counts_by_state(tx, &RELEASE.parse().unwrap())?;
            let booked =
                states.iter().filter(|count| count.state.is_live()).map(|count| count.parties as u32).sum::<u32>();
            Ok((audit::violations(tx)?, booked))
        })
        .unwrap();
    store.close_blocking();
    assert_eq!(violations, Vec::<String>::new());
    booked
}

pub fn held(crowd: &Crowd) -> HashMap<u32, (String, String)> {
    let placed = crowd.citizens().iter().filter_map(|citizen| match &citizen.outcome {
        Outcome::Placed { link, slot, .. } => Some((citizen.household.number, (link.clone(), slot.clone()))),
        _ => None,
    });
    placed.collect()
}

/// What every citizen has according to the server, asked anew.
pub async fn told(crowd: &Crowd) -> HashMap<u32, (String, String)> {
    let mut told = HashMap::new();
    for citizen in crowd.citizens() {
        let mut citizen = citizen.clone();
        citizen.outcome = Outcome::Nothing;
        citizen.look(crowd.means()).await.unwrap();
        if let Outcome::Placed { link, slot, .. } = citizen.outcome {
            told.insert(citizen.household.number, (link, slot));
        }
    }
    told
}

pub async fn gather(url: &str, people: u32, seed: u64, phones: &Phones) -> Crowd {
    let settings = Settings {
        client: reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap(),
        base: url.to_owned(),
        release: RELEASE.to_owned(),
        people,
        seed,
        first: 0,
        today: Zone::Wib.local(SystemClock.now()).date(),
        at_once: 32,
        codes: Arc::new(phones.clone()),
    };
    Crowd::gather(settings).await.unwrap()
}

/// Plans the release.
pub fn plan(config: &str, data: &str) {
    let flags =
        ["--id", RELEASE, "--mode", "first_come", "--opens", "now", "--offices", "BTM,BTM-HB,MKS,JAP", "--json"];
    json(&[&["release", "plan", "--config", config, "--data", data], flags.as_slice()].concat());
}
