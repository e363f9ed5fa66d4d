//! A provider of text messages, reached over HTTP: one POST a message, as a form or as JSON, with the names that the provider wants.
//!
//! Nearly all providers take this form: an address, a key in a header or a field, and three fields for number, text and sender name.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use antrean_domain::phone::Phone;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use crate::channel::{Channel, Outgoing, SendError, Sending, Why};

/// A provider that takes longer to connect is down, or the line is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest that one message may be set to take: four times that is shorter than the lease of a claimed letter, one minute.
const TIMEOUT_S_MAX: u64 = 12;

/// A secret from the configuration: shown nowhere.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How the fields are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// `application/x-www-form-urlencoded`.
    #[default]
    Form,
    /// A JSON object of strings.
    Json,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// `+6281200001234`.
    #[default]
    E164,
    /// `6281200001234`.
    Digits,
    /// `081200001234`.
    National,
}

/// What the operator sets for the provider.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// The address to post to; `https`, or `http` to this machine only. It may hold a key, so it is never shown.
    pub url: String,
    /// How the fields are sent.
    pub body: Body,
    /// The header that carries the key, such as `Authorization` or `X-Api-Key`.
    pub header: String,
    /// What stands in it, whole, such as `Bearer ...` or `Basic ...`; without it the header is left out.
    pub authorization: Option<Secret>,
    /// The field for the number.
    pub to_field: String,
    /// The field for the text.
    pub text_field: String,
    /// The field for the sender's name.
    pub sender_field: String,
    /// The sender's name as registered with the carriers; without it the field is left out.
    pub sender: Option<String>,
    /// How the number is written.
    pub number_form: NumberForm,
    /// Further fields that the provider wants, such as a user and a key.
    pub fields: BTreeMap<String, Secret>,
    /// Seconds that one message may take, 1 to 12.
    pub timeout_s: u64,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            body: Body::Form,
            header: "Authorization".to_owned(),
            authorization: None,
            to_field: "to".to_owned(),
            text_field: "text".to_owned(),
            sender_field: "from".to_owned(),
            sender: None,
            number_form: NumberForm::E164,
            fields: BTreeMap::new(),
            timeout_s: 8,
        }
    }
}

/// Without the address and the values of the fields: providers put keys into both.
impl fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayConfig").field("body", &self.body).field("sender", &self.sender).finish_non_exhaustive()
    }
}

/// What is wrong with the settings of a gateway. Never repeats an address or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The address cannot be read.
    #[error("the gateway's url cannot be read; write it as https://host/path")]
    Url,
    /// The address is not safe for personal data.
    #[error("the gateway's url must begin with https://; http:// is only for this machine itself")]
    NotHttps,
    /// The header's name or value has signs that no header may have.
    #[error("the gateway's header or authorization has signs that a header cannot have")]
    Header,
    /// Two of the fields have the same name, or one has none.
    #[error("the gateway's fields need names that differ; {name:?} does not")]
    Field {
        /// The name.
        name: String,
    },
    /// The time for one message is out of bounds.
    #[error("the gateway's timeout_s must be 1 to {TIMEOUT_S_MAX}")]
    Timeout,
    /// The client could not be made; its certificates cannot be read.
    #[error("the client for the gateway cannot be made")]
    Client,
}

/// Sends messages through a provider.
pub struct Gateway {
    client: Client,
    url: Url,
    authorization: Option<(HeaderName, HeaderValue)>,
    config: GatewayConfig,
}

impl Gateway {
    /// Checks the settings and makes the client; sends nothing.
    pub fn new(config: GatewayConfig) -> Result<Self, GatewayError> {
        let url: Url = config.url.parse().map_err(|_| GatewayError::Url)?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err(GatewayError::NotHttps);
        }
        if !(1..=TIMEOUT_S_MAX).contains(&config.timeout_s) {
            return Err(GatewayError::Timeout);
        }
        check_fields(&config)?;
        // The program may have chosen a provider of cryptography already; then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(Duration::from_secs(config.timeout_s))
            // A redirect would carry the key and the message to somebody else.
            .redirect(Policy::none())
            .build()
            .map_err(|_| GatewayError::Client)?;
        Ok(Self { client, url, authorization: authorization(&config)?, config })
    }

    async fn post(&self, outgoing: &Outgoing) -> Result<(), SendError> {
        let number = written(&outgoing.phone, self.config.number_form);
        let mut fields: BTreeMap<&str, &str> =
            self.config.fields.iter().map(|(name, value)| (name.as_str(), value.0.as_str())).collect();
        fields.insert(&self.config.to_field, &number);
        fields.insert(&self.config.text_field, &outgoing.text);
        if let Some(sender) = &self.config.sender {
            fields.insert(&self.config.sender_field, sender);
        }
        let mut request = self.client.post(self.url.clone());
        if let Some((name, value)) = &self.authorization {
            request = request.header(name, value);
        }
        let request = match self.config.body {
            Body::Form => request.form(&fields),
            Body::Json => request.json(&fields),
        };
        // The error of the client names the address, and the answer may repeat the number: neither is kept.
        let answer = request.send().await.map_err(|error| SendError {
            retry: true,
            why: if error.is_timeout() { Why::Timeout } else { Why::Unreachable },
        })?;
        judge(answer.status())
    }
}

