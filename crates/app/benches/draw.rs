//! A national draw on the real store: how long each part takes and how much memory it needs. Nothing is asserted about time.
//!
//! `cargo bench -p antrean-app --bench draw -- [ENTRIES]`, by default 1,000,000 entries with 4 choices each over the national
//! catalogue. Entries are put into the store directly, without sign-in; freeze, draw and publication are the real ones.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use antrean_app::app::{App, Parts};
use antrean_app::bundle;
use antrean_app::caller::Actor;
use antrean_app::clock::ManualClock;
use antrean_app::entropy::SeededEntropy;
use antrean_app::policy::Policy;
use antrean_app::release::{Plan, draw, freeze};
use antrean_app::release_clock::{NoBeacon, ReleaseClock};
use antrean_domain::catalogue::Catalogue;
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::encoding::Hash32;
use antrean_domain::draw::entry::{Choice, EntryId, Leaf, LeafPerson, WindowChoice};
use antrean_domain::draw::person::{Commitment, Tag};
use antrean_domain::draw::verify::verify;
use antrean_domain::keys::{PersonKey, PhoneKey};
use antrean_domain::release::{BeaconKind, ReleaseId, ReleasePlan};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::parties::{Inserted, PartyPerson};
use antrean_store::{Fault, Store, StoreConfig, accounts, entries, parties, releases};
use jiff::Timestamp;
use jiff::civil::date;

/// Entries written in one operation while the store is filled, and operations waiting at once.
const FILL: u64 = 100;
const FILLERS: usize = 64;
const CHOICES: u64 = 4;

