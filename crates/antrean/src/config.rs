//! What an operator decides: `antrean.toml`, then `ANTREAN_*` variables, then flags. A mistake stops the start with one line
//! that names where it stands.

use std::fs;
use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroU32};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use antrean_app::policy::Policy;
use antrean_channels::gateway::GatewayConfig;
use antrean_store::{DatabaseUrl, StoreConfig, UrlError};
use antrean_web::WebSettings;
use antrean_web::caller::Network;
use antrean_web::door::DoorLimits;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::beacons;
use crate::stop::Stop;

/// Every variable that belongs to this program begins so.
const PREFIX: &str = "ANTREAN_";
/// Variables that are not fields: they are read by their flags.
const NOT_FIELDS: [&str; 1] = ["CONFIG"];
/// Kubernetes puts such variables into every container beside a service named `antrean`; they are none of ours.
const OF_KUBERNETES: [&str; 2] = ["SERVICE_", "PORT"];
/// Sections whose name stands in their variables. Fields of `[server]` stand without: `ANTREAN_LISTEN`.
const SECTIONS: [&str; 3] = ["policy", "gateway", "beacons"];
/// A variable that ends so names the file that holds the field's value.
const FILE_SUFFIX: &str = "_file";
/// A configuration is a page or two.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The whole configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens and what it keeps.
    pub server: Server,
    /// Limits and terms; see `antrean_app::policy`.
    pub policy: Policy,
    /// Where messages to people go; unless set, they are written to the log. See `antrean_channels::gateway`.
    pub gateway: GatewayConfig,
    /// Where public randomness comes from.
    pub beacons: Beacons,
}

/// Where it listens and what it keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The directory with the database, the master key and the published draws.
    pub data: PathBuf,
    /// The PostgreSQL database that this node shares with others; unless set, a database file in the data directory.
    pub database: Option<Database>,
    /// Address and port for metrics and probes; none unless set.
    pub metrics: Option<SocketAddr>,
    /// Scheme and host under which citizens reach the server.
    pub base_url: Option<BaseUrl>,
    /// Whether cookies are for https only; unless set, this follows from `base_url`.
    pub secure_cookies: Option<bool>,
    /// Proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "by_text")]
    pub trusted_proxies: Vec<Network>,
    /// Sign-in requests from one network in an hour; 0 lifts the limit.
    pub sign_ins_per_network_hour: u32,
    /// Seconds after which a request is given up with 503.
    pub request_timeout_s: NonZeroU32,
    /// Requests under way at once that are not answered from memory.
    pub requests_max: NonZeroU32,
    /// Connections at once.
    pub connections_max: NonZeroU32,
    /// Connections at once from one address, loopback and trusted proxies excepted.
    pub connections_per_address_max: NonZeroU32,
    /// Threads that read the database, each with a connection.
    pub readers: NonZeroU8,
    /// Connections that write to a PostgreSQL database, each with a thread.
    pub writers: NonZeroU8,
    /// Operations that may wait, writes and reads each.
    pub queue_max: NonZeroU32,
    /// The master key, where it is kept outside the data directory.
    pub master_key_file: Option<PathBuf>,
    /// How the log is written; unless set, as text to a terminal and as JSON to anything else.
    pub log: Option<LogForm>,
    /// What goes into the log, as `info` or `info,antrean_web=debug`.
    pub log_filter: String,
}

/// The address of a database. Shown without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database(pub DatabaseUrl);

impl FromStr for Database {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        text.parse().map(Self)
    }
}

impl<'de> Deserialize<'de> for Database {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Where public randomness comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Beacons {
    /// Relays of drand, tried in this order. Their answers are checked, so any will do.
    pub relays: Vec<HttpUrl>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("antrean-data"),
            database: None,
            metrics: None,
            base_url: None,
            secure_cookies: None,
            trusted_proxies: Vec::new(),
            // Carriers put thousands of people behind one address.
            sign_ins_per_network_hour: 600,
            request_timeout_s: NonZeroU32::new(20).expect("not 0"),
            requests_max: by_default(WebSettings::REQUESTS_MAX),
            connections_max: by_default(DoorLimits::default().connections_max),
            connections_per_address_max: by_default(DoorLimits::default().connections_per_peer_max),
            readers: NonZeroU8::new(StoreConfig::READERS as u8).expect("not 0"),
            writers: NonZeroU8::new(StoreConfig::WRITERS as u8).expect("not 0"),
            queue_max: by_default(StoreConfig::QUEUE_MAX),
            master_key_file: None,
            log: None,
            log_filter: "info,refinery_core=warn".to_owned(),
        }
    }
}

