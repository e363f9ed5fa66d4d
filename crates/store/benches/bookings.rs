//! Bookings a second as the store sees them: `cargo bench -p antrean-store`. It prints; it judges nothing.
//!
//! 64 callers book at once, each waiting for its answer before it asks again. A booking is what the operation of that name writes: the
//! idempotency key looked up, a party with one person, a place taken, the appointment, an event, a message, the answer kept.
//!
//! `BOOKINGS` sets how many (200,000 by default), `BENCH_DIR` where the database lies (a directory on the disk to be measured).

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use antrean_domain::keys::{PersonKey, PhoneKey};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{Pool, SlotKey, WindowStart};
use antrean_store::appointments::Source;
use antrean_store::events::Event;
use antrean_store::ids::{AccountId, SlotId};
use antrean_store::parties::{Inserted, PartyPerson};
use antrean_store::releases::{NewRelease, ReleaseState};
use antrean_store::slots::NewSlot;
use antrean_store::{Fault, Store, StoreConfig, Tx};
use antrean_store::{accounts, appointments, events, idempotency, outbox, parties, releases, slots};
use jiff::Timestamp;
use jiff::civil::date;

/// Callers at once, as many as the design's own measurements had.
const CALLERS: u32 = 64;

/// About the size of a sealed person, message and answer.
const SEALED: &[u8] = &[0x42; 160];

fn main() {
    let bookings: u32 = std::env::var("BOOKINGS").ok().and_then(|count| count.parse().ok()).unwrap_or(200_000);
    let directory = match std::env::var_os("BENCH_DIR") {
        Some(there) => tempfile::tempdir_in(PathBuf::from(there)),
        None => tempfile::tempdir(),
    }
    .expect("a directory");
    let store = Store::open(&StoreConfig::at(directory.path().join("antrean.db"))).expect("a store");
    let slots = Arc::new(prepare(&store, bookings));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let before = store.stats();
    let began = Instant::now();
    let mut waits = runtime.block_on(run(&store, &slots, bookings));
    let took = began.elapsed();
    let after = store.stats();
    waits.sort_unstable();
    let percentile = |percent: usize| waits[(waits.len() - 1) * percent / 100];
    let batches = after.batches - before.batches;
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").expect("standard output");
    say(format!(
        "{bookings} bookings by {CALLERS} callers in {took:.2?}: {:.0} bookings/s",
        f64::from(bookings) / took.as_secs_f64()
    ));
    say(format!("wait p50 {:.1?}, p99 {:.1?}, longest {:.1?}", percentile(50), percentile(99), percentile(100)));
    say(format!(
        "{batches} transactions, {:.1} operations each, largest {}",
        f64::from(bookings) / batches as f64,
        after.batch_largest
    ));
    say(format!(
        "in commits {:.2?} of {took:.2?}; log {} pages at the last look",
        after.commit_time.saturating_sub(before.commit_time),
        after.log_frames
    ));
    let violations = store.read_blocking(antrean_store::audit::violations).expect("an audit");
    assert!(violations.is_empty(), "{violations:?}");
    let began = Instant::now();
    store.close_blocking();
    say(format!("audit clean; closed in {:.2?}", began.elapsed()));
}

