//! The day as officers do it: the door, people without a ticket, the counter, and the display that everybody may look at.

mod browser;
mod people;

use antrean_app::policy::Policy;
use antrean_domain::release::Mode;
use antrean_domain::staff::Role;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use browser::Browser;
use http_body_util::BodyExt as _;
use jiff::civil::{Date, date};
use people::{Server, policy, settings, wib};
use serde_json::json;
use tower::ServiceExt as _;

const TUESDAY: Date = date(2026, 12, 1);

/// A server on the morning of a day for which somebody has a ticket; its queue code and its link.
async fn morning() -> (Server, String, String) {
    let server = Server::with(settings(), Policy { staff_idle_minutes: 10_000, ..policy() }).await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let applicant = server.applicant(1).await;
    let slot = server.app.overview().releases[0].slots.iter().find(|slot| slot.key.date == TUESDAY).unwrap().id;
    let ticket = applicant.book(slot.0).await.expect(201);
    let text = |name: &str| ticket[name].as_str().unwrap().to_owned();
    server.at(wib(TUESDAY, 8, 5)).await;
    (server, text("code"), text("link"))
}

#[tokio::test]
async fn a_ticket_goes_from_the_door_to_the_counter_and_the_display_shows_its_number_and_no_name() {
    let (server, code, link) = morning().await;
    let mut door = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    door.open("/petugas/BTM").await;
    door.follow("Pintu").await.shows("Belum datang: 1 orang").shows("Belum ada yang datang hari ini.");
    let form = door.form("/petugas/BTM/pintu").fill("shown", "");
    door.send(form).await.shows("Pindai atau ketik tiket dulu.");
    let form = door.form("/petugas/BTM/pintu").fill("shown", "contoh");
    door.send(form).await.shows("Siti C***").shows("Catat datang");
    let form = door.form("/petugas/BTM/pintu").fill("shown", "BK-ZZZZZZ");
    door.send(form).await.shows("Tidak dikenal");
    let form = door.form("/petugas/BTM/pintu").fill("shown", &code).fill("people", "dua orang");
    door.send(form).await.hides("Tepat waktu").hides("A-001");
    let form = door.form("/petugas/BTM/pintu");
    assert_eq!((form.value("shown"), form.value("people")), (code.as_str(), "dua orang"), "what was typed stays");
    let form = door.form("/petugas/BTM/pintu").fill("shown", "si").fill("people", "");
    door.send(form).await.shows("paling sedikit 3 huruf").hides("Tidak dikenal");
    let form = door.form("/petugas/BTM/pintu").fill("shown", &code).fill("people", "");
    door.send(form).await.shows("Tepat waktu").shows("A-001").shows("Siti C***");
    assert!(door.html.contains("says green"), "the colour is there too");
    let undo = door.form("/petugas/BTM/pintu/urung");
    door.send(undo).await;
    door.shows("Kedatangan A-001 (Siti C***) dibatalkan.");
    let form = door.form("/petugas/BTM/pintu").fill("shown", &link);
    door.send(form).await.shows("A-002");
    let form = door.form("/petugas/BTM/pintu").fill("shown", &code);
    door.send(form).await.shows("Sudah di dalam");

    let session = server.on_duty("loket", Role::Officer, &["BTM"]).await;
    let (mut counter, mut other_tab) = (Browser::on_duty(&server, &session), Browser::on_duty(&server, &session));
    counter.open("/petugas/BTM/loket").await.shows("Buka loket").shows("A-002");
    let form = counter.form("/petugas/BTM/loket/buka").fill("number", "3");
    counter.send(form).await.shows("Berikutnya: A-002 · giliran: Terjadwal");
    let call = counter.form("/petugas/BTM/loket/panggil");
    counter.send(call).await.shows("dipanggil").shows("Siti C***");
    let calling = server.stranger().get("/layar/BTM/data").await.expect(200);
    let says = json!([["nomor-antrean", "a"], ["dua"], ["silakan-ke-loket", "tiga"]]);
    assert_eq!(calling["calls"][0]["says"], says);
    // A display reads what is a second old.
    server.at(wib(TUESDAY, 8, 6)).await;
    other_tab.open("/petugas/BTM/loket").await;
    let form = counter.form("/petugas/BTM/loket/kerja");
    counter.press(form, "does", "start").await.shows("dilayani");
    let stale = other_tab.form("/petugas/BTM/loket/kerja");
    other_tab.press(stale, "does", "absent").await.shows("A-002 sekarang dilayani (loket 3)");

    let mut anybody = Browser::new(&server);
    anybody.open("/layar/BTM").await.shows("A-002").shows("ke loket 3").hides("Siti");
    let shown = server.stranger().get("/layar/BTM/data").await.expect(200);
    assert_eq!(shown["calls"][0]["says"], json!([]), "who is at the counter already is not called out");
    let heard = first_event(&server, "/layar/BTM/arus").await;
    assert!(heard.contains("event: board") && heard.contains("A-002") && !heard.contains("Siti"), "{heard}");
    assert_eq!(server.stranger().get("/layar/XXQ/arus").await.status, StatusCode::NOT_FOUND);
    assert_eq!((shown["calls"][0]["number"].as_str(), shown["calls"].as_array().unwrap().len()), (Some("A-002"), 1));
    assert_eq!(server.stranger().get("/layar/XXQ").await.status, StatusCode::NOT_FOUND);

    let form = counter.form("/petugas/BTM/loket/kerja").also("outcome", "papers_missing");
    counter.press(form, "does", "finish").await.shows("Pilih paling sedikit satu dokumen yang kurang.");
    assert!(counter.html.contains("value=\"papers_missing\" selected"), "what was chosen stays");
    let form =
        counter.form("/petugas/BTM/loket/kerja").also("outcome", "papers_missing").tick("missing", "family_card");
    counter.press(form, "does", "finish").await.shows("Dokumen kurang").shows("Tidak ada yang menunggu");
    let close = counter.form("/petugas/BTM/loket/tutup");
    counter.send(close).await.shows("Buka loket");
    server.check_rules().await;
}

