//! The public pages as anybody gets them: in both languages, in every phase of a release, small, titled, complete.

mod people;

use std::collections::BTreeMap;
use std::io::Write as _;

use antrean_app::caller::Actor;
use antrean_app::release::Plan;
use antrean_domain::release::{BeaconKind, Mode, ReleasePlan};
use axum::http::StatusCode;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::date;
use people::{Client, FRIDAY, RELEASE, Server, wib};

/// What a page may weigh with its style sheet and icon, gzip, in bytes (DESIGN section 6).
const BYTES_MAX: usize = 20 << 10;
/// What the style sheet may weigh, gzip, in bytes.
const CSS_BYTES_MAX: usize = 8 << 10;
/// Requests a page may cost.
const REQUESTS_MAX: usize = 4;
/// What an optional script may weigh, as it is, in bytes.
const SCRIPT_BYTES_MAX: usize = 1_100;

/// Pages that every reader may ask for in every phase.
const ALWAYS: [&str; 19] = [
    "/",
    "/panduan",
    "/panduan/baru",
    "/panduan/ganti",
    "/panduan/anak",
    "/panduan/hilang",
    "/panduan/rusak",
    "/panduan/ubah-data",
    "/kantor",
    "/kantor?q=batam",
    "/kantor?lat=-6.2&lon=106.8",
    "/kantor/BTM",
    "/kantor/SMD-KKR",
    "/kantor/JAKBAR-GM",
    "/antrean",
    "/undian",
    "/bantuan",
    "/privasi",
    "/status",
];

/// The phases in which a release is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    None,
    Planned,
    Entering,
    Frozen,
    Drawn,
    FirstCome,
    Over,
}

async fn server(phase: Phase) -> Server {
    let server = Server::new().await;
    if phase == Phase::None {
        return server;
    }
    let mode = if phase == Phase::FirstCome { Mode::FirstCome } else { Mode::Draw };
    // Nobody brings the value of a drand round in a test, so such a release stays frozen.
    let beacon = if phase == Phase::Frozen { BeaconKind::Drand } else { BeaconKind::Local };
    let plan = ReleasePlan::weekly(FRIDAY, &server.app.catalogue(), beacon).unwrap();
    server.app.perform_as(Actor::Operator, Plan { plan: ReleasePlan { mode, ..plan } }).await.unwrap();
    server.at(wib(FRIDAY, 9, 0)).await;
    if phase != Phase::Planned {
        server.at(wib(FRIDAY, 14, 0)).await;
    }
    if matches!(phase, Phase::Entering | Phase::Frozen | Phase::Drawn | Phase::Over) {
        for number in 0..3 {
            server.applicant(number).await.enter(&["SMD-KKR/*/*", "BTM/*/am"]).await.expect(201);
        }
        server.at(wib(FRIDAY, 15, 0)).await;
    }
    if matches!(phase, Phase::Frozen | Phase::Drawn | Phase::Over) {
        server.at(wib(date(2026, 11, 29), 16, 0)).await;
    }
    if matches!(phase, Phase::Drawn | Phase::Over) {
        server.at(wib(date(2026, 11, 30), 9, 0)).await;
    }
    if phase == Phase::Over {
        server.at(wib(date(2026, 12, 6), 9, 0)).await;
    }
    server
}

fn pages(phase: Phase) -> Vec<String> {
    let mut pages: Vec<String> = ALWAYS.map(str::to_owned).into();
    if phase != Phase::None {
        pages.extend(["", "?provinsi=64", "?q=batam"].map(|query| format!("/antrean/{RELEASE}{query}")));
        if phase != Phase::FirstCome {
            pages.push(format!("/undian/{RELEASE}"));
        }
    }
    pages
}

