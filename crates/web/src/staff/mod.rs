//! Pages of staff, under `/petugas`: each module has the routes of one subject. What a route needs of its caller stands in the table,
//! and the operation behind it asks once more; no rule lives here.

mod announcement;
mod approvals;
mod audit;
mod board;
mod closures;
mod counter;
mod counters;
mod desk;
mod door;
mod home;
mod numbers;
mod office_changes;
mod office_data;
mod own;
mod passkey;
mod people;
mod persons;
mod quota;
mod sign_in;
mod table;

use axum::Router;

pub(crate) use board::Boards;
pub use table::{Needs, Rule};

use crate::state::WebState;
use table::Table;

fn table(state: &WebState) -> Table {
    let new = || Table::new(state);
    sign_in::routes(new())
        .and(home::routes(new()))
        .and(own::routes(new()))
        .and(passkey::routes(new()))
        .and(people::routes(new()))
        .and(approvals::routes(new()))
        .and(audit::routes(new()))
        .and(closures::routes(new()))
        .and(door::routes(new()))
        .and(counter::routes(new()))
        .and(counters::routes(new()))
        .and(persons::routes(new()))
        .and(quota::routes(new()))
        .and(numbers::routes(new()))
        .and(office_changes::routes(new()))
        .and(office_data::routes(new()))
}

/// All pages of staff, and the display that everybody may look at.
pub(crate) fn routes(state: &WebState) -> Router<WebState> {
    table(state).into_router().merge(board::routes())
}

/// Every route of staff with what it needs, for tests that try each of them as everybody.
pub fn rules(state: &WebState) -> Vec<Rule> {
    table(state).into_rules()
}