#[tokio::main]
async fn main() {
    let count: u64 = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let catalogue = Catalogue::builtin();
    let plan = ReleasePlan::weekly(date(2026, 11, 27), &catalogue, BeaconKind::Local).expect("an ordinary week");
    let clock = Arc::new(ManualClock::new(plan.opening.earliest()));
    let store = Store::open(&StoreConfig::at(folder.path().join("antrean.db"))).expect("a store");
    let app = App::start(Parts {
        store,
        master_key: [7; 32],
        policy: Policy { plan_weekly: false, ..Policy::default() },
        clock: Arc::clone(&clock) as _,
        entropy: Arc::new(SeededEntropy::new(1)),
        published: folder.path().join("published"),
    })
    .await
    .expect("an application");
    let (id, freezes) = (plan.id.clone(), plan.freeze);
    let choices = all_choices(&plan);
    let planned = app.perform_as(Actor::Operator, Plan { plan }).await.expect("a plan");
    let mut release_clock = ReleaseClock::new(app.clone(), Arc::new(NoBeacon), "bench");
    release_clock.tick().await.expect("the release opens");
    println!("{count} entries, {CHOICES} choices each, {} slots, {} places", planned.slots, planned.places);

    let begun = Instant::now();
    fill(&app, &id, count, choices, clock_now(&clock)).await;
    println!("fill        {:7.2} s (not part of a draw)", begun.elapsed().as_secs_f64());
    reset_peak();

    clock.set(freezes);
    let whole = Instant::now();
    app.store()
        .write({
            let id = id.clone();
            move |tx| releases::advance(tx, &id, &[releases::ReleaseState::Open], releases::ReleaseState::Frozen)
        })
        .await
        .expect("frozen");
    let begun = Instant::now();
    freeze(&app, &id).await.expect("a freeze file");
    println!("freeze      {:7.2} s (read, ids and tags sorted, root, written)", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    // The clock gives the local beacon's value and then draws; the two are one step for it.
    release_clock.tick().await.expect("a draw");
    println!(
        "draw        {:7.2} s (read, order, allocate, results, tickets and messages written)",
        begun.elapsed().as_secs_f64()
    );
    println!("whole draw  {:7.2} s, peak memory {} MB", whole.elapsed().as_secs_f64(), peak_mb());
    let again = Instant::now();
    let drawn = draw(&app, &id).await.expect("a second look");
    println!("of which    {:7.2} s to read, order and allocate again", again.elapsed().as_secs_f64());
    println!("            {} of {} entries have a place", drawn.placed, drawn.entries);

    let begun = Instant::now();
    let path = bundle::file(&app, &id, bundle::BUNDLE).await.expect("the files");
    println!(
        "publication {:7.2} s, {} MB, peak memory {} MB",
        begun.elapsed().as_secs_f64(),
        size_mb(&path),
        peak_mb()
    );
    let begun = Instant::now();
    let bytes = std::fs::read(path).expect("the bundle");
    let report = verify(&Bundle::read(&bytes).expect("a bundle")).expect("a draw that holds");
    println!(
        "verify      {:7.2} s, {} given, {} on standby",
        begun.elapsed().as_secs_f64(),
        report.given,
        report.standby
    );
}

fn clock_now(clock: &ManualClock) -> Timestamp {
    antrean_app::clock::Clock::now(clock)
}

/// Some choices of every shape at every office, popular offices first.
fn all_choices(plan: &ReleasePlan) -> Arc<Vec<Choice>> {
    let windows = [WindowChoice::Any, WindowChoice::Morning, WindowChoice::Afternoon];
    let dates = || std::iter::once(None).chain(plan.dates.iter().copied().map(Some));
    let of = |office| dates().flat_map(move |date| windows.map(|window| Choice { office, date, window }));
    Arc::new(plan.offices.iter().flat_map(|office| of(*office)).collect())
}

async fn fill(app: &App, release: &ReleaseId, count: u64, choices: Arc<Vec<Choice>>, now: Timestamp) {
    let rules = {
        let id = release.clone();
        let release = app.store().read(move |tx| releases::get(tx, &id)).await.expect("a read").expect("the release");
        Hash32::of(release.rules.as_bytes())
    };
    let mut filling = tokio::task::JoinSet::<Result<(), Fault>>::new();
    for start in (0..count).step_by(FILL as usize) {
        if filling.len() == FILLERS {
            filling.join_next().await.expect("a filler").expect("a filler that lives").expect("entries");
        }
        let (release, choices, store) = (release.clone(), Arc::clone(&choices), app.store().clone());
        filling.spawn(async move {
            store
                .write(move |tx| {
                    for number in start..(start + FILL).min(count) {
                        let hash = Hash32::of(&number.to_be_bytes());
                        let key: [u8; 16] = hash.0[..16].try_into().expect("16 of 32 bytes");
                        let account = accounts::insert(tx, &PhoneKey(key), &[0; 96], "id", now)?;
                        let person = PartyPerson { position: 0, person: PersonKey(key), sealed: vec![0; 256] };
                        let made = parties::insert(
                            tx,
                            account,
                            &release,
                            ServiceCode::New,
                            PassportKind::Electronic,
                            &[person],
                            now,
                        )?;
                        let Inserted::Party(party) = made else {
                            return Err(Fault::Corrupt { what: "the same person twice".to_owned() });
                        };
                        let published = LeafPerson { tag: Tag(hash.0), commitment: Commitment(hash.0) };
                        let wanted: Vec<Choice> = (0..CHOICES)
                            .map(|turn| {
                                let random = u64::from_be_bytes(
                                    Hash32::of(&[hash.0, [turn as u8; 32]].concat()).0[..8]
                                        .try_into()
                                        .expect("8 bytes"),
                                );
                                // Twice as many want the first half of the list.
                                let limit = if random % 3 == 0 { choices.len() } else { choices.len() / 2 };
                                choices[(random >> 2) as usize % limit]
                            })
                            .collect();
                        let leaf = Leaf::build(&release, &rules, &[published], &wanted).expect("a leaf");
                        entries::insert(tx, party, &release, &EntryId::of(&published.tag), leaf.as_bytes(), now)?;
                    }
                    Ok(())
                })
                .await
        });
    }
    while let Some(filled) = filling.join_next().await {
        filled.expect("a filler that lives").expect("entries");
    }
}

fn size_mb(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len() / 1_000_000)
}

/// The most memory that the process has held since [`reset_peak`], in MB, as Linux counts it.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next())
        .and_then(|kb| kb.parse::<u64>().ok())
        .map_or(0, |kb| kb / 1_000)
}

/// Forgets the peak so far, so that filling the store does not count.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