fn zipped(text: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap().len()
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

/// The addresses that a browser fetches by itself for a page.
fn fetched(html: &str) -> Vec<&str> {
    let links =
        between(html, "<link ", ">").into_iter().filter(|link| link.contains("stylesheet") || link.contains("icon"));
    let links = links.map(|link| between(link, "href=\"", "\"")[0]);
    let sources = between(html, "<script ", ">").into_iter().chain(between(html, "<img ", ">"));
    links.chain(sources.map(|tag| between(tag, "src=\"", "\"")[0])).collect()
}

fn language(server: &Server, tag: &str) -> Client {
    server.stranger().with("accept-language", tag)
}

async fn check(phase: Phase) {
    let server = server(phase).await;
    for tag in ["id", "en"] {
        let reader = language(&server, tag);
        let mut titles: BTreeMap<String, String> = BTreeMap::new();
        for path in pages(phase) {
            let answer = reader.get(&path).await;
            let what = format!("{phase:?} {tag} {path}");
            let html = answer.text();
            assert_eq!(answer.status, StatusCode::OK, "{what}: {html}");
            assert!(html.contains(&format!("<html lang=\"{tag}\">")), "{what}");
            assert_eq!(html.matches("<h1").count(), 1, "{what}: one heading of the first rank");
            let title = between(&html, "<title>", "</title>")[0];
            assert!(title.ends_with(" – Antrean") && title.len() > 12, "{what}: {title:?}");
            // The current release has two addresses, and a search is the same page.
            if !path.contains('?') && !path.starts_with("/antrean/") {
                assert_eq!(
                    titles.insert(title.to_owned(), path.clone()),
                    None,
                    "{what}: the title {title:?} names two pages"
                );
            }
            for forbidden in [" style=", "<style", " onclick", "javascript:", "<script>"] {
                assert!(!html.contains(forbidden), "{what}: {forbidden}");
            }
            assert!(!html.contains("{ $") && !html.contains("{$"), "{what}: something was not put in");
            assert!(
                between(&html, "id=\"", "\"").len()
                    == between(&html, "id=\"", "\"").into_iter().collect::<std::collections::BTreeSet<_>>().len(),
                "{what}: an id stands twice"
            );

            let mut bytes = zipped(html.as_bytes());
            let own = bytes;
            let fetched = fetched(&html);
            for address in &fetched {
                let file = reader.get(address).await;
                assert_eq!(file.status, StatusCode::OK, "{what}: {address}");
                if address.ends_with("antrean.css") {
                    assert!(zipped(&file.body) <= CSS_BYTES_MAX, "{address}");
                }
                if address.ends_with("near.js") {
                    assert!(file.body.len() <= SCRIPT_BYTES_MAX, "{address}: {}", file.body.len());
                }
                bytes += zipped(&file.body);
            }
            println!("{own:6} {bytes:6} {} {what}", fetched.len() + 1);
            assert!(bytes <= BYTES_MAX, "{what}: {bytes} bytes");
            assert!(fetched.len() < REQUESTS_MAX, "{what}: {fetched:?}");
        }
    }
}

#[tokio::test]
async fn pages_without_a_release() {
    check(Phase::None).await;
}

#[tokio::test]
async fn pages_before_the_opening() {
    check(Phase::Planned).await;
}

#[tokio::test]
async fn pages_while_entries_are_taken() {
    check(Phase::Entering).await;
}

#[tokio::test]
async fn pages_between_freeze_and_draw() {
    check(Phase::Frozen).await;
}

#[tokio::test]
async fn pages_after_the_draw() {
    check(Phase::Drawn).await;
}

#[tokio::test]
async fn pages_of_a_first_come_release() {
    check(Phase::FirstCome).await;
}

#[tokio::test]
async fn pages_after_the_last_day() {
    check(Phase::Over).await;
}

#[tokio::test]
async fn the_start_page_says_the_state_and_what_can_be_done() {
    for (phase, word, action) in [
        (Phase::None, "Belum ada antrean", "/panduan"),
        (Phase::Planned, "Belum dibuka", "/saya"),
        (Phase::Entering, "Sedang dibuka", "/antrean/2026-W49/daftar"),
        (Phase::Frozen, "Menunggu undian", "/undian/2026-W49"),
        (Phase::Drawn, "Masih ada tempat", "/antrean/2026-W49/tempat"),
        (Phase::FirstCome, "Masih ada tempat", "/antrean/2026-W49/tempat"),
        (Phase::Over, "Selesai", "/undian/2026-W49"),
    ] {
        let html = server(phase).await.stranger().get("/").await.text();
        assert!(html.contains(word), "{phase:?}: {word}");
        assert!(html.contains(&format!("href=\"{action}\"")), "{phase:?}: {action}");
    }
}

#[tokio::test]
async fn a_link_of_a_public_page_leads_somewhere() {
    let server = server(Phase::Drawn).await;
    let reader = server.stranger();
    let mut seen = std::collections::BTreeSet::new();
    for path in pages(Phase::Drawn) {
        let html = reader.get(&path).await.text();
        for href in between(&html, " href=\"", "\"") {
            let address = href.split('#').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
            // What belongs to signed-in people sends strangers to sign in; it has its own tests.
            let own = ["/saya", "/masuk", "/daftar"].contains(&address.as_str())
                || address.ends_with("/tempat")
                || address.contains("/daftar")
                || address.contains("/tempat?");
            if !address.starts_with('/') || own || !seen.insert(address.clone()) {
                continue;
            }
            let answer = reader.get(&address).await;
            let status = answer.status;
            assert!(status.is_success() || status.is_redirection(), "{path} -> {address}: {status}");
        }
        for anchor in between(&html, " href=\"#", "\"") {
            assert!(html.contains(&format!("id=\"{anchor}\"")), "{path}: #{anchor}");
        }
    }
    assert!(seen.len() > 250, "every office has a page: {}", seen.len());
}

#[tokio::test]
async fn nobody_is_hidden_and_what_cannot_be_had_is_said() {
    let server = server(Phase::Entering).await;
    let reader = server.stranger();
    let all = reader.get("/kantor").await.text();
    for office in server.app.catalogue().offices.iter() {
        assert!(all.contains(&format!("\"/kantor/{}\"", office.code)), "{}", office.code);
    }
    let batam = reader.get("/kantor/BTM").await.text();
    assert!(batam.contains("Paspor biasa tidak dibuat lagi di sini"), "{batam}");
    let moved = reader.get("/kantor/JAKBAR-GM").await.text();
    assert!(moved.contains("Tidak dilayani di sini"), "{moved}");
    let province = reader.get(&format!("/antrean/{RELEASE}?provinsi=31")).await.text();
    assert!(province.contains("/kantor/JAKBAR-GM"), "an office outside the release stands in its table too");
}

#[tokio::test]
async fn errors_are_pages_in_the_language_of_the_reader() {
    let server = server(Phase::Entering).await;
    for (tag, word) in [("id", "Halaman tidak ditemukan"), ("en", "not found")] {
        let reader = language(&server, tag);
        for path in [
            "/tidak-ada",
            "/kantor/XX",
            "/kantor/nope",
            "/panduan/new",
            "/antrean/2020-W01",
            "/antrean/!",
            "/undian/2020-W01",
        ] {
            let answer = reader.get(path).await;
            let html = answer.text();
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(html.contains(&format!("<html lang=\"{tag}\">")) && html.matches("<h1").count() == 1, "{path}");
            if path == "/tidak-ada" {
                assert!(html.to_lowercase().contains(&word.to_lowercase()), "{path}: {html}");
            }
        }
        assert_eq!(reader.post("/bantuan", &serde_json::json!({})).await.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(reader.get("/kantor?lat=91&lon=0").await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn anybody_can_look_an_entry_up_and_learns_only_that_it_is_in_the_list() {
    let server = server(Phase::Drawn).await;
    let reader = server.stranger();
    let result = reader.get(&format!("/api/v1/releases/{RELEASE}/draw/result.txt")).await.text();
    let line: Vec<&str> = result.lines().nth(4).unwrap().split(' ').collect();
    let there = reader.get(&format!("/undian/{RELEASE}?entri={}", line[1])).await.text();
    assert!(there.contains("Ya, pendaftaran ini ada"), "{there}");
    assert!(!there.contains(line[3]), "the place is nobody else's business");
    let other = "00".repeat(16);
    assert!(reader.get(&format!("/undian/{RELEASE}?entri={other}")).await.text().contains("Tidak ada pendaftaran"));
    assert!(reader.get(&format!("/undian/{RELEASE}?entri=%22%3E%3Cb%3E")).await.text().contains("32 angka"));
}

#[tokio::test]
async fn a_language_once_chosen_is_kept_and_nothing_else_is_sent_to_other_sites() {
    let server = server(Phase::Entering).await;
    let form = server
        .stranger()
        .with("content-type", "application/x-www-form-urlencoded")
        .with("sec-fetch-site", "same-origin");
    let chosen = form.send(axum::http::Method::POST, "/bahasa", "bahasa=en&kembali=/kantor".into()).await;
    assert_eq!((chosen.status, chosen.header("location")), (StatusCode::SEE_OTHER, "/kantor"));
    let cookie = chosen.header("set-cookie").split(';').next().unwrap().to_owned();
    let html = server.stranger().with("cookie", cookie).get("/kantor").await.text();
    assert!(html.contains("<html lang=\"en\">"));
    let elsewhere = form.send(axum::http::Method::POST, "/bahasa", "bahasa=en&kembali=//evil.example".into()).await;
    assert_eq!(elsewhere.header("location"), "/");
}
