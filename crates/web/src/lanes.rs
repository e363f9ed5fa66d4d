//! Which lane a request is in, and how many of each lane may be under way: what is over that is refused before it costs anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use antrean_app::Lane;
use axum::http::Method;

use crate::measure::NO_ROUTE;

/// Prefixes of routes on which people are on the way to a place or do something about the one that they have.
const CONFIRM: [&str; 8] = [
    "/antrean/{release}/daftar",
    "/antrean/{release}/tempat",
    "/entri/{link}/",
    "/tiket/{link}/",
    "/api/v1/appointments",
    "/api/v1/releases/{id}/entry",
    "/entri/{link}",
    "/tiket/{link}",
];
/// Prefixes of routes on which people sign in and say who they are.
const SIGN_IN: [&str; 6] = ["/masuk", "/keluar", "/daftar", "/saya", "/api/v1/sessions", "/api/v1/me"];
/// Routes of the waiting room: joining it is no more urgent than signing in, and looking at it costs nothing.
const LINE: [&str; 2] = ["/antrean/{release}/tunggu", "/api/v1/releases/{id}/line"];
/// Prefixes of routes whose `GET` is answered from bytes in memory, whoever asks.
const PREPARED: [&str; 13] = [
    "/kantor",
    "/panduan",
    "/undian",
    "/bantuan",
    "/privasi",
    "/status",
    "/aset",
    "/favicon.ico",
    "/livez",
    "/readyz",
    "/seen",
    "/api/openapi.json",
    "/api/v1/",
];

/// The lane of a request by its method and the template of its route (`NO_ROUTE` where none matches). `None` for what is answered from
/// memory: that is never refused, for refusing it would cost as much.
pub(crate) fn lane_of(method: &Method, route: &str) -> Option<Lane> {
    let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| route.starts_with(prefix));
    let looks = *method == Method::GET || *method == Method::HEAD;
    // A ticket or an entry that is only looked at, by a person or a program that asks every second.
    let shows = looks && (matches!(route, "/entri/{link}" | "/tiket/{link}") || route.starts_with("/api/v1/"));
    if is(&CONFIRM) {
        return Some(if shows { Lane::Read } else { Lane::Confirm });
    }
    if is(&SIGN_IN) || (is(&LINE) && !looks) {
        return Some(Lane::SignIn);
    }
    let whole = route == NO_ROUTE || matches!(route, "/" | "/antrean" | "/antrean/{release}");
    if (looks && (is(&PREPARED) || is(&LINE))) || whole { None } else { Some(Lane::Read) }
}

/// Requests under way, by lane.
pub(crate) struct UnderWay {
    /// By lane.
    room: [u64; 4],
    now: [AtomicU64; 4],
    shed: [AtomicU64; 4],
}

/// One lane of requests as it is now, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestStats {
    /// Requests under way.
    pub under_way: u64,
    /// Requests that may be under way.
    pub room: u64,
    /// Requests refused because so many were.
    pub shed: u64,
}

impl UnderWay {
    /// Room for so many requests in all, shared out as the store shares out its queue.
    pub(crate) fn new(most: usize) -> Self {
        let most = most as u64;
        // Of sixteen: half for those who confirm, none for the program's own work, which makes no requests.
        let room = |lane| match lane {
            Lane::Confirm => most * 8 / 16,
            Lane::Clock => 0,
            Lane::SignIn => most * 5 / 16,
            Lane::Read => most * 3 / 16,
        };
        Self { room: Lane::ALL.map(|lane| room(lane).max(1)), now: Default::default(), shed: Default::default() }
    }

    /// Lets a request in, until the guard is dropped; `None` if there are too many in its lane.
    pub(crate) fn enter(self: &Arc<Self>, lane: Lane) -> Option<Entered> {
        let (now, room) = (&self.now[lane as usize], self.room[lane as usize]);
        if now.fetch_add(1, Ordering::Relaxed) >= room {
            now.fetch_sub(1, Ordering::Relaxed);
            self.shed[lane as usize].fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Entered(Arc::clone(self), lane))
    }

