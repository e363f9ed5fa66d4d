//! The courier: claims letters from the outbox, words them, sends some at a time, and notes what became of each.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antrean_app::message::Message;
use antrean_app::outbox::{self, Opened};
use antrean_app::{App, Failure};
use antrean_words::Words;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::channel::{Channel, Outgoing, SendError};

/// The longest that a letter waits before somebody looks, when nobody pokes the courier.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// After a fault of the store the courier waits longer, so as not to add to its trouble.
const REST: Duration = Duration::from_secs(2);

/// Messages on their way at once. A claim has at most 256, so they all leave within four times the channel's time-out,
/// and that is shorter than the lease of a claimed letter.
const AT_ONCE_MAX: usize = 64;

/// How often a busy store is asked to note what became of the letters; together two seconds.
const SETTLE_TRIES: u32 = 10;

/// Tries noted for a letter that no further try can help, so that the outbox gives it up.
const HOPELESS: u32 = u32::MAX;

/// Carries letters from the outbox to a channel.
pub struct Courier {
    app: App,
    channel: Arc<dyn Channel>,
    base_url: String,
    poke: Arc<Notify>,
}

/// What became of the letters of one round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Taken by the channel.
    pub sent: usize,
    /// Not taken; they go again after a pause that grows, or are given up after the last try.
    pub returned: usize,
    /// Given up, because no further try could help.
    pub given_up: usize,
    /// Not tried, because the courier was stopped; they go again when their lease has ended.
    pub left: usize,
}

impl Round {
    fn claimed(self) -> usize {
        self.sent + self.returned + self.given_up + self.left
    }
}

impl Courier {
    /// A courier for an application. `base_url` is the public address of the site, such as `https://antrean.example.id`.
    pub fn new(app: App, channel: Arc<dyn Channel>, base_url: impl Into<String>) -> Self {
        Self { app, channel, base_url: base_url.into(), poke: Arc::default() }
    }

    /// Wakes the courier at once: `notify_one` after a change that told somebody something. Never needed, only faster.
    pub fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.poke)
    }

    /// Carries letters until `stop` is ready. Then what is on its way is awaited and noted; nothing else is begun.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let stopping = AtomicBool::new(false);
        loop {
            let mut round = pin!(self.round_until(&stopping));
            let done = tokio::select! {
                biased;
                () = &mut stop => {
                    stopping.store(true, Ordering::Relaxed);
                    // What it found is logged in the round itself.
                    let _ = round.await;
                    return;
                }
                done = &mut round => done,
            };
            let pause = match done {
                Ok(round) if round.claimed() > 0 => Duration::ZERO,
                Ok(_) => LOOK_EVERY,
                Err(_) => REST,
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.poke.notified(), if done.is_ok() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Carries what is due now, once: one claim, at most 256 letters.
    pub async fn round(&self) -> Result<Round, Failure> {
        self.round_until(&AtomicBool::new(false)).await
    }

    async fn round_until(&self, stopping: &AtomicBool) -> Result<Round, Failure> {
        let letters = outbox::claim(&self.app).await?;
        if letters.is_empty() {
            return Ok(Round::default());
        }
        let mut round = Round::default();
        let (mut sent, mut failed) = (Vec::new(), Vec::new());
        let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let mut sending = JoinSet::new();
        for letter in letters {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            if stopping.load(Ordering::Relaxed) {
                round.left += 1;
                continue;
            }
            let (channel, outgoing) = (Arc::clone(&self.channel), self.worded(&letter));
            sending.spawn(async move {
                let result = channel.send(&outgoing).await;
                drop(place);
                (letter.id, letter.tries, outgoing.kind, result)
            });
        }
        while let Some(done) = sending.join_next().await {
            // A channel that panicked has lost its letter's number; the lease brings the letter back.
            let Ok((id, tries, kind, result)) = done else {
                round.left += 1;
                continue;
            };
            match result {
                Ok(()) => {
                    round.sent += 1;
                    sent.push(id);
                }
                Err(error) => {
                    self.log(kind, tries, error);
                    if error.retry {
                        round.returned += 1;
                        failed.push((id, tries));
                    } else {
                        round.given_up += 1;
                        failed.push((id, HOPELESS));
                    }
                }
            }
        }
        self.settle(sent, failed).await?;
        Ok(round)
    }

    /// Notes what became of the letters. A letter that went but is not noted goes twice, so a busy store is asked again.
    async fn settle(&self, sent: Vec<i64>, failed: Vec<(i64, u32)>) -> Result<(), Failure> {
        for _ in 1..SETTLE_TRIES {
            match outbox::settle(&self.app, sent.clone(), failed.clone()).await {
                Err(Failure::Busy) => tokio::time::sleep(LOOK_EVERY).await,
                done => return done,
            }
        }
        outbox::settle(&self.app, sent, failed).await
    }

    fn worded(&self, letter: &Opened) -> Outgoing {
        let text = Words::of(letter.language).message(&letter.message, &self.app.catalogue(), &self.base_url);
        let code = match &letter.message {
            Message::Code { code, .. } => Some(code.clone()),
            _ => None,
        };
        Outgoing { phone: letter.phone.clone(), text, kind: letter.message.kind(), language: letter.language, code }
    }

    fn log(&self, kind: &str, tries: u32, error: SendError) {
        let channel = self.channel.name();
        if error.retry {
            tracing::warn!(channel, kind, tries, why = %error.why, "a message did not go and is tried again");
        } else {
            tracing::error!(channel, kind, tries, why = %error.why, "a message is given up");
        }
    }
}