impl Channel for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.post(outgoing))
    }
}

/// Only an answer that says that this very message is wrong gives it up. A wrong key or address (401, 403, 404) is put right by the
/// operator, and the messages should go then.
fn judge(status: StatusCode) -> Result<(), SendError> {
    if status.is_success() {
        return Ok(());
    }
    let hopeless = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
    Err(SendError { retry: !hopeless, why: Why::Status(status.as_u16()) })
}

fn written(phone: &Phone, form: NumberForm) -> String {
    let e164 = phone.e164();
    match form {
        NumberForm::E164 => e164.to_owned(),
        NumberForm::Digits => e164.trim_start_matches('+').to_owned(),
        NumberForm::National => format!("0{}", e164.trim_start_matches("+62")),
    }
}

fn authorization(config: &GatewayConfig) -> Result<Option<(HeaderName, HeaderValue)>, GatewayError> {
    let Some(secret) = &config.authorization else { return Ok(None) };
    let name: HeaderName = config.header.parse().map_err(|_| GatewayError::Header)?;
    let mut value: HeaderValue = secret.0.trim().parse().map_err(|_| GatewayError::Header)?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

fn check_fields(config: &GatewayConfig) -> Result<(), GatewayError> {
    let mut names = vec![config.to_field.as_str(), config.text_field.as_str()];
    if config.sender.is_some() {
        names.push(&config.sender_field);
    }
    names.extend(config.fields.keys().map(String::as_str));
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() || names[..index].contains(name) {
            return Err(GatewayError::Field { name: (*name).to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GatewayConfig {
        GatewayConfig { url: "https://sms.example.id/send?key=hush".to_owned(), ..GatewayConfig::default() }
    }

    fn refused(config: GatewayConfig) -> GatewayError {
        Gateway::new(config).err().expect("the settings are refused")
    }

    #[test]
    fn personal_data_never_leaves_without_encryption() {
        let with = |url: &str| GatewayConfig { url: url.to_owned(), ..config() };
        assert_eq!(refused(with("http://sms.example.id/send")), GatewayError::NotHttps);
        assert_eq!(refused(with("ftp://localhost/")), GatewayError::NotHttps);
        assert_eq!(refused(with("sms.example.id")), GatewayError::Url);
        assert!(Gateway::new(with("http://127.0.0.1:9/send")).is_ok());
    }

    #[test]
    fn settings_that_cannot_work_are_refused_at_the_start() {
        assert_eq!(refused(GatewayConfig { timeout_s: 0, ..config() }), GatewayError::Timeout);
        assert_eq!(refused(GatewayConfig { timeout_s: 60, ..config() }), GatewayError::Timeout);
        let same = GatewayConfig { text_field: "to".to_owned(), ..config() };
        assert_eq!(refused(same), GatewayError::Field { name: "to".to_owned() });
        let unnamed = GatewayConfig { to_field: String::new(), ..config() };
        assert_eq!(refused(unnamed), GatewayError::Field { name: String::new() });
        let broken = GatewayConfig { authorization: Some(Secret("a\nb".to_owned())), ..config() };
        assert_eq!(refused(broken), GatewayError::Header);
    }

    #[test]
    fn no_secret_is_shown() {
        let config = GatewayConfig {
            authorization: Some(Secret("Bearer hush".to_owned())),
            fields: [("userkey".to_owned(), Secret("hush".to_owned()))].into(),
            ..config()
        };
        let shown = format!("{config:?} {:?}", config.authorization);
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_number_is_written_as_the_provider_wants_it() {
        let phone = Phone::parse("0812-0000-1234").unwrap();
        let forms = [NumberForm::E164, NumberForm::Digits, NumberForm::National];
        assert_eq!(forms.map(|form| written(&phone, form)), ["+6281200001234", "6281200001234", "081200001234"]);
    }

    #[test]
    fn only_a_message_that_is_wrong_itself_is_given_up() {
        let retry = |status: u16| judge(StatusCode::from_u16(status).unwrap()).err().map(|error| error.retry);
        assert_eq!([200, 201, 202].map(retry), [None; 3]);
        assert_eq!([301, 401, 403, 404, 408, 429, 500, 503].map(retry), [Some(true); 8]);
        assert_eq!([400, 422].map(retry), [Some(false); 2]);
    }
}