    /// How a lane is now.
    pub(crate) fn stats(&self, lane: Lane) -> RequestStats {
        RequestStats {
            under_way: self.now[lane as usize].load(Ordering::Relaxed),
            room: self.room[lane as usize],
            shed: self.shed[lane as usize].load(Ordering::Relaxed),
        }
    }
}

/// A request that was let in.
pub(crate) struct Entered(Arc<UnderWay>, Lane);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.now[self.1 as usize].fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says something at most once a second, and then how often it happened since: a flood must not become a flood of lines.
pub(crate) struct Seldom {
    start: Instant,
    /// The second after `start` in which it was said last, plus one.
    said: AtomicU64,
    count: AtomicU64,
}

impl Seldom {
    /// Nothing has happened yet.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), said: AtomicU64::new(0), count: AtomicU64::new(0) }
    }

    /// Counts one; how many there were since it was said last, if it is time to say it again.
    pub(crate) fn count(&self) -> Option<u64> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let second = self.start.elapsed().as_secs() + 1;
        let said = self.said.load(Ordering::Relaxed);
        let mine =
            said < second && self.said.compare_exchange(said, second, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        mine.then(|| self.count.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_confirms_is_told_from_who_signs_in_and_who_looks() {
        let lane = |method: Method, route| lane_of(&method, route);
        for (method, route) in [
            (Method::POST, "/api/v1/appointments"),
            (Method::POST, "/api/v1/appointments/{link}/cancel"),
            (Method::PUT, "/api/v1/releases/{id}/entry"),
            (Method::GET, "/antrean/{release}/daftar/periksa"),
            (Method::POST, "/antrean/{release}/tempat/{slot}"),
            (Method::GET, "/tiket/{link}/pindah/{slot}"),
            (Method::POST, "/entri/{link}/mundur"),
        ] {
            assert_eq!(lane(method, route), Some(Lane::Confirm), "{route}");
        }
        for route in ["/masuk", "/masuk/kode", "/daftar", "/saya", "/api/v1/sessions/codes", "/api/v1/me"] {
            assert_eq!(lane(Method::POST, route), Some(Lane::SignIn), "{route}");
            assert_eq!(lane(Method::GET, route), Some(Lane::SignIn), "{route}");
        }
        for route in ["/tiket/{link}", "/entri/{link}", "/api/v1/appointments/{link}/ticket", "/tiket/{link}"] {
            assert_eq!(lane(Method::GET, route), Some(Lane::Read), "{route}");
        }
        for route in [
            "/",
            NO_ROUTE,
            "/kantor/{code}",
            "/antrean/{release}/tunggu",
            "/antrean",
            "/antrean/{release}",
            "/api/v1/offices",
            "/aset/{hash}/{name}",
        ] {
            assert_eq!(lane(Method::GET, route), None, "{route}");
        }
    }

    #[test]
    fn a_full_lane_refuses_and_takes_more_when_somebody_leaves() {
        let requests = Arc::new(UnderWay::new(16));
        let readers: Vec<_> = (0..3).map(|_| requests.enter(Lane::Read).unwrap()).collect();
        assert!(requests.enter(Lane::Read).is_none());
        let confirming: Vec<_> = (0..8).map(|_| requests.enter(Lane::Confirm).unwrap()).collect();
        assert!(requests.enter(Lane::Confirm).is_none());
        assert_eq!(requests.stats(Lane::Confirm), RequestStats { under_way: 8, room: 8, shed: 1 });
        drop((readers, confirming));
        assert!(requests.enter(Lane::Read).is_some());
        assert_eq!(requests.stats(Lane::Read), RequestStats { under_way: 0, room: 3, shed: 1 });
    }

    #[test]
    fn what_happens_a_thousand_times_in_a_second_is_said_once_or_twice() {
        let seldom = Seldom::new();
        let said: Vec<u64> = (0..1_000).filter_map(|_| seldom.count()).collect();
        assert_eq!(said[0], 1);
        // Only a machine that needs seconds for a thousand additions would say more.
        assert!(said.len() < 20, "{said:?}");
    }
}
