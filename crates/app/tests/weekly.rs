//! The release that the clock plans by itself every week, beside those that the operator plans.

mod town;

use antrean_app::caller::Actor;
use antrean_app::release::{Plan, PlanWeekly};
use antrean_domain::release::{BeaconKind, Mode, ReleasePlan};
use jiff::civil::{Date, date};
use town::Town;

/// Lets the clock plan the week once; the name of the release and how many offices it has.
async fn plan_weekly(town: &Town) -> Option<(String, usize)> {
    let planned = town.app.perform_as(Actor::Clock, PlanWeekly { beacon: BeaconKind::Local }).await.unwrap()?;
    town.app.refresh_overview().await.unwrap();
    let release = town.app.overview().release(&planned.release).cloned().unwrap();
    Some((planned.release.to_string(), release.plan.offices.len()))
}

fn whole_week(town: &Town) -> ReleasePlan {
    ReleasePlan::weekly(town::FRIDAY, &town.app.catalogue(), BeaconKind::Local).unwrap()
}

async fn plan_by_hand(town: &Town, id: &str, offices: &[&str], dates: Vec<Date>) {
    let plan = ReleasePlan { id: id.parse().unwrap(), dates, ..Town::plan(Mode::FirstCome, offices) };
    town.app.perform_as(Actor::Operator, Plan { plan }).await.unwrap();
}

#[tokio::test]
async fn a_week_is_planned_once_for_the_whole_country() {
    let mut town = Town::new(1).await;
    let offices = whole_week(&town).offices.len();
    assert!(offices > 150);
    assert_eq!(plan_weekly(&town).await, Some(("2026-W49".to_owned(), offices)));
    assert_eq!(plan_weekly(&town).await, None);
    town.restart().await;
    assert_eq!(plan_weekly(&town).await, None);
    town.check_rules().await;
}

#[tokio::test]
async fn an_office_that_was_planned_by_hand_takes_no_week_from_the_others() {
    let town = Town::new(2).await;
    let offices = whole_week(&town).offices.len();
    // By hand the name is that of the week, unless another is given.
    plan_by_hand(&town, "2026-W49", &["JAP"], vec![date(2026, 12, 1), date(2026, 12, 2)]).await;
    plan_by_hand(&town, "BATAM", &["BTM"], vec![date(2026, 12, 3)]).await;
    assert_eq!(plan_weekly(&town).await, Some(("2026-W49-2".to_owned(), offices - 2)));
    assert_eq!(plan_weekly(&town).await, None);
    town.check_rules().await;
}

#[tokio::test]
async fn what_was_planned_for_another_week_is_no_matter() {
    let town = Town::new(3).await;
    let offices = whole_week(&town).offices.len();
    plan_by_hand(&town, "LATER", &["BTM"], vec![date(2026, 12, 8)]).await;
    assert_eq!(plan_weekly(&town).await, Some(("2026-W49".to_owned(), offices)));
}
