//! What pages weigh: bytes and requests as the browser counted them, the budgets, and the table of `docs/pages.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A page with all it needs, from an empty cache (DESIGN section 6).
const PAGE_BYTES_MAX: u64 = 20 * 1024;
const REQUESTS_MAX: usize = 4;
/// What the scripts of a page, all of them optional, weigh together.
const SCRIPT_BYTES_MAX: u64 = 6 * 1024;
/// The whole way from the start page to the ticket, with the cache that a browser has.
pub const JOURNEY_BYTES_MAX: u64 = 120 * 1024;

/// One answer that came over the wire.
#[derive(Clone, Debug)]
struct Answer {
    url: String,
    /// `Document`, `Stylesheet`, `Script`, `Image`.
    kind: String,
    /// Status line, headers and compressed body; nothing if it came from the cache.
    bytes: u64,
    cached: bool,
}

/// What one page took.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    answers: Vec<Answer>,
    /// On their way, by the browser's number of the request.
    open: BTreeMap<String, Answer>,
}

impl Traffic {
    /// Takes note of an event of the browser's network.
    pub fn note(&mut self, event: &Value) {
        let about = &event["params"];
        let id = about["requestId"].as_str().unwrap_or_default();
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                let url = about["request"]["url"].as_str().unwrap_or_default();
                if !url.starts_with("http") {
                    return;
                }
                let kind = about["type"].as_str().unwrap_or_default().to_owned();
                let next = Answer { url: url.to_owned(), kind, bytes: 0, cached: false };
                // A redirect goes on under the number of the request that was redirected.
                if let Some(mut redirect) = self.open.insert(id.to_owned(), next) {
                    redirect.bytes = whole(&about["redirectResponse"]["encodedDataLength"]);
                    self.answers.push(redirect);
                }
            }
            "Network.requestServedFromCache" => self.cached(id),
            "Network.responseReceived" if about["response"]["fromDiskCache"] == true => self.cached(id),
            "Network.loadingFinished" => {
                if let Some(mut answer) = self.open.remove(id) {
                    answer.bytes = if answer.cached { 0 } else { whole(&about["encodedDataLength"]) };
                    self.answers.push(answer);
                }
            }
            "Network.loadingFailed" => {
                if let Some(answer) = self.open.remove(id) {
                    panic!("{} does not load: {}", answer.url, about["errorText"]);
                }
            }
            _ => {}
        }
    }

    fn cached(&mut self, id: &str) {
        if let Some(answer) = self.open.get_mut(id) {
            answer.cached = true;
        }
    }

    pub fn is_on_its_way(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether this came, or comes.
    pub fn knows(&self, url: &str) -> bool {
        self.answers.iter().chain(self.open.values()).any(|answer| answer.url == url)
    }

    /// Adds the answer from one address.
    pub fn add(&mut self, other: &Self, url: &str) {
        self.answers.extend(other.answers.iter().find(|answer| answer.url == url).cloned());
    }

    /// Requests that went over the wire, redirects too.
    pub fn requests(&self) -> usize {
        self.answers.iter().filter(|answer| !answer.cached).count()
    }

    pub fn bytes(&self) -> u64 {
        self.answers.iter().map(|answer| answer.bytes).sum()
    }

    fn bytes_of(&self, kinds: &[&str]) -> u64 {
        self.answers.iter().filter(|answer| kinds.contains(&answer.kind.as_str())).map(|answer| answer.bytes).sum()
    }

    pub fn is_within_budget(&self) -> bool {
        self.bytes() <= PAGE_BYTES_MAX
            && self.requests() <= REQUESTS_MAX
            && self.bytes_of(&["Script"]) <= SCRIPT_BYTES_MAX
    }

    /// Every host that was asked for something.
    pub fn hosts(&self) -> BTreeSet<&str> {
        self.answers.iter().filter_map(|answer| answer.url.split('/').nth(2)).collect()
    }

    /// A row of the table.
    pub fn row(&self, name: &str) -> String {
        let (html, css) = (self.bytes_of(&["Document"]), self.bytes_of(&["Stylesheet"]));
        let whole = self.bytes();
        format!("| {name} | {html} | {css} | {} | {} | {whole} |", whole - html - css, self.requests())
    }
}

fn whole(number: &Value) -> u64 {
    number.as_f64().unwrap_or_default() as u64
}