#[tokio::test]
async fn codes_of_offices_are_found_as_they_are_typed_and_one_that_there_is_not_is_said() {
    let (server, ..) = morning().await;
    let stranger = server.stranger().with("accept", "text/html");
    for (typed, address) in [
        ("/layar/btm", "/layar/BTM"),
        ("/layar/btm/data", "/layar/BTM/data"),
        ("/kantor/%20btm-hb", "/kantor/BTM-HB"),
        ("/petugas/btm/pintu", "/petugas/BTM/pintu"),
        ("/api/v1/offices/btm", "/api/v1/offices/BTM"),
        ("/api/v1/offices/btm/slots?release=2026-W49", "/api/v1/offices/BTM/slots?release=2026-W49"),
    ] {
        let answer = stranger.get(typed).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::PERMANENT_REDIRECT, address), "{typed}");
    }
    for unknown in ["/layar/XXQ", "/kantor/xxq", "/petugas/XXQ/pintu"] {
        let answer = stranger.get(unknown).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
        assert!(
            answer.text().contains("Kantor tidak ditemukan") && answer.text().contains("href=\"/kantor\""),
            "{unknown}"
        );
    }
    let mut anybody = Browser::new(&server);
    anybody.open("/layar").await.shows("Layar ruang tunggu").shows("Kepulauan Riau");
    assert!(anybody.html.contains("href=\"/layar/BTM\""));
    anybody.open("/layar?q=batam").await.shows("Batam").hides("Kepulauan Riau");
    anybody.open("/layar?q=tidak-ada-sama-sekali").await.hides("BTM");
}

