//! The demo's channel: the last messages stay in memory, where the demo's pages show them instead of a phone.

use std::collections::{HashMap, VecDeque};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antrean_app::caller::Language;
use antrean_app::clock::Clock;
use antrean_domain::phone::Phone;
use jiff::Timestamp;

use crate::channel::{Channel, Outgoing, Sending};

/// Messages kept over all numbers; with texts of 300 bytes about 10 MB. A simulated crowd reads its codes within seconds.
pub const MESSAGES_MAX: usize = 20_000;

/// Messages kept for one number; the oldest go first.
pub const PER_PHONE_MAX: usize = 20;

/// A message as it would have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// When.
    pub at: Timestamp,
    /// The number it went to; everybody in the demo is made up.
    pub to: Phone,
    /// The kind of message, such as `code` or `drawn`.
    pub kind: &'static str,
    /// The language of the text.
    pub language: Language,
    /// The text.
    pub text: String,
    /// The one-time code in it, if it has one.
    pub code: Option<String>,
}

/// Keeps the last messages, by number and over all.
pub struct Inbox {
    clock: Arc<dyn Clock>,
    only_codes: bool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Counts every message ever kept; the highest number is the newest.
    last: u64,
    /// All messages, oldest first. One that its number's list has dropped stays here until it is the oldest.
    all: VecDeque<(u64, Arc<Received>)>,
    by_phone: HashMap<Phone, VecDeque<(u64, Arc<Received>)>>,
}

impl Inbox {
    /// An empty inbox that dates messages by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, only_codes: false, kept: Mutex::default() }
    }

    /// An inbox for rehearsals, where only codes are ever read: other messages are taken and dropped.
    pub fn of_codes(clock: Arc<dyn Clock>) -> Self {
        Self { only_codes: true, ..Self::new(clock) }
    }

    /// The newest messages to one number, newest first, at most `limit`.
    pub fn of(&self, phone: &Phone, limit: usize) -> Vec<Arc<Received>> {
        self.kept().by_phone.get(phone).map(|messages| newest(messages, limit)).unwrap_or_default()
    }

    /// The newest messages over all numbers, newest first, at most `limit`.
    pub fn newest(&self, limit: usize) -> Vec<Arc<Received>> {
        newest(&self.kept().all, limit)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest(messages: &VecDeque<(u64, Arc<Received>)>, limit: usize) -> Vec<Arc<Received>> {
    messages.iter().rev().take(limit).map(|(_, message)| Arc::clone(message)).collect()
}

impl Kept {
    fn keep(&mut self, message: Received) {
        self.last += 1;
        let message = Arc::new(message);
        let to_phone = self.by_phone.entry(message.to.clone()).or_default();
        if to_phone.len() == PER_PHONE_MAX {
            to_phone.pop_front();
        }
        to_phone.push_back((self.last, Arc::clone(&message)));
        self.all.push_back((self.last, message));
        if self.all.len() > MESSAGES_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((number, oldest)) = self.all.pop_front() else { return };
        let Some(to_phone) = self.by_phone.get_mut(&oldest.to) else { return };
        if to_phone.front().is_some_and(|(first, _)| *first == number) {
            to_phone.pop_front();
        }
        if to_phone.is_empty() {
            self.by_phone.remove(&oldest.to);
        }
    }
}

impl Channel for Inbox {
    fn name(&self) -> &'static str {
        "inbox"
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        if self.only_codes && outgoing.code.is_none() {
            return Box::pin(ready(Ok(())));
        }
        let Outgoing { phone, text, kind, language, code } = outgoing.clone();
        self.kept().keep(Received { at: self.clock.now(), to: phone, kind, language, text, code });
        Box::pin(ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: usize) -> Phone {
        Phone::parse(&format!("0812-{number:08}")).unwrap()
    }

    fn message(to: usize, text: usize) -> Received {
        Received {
            at: Timestamp::UNIX_EPOCH,
            to: phone(to),
            kind: "booked",
            language: Language::Id,
            text: text.to_string(),
            code: None,
        }
    }

    fn texts(messages: &[Arc<Received>]) -> Vec<&str> {
        messages.iter().map(|message| message.text.as_str()).collect()
    }

    fn inbox() -> Inbox {
        Inbox::new(Arc::new(antrean_app::clock::ManualClock::new(Timestamp::UNIX_EPOCH)))
    }

    #[test]
    fn the_newest_message_comes_first() {
        let inbox = inbox();
        for (to, text) in [(1, 1), (2, 2), (1, 3)] {
            inbox.kept().keep(message(to, text));
        }
        assert_eq!(texts(&inbox.newest(10)), ["3", "2", "1"]);
        assert_eq!(texts(&inbox.newest(1)), ["3"]);
        assert_eq!(texts(&inbox.of(&phone(1), 10)), ["3", "1"]);
        assert!(inbox.of(&phone(3), 10).is_empty());
    }

    #[tokio::test]
    async fn the_inbox_of_a_rehearsal_keeps_codes_and_nothing_else() {
        let inbox = Inbox::of_codes(Arc::new(antrean_app::clock::ManualClock::new(Timestamp::UNIX_EPOCH)));
        for (kind, code) in [("code", Some("123456")), ("drawn", None)] {
            let code = code.map(str::to_owned);
            let sent = Outgoing { phone: phone(1), text: kind.to_owned(), kind, language: Language::Id, code };
            inbox.send(&sent).await.unwrap();
        }
        assert_eq!(texts(&inbox.of(&phone(1), 10)), ["code"]);
    }

    #[test]
    fn one_number_cannot_fill_the_inbox() {
        let inbox = inbox();
        for text in 0..PER_PHONE_MAX + 5 {
            inbox.kept().keep(message(1, text));
        }
        let kept = inbox.of(&phone(1), usize::MAX);
        assert_eq!(kept.len(), PER_PHONE_MAX);
        assert_eq!(kept.last().unwrap().text, "5");
    }

    #[test]
    fn it_stays_as_small_as_it_is_said_to_be() {
        let inbox = inbox();
        for text in 0..MESSAGES_MAX + 100 {
            inbox.kept().keep(message(text % (MESSAGES_MAX - 1), text));
        }
        let kept = inbox.kept();
        assert_eq!(kept.all.len(), MESSAGES_MAX);
        let by_phone: usize = kept.by_phone.values().map(VecDeque::len).sum();
        assert_eq!(by_phone, MESSAGES_MAX);
        assert!(kept.by_phone.values().all(|messages| !messages.is_empty()));
    }
}
