//! Serves the pages on a store that vanishes, with a national release in a chosen state, to look at them:
//! `cargo run -p antrean-web --example pages -- open 8099`; states: none, planned, open, frozen, drawn, first_come.

#[path = "../tests/people/mod.rs"]
mod people;

use std::net::SocketAddr;

use antrean_app::caller::Actor;
use antrean_app::release::Plan;
use antrean_domain::release::{BeaconKind, Mode, ReleasePlan};
use jiff::civil::date;
use people::{FRIDAY, Server, policy, settings, wib};

/// Made-up people who enter; enough for odds and standby to show.
const PEOPLE: u32 = 45;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let state = args.next().unwrap_or_else(|| "open".to_owned());
    let port: u16 = args.next().map_or(8099, |port| port.parse().expect("a port"));
    let settings = antrean_web::WebSettings { secure_cookies: false, ..settings() };
    let server = Server::with(settings, policy()).await;
    if state != "none" {
        national(&server, if state == "first_come" { Mode::FirstCome } else { Mode::Draw }).await;
    }
    if matches!(state.as_str(), "open" | "frozen" | "drawn" | "first_come") {
        server.at(wib(FRIDAY, 14, 0)).await;
    }
    if matches!(state.as_str(), "open" | "frozen" | "drawn") {
        for number in 0..PEOPLE {
            server.applicant(number).await.enter(&["SMD-KKR/*/*", "BTM/*/am"]).await.expect(201);
        }
        server.at(wib(FRIDAY, 15, 0)).await;
    }
    if matches!(state.as_str(), "frozen" | "drawn") {
        server.at(wib(date(2026, 11, 29), 16, 0)).await;
    }
    if state == "drawn" {
        server.at(wib(date(2026, 11, 29), 18, 0)).await;
        server.at(wib(date(2026, 11, 30), 9, 0)).await;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    println!("http://127.0.0.1:{port}/ ({state})");
    let service = server.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.expect("it serves until it is stopped");
}

async fn national(server: &Server, mode: Mode) {
    let plan = ReleasePlan::weekly(FRIDAY, &server.app.catalogue(), BeaconKind::Local).expect("an ordinary week");
    server.app.perform_as(Actor::Operator, Plan { plan: ReleasePlan { mode, ..plan } }).await.expect("a plan");
    server.at(wib(FRIDAY, 9, 0)).await;
}