/// The first event of a stream, which goes on after it.
async fn first_event(server: &Server, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let frame = answer.into_body().frame().await.expect("an event comes at once").unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_door_may_use_the_camera_and_no_other_page_may() {
    let (server, code, _) = morning().await;
    let mut door = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    for path in ["/petugas", "/petugas/BTM/loket", "/petugas/BTM/pintu/slip/1", "/petugas/BTM/pintu/lain", "/"] {
        door.open(path).await;
        assert!(door.header("permissions-policy").contains("camera=()"), "{path}");
    }
    door.open("/petugas/BTM/pintu").await;
    assert!(door.header("permissions-policy").contains("camera=(self), microphone=()"));
    let form = door.form("/petugas/BTM/pintu").fill("shown", &code);
    door.send(form).await.shows("A-001");
    assert!(door.header("permissions-policy").contains("camera=(self)"), "the answer is a page of the door too");
    assert!(!door.header("content-security-policy").contains("unsafe"));
    // The reader that the page names is one of our files.
    let (_, after) = door.html.split_once("data-reader=\"").unwrap();
    let (reader, _) = after.split_once('"').unwrap();
    let script = server.stranger().get(reader).await;
    assert_eq!((script.status, script.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
}

#[tokio::test]
async fn people_without_a_ticket_get_a_slip_and_an_emergency_waits_for_the_head() {
    let (server, ..) = morning().await;
    let mut door = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    door.open("/petugas/BTM/pintu").await;
    let walk_in = |door: &Browser, service: &str, priority: &str| {
        let form = door.form("/petugas/BTM/pintu/tanpa-tiket").also("service", service);
        form.also("passport", "electronic").also("count", "1").also("priority", priority)
    };
    let form = walk_in(&door, "lost", "");
    door.send(form).await.shows("W-001").shows("Datang langsung");
    assert!(door.at.starts_with("/petugas/BTM/pintu/slip/"), "{}", door.at);
    door.follow("Kembali ke pintu").await;
    let form = walk_in(&door, "new", "elderly");
    door.send(form).await.shows("P-001").shows("Prioritas");
    door.open("/petugas/BTM/pintu").await;
    let form = walk_in(&door, "new", "other");
    door.send(form).await.shows("Tulis alasannya dengan singkat");
    for kept in ["<option value=\"other\" selected>", "<option value=\"new\" selected>", "<option selected>1</option>"]
    {
        assert!(door.html.contains(kept), "what was chosen stays: {kept}");
    }
    let form = door.form("/petugas/BTM/pintu/tanpa-tiket").without("count").also("count", "1");
    let form = form.fill("reason", "keluarga sakit di luar negeri");
    door.send(form).await;
    assert_eq!(door.at, "/petugas/persetujuan");
    let mut head = Browser::on_duty(&server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    head.open("/petugas/persetujuan").await.shows("keluarga sakit").shows("Terima tanpa tiket");
    head.shows("Keperluan").shows("1 orang");
    let yes = head.form("/petugas/persetujuan/1");
    head.press(yes, "word", "yes").await.shows("Disetujui");
    door.open("/petugas/BTM/pintu").await.shows("P-002");
    server.check_rules().await;
}

#[tokio::test]
async fn arrivals_that_the_door_kept_are_sent_again_and_again_and_happen_once() {
    let (server, code, _) = morning().await;
    let session = server.on_duty("pintu", Role::Officer, &["BTM"]).await;
    let mut door = Browser::on_duty(&server, &session);
    let seen = wib(TUESDAY, 8, 2).as_millisecond();
    let body = format!("kunci=abc123&shown={code}&seen={seen}");
    for _ in 0..3 {
        door.post("/petugas/BTM/pintu/kirim", browser::FORM, body.clone()).await;
        assert_eq!(door.status, StatusCode::OK);
        door.shows("A-001").shows("green");
    }
    for broken in ["", "kunci=abc", "kunci=abc&shown=x&seen=soon", "shown=x&seen=1"] {
        door.post("/petugas/BTM/pintu/kirim", browser::FORM, broken).await;
        assert_eq!(door.status, StatusCode::BAD_REQUEST, "{broken}");
    }
    door.open("/petugas/BTM/pintu").await.shows("08.02 WIB");
    server.check_rules().await;
}

#[tokio::test]
async fn a_scan_whose_answer_was_lost_is_sent_once_more_and_is_the_same_scan() {
    let (server, code, _) = morning().await;
    let mut door = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    let body = format!("kunci=hilang1&shown={code}&people=1");
    door.post("/petugas/BTM/pintu", browser::FORM, body.clone()).await.shows("Tepat waktu").shows("A-001");
    door.post("/petugas/BTM/pintu/kirim", browser::FORM, format!("{body}&seen=")).await;
    door.shows("green").shows("A-001");
    // Under another key it is another scan, of somebody who is in already.
    let other = body.replace("hilang1", "hilang2");
    door.post("/petugas/BTM/pintu/kirim", browser::FORM, format!("{other}&seen=")).await.shows("amber");
    server.check_rules().await;
}

#[tokio::test]
async fn a_counter_that_nobody_touches_lets_the_session_end() {
    let server = Server::new().await;
    let mut officer = Browser::on_duty(&server, &server.on_duty("loket", Role::Officer, &["BTM"]).await);
    let idle = i64::from(policy().staff_idle_minutes);
    let begun = server.app.now();
    for minutes in [idle / 2, idle - 1] {
        server.at(begun + jiff::SignedDuration::from_mins(minutes)).await;
        officer.open("/petugas/BTM/loket/segar").await.shows("Loket");
        assert_eq!(officer.status, StatusCode::OK);
    }
    server.at(begun + jiff::SignedDuration::from_mins(idle + 1)).await;
    officer.open("/petugas/BTM/loket/segar").await;
    assert!(officer.at.starts_with("/petugas/masuk"), "{}", officer.at);
}

/// The script of the door counts days as the tickets do.
#[test]
fn the_doors_script_counts_days_from_where_tickets_count_them() {
    let before = Date::MIN.until(date(1970, 1, 1)).unwrap().get_days();
    let script = include_str!("../assets/door.js");
    assert!(script.contains(&format!("(days - {before})")), "{before}");
}

#[tokio::test]
async fn a_ticket_shows_the_line_on_its_day_and_what_is_masked_is_opened_for_a_reason_alone() {
    let (server, code, link) = morning().await;
    let mut holder = Browser::new(&server);
    holder.open(&format!("/tiket/{link}")).await.shows("Antrean di kantor sekarang").shows("Datang pukul");
    let mut door = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    door.open("/petugas/BTM/pintu").await;
    let form = door.form("/petugas/BTM/pintu").fill("shown", &code);
    door.send(form).await.shows("A-001");
    holder.open(&format!("/tiket/{link}")).await.shows("Nomor Anda A-001. Tunggu sampai dipanggil.");

    let data = format!("/petugas/BTM/data?tiket={link}");
    door.open(&data).await.hides("Siti Contoh");
    let form = door.form("/petugas/BTM/data");
    door.send(form).await.shows("Tulis alasannya dengan singkat").hides("Siti Contoh");
    let form = door.form("/petugas/BTM/data").fill("alasan", "nama di KTP berbeda");
    door.send(form).await.shows("Siti Contoh").shows("0000").shows("sudah dicatat");
    let mut other = Browser::on_duty(&server, &server.on_duty("lain", Role::Officer, &["JAP"]).await);
    other.open(&data).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    door.open("/petugas/BTM/data").await;
    let form = door.form("/petugas/BTM/data").fill("tiket", "tidak-ada").fill("alasan", "coba");
    door.send(form).await.hides("Siti Contoh");
    assert_eq!(door.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut auditor = Browser::on_duty(&server, &server.on_duty("audit", Role::Auditor, &[]).await);
    auditor
        .open("/petugas/BTM/jejak")
        .await
        .shows("nama di KTP berbeda")
        .shows("Data lengkap dibuka")
        .shows("unmasked");
}

#[tokio::test]
async fn a_nik_that_somebody_else_uses_is_freed_for_its_owner_by_two() {
    let (server, _, link) = morning().await;
    let mut door = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    door.open("/petugas/BTM/pintu").await;
    door.follow("NIK dipakai orang lain").await.shows("Lihat KTP aslinya");
    let here = "/petugas/BTM/klaim";
    let form = door.form(here).fill("nik", "12");
    door.send(form).await;
    assert_eq!(door.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nik = people::nik_of(1);
    let form = door.form(here).fill("nik", &nik);
    door.send(form).await.shows("Tulis alasannya dengan singkat");
    let form = door.form(here).fill("nik", &nik).fill("alasan", "KTP asli, wajah cocok");
    door.send(form).await;
    assert_eq!(door.at, "/petugas/persetujuan", "an officer asks");
    let mut head = Browser::on_duty(&server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    head.open(here).await;
    let form = head.form(here).fill("nik", &nik).fill("alasan", "KTP asli, wajah cocok");
    head.send(form).await.shows("NIK itu sudah bebas");
    let mut holder = Browser::new(&server);
    holder.open(&format!("/tiket/{link}")).await.hides("Antrean di kantor sekarang").hides("terbukti milik orang lain");
    holder.open("/masuk").await;
    holder.sign_in(&server, 1).await;
    holder
        .open(&format!("/tiket/{link}"))
        .await
        .shows("terbukti milik orang lain")
        .shows("Menurut Anda keliru? Datang ke");
    holder.hides("Kantor menutup layanan");
    head.open(here).await;
    let form = head.form(here).fill("nik", &nik).fill("alasan", "sekali lagi");
    head.send(form).await;
    assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing is left to be freed");
    server.check_rules().await;
}
