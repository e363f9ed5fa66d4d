//! The JSON API as a patient client uses it: waits when told to, tries again when a line breaks, never repeats an effect.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Tries of one request before a client gives up.
const TRIES_MAX: u32 = 10;
/// The pause after the first broken line; it doubles with every further one.
const PAUSE: Duration = Duration::from_millis(100);
/// A client that is told to wait longer than this gives up instead.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The server said no; the code is its problem document's.
    #[error("refused: {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable name of the refusal, such as `full`.
        code: String,
    },
    /// No answer, or none that could be read, after all tries.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

impl Trouble {
    /// Whether this is the refusal of that name.
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == name)
    }
}

/// A server's API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
}

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    method: Method,
    path: &'a str,
    token: Option<&'a str>,
    key: Option<String>,
    body: Option<serde_json::Value>,
}

impl<'a> Call<'a> {
    /// A request to an address below the server's root.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, token: None, key: None, body: None }
    }

    /// Reads something.
    pub fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    /// As the holder of a session.
    #[must_use]
    pub fn by(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    /// With an idempotency key: however often it is sent, it has one effect.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With a JSON body.
    ///
    /// # Panics
    /// When the body is no plain data.
    #[must_use]
    pub fn with(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_value(body).expect("a body is plain data"));
        self
    }
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

enum Tried {
    Answered(Response),
    Wait(Duration, Trouble),
}

impl Api {
    /// The API of the server at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(client: Client, base: &str) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned() }
    }

    /// Sends a request, again if need be, and reads the answer.
    pub async fn ask<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Trouble> {
        let answer = self.send(call).await?;
        answer.json().await.map_err(|error| Trouble::NoAnswer(error.without_url().to_string()))
    }

    /// Sends a request, again if need be.
    pub async fn send(&self, call: Call<'_>) -> Result<Response, Trouble> {
        let mut pause = PAUSE;
        let mut tries = 1;
        loop {
            match self.try_once(&call, pause).await? {
                Tried::Answered(answer) => return Ok(answer),
                Tried::Wait(wait, trouble) => {
                    if tries == TRIES_MAX || wait > PATIENCE {
                        return Err(trouble);
                    }
                    tokio::time::sleep(wait).await;
                }
            }
            tries += 1;
            pause *= 2;
        }
    }

    async fn try_once(&self, call: &Call<'_>, pause: Duration) -> Result<Tried, Trouble> {
        let mut request = self.client.request(call.method.clone(), format!("{}{}", self.base, call.path));
        if let Some(token) = call.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &call.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Tried::Wait(pause, Trouble::NoAnswer(error.without_url().to_string()))),
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(Tried::Answered(answer));
        }
        let told = answer.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let code = answer.json::<Problem>().await.map_or_else(|_| "unreadable".to_owned(), |problem| problem.code);
        let trouble = Trouble::Refused { status: status.as_u16(), code };
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Ok(Tried::Wait(told.map_or(pause, Duration::from_secs), trouble))
            }
            _ => Err(trouble),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use axum::Router;
    use axum::extract::{Request, State};
    use axum::response::{IntoResponse, Response as Answer};

    use super::*;

    /// Status, `Retry-After` and body of an answer.
    type Listed = (u16, Option<&'static str>, &'static str);
    type Shared = (Arc<Mutex<std::vec::IntoIter<Listed>>>, Arc<Mutex<Vec<String>>>);

    async fn answer(State((answers, keys)): State<Shared>, request: Request) -> Answer {
        let key = request.headers().get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        keys.lock().unwrap().extend(key);
        let (status, retry_after, body) = answers.lock().unwrap().next().expect("one request too many");
        let mut answer = (axum::http::StatusCode::from_u16(status).unwrap(), body).into_response();
        if let Some(seconds) = retry_after {
            answer.headers_mut().insert("retry-after", seconds.parse().unwrap());
        }
        answer
    }

    /// A server that answers as listed, one after the other, and remembers the keys it was sent.
    async fn server(answers: Vec<Listed>) -> (Api, Arc<Mutex<Vec<String>>>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keys = Arc::new(Mutex::new(Vec::new()));
        let state: Shared = (Arc::new(Mutex::new(answers.into_iter())), Arc::clone(&keys));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer).with_state(state)).await });
        (Api::new(Client::new(), &base), keys)
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_with_the_same_key() {
        let busy = r#"{"code":"busy"}"#;
        let (api, keys) = server(vec![(503, Some("0"), busy), (429, Some("0"), busy), (201, None, "7")]).await;
        let call = Call::new(Method::POST, "/x").once("k");
        assert_eq!(api.ask::<u32>(call).await, Ok(7));
        assert_eq!(*keys.lock().unwrap(), ["k", "k", "k"]);
    }

    #[tokio::test]
    async fn a_refusal_is_not_argued_with() {
        let (api, _) = server(vec![(409, None, r#"{"code":"full","title":"Penuh"}"#)]).await;
        let refused = api.ask::<u32>(Call::get("/x")).await.unwrap_err();
        assert!(refused.is("full") && !refused.is("busy"), "{refused}");
    }

    #[tokio::test]
    async fn nobody_waits_for_an_hour() {
        let (api, _) = server(vec![(429, Some("3600"), r#"{"code":"rate-limited"}"#)]).await;
        assert!(api.ask::<u32>(Call::get("/x")).await.unwrap_err().is("rate-limited"));
    }
}
