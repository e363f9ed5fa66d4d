//! The release clock among failures: what goes wrong with one release, or with the time itself, stays where it is.

mod town;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use antrean_app::Refusal;
use antrean_app::bundle;
use antrean_app::caller::Actor;
use antrean_app::operation::IdempotencyKey;
use antrean_app::release::{GiveBeacon, Plan};
use antrean_app::release_clock::{BeaconSource, NoBeacon, ReleaseClock, Step};
use antrean_domain::draw::beacon::{BeaconValue, Chain, Label, QUICKNET};
use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::verify::verify;
use antrean_domain::release::{BeaconPlan, Mode, ReleasePlan};
use antrean_store::outbox::{self, Urgency};
use antrean_store::releases::{self, ReleaseState};
use antrean_store::{Tx, idempotency};
use jiff::civil::date;
use town::{Town, refusal, seconds, wib};

/// Two releases of the same week, at different offices.
fn two_plans() -> [ReleasePlan; 2] {
    let first = Town::plan(Mode::Draw, &["BTM"]);
    let second = ReleasePlan { id: "2026-W49-B".parse().unwrap(), ..Town::plan(Mode::Draw, &["SMD"]) };
    [first, second]
}

async fn plan(town: &Town, plan: ReleasePlan) {
    town.app.perform_as(Actor::Operator, Plan { plan }).await.unwrap();
}

#[tokio::test]
async fn a_release_that_cannot_go_on_holds_up_no_other() {
    let town = Town::new(1).await;
    let [broken, sound] = two_plans();
    plan(&town, broken.clone()).await;
    plan(&town, sound.clone()).await;
    town.at(wib(town::FRIDAY, 14, 0)).await;
    let id = broken.id.clone();
    town.app.store().write(move |tx| releases::set_closures(tx, &id, "not a closures file")).await.unwrap();
    town.clock.set(wib(date(2026, 11, 29), 16, 0));
    let mut clock = ReleaseClock::new(town.app.clone(), Arc::new(NoBeacon), "test");
    clock.tick().await.expect_err("a failure is told");
    let overview = town.app.overview();
    let state = |plan: &ReleasePlan| overview.release(&plan.id).unwrap().state;
    assert_eq!((state(&broken), state(&sound)), (ReleaseState::Drawing, ReleaseState::Drawn));
}

/// A source that has nothing, and remembers what it was asked for.
#[derive(Default)]
struct Silent(Mutex<Vec<u64>>);

impl BeaconSource for Silent {
    fn signature<'a>(
        &'a self,
        _: &'a Chain,
        round: u64,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        self.0.lock().unwrap().push(round);
        Box::pin(async { Err("not yet".to_owned()) })
    }
}

#[tokio::test]
async fn a_beacon_that_does_not_come_keeps_no_other_from_being_asked_for() {
    let town = Town::new(2).await;
    let round = QUICKNET.first_round_from(wib(date(2026, 11, 29), 17, 0));
    for (later, release) in (0..).zip(two_plans()) {
        plan(
            &town,
            ReleasePlan { beacon: BeaconPlan::Drand { chain: QUICKNET.hash, round: round + later }, ..release },
        )
        .await;
    }
    town.at(wib(date(2026, 11, 29), 16, 0)).await;
    town.clock.set(wib(date(2026, 11, 29), 17, 1));
    let source = Arc::new(Silent::default());
    let mut clock = ReleaseClock::new(town.app.clone(), Arc::clone(&source) as _, "test");
    clock.tick().await.unwrap();
    clock.tick().await.unwrap();
    assert_eq!(*source.0.lock().unwrap(), [round, round + 1], "each once, until it is time to try again");
}

#[tokio::test]
async fn a_clock_set_back_in_the_midst_of_the_freeze_does_not_spoil_the_proof() {
    let town = Town::new(3).await;
    let release = town.open_release(Mode::Draw, &["BTM"]).await;
    town.applicant(1).await.enter(&release, &["BTM/*/*"]).await.unwrap();
    let id = release.clone();
    let freezing = move |tx: &Tx<'_>| releases::advance(tx, &id, &[ReleaseState::Open], ReleaseState::Frozen);
    assert!(town.app.store().write(freezing).await.unwrap());
    town.at(wib(date(2026, 11, 29), 15, 0)).await;
    let bytes = std::fs::read(bundle::file(&town.app, &release, bundle::BUNDLE).await.unwrap()).unwrap();
    verify(&Bundle::read(&bytes).unwrap()).expect("the published draw holds");
}

