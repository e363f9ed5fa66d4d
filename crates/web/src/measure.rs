//! What passes through the door, counted: requests by route and kind of answer, and those under way. A route is its template, such as
//! `/tiket/{id}`; nothing of an address, a person or an answer is kept.
//!
//! On the way of a request stand two reads of a map that hardly ever changes, and a handful of atomic additions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use antrean_store::histogram::{Distribution, Histogram};
use arc_swap::ArcSwap;
use axum::http::StatusCode;

/// Upper bounds of answers' times, in microseconds. 150 ms is what the slowest in a hundred bookings may take.
const LATENCY_US: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 150_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// Kinds of answers, by the first digit of their status.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The route of what matches none.
pub const NO_ROUTE: &str = "none";

/// The counts of one server.
#[derive(Debug, Default)]
pub struct Traffic {
    routes: ArcSwap<HashMap<Box<str>, Arc<Route>>>,
    /// Held while a route is added: once for each, at its first request.
    adding: Mutex<()>,
    under_way: AtomicI64,
}

/// The counts of one route.
#[derive(Debug)]
pub(crate) struct Route {
    classes: [Histogram; CLASSES.len()],
}

impl Route {
    fn new() -> Self {
        Self { classes: [const { Histogram::new(LATENCY_US) }; CLASSES.len()] }
    }

    /// An answer went out.
    pub(crate) fn answered(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.classes[class].count(took.as_micros() as u64);
    }
}

/// One request under way, until it is dropped: answered, or given up by its caller.
pub(crate) struct UnderWay<'a>(&'a Traffic);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Traffic {
    /// A request begins.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(self)
    }

    /// The counts of a route, by its template. There are as many as there are routes.
    pub(crate) fn route(&self, template: &str) -> Arc<Route> {
        if let Some(known) = self.routes.load().get(template) {
            return Arc::clone(known);
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let mut routes = HashMap::clone(&self.routes.load());
        let route = Arc::clone(routes.entry(template.into()).or_insert_with(|| Arc::new(Route::new())));
        self.routes.store(Arc::new(routes));
        route
    }

    /// Requests under way now.
    pub fn under_way(&self) -> i64 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Times of answers in microseconds, by route and kind of answer (`2xx`), by name; what never happened is left out.
    pub fn answers(&self) -> Vec<(Box<str>, &'static str, Distribution)> {
        let routes = self.routes.load();
        let mut answers: Vec<_> = routes
            .iter()
            .flat_map(|(name, route)| {
                let classes = CLASSES.into_iter().zip(&route.classes);
                classes.map(move |(class, times)| (name.clone(), class, times.read()))
            })
            .filter(|(_, _, times)| times.total() > 0)
            .collect();
        answers.sort_unstable_by(|(name, class, _), (other, other_class, _)| (name, class).cmp(&(other, other_class)));
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_and_kind() {
        let traffic = Traffic::default();
        let first = traffic.begin();
        traffic.route("/tiket/{id}").answered(StatusCode::OK, Duration::from_millis(3));
        traffic.route("/tiket/{id}").answered(StatusCode::NOT_FOUND, Duration::from_mins(1));
        traffic.route("/tiket/{id}").answered(StatusCode::OK, Duration::from_millis(4));
        assert_eq!(traffic.under_way(), 1);
        drop(first);
        assert_eq!(traffic.under_way(), 0);
        let told: Vec<_> =
            traffic.answers().iter().map(|(route, class, times)| (route.clone(), *class, times.total())).collect();
        assert_eq!(told, [("/tiket/{id}".into(), "2xx", 2), ("/tiket/{id}".into(), "4xx", 1)]);
    }
}