/// A release with more than enough places over 2,000 slots, and an account for each booking.
fn prepare(store: &Store, bookings: u32) -> Vec<SlotId> {
    let now = now();
    let slots = store
        .write_blocking(move |tx| {
            let release = release();
            releases::insert(
                tx,
                &NewRelease {
                    id: release.clone(),
                    mode: Mode::FirstCome,
                    plan: "{}".to_owned(),
                    opens: now,
                    freeze: now,
                    ends: now,
                    rules: String::new(),
                    tag_key: SEALED.to_vec(),
                    round: 0,
                },
            )?;
            let mut made = Vec::new();
            for office in 0..100_u8 {
                let letters = [b'A' + office / 26, b'A' + office % 26];
                let office = OfficeCode::parse(std::str::from_utf8(&letters).expect("ascii")).expect("an office");
                for slot in 0..20_u16 {
                    let day = date(2026, 12, 1 + i8::try_from(slot / 4).expect("a day"));
                    let hour = |hour: u16| WindowStart::from_minutes(hour * 60).expect("an hour");
                    let starts = hour(8 + slot % 4);
                    made.push(slots::insert(
                        tx,
                        &NewSlot {
                            release: release.clone(),
                            key: SlotKey { office, date: day, starts },
                            ends: hour(9 + slot % 4),
                            pool: Pool::Public,
                            capacity: bookings,
                        },
                    )?);
                }
            }
            releases::advance(tx, &release, &[ReleaseState::Planned], ReleaseState::Open)?;
            Ok(made)
        })
        .expect("a release");
    for first in (0..bookings).step_by(10_000) {
        store
            .write_blocking(move |tx| {
                for number in first..bookings.min(first + 10_000) {
                    accounts::insert(tx, &PhoneKey(key(1, number)), SEALED, "id", now)?;
                }
                Ok(())
            })
            .expect("accounts");
    }
    slots
}

/// Books until all are booked; how long each took.
async fn run(store: &Store, slots: &Arc<Vec<SlotId>>, bookings: u32) -> Vec<Duration> {
    let next = Arc::new(AtomicU32::new(0));
    let caller = || {
        let (store, slots, next) = (store.clone(), Arc::clone(slots), Arc::clone(&next));
        tokio::spawn(async move {
            let mut waits = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= bookings {
                    return waits;
                }
                // Spread, so that neighbours in a transaction are in different slots.
                let slot = slots[(number.wrapping_mul(2_654_435_761) >> 8) as usize % slots.len()];
                let began = Instant::now();
                store.write(move |tx| book(tx, number, slot)).await.expect("a booking");
                waits.push(began.elapsed());
            }
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(|_| caller()).collect();
    let mut waits = Vec::new();
    for caller in callers {
        waits.extend(caller.await.expect("a caller"));
    }
    waits
}

fn book(tx: &Tx<'_>, number: u32, slot: SlotId) -> Result<(), Fault> {
    let (now, release) = (now(), release());
    let idempotency_key = key(2, number);
    assert!(idempotency::find(tx, &idempotency_key)?.is_none(), "each is booked once");
    tx.attempt(|tx| {
        let account = AccountId(i64::from(number) + 1);
        let people = [PartyPerson { position: 0, person: PersonKey(key(3, number)), sealed: SEALED.to_vec() }];
        let inserted =
            parties::insert(tx, account, &release, ServiceCode::New, PassportKind::Electronic, &people, now)?;
        let Inserted::Party(party) = inserted else { panic!("{inserted:?}") };
        assert!(slots::take(tx, slot, 1)?, "there are places for all");
        assert!(appointments::insert(tx, party, slot, Source::FirstCome, None, now)?, "the party is new");
        outbox::push(tx, "booked", outbox::Urgency::Patient, SEALED, now)?;
        events::append(
            tx,
            &Event {
                at: now,
                actor: "account",
                actor_id: Some(account.0),
                kind: "booked",
                release: Some(release.as_str()),
                party: Some(party),
                slot: Some(slot),
                office: Some("AA"),
                reason: None,
                network: Some(&key(4, number % 1_000)),
                device: None,
            },
        )
    })?;
    assert!(idempotency::insert(tx, &idempotency_key, &key(5, number), SEALED, now)?, "the key is new");
    Ok(())
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("an instant")
}

fn release() -> ReleaseId {
    ReleaseId::parse("2026-W49").expect("a release")
}

/// 16 bytes that look like a keyed hash: spread over the whole range, the same in every run.
fn key(kind: u64, number: u32) -> [u8; 16] {
    let mut state = (kind << 32 | u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 32;
        state
    };
    let mut key = [0; 16];
    key[..8].copy_from_slice(&next().to_be_bytes());
    key[8..].copy_from_slice(&next().to_be_bytes());
    key
}
