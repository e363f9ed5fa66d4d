//! Planning a release: its slots are made from the timetables and its rules are written before anybody can enter.

use std::collections::BTreeSet;

use antrean_domain::draw::person::TagKey;
use antrean_domain::draw::rules::{Rules, RulesHead};
use antrean_domain::release::{BeaconKind, Mode, ReleaseId, ReleasePlan, next_release_friday};
use antrean_domain::slot::{Places, Pool, SlotKey, WindowStart, slots_for};
use antrean_store::locks::Lock;
use antrean_store::releases::NewRelease;
use antrean_store::slots::NewSlot;
use antrean_store::{Tx, releases, slots};
use serde::{Deserialize, Serialize};

use super::SEAL_TAG_KEY;
use crate::caller::Actor;
use crate::catalogue;
use crate::entropy;
use crate::operation::{Context, Error, Note, Operation};
use crate::refusal::Refusal;

/// Plans a release. Refused with every problem at once, or if one of its slots was released before.
#[derive(Serialize, Deserialize)]
pub struct Plan {
    /// Everything that is decided about it.
    pub plan: ReleasePlan,
}

/// A planned release.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Planned {
    /// Its id.
    pub release: ReleaseId,
    /// Arrival windows with public places.
    pub slots: u32,
    /// Public places in them.
    pub places: u32,
}

impl Operation for Plan {
    const NAME: &'static str = "plan_release";
    type Outcome = Planned;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Planned, Error> {
        tx.lock(&Lock::Planning)?;
        // Hours and quotas as they are stored: what this node has in memory may be a moment older than what a head has just saved.
        tx.lock(&Lock::Catalogue)?;
        let timetables = catalogue::timetables(tx, cx)?;
        let plan = &self.plan;
        let refuse = |problems| Err(Error::Refused(Refusal::PlanRefused { problems }));
        if let Err(error) = plan.validate(cx.catalogue) {
            return refuse(error.problems.iter().map(ToString::to_string).collect());
        }
        if plan.opening.earliest() < cx.now - EARLIEST_OPENING {
            return refuse(vec![format!(
                "the release would have opened at {}, which is past",
                plan.opening.earliest()
            )]);
        }
        if releases::get(tx, &plan.id)?.is_some() {
            return refuse(vec![format!("there is a release {} already", plan.id)]);
        }
        let mut all = Vec::new();
        for code in &plan.offices {
            if let Some(office) = cx.catalogue.offices.get(code) {
                all.extend(slots_for(office, &plan.dates, &timetables, &cx.catalogue.holidays));
            }
        }
        let public: Vec<(SlotKey, Places)> =
            all.iter().filter(|slot| slot.pool == Pool::Public).map(|slot| (slot.key, slot.capacity)).collect();
        let (slot_count, places) = (public.len() as u32, public.iter().map(|(_, places)| places.get()).sum());
        let tag_key = TagKey(entropy::bytes(cx.entropy));
        let head = RulesHead {
            release: plan.id.clone(),
            opens: plan.opening.earliest(),
            freeze: plan.freeze,
            beacon: plan.beacon.id(),
            round: plan.beacon.round(),
            fallbacks: Vec::new(),
            tag_key_sha256: tag_key.hash(),
        };
        let rules = match Rules::new(head, public) {
            Ok(rules) => rules,
            Err(error) => return refuse(vec![error.to_string()]),
        };
        releases::insert(
            tx,
            &NewRelease {
                id: plan.id.clone(),
                mode: plan.mode,
                plan: plan.to_json(),
                opens: plan.opening.earliest(),
                freeze: plan.freeze,
                ends: plan.standby_ends(),
                rules: rules.to_text(),
                tag_key: cx.keys.seal(SEAL_TAG_KEY, &tag_key.0, entropy::bytes(cx.entropy)),
                round: plan.beacon.round(),
            },
        )?;
        if plan.mode == Mode::FirstCome && plan.waiting_room {
            crate::waiting::plan_line(tx, cx, plan)?;
        }
        for slot in &all {
            let ends = WindowStart::from_time(slot.ends).expect("timetables have whole minutes");
            let new = NewSlot {
                release: plan.id.clone(),
                key: slot.key,
                ends,
                pool: slot.pool,
                capacity: slot.capacity.get(),
            };
            match slots::insert(tx, &new) {
                Ok(_) => {}
                Err(fault) if fault.rule() == Some("slots_once") => {
                    return refuse(vec![format!("the places of {} belong to another release already", slot.key)]);
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        cx.note(tx, Actor::Operator, Note { kind: "planned", release: Some(plan.id.as_str()), ..Note::default() })?;
        Ok(Planned { release: plan.id.clone(), slots: slot_count, places })
    }
}

/// A release may be planned to open "now": this much of a delay between the decision and the plan is forgiven.
const EARLIEST_OPENING: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// Plans the release of the coming Friday, for every office that no other release gives places for in that week. `None` when
/// there is nothing to do, or no office is open in that week.
#[derive(Serialize, Deserialize)]
pub struct PlanWeekly {
    /// Which kind of beacon.
    pub beacon: BeaconKind,
}

impl Operation for PlanWeekly {
    const NAME: &'static str = "plan_weekly";
    type Outcome = Option<Planned>;

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<Option<Planned>, Error> {
        tx.lock(&Lock::Planning)?;
        let friday = next_release_friday(cx.now);
        let Ok(weekly) = ReleasePlan::weekly(friday, cx.catalogue, self.beacon) else { return Ok(None) };
        // An office that the operator planned by itself, first come for example, keeps that plan; all others have their week.
        let others = releases::list(tx)?;
        let mut planned = BTreeSet::new();
        for other in &others {
            let plan = crate::party::plan_of(other)?;
            if plan.dates.iter().any(|date| weekly.dates.contains(date)) {
                planned.extend(plan.offices);
            }
        }
        let Some(mut plan) = weekly.without(&planned, cx.catalogue) else { return Ok(None) };
        // The name of the week may be taken by what was planned by hand.
        let week = plan.id.clone();
        for number in 2_u32.. {
            if others.iter().all(|other| other.id != plan.id) {
                break;
            }
            let Ok(id) = format!("{week}-{number}").parse() else { return Ok(None) };
            plan.id = id;
        }
        Plan { plan }.perform(tx, cx).map(Some)
    }
}