fn by_default(limit: usize) -> NonZeroU32 {
    NonZeroU32::new(limit as u32).expect("no limit is 0 by default")
}

impl Default for Beacons {
    fn default() -> Self {
        let relays = beacons::RELAYS.iter().map(|relay| relay.parse().expect("a relay of ours is an address"));
        Self { relays: relays.collect() }
    }
}

impl Server {
    /// Whether cookies carry `Secure`.
    pub fn secure_cookies(&self) -> bool {
        let https = self.base_url.as_ref().is_some_and(|url| url.0.starts_with("https://"));
        self.secure_cookies.unwrap_or(https)
    }
}

/// An address that begins with `http://` or `https://`, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HttpUrl(pub String);

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address such as https://antrean.example.id");
        let parsed = reqwest::Url::parse(text).map_err(|_| wrong())?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(wrong());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl TryFrom<String> for HttpUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The address of the server itself: scheme, host and perhaps a port, nothing behind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(pub String);

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let HttpUrl(url) = text.parse()?;
        let parsed = reqwest::Url::parse(&url).map_err(|error| error.to_string())?;
        let bare = parsed.path() == "/" && parsed.query().is_none() && parsed.fragment().is_none();
        if bare && parsed.username().is_empty() {
            Ok(Self(url))
        } else {
            Err(format!("{text:?} has more than scheme and host; the server lives at the root of its host"))
        }
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn by_text<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: std::fmt::Display>,
{
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

/// The flags that every command with a configuration has.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfigFlags {
    /// The configuration file; every field of it can also be a variable, such as ANTREAN_LISTEN or ANTREAN_POLICY_CODES_PER_DAY
    #[arg(long, value_name = "FILE", env = "ANTREAN_CONFIG")]
    pub config: Option<PathBuf>,
    /// The directory that keeps everything [default: antrean-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database (15 or newer) that several nodes share, as postgres://user@host/name; better set as ANTREAN_DATABASE or
    /// ANTREAN_DATABASE_FILE where it has a password [default: a database file in the data directory]
    #[arg(long, value_name = "URL")]
    pub database: Option<Database>,
}

impl ConfigFlags {
    /// Reads as [`ConfigFlags::load`] does, but goes on after a mistake: for `antrean doctor`, which tells them all at once.
    pub fn examine(&self) -> Examined {
        let mut problems = Vec::new();
        let mut told = |stop: Stop| problems.push(stop.to_string());
        let text = match &self.config {
            None => String::new(),
            Some(path) => read(path).unwrap_or_else(|stop| {
                told(stop);
                String::new()
            }),
        };
        let name = self.config.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let known = variables().unwrap_or_else(|stop| {
            told(stop);
            Vec::new()
        });
        let mut examined = Config::examine(&name, &text, &known);
        if let Some(data) = &self.data {
            examined.config.server.data.clone_from(data);
        }
        if self.database.is_some() {
            examined.config.server.database.clone_from(&self.database);
        }
        examined.problems.splice(0..0, problems);
        examined
    }

    /// Reads the file, the variables and these flags, in this order.
    pub fn load(&self) -> Result<Config, Stop> {
        let text = match &self.config {
            None => String::new(),
            Some(path) => read(path)?,
        };
        let name = self.config.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let mut config = Config::read(&name, &text, &variables()?)?;
        if let Some(data) = &self.data {
            config.server.data.clone_from(data);
        }
        if self.database.is_some() {
            config.server.database.clone_from(&self.database);
        }
        Ok(config)
    }
}

/// A configuration as far as it can be read, and everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What could be read; whatever could not has its default.
    pub config: Config,
    /// The mistakes, each in one line that names where it stands; empty is as it must be.
    pub problems: Vec<String>,
}

