//! The address of a database, as an operator writes it: `postgres://user:password@host:port/database`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::hosts;

/// A host that does not answer is given up after this time, so that the next one of the list is tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A server that vanished without a word is noticed within about ten seconds: what was sent to it is not confirmed any more, ...
const UNCONFIRMED_MAX: Duration = Duration::from_secs(8);

/// ... or, where nothing was sent, it does not answer when asked whether it is there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_RETRIES: u32 = 2;

/// The address of a PostgreSQL database, of one host or several. Never shown with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    pub(super) config: Arc<Config>,
    /// How each of its hosts is reached.
    pub(super) hosts: Arc<[Config]>,
    pub(super) security: Security,
}

/// Whether and how what goes over the line is kept from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// As it is: on this machine, or because the operator said so.
    Plain,
    /// Encrypted, and the server shows a certificate for its name, signed by an authority of the system or of this file.
    Verified { authorities: Option<PathBuf> },
}

/// Why an address of a database is none. Never repeats a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It begins otherwise.
    #[error("must begin with postgres://")]
    Scheme,
    /// It cannot be read.
    #[error("cannot be read as postgres://user:password@host:port/database: {0}")]
    Unreadable(String),
    /// It names no host.
    #[error("names no host")]
    NoHost,
    /// A way of securing the line that is unknown or half safe.
    #[error("sslmode={0} is not known here; use verify-full (or require, which means the same here) or disable")]
    SslMode(String),
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(UrlError::Scheme);
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut authorities, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => authorities = Some(PathBuf::from(value)),
                _ => rest.push(pair),
            }
        }
        let plain = format!("{address}?{}", rest.join("&"));
        let mut config: Config = plain.parse().map_err(|error: tokio_postgres::Error| {
            let source = std::error::Error::source(&error);
            UrlError::Unreadable(source.map_or_else(|| error.to_string(), ToString::to_string))
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(UrlError::NoHost);
        }
        let security = match mode {
            Some("disable") => Security::Plain,
            Some("require" | "verify-full") => Security::Verified { authorities },
            Some(other) => return Err(UrlError::SslMode(other.to_owned())),
            // What leaves this machine is never sent in the clear just because nobody said anything.
            None if authorities.is_none() && is_here(&config) => Security::Plain,
            None => Security::Verified { authorities },
        };
        config.ssl_mode(if security == Security::Plain { SslMode::Disable } else { SslMode::Require });
        // A standby cannot be written to: with several hosts the one that can is looked for, also after a failover.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNCONFIRMED_MAX);
        }
        if !query.contains("keepalives") {
            config.keepalives_idle(KEEPALIVE_IDLE);
            config.keepalives_interval(KEEPALIVE_INTERVAL);
            config.keepalives_retries(KEEPALIVE_RETRIES);
        }
        if config.get_application_name().is_none() {
            config.application_name("antrean");
        }
        let hosts = hosts::each(&config).into();
        Ok(Self { config: Arc::new(config), hosts, security })
    }
}

/// Whether all hosts are this machine.
fn is_here(config: &Config) -> bool {
    let here = |address: &IpAddr| address.is_loopback();
    let host = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address| here(&address)),
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(host) && config.get_hostaddrs().iter().all(here)
}

impl DatabaseUrl {
    /// The name of the database.
    pub fn database(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or("postgres")
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                Host::Unix(path) => path.display().fmt(f)?,
            }
            if let Some(port) = ports.get(index).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.database())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DatabaseUrl, UrlError> {
        text.parse()
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url = read("postgres://antrean:rahasia@db1:5433,db2:5434/antrean?sslmode=verify-full").unwrap();
        assert_eq!(url.to_string(), "postgres://antrean@db1:5433,db2:5434/antrean");
        assert!(!format!("{url:?}").contains("rahasia"));
        let wrong = read("postgres://antrean:rahasia@db1:port/antrean").unwrap_err().to_string();
        assert!(!wrong.contains("rahasia"), "{wrong}");
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_the_operator_says_otherwise() {
        let security = |text: &str| read(text).unwrap().security;
        let verified = Security::Verified { authorities: None };
        assert_eq!(security("postgres://a@localhost/a"), Security::Plain);
        assert_eq!(security("postgres://a@127.0.0.1:5433/a"), Security::Plain);
        assert_eq!(security("postgres://a@%2Frun%2Fpostgresql/a"), Security::Plain);
        assert_eq!(security("postgres://a@db.example.id/a"), verified);
        assert_eq!(security("postgres://a@127.0.0.1,db.example.id/a"), verified);
        assert_eq!(security("postgres://a@127.0.0.1/a?sslmode=require"), verified);
        assert_eq!(security("postgres://a@db.example.id/a?sslmode=disable"), Security::Plain);
        let authorities = Some(PathBuf::from("/etc/antrean/ca.pem"));
        assert_eq!(
            security("postgres://a@db/a?sslrootcert=/etc/antrean/ca.pem&application_name=x"),
            Security::Verified { authorities }
        );
        assert_eq!(read("postgres://a@db/a?sslmode=prefer"), Err(UrlError::SslMode("prefer".to_owned())));
    }

    #[test]
    fn what_is_no_address_says_why() {
        assert_eq!(read("/var/lib/antrean"), Err(UrlError::Scheme));
        assert_eq!(read("mysql://a@b/c"), Err(UrlError::Scheme));
        assert_eq!(read("postgres://"), Err(UrlError::NoHost));
        assert!(matches!(read("postgres://a@b/c?colour=red"), Err(UrlError::Unreadable(_))));
    }
}
