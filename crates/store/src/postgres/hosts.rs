//! The hosts of a database: which of them is asked first, where the primary was found last, and on which timeline.
//!
//! A host may be gone, or be a standby, or take connections and never say a word, because its machine is frozen or its disk is. None of
//! them may keep a node from the one that takes writes.
//!
//! Each promotion begins a new timeline. A primary of an older one, which was frozen and woke up, knows less than what was acknowledged
//! since: whoever has seen the newer one never believes it again, whatever it says of itself.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tokio_postgres::Config;

/// What the connections of a store have found out about the hosts of its database, which have numbers from 0.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// The one that is asked first.
    first: AtomicUsize,
    /// The one that took writes when somebody connected last.
    primary: AtomicUsize,
    /// The newest timeline that anybody was connected to.
    timeline: AtomicI64,
}

/// The primary of a timeline that has been left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is a primary of timeline {found}, and timeline {newest} was seen: it lacks what was kept since")]
pub(super) struct LeftBehind {
    found: i64,
    newest: i64,
}

impl Hosts {
    /// The hosts in the order in which they are to be asked.
    pub(super) fn in_turn(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let first = self.first.load(Ordering::Relaxed);
        (0..count).map(move |step| (first + step) % count)
    }

    /// A host has taken a connection, and is a primary of this timeline; 0 where it is none.
    pub(super) fn found(&self, host: usize, timeline: i64) -> Result<(), LeftBehind> {
        let newest = self.timeline.fetch_max(timeline, Ordering::Relaxed);
        if self.is_left(timeline) {
            return Err(LeftBehind { found: timeline, newest });
        }
        self.first.store(host, Ordering::Relaxed);
        self.primary.store(host, Ordering::Relaxed);
        Ok(())
    }

    /// Whether anybody was connected to a primary yet.
    pub(super) fn knows_a_timeline(&self) -> bool {
        self.timeline.load(Ordering::Relaxed) != 0
    }

    /// Whether a primary of a newer timeline was seen.
    pub(super) fn is_left(&self, timeline: i64) -> bool {
        timeline != 0 && timeline < self.timeline.load(Ordering::Relaxed)
    }

    /// A host is no primary: another is asked first.
    pub(super) fn passed(&self, host: usize, count: usize) {
        // Whoever was asked first by somebody else in the meantime stays.
        let _ = self.first.compare_exchange(host, (host + 1) % count, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether the primary was found elsewhere since.
    pub(super) fn moved_from(&self, host: usize) -> bool {
        self.primary.load(Ordering::Relaxed) != host
    }
}

/// The configurations that reach one host each of those that a configuration reaches.
pub(super) fn each(config: &Config) -> Vec<Config> {
    let count = config.get_hosts().len().max(config.get_hostaddrs().len());
    (0..count).map(|host| alone(config, host)).collect()
}

fn alone(all: &Config, host: usize) -> Config {
    let mut one = Config::new();
    match all.get_hosts().get(host) {
        Some(tokio_postgres::config::Host::Tcp(name)) => drop(one.host(name)),
        Some(tokio_postgres::config::Host::Unix(path)) => drop(one.host_path(path)),
        None => {}
    }
    if let Some(address) = all.get_hostaddrs().get(host) {
        one.hostaddr(*address);
    }
    // One port is meant for all hosts.
    if let Some(port) = all.get_ports().get(host).or(all.get_ports().first()) {
        one.port(*port);
    }
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(database) = all.get_dbname() {
        one.dbname(database);
    }
    if let Some(options) = all.get_options() {
        one.options(options);
    }
    if let Some(name) = all.get_application_name() {
        one.application_name(name);
    }
    if let Some(time) = all.get_connect_timeout() {
        one.connect_timeout(*time);
    }
    if let Some(time) = all.get_tcp_user_timeout() {
        one.tcp_user_timeout(*time);
    }
    if let Some(interval) = all.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    one.keepalives(all.get_keepalives()).keepalives_idle(all.get_keepalives_idle());
    one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
    one.target_session_attrs(all.get_target_session_attrs()).channel_binding(all.get_channel_binding());
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_of_one_host_differs_in_nothing_but_the_others() {
        let rest = "user=a password=b dbname=c options=-cx=y application_name=d connect_timeout=7 tcp_user_timeout=8 keepalives_idle=9 \
                    keepalives_interval=10 keepalives_retries=11 sslmode=require target_session_attrs=read-write channel_binding=disable";
        let parsed = |text: String| text.parse::<Config>().unwrap();
        let all = parsed(format!("host=one,two,/run/three port=1,2,3 {rest}"));
        let expected = ["host=one port=1", "host=two port=2", "host=/run/three port=3"];
        assert_eq!(each(&all), expected.map(|host| parsed(format!("{host} {rest}"))));
        assert_eq!(each(&parsed("host=one,two port=7".to_owned()))[1], parsed("host=two port=7".to_owned()));
        assert_eq!(each(&parsed("hostaddr=10.0.0.1,10.0.0.2".to_owned()))[1], parsed("hostaddr=10.0.0.2".to_owned()));
    }

    #[test]
    fn the_host_that_took_writes_is_asked_first_until_it_does_not() {
        let hosts = Hosts::default();
        assert_eq!(hosts.in_turn(3).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(hosts.found(1, 1), Ok(()));
        assert_eq!(hosts.in_turn(3).collect::<Vec<_>>(), [1, 2, 0]);
        assert!(hosts.moved_from(0) && !hosts.moved_from(1));
        hosts.passed(1, 3);
        // Another connection has found out the same.
        hosts.passed(1, 3);
        assert_eq!(hosts.in_turn(3).collect::<Vec<_>>(), [2, 0, 1]);
        assert!(!hosts.moved_from(1), "nobody knows yet where it is");
    }

    #[test]
    fn a_primary_that_woke_up_on_an_older_timeline_is_never_believed_again() {
        let hosts = Hosts::default();
        assert_eq!(hosts.found(0, 1), Ok(()));
        assert_eq!(hosts.found(1, 2), Ok(()));
        assert!(hosts.is_left(1) && !hosts.is_left(2), "lines to the old one are of no use any more");
        assert_eq!(hosts.found(0, 1), Err(LeftBehind { found: 1, newest: 2 }));
        assert!(!hosts.moved_from(1), "the new one is still where the primary is");
        assert_eq!(hosts.found(0, 3), Ok(()), "promoted again, it has everything");
        assert_eq!(hosts.found(2, 0), Ok(()), "a standby that was asked for has no timeline of its own");
    }
}