/// The variables of this program, by name.
fn variables() -> Result<Vec<(String, String)>, Stop> {
    let ours = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX));
    let mut known = Vec::new();
    for (name, value) in ours {
        let value = value.into_string().map_err(|_| Stop::wrong(format!("{name}: is not UTF-8")))?;
        known.push((name, value));
    }
    // The order of the environment is not ours; the same mistakes are told in the same order every time.
    known.sort();
    Ok(known)
}

fn read(path: &Path) -> Result<String, Stop> {
    let unreadable = |why: String| Stop::wrong(format!("--config: cannot read {}: {why}", path.display()));
    let found = fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if found.len() > FILE_BYTES_MAX {
        return Err(unreadable(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

impl Config {
    /// Reads the text of a file named `name`, with `variables` laid over it.
    fn read(name: &str, text: &str, variables: &[(String, String)]) -> Result<Self, Stop> {
        let in_file = |error: &toml::de::Error| Stop::wrong(in_file(name, text, error));
        let mut config: Self = toml::from_str(text).map_err(|error| in_file(&error))?;
        let mut table: toml::Table = toml::from_str(text).map_err(|error| in_file(&error))?;
        for (variable, value) in variables {
            if let Some(laid) = with_variable(&table, variable, value).map_err(Stop::wrong)? {
                (config, table) = laid;
            }
        }
        match config.contradictions().into_iter().next() {
            None => Ok(config),
            Some(problem) => Err(Stop::wrong(problem)),
        }
    }

    /// Reads as [`Config::read`] does, field by field, and passes over what is wrong.
    fn examine(name: &str, text: &str, variables: &[(String, String)]) -> Examined {
        let mut problems = Vec::new();
        let written: toml::Table = toml::from_str(text).unwrap_or_else(|error| {
            problems.push((0, in_file(name, text, &error)));
            toml::Table::new()
        });
        let (mut config, mut table) = (Self::default(), toml::Table::new());
        for (section, fields) in written {
            let fields = match fields {
                toml::Value::Table(fields) if fields.is_empty() => vec![(None, toml::Value::Table(fields))],
                toml::Value::Table(fields) => fields.into_iter().map(|(field, value)| (Some(field), value)).collect(),
                value => vec![(None, value)],
            };
            for (field, value) in fields {
                let mut tried = table.clone();
                match &field {
                    None => drop(tried.insert(section.clone(), value)),
                    Some(field) => {
                        let entry = tried.entry(&section).or_insert_with(|| toml::Table::new().into());
                        entry.as_table_mut().map(|fields| fields.insert(field.clone(), value));
                    }
                }
                match Self::deserialize(toml::Value::Table(tried.clone())) {
                    Ok(read) => (config, table) = (read, tried),
                    Err(error) => {
                        let line = line_of(text, &section, field.as_deref());
                        let field = field.map_or_else(|| section.clone(), |field| format!("{section}.{field}"));
                        problems.push((line, format!("{name}, line {line}, {field}: {}", one_line(error.message()))));
                    }
                }
            }
        }
        // As they stand in the file.
        problems.sort();
        let mut problems: Vec<String> = problems.into_iter().map(|(_, problem)| problem).collect();
        for (variable, value) in variables {
            match with_variable(&table, variable, value) {
                Ok(Some(laid)) => (config, table) = laid,
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(config.contradictions());
        Examined { config, problems }
    }

    /// What the types alone cannot say: every contradiction, in one line each that names the field.
    fn contradictions(&self) -> Vec<String> {
        let at_least_one = [
            ("policy.code_minutes", self.policy.code_minutes),
            ("policy.session_days", self.policy.session_days),
            ("policy.checks_per_phone_day", self.policy.checks_per_phone_day),
            ("policy.codes_per_phone_hour", self.policy.codes_per_phone_hour),
            ("policy.codes_per_phone_day", self.policy.codes_per_phone_day),
            ("policy.codes_per_day", self.policy.codes_per_day),
        ];
        let nothing = at_least_one.iter().filter(|(_, value)| *value == 0);
        let mut found: Vec<String> =
            nothing.map(|(field, _)| format!("{field}: must be at least 1, or nobody can sign in")).collect();
        if self.beacons.relays.is_empty() {
            found.push("beacons.relays: must name at least one relay".to_owned());
        }
        if self.gateway.url.is_empty() && self.gateway != GatewayConfig::default() {
            found.push("gateway.url: is missing; without it the other fields of the gateway are of no use".to_owned());
        }
        if let Err(error) = self.server.log_filter.parse::<tracing_subscriber::EnvFilter>() {
            found.push(format!("server.log_filter: {}", one_line(&error.to_string())));
        }
        found
    }
}

/// Lays a variable over the table: the configuration and the table that it makes, or `None` where it stands for no field.
fn with_variable(table: &toml::Table, variable: &str, value: &str) -> Result<Option<(Config, toml::Table)>, String> {
    let Some((section, field)) = field_of(variable) else { return Ok(None) };
    let wrong = |why: String| format!("{variable}: {why}");
    let laid = match (with_field(table, &section, &field, value), field.strip_suffix(FILE_SUFFIX)) {
        // A secret lies in a file that the variable names, so that it stands in no list of processes.
        (Err(_), Some(secret)) if with_field(table, &section, secret, "").is_ok() => {
            let text = fs::read_to_string(value).map_err(|error| wrong(format!("cannot read {value}: {error}")))?;
            with_field(table, &section, secret, text.trim())
        }
        (laid, _) => laid,
    };
    laid.map(Some).map_err(wrong)
}

/// A mistake in a file, with its line and its field.
fn in_file(name: &str, text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let line = 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    format!("{name}, line {line}, {}: {}", field_at(text, line), one_line(error.message()))
}

/// The line on which a field of a TOML file stands, or its section where no field is asked for; 1 where neither is found.
fn line_of(text: &str, section: &str, field: Option<&str>) -> usize {
    let mut within = "";
    let mut found = None;
    for (line, words) in text.lines().map(str::trim).enumerate() {
        if let Some(header) = words.strip_prefix('[') {
            within = header.split(']').next().unwrap_or_default().trim();
            if within == section || field.is_some_and(|field| within == format!("{section}.{field}")) {
                found = Some(line);
            }
        }
        let key = words.split('=').next().unwrap_or_default().trim();
        let is_it = match field {
            Some(field) => {
                within == section && key == field || within.is_empty() && key == format!("{section}.{field}")
            }
            None => within.is_empty() && key == section,
        };
        if is_it && words.contains('=') {
            return line + 1;
        }
    }
    found.unwrap_or(0) + 1
}

/// The table with one more field, and the configuration that it makes; or why it makes none.
fn with_field(table: &toml::Table, section: &str, field: &str, text: &str) -> Result<(Config, toml::Table), String> {
    let mut why = None;
    for value in readings(text) {
        let mut tried = table.clone();
        let entry = tried.entry(section).or_insert_with(|| toml::Table::new().into());
        let Some(fields) = entry.as_table_mut() else { continue };
        fields.insert(field.to_owned(), value);
        match Config::deserialize(toml::Value::Table(tried.clone())) {
            Ok(read) => return Ok((read, tried)),
            Err(error) => why = why.or_else(|| Some(one_line(error.message()))),
        }
    }
    Err(why.unwrap_or_else(|| "cannot be read".to_owned()))
}

/// The field that a variable stands for; `None` for variables that are no fields.
fn field_of(variable: &str) -> Option<(String, String)> {
    let name = variable.strip_prefix(PREFIX)?;
    if NOT_FIELDS.contains(&name) || OF_KUBERNETES.iter().any(|start| name.starts_with(start)) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let of_section = |section| Some((section, name.strip_prefix(section)?.strip_prefix('_')?));
    let (section, field) = SECTIONS.into_iter().find_map(of_section).unwrap_or(("server", &name));
    Some((section.to_owned(), field.to_owned()))
}

/// What a variable's text may mean: a number, a truth or a list if it looks like one, and always itself.
fn readings(text: &str) -> Vec<toml::Value> {
    let typed = toml::from_str::<toml::Table>(&format!("v = {text}")).ok().and_then(|mut table| table.remove("v"));
    let itself = toml::Value::String(text.to_owned());
    match typed {
        Some(value @ (toml::Value::Integer(_) | toml::Value::Boolean(_) | toml::Value::Array(_))) => {
            vec![value, itself]
        }
        _ => vec![itself],
    }
}

/// The field on a line of a TOML file, with its section; for pointing at it.
fn field_at(text: &str, line: usize) -> String {
    let lines: Vec<&str> = text.lines().take(line).map(str::trim).collect();
    let section = lines.iter().rev().find_map(|line| line.strip_prefix('[')).map(|rest| rest.trim_end_matches(']'));
    let last = lines.last().copied().unwrap_or_default();
    let key = last.split('=').next().unwrap_or_default().trim();
    let field = match section {
        Some(section) if !key.starts_with('[') && !key.is_empty() => format!("{section}.{key}"),
        Some(section) => section.to_owned(),
        None if key.is_empty() => "file".to_owned(),
        None => key.to_owned(),
    };
    field.chars().take(80).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read("antrean.toml", text, &variables).map_err(|stop| stop.to_string())
    }

    #[test]
    fn nothing_said_is_a_good_configuration() {
        let config = with("", &[]).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert!(!config.server.secure_cookies());
    }

    #[test]
    fn the_example_shows_every_field_with_its_default() {
        let example = include_str!("../antrean.example.toml");
        let shown = with(example, &[]).unwrap();
        assert_eq!(format!("{shown:?}"), format!("{:?}", Config::default()));
        // Whatever is unset by default stands there as a comment that would be right.
        let all = example.replace("\n# ", "\n");
        let set = with(&all, &[]).unwrap();
        let text = format!("{:?}", set.server);
        assert!(!text.contains("None"), "{text}");
        assert!(!set.gateway.url.is_empty() && set.gateway.authorization.is_some());
    }

    #[test]
    fn variables_win_over_the_file() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\n[policy]\ncodes_per_day = 7\ncode_minutes = 3";
        let config = with(
            file,
            &[
                ("ANTREAN_BASE_URL", "https://antrean.example.id/"),
                ("ANTREAN_LISTEN", "[::1]:2"),
                ("ANTREAN_POLICY_BEACON", "manual"),
                ("ANTREAN_POLICY_CODES_PER_DAY", "9"),
                ("ANTREAN_POLICY_PLAN_WEEKLY", "false"),
                ("ANTREAN_DATA", "7"),
                ("ANTREAN_TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]"),
                ("ANTREAN_SERVICE_HOST", "10.1.2.3"),
                ("ANTREAN_PORT_8080_TCP", "tcp://10.1.2.3:8080"),
            ],
        )
        .unwrap();
        assert_eq!(config.server.listen.to_string(), "[::1]:2");
        assert_eq!((config.policy.codes_per_day, config.policy.code_minutes), (9, 3));
        assert!(!config.policy.plan_weekly);
        assert_eq!(config.server.base_url, Some(BaseUrl("https://antrean.example.id".to_owned())));
        assert!(config.server.secure_cookies(), "https asks for it");
        assert_eq!(config.server.data, Path::new("7"), "a number can be a name");
        assert_eq!(config.server.trusted_proxies.len(), 2);
    }

    #[test]
    fn a_secret_may_lie_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "Bearer hush\n").unwrap();
        let path = path.to_str().unwrap();
        let config =
            with("", &[("ANTREAN_GATEWAY_URL", "https://sms.id"), ("ANTREAN_GATEWAY_AUTHORIZATION_FILE", path)]);
        assert_eq!(config.unwrap().gateway.authorization.map(|secret| secret.0).as_deref(), Some("Bearer hush"));
        let config = with("", &[("ANTREAN_MASTER_KEY_FILE", path)]).unwrap();
        assert_eq!(config.server.master_key_file.as_deref(), Some(Path::new(path)), "this field is a path itself");
        let gone = with("", &[("ANTREAN_GATEWAY_AUTHORIZATION_FILE", "/nowhere")]).unwrap_err();
        assert!(gone.starts_with("ANTREAN_GATEWAY_AUTHORIZATION_FILE: cannot read /nowhere"), "{gone}");
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_the_rest_is_read() {
        let text = "[server]\nlisten = \"here\"\nqueue_max = 7\nport = 1\n[policy]\nbeacon = \"dice\"\ncode_minutes = 0\n\
                    [sever]\nx = 1\n[gateway.fields]\na = 1\n";
        let variables = [("ANTREAN_READERS", "none"), ("ANTREAN_LISTN", "1"), ("ANTREAN_REQUEST_TIMEOUT_S", "9")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let Examined { config, problems } = Config::examine("antrean.toml", text, &variables);
        let starts = [
            "antrean.toml, line 2, server.listen: invalid socket address",
            "antrean.toml, line 4, server.port: unknown field `port`",
            "antrean.toml, line 6, policy.beacon: unknown variant `dice`",
            "antrean.toml, line 9, sever.x: unknown field `sever`",
            "antrean.toml, line 10, gateway.fields: invalid type",
            "ANTREAN_READERS: invalid type",
            "ANTREAN_LISTN: unknown field `listn`",
            "policy.code_minutes: must be at least 1",
        ];
        assert_eq!(problems.len(), starts.len(), "{problems:#?}");
        for (problem, start) in problems.iter().zip(starts) {
            assert!(problem.starts_with(start), "{problem}\ninstead of {start}");
        }
        assert_eq!((config.server.queue_max.get(), config.server.request_timeout_s.get()), (7, 9));
        let example = include_str!("../antrean.example.toml");
        assert_eq!(Config::examine("", example, &[]).problems, Vec::<String>::new());
        assert!(Config::examine("a", "[server", &[]).problems[0].starts_with("a, line 1, server: "));
    }

    #[test]
    fn every_mistake_is_told_in_one_line_that_names_its_place() {
        for (file, variables, says) in [
            ("[server]\nlisten = 8080", &[][..], "antrean.toml, line 2, server.listen: invalid type"),
            ("[server]\nlisten = \"here\"", &[], "antrean.toml, line 2, server.listen: invalid socket address"),
            ("[server]\nport = 8080", &[], "antrean.toml, line 2, server.port: unknown field `port`"),
            ("[sever]\n", &[], "antrean.toml, line 1, sever: unknown field `sever`"),
            ("[policy]\n\ncode_minutes = -1", &[], "antrean.toml, line 3, policy.code_minutes: invalid value"),
            ("[policy]\ncode_minutes = 0", &[], "policy.code_minutes: must be at least 1"),
            ("[policy]\nbeacon = \"dice\"", &[], "antrean.toml, line 2, policy.beacon: unknown variant `dice`"),
            ("[server]\nreaders = 0", &[], "antrean.toml, line 2, server.readers: invalid value"),
            (
                "[server]\nbase_url = \"antrean.id\"",
                &[],
                "antrean.toml, line 2, server.base_url: \"antrean.id\" is not",
            ),
            ("[server]\nbase_url = \"https://x.id/antrean\"", &[], "antrean.toml, line 2, server.base_url: "),
            (
                "[server]\ntrusted_proxies = [\"ten\"]",
                &[],
                "antrean.toml, line 2, server.trusted_proxies: \"ten\" is not",
            ),
            ("[gateway]\nsender = \"IMIGRASI\"", &[], "gateway.url: is missing"),
            ("[gateway]\nbody = \"xml\"", &[], "antrean.toml, line 2, gateway.body: unknown variant `xml`"),
            ("[beacons]\nrelays = []", &[], "beacons.relays: must name"),
            ("[server\n", &[], "antrean.toml, line 1, server: "),
            ("", &[("ANTREAN_LISTEN", "8080")], "ANTREAN_LISTEN: "),
            ("", &[("ANTREAN_LISTN", "8080")], "ANTREAN_LISTN: unknown field `listn`"),
            ("", &[("ANTREAN_POLICY_CODES_PER_DAY", "many")], "ANTREAN_POLICY_CODES_PER_DAY: invalid type"),
            ("", &[("ANTREAN_LOG_FILTER", "web=loud")], "server.log_filter: "),
        ] {
            let told = with(file, variables).unwrap_err();
            assert!(told.starts_with(says), "{file:?} {variables:?}\nsays    {told}\ninstead {says}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
    }
}