#[tokio::test]
async fn the_next_wave_of_a_first_come_release_is_the_first_after_its_opening() {
    let town = Town::new(4).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    assert_eq!(town.app.overview().release(&release).unwrap().next_wave, Some(wib(town::FRIDAY, 17, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_at_once_for_a_draw_have_its_files_written_once() {
    use std::os::unix::fs::MetadataExt as _;
    let town = Town::new(5).await;
    let release = town.open_release(Mode::Draw, &["BTM"]).await;
    town.applicant(1).await.enter(&release, &["BTM/*/*"]).await.unwrap();
    town.draw().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (app, release) = (town.app.clone(), release.clone());
        asking.spawn(async move {
            let path = bundle::file(&app, &release, bundle::BUNDLE).await.unwrap();
            std::fs::metadata(path).unwrap().ino()
        });
    }
    let files: std::collections::BTreeSet<u64> = asking.join_all().await.into_iter().collect();
    assert_eq!(files.len(), 1);
}

#[tokio::test]
async fn a_release_that_was_never_drawn_has_no_result_to_publish_even_when_it_is_over() {
    let town = Town::new(6).await;
    let release = town.open_release(Mode::FirstCome, &["BTM"]).await;
    town.at(wib(date(2026, 12, 3), 0, 0)).await;
    assert_eq!(town.app.overview().release(&release).unwrap().state, ReleaseState::Closed);
    assert_eq!(refusal(bundle::file(&town.app, &release, bundle::BUNDLE).await), Refusal::ReleaseUnknown);
}

#[tokio::test]
async fn what_is_past_its_purpose_goes_however_much_it_is_and_also_what_was_never_sent() {
    let town = Town::new(7).await;
    let now = town.app.now();
    let fill = move |tx: &Tx<'_>| {
        for number in 0..2_500_u128 {
            idempotency::insert(tx, &number.to_be_bytes(), &[0; 16], b"", now)?;
        }
        outbox::push(tx, "code", Urgency::Urgent, b"a phone number", now)?;
        let claimed = outbox::claim(tx, now, 1, now)?;
        outbox::retry(tx, claimed[0].id, now, true)
    };
    town.app.store().write(fill).await.unwrap();
    town.at(now + seconds(15 * 24 * 3_600)).await;
    let left = |tx: &Tx<'_>| {
        let sql = "SELECT (SELECT count(*) FROM idempotency) + (SELECT count(*) FROM outbox)";
        tx.one(sql, &[], |row| row.int(0))
    };
    assert_eq!(town.app.store().read(left).await.unwrap(), 0);
}

#[tokio::test]
async fn a_release_that_was_planned_anew_is_entered_under_its_new_plan_at_once() {
    let town = Town::new(8).await;
    let before = Town::plan(Mode::Draw, &["BTM"]);
    let id = before.id.clone();
    plan(&town, before.clone()).await;
    town.tick().await;
    let gone = id.clone();
    assert!(town.app.store().write(move |tx| releases::remove_planned(tx, &gone)).await.unwrap());
    plan(&town, ReleasePlan { choices_max: 1, ..before }).await;
    town.clock.set(wib(town::FRIDAY, 14, 0));
    let opening = id.clone();
    let open = move |tx: &Tx<'_>| releases::advance(tx, &opening, &[ReleaseState::Planned], ReleaseState::Open);
    assert!(town.app.store().write(open).await.unwrap());
    let person = town.applicant(1).await;
    // The public state still shows the plan before.
    assert_eq!(town.app.overview().release(&id).unwrap().plan.choices_max, 20);
    let refused = refusal(person.enter(&id, &["BTM/*/am", "BTM/*/pm"]).await);
    assert_eq!(refused, Refusal::TooManyChoices { max: 1 });
    town.tick().await;
    person.enter(&id, &["BTM/*/am"]).await.unwrap();
    town.draw().await;
    let bytes = std::fs::read(bundle::file(&town.app, &id, bundle::BUNDLE).await.unwrap()).unwrap();
    verify(&Bundle::read(&bytes).unwrap()).expect("entered under the rules that were published");
}

#[tokio::test]
async fn a_release_whose_beacon_never_comes_lets_its_people_go_when_its_days_are_over() {
    let town = Town::new(9).await;
    let label = Label::parse("a-lottery").unwrap();
    let release = Town::plan(Mode::Draw, &["BTM"]);
    let id = release.id.clone();
    plan(&town, ReleasePlan { beacon: BeaconPlan::Manual { label: label.clone() }, ..release }).await;
    town.at(wib(town::FRIDAY, 14, 0)).await;
    let person = town.applicant(1).await;
    person.enter(&id, &["BTM/*/*"]).await.unwrap();
    town.draw().await;
    town.at(wib(date(2026, 12, 2), 23, 59)).await;
    assert!(person.mine().await.live.is_some(), "the value may still come");
    let steps = town.at(wib(date(2026, 12, 3), 0, 0)).await;
    assert_eq!(steps, [Step::StandbyEnded(id.clone(), 1), Step::Closed(id.clone())]);
    assert!(person.mine().await.live.is_none());
    let late = GiveBeacon { release: id, file: BeaconValue::manual(label, "12 34 56").unwrap().to_text() };
    assert_eq!(refusal(town.app.perform_as(Actor::Operator, late).await).code(), "beacon-refused");
    town.check_rules().await;
}

#[tokio::test]
async fn a_form_that_was_sent_too_early_can_be_sent_again_as_it_is() {
    let town = Town::new(10).await;
    let release = Town::plan(Mode::Draw, &["BTM"]);
    plan(&town, release.clone()).await;
    let person = town.applicant(1).await;
    let key = IdempotencyKey::parse("the-key-of-the-form");
    let send = || person.app.perform(person.caller.clone(), key.clone(), person.entering(&release.id, &["BTM/*/*"]));
    town.at(wib(town::FRIDAY, 13, 59)).await;
    assert_eq!(refusal(send().await).code(), "not-open");
    town.at(wib(town::FRIDAY, 14, 0)).await;
    let entered = send().await.unwrap();
    assert_eq!(send().await.unwrap(), entered, "what was done is done once");
}
