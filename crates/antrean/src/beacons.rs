//! Public randomness over HTTPS: asks the relays of drand one after the other. What they answer is checked by the domain, so that a
//! relay can withhold a value but never make one up.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use antrean_app::release_clock::BeaconSource;
use antrean_domain::draw::beacon::Chain;
use serde::Deserialize;

use crate::config::HttpUrl;
use crate::stop::{Stop, whole};

/// Public relays run by different members of the League of Entropy; a configuration may name others.
pub const RELAYS: [&str; 4] =
    ["https://api.drand.sh", "https://api2.drand.sh", "https://api3.drand.sh", "https://drand.cloudflare.com"];
/// A relay that does not answer within this time is passed over.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer has some 300 bytes.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// Makes TLS work for everything in this process; the first thing the program does.
pub fn install_tls() {
    // An error says that a provider is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The relays of drand.
pub struct Relays {
    client: reqwest::Client,
    relays: Vec<HttpUrl>,
}

#[derive(Deserialize)]
struct Round {
    round: u64,
    signature: String,
}

impl Relays {
    /// Relays to ask, in order.
    pub fn new(relays: Vec<HttpUrl>) -> Result<Self, Stop> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .user_agent(concat!("antrean/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Stop::failed(format!("cannot use TLS: {}", whole(&error))))?;
        Ok(Self { client, relays })
    }

    async fn ask(&self, relay: &HttpUrl, chain: &Chain, round: u64) -> Result<String, String> {
        let url = format!("{}/{}/public/{round}", relay.0, chain.hash);
        let answer = self.client.get(url).send().await.map_err(|error| whole(&error.without_url()))?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status().as_u16()));
        }
        if answer.content_length().is_some_and(|bytes| bytes > ANSWER_BYTES_MAX) {
            return Err("an answer that is too long".to_owned());
        }
        let answer: Round = answer.json().await.map_err(|error| whole(&error.without_url()))?;
        if answer.round == round { Ok(answer.signature) } else { Err(format!("round {} instead", answer.round)) }
    }

    async fn first(&self, chain: &Chain, round: u64) -> Result<String, String> {
        let mut refusals = Vec::new();
        for relay in &self.relays {
            match self.ask(relay, chain, round).await {
                Ok(signature) => return Ok(signature),
                Err(why) => refusals.push(format!("{}: {why}", relay.0)),
            }
        }
        Err(refusals.join("; "))
    }
}

impl BeaconSource for Relays {
    fn signature<'a>(
        &'a self,
        chain: &'a Chain,
        round: u64,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(self.first(chain, round))
    }
}

#[cfg(test)]
mod tests {
    use antrean_domain::draw::beacon::QUICKNET;
    use axum::Router;
    use axum::extract::Path;
    use axum::http::StatusCode;
    use axum::routing::get;

    use super::*;

    async fn relay(router: Router) -> HttpUrl {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        HttpUrl(format!("http://{address}"))
    }

    fn answering(round: u64) -> Router {
        Router::new().route(
            "/{chain}/public/{round}",
            get(move |Path((chain, asked)): Path<(String, u64)>| async move {
                assert_eq!(chain, QUICKNET.hash.to_string());
                axum::Json(serde_json::json!({"round": round, "randomness": "00", "signature": format!("{asked}")}))
            }),
        )
    }

    #[tokio::test]
    async fn a_relay_that_fails_is_passed_over() {
        install_tls();
        let down = HttpUrl("http://127.0.0.1:1".to_owned());
        let refusing = relay(Router::new().fallback(|| async { StatusCode::TOO_EARLY })).await;
        let other_round = relay(answering(6)).await;
        let good = relay(answering(7)).await;
        let relays = Relays::new(vec![down.clone(), refusing, other_round.clone(), good]).unwrap();
        assert_eq!(relays.signature(&QUICKNET, 7).await, Ok("7".to_owned()));
        let why = Relays::new(vec![down, other_round]).unwrap().signature(&QUICKNET, 7).await.unwrap_err();
        assert!(why.contains("http://127.0.0.1:1: ") && why.contains("round 6 instead"), "{why}");
    }
}
