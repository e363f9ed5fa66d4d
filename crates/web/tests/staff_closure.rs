//! A head closes an office through the pages: sees first what it does to whom, presses one button, and works off the list of calls.

mod browser;
mod people;

use antrean_app::closure;
use antrean_domain::release::Mode;
use antrean_domain::staff::Role;
use axum::http::StatusCode;
use browser::Browser;
use people::{Applicant, Server};
use serde_json::json;

/// Applicants who hold places at the office on the release's first day.
async fn holders(server: &Server, office: &str, count: u32) {
    server.open_release(Mode::Draw, &[office]).await;
    for number in 0..count {
        let choice = format!("{office}/2026-12-01/*");
        server.applicant(number).await.enter(&[&choice]).await.expect(201);
    }
    server.draw().await;
}

#[tokio::test]
async fn an_office_is_closed_and_everybody_is_moved() {
    let server = Server::new().await;
    holders(&server, "BTM", 3).await;
    let mut head = Browser::on_duty(&server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    head.open("/petugas/BTM").await;
    head.follow("Penutupan").await.shows("Belum ada penutupan");
    head.follow("Tutup layanan").await;
    let here = "/petugas/BTM/penutupan";
    let form = head.form(&format!("{here}/periksa"));
    head.send(form)
        .await
        .shows("Tulis tanggal seperti")
        .shows("Pilih sebabnya.")
        .shows("Pilih ke mana pemohon dipindah.");
    let form = head
        .form(&format!("{here}/periksa"))
        .fill("dari", "2026-12-01")
        .pick("sebab", "outage")
        .fill("kata", "Listrik <padam>")
        .pick("pindah", "same_office");
    head.send(form).await.shows("Periksa sebelum menutup").shows("Akibat bagi pemohon").shows("Listrik <padam>");
    let writes = server.writes();
    head.open(&head.at.clone()).await;
    assert_eq!(server.writes(), writes, "looking changes nothing");
    let form = head.form(here);
    head.send(form.clone()).await.shows("Sedang dikerjakan").shows("3 menunggu");
    let shown = head.at.clone();
    head.send(form).await;
    assert_eq!(head.at, shown, "a form that is sent twice closes once");
    closure::tend(&server.app).await.unwrap();
    head.open(&shown).await.shows("Selesai").shows("3 dipindah");
    server.check_rules().await;

    let mut officer = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    officer.open(here).await.hides("penutupan/baru");
    officer.open(&format!("{here}/baru")).await;
    assert_eq!(officer.status, StatusCode::FORBIDDEN);
    officer.open(&shown.replace("BTM", "BTM-HB")).await;
    assert_eq!(officer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_has_no_place_is_called_until_they_are_reached() {
    let server = Server::new().await;
    holders(&server, "BTM", 2).await;
    let mut head = Browser::on_duty(&server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    let here = "/petugas/BTM/penutupan";
    head.open(&format!(
        "{here}/periksa?dari=2026-12-01&sampai=&mulai=&selesai=&sebab=order&kata=Perintah&pindah=release"
    ))
    .await;
    head.shows("diberi tahu, tanpa tempat");
    let form = head.form(here);
    head.send(form).await;
    let shown = head.at.clone();
    closure::tend(&server.app).await.unwrap();
    head.open(&shown).await.shows("2 tanpa tempat");
    head.follow("Masih harus ditelepon (2)").await.shows("Lihat nomor telepon");
    let (list, call) = (head.at.clone(), format!("{shown}/telepon"));
    let form = head.form(&call);
    head.press(form.clone(), "tersambung", "ya").await.shows("Tulis alasannya dengan singkat");
    head.send(form).await.shows("Tekan Sudah bicara atau Belum tersambung");

    // Nobody answers: the call is on record, and they stay on the list. A colleague who saw neither call hears of it.
    let mut other = Browser::on_duty(&server, &server.on_duty("dua", Role::Officer, &["BTM"]).await);
    other.open(&list).await;
    head.open(&list).await;
    let form = head.form(&call);
    let who = form.value("tiket").to_owned();
    head.press(form, "tersambung", "belum").await.shows("Hasil telepon tersimpan").shows("tidak tersambung");
    head.shows("Masih harus ditelepon (2)");
    let stale = other.form(&call).fill("hasil", "datang Senin");
    assert_eq!(stale.value("tiket"), who);
    other.press(stale, "tersambung", "ya").await.shows("tidak tersambung");
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(other.html.contains("value=\"datang Senin\""), "what was typed stays");

    // They are reached at last: off the list, and in the list of all with both calls.
    other.open(&list).await;
    let form = other.form(&call).fill("hasil", "datang Senin");
    other.press(form, "tersambung", "ya").await.shows("Masih harus ditelepon (1)").hides("datang Senin");
    other.follow("Semua (2)").await.shows("tidak tersambung").shows("datang Senin").shows("Sudah ditelepon");
    // An auditor sees that somebody called, and not what was said.
    let mut auditor = Browser::on_duty(&server, &server.on_duty("auditor", Role::Auditor, &[]).await);
    auditor.open(&shown).await.shows("sudah bicara").hides("datang Senin").hides("Hasil telepon");
    server.check_rules().await;
}

#[tokio::test]
async fn what_cannot_be_closed_says_why() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let mut head = Browser::on_duty(&server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    let ask = |rest: &str| format!("/petugas/BTM/penutupan/periksa?sebab=order&kata=x&pindah=release&{rest}");
    for (rest, says) in [
        ("dari=2026-12-03&sampai=2026-12-01", "berakhir sebelum mulai"),
        ("dari=2026-12-01&sampai=2027-02-01", "paling lama 31 hari"),
        ("dari=2026-12-01&sampai=2026-12-02&mulai=08:00&selesai=09:00", "hanya bisa ditutup pada satu hari"),
        ("dari=2026-12-01&mulai=8&selesai=", "Isi kedua jam"),
        ("dari=2026-12-25", "Tidak ada jam layanan yang terbuka"),
    ] {
        head.open(&ask(rest)).await;
        assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY, "{rest}");
        head.shows(says);
    }
}

/// They enter, are drawn, and lose their places to a closure that lets them choose. The head, and the links of what they lost.
async fn lose_their_places(server: &Server, people: &[&Applicant]) -> (Browser, Vec<String>) {
    server.open_release(Mode::Draw, &["BTM"]).await;
    for person in people {
        person.enter(&["BTM/2026-12-01/*"]).await.expect(201);
    }
    server.draw().await;
    let mut links = Vec::new();
    for person in people {
        let me = person.get("/api/v1/me").await.expect(200);
        links.push(me["live"]["appointment"]["link"].as_str().unwrap().to_owned());
    }
    let mut head = Browser::on_duty(server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    let here = "/petugas/BTM/penutupan";
    head.open(&format!(
        "{here}/periksa?dari=2026-12-01&sampai=&mulai=&selesai=&sebab=disaster&kata=Banjir+di+jalan&pindah=choose"
    ))
    .await
    .shows("Biarkan mereka memilih");
    let form = head.form(here);
    head.send(form).await;
    closure::tend(&server.app).await.unwrap();
    server.app.refresh_overview().await.unwrap();
    (head, links)
}

#[tokio::test]
async fn a_program_chooses_another_place_as_its_holder_would_on_the_page() {
    let server = Server::new().await;
    let (one, other) = (server.applicant(1).await, server.applicant(2).await);
    let (_, links) = lose_their_places(&server, &[&one, &other]).await;
    let right = format!("/api/v1/appointments/{}/replacement", links[0]);
    let offered = one.get(&right).await.expect(200);
    assert_eq!((offered["why"].as_str(), offered["over"].as_bool()), (Some("Banjir di jalan"), Some(false)));
    let slots = offered["slots"].as_array().unwrap();
    assert!(!slots.is_empty() && slots.iter().all(|offer| !offer["slot"].as_str().unwrap().contains("12-01")));
    one.post(&right, &json!({"slot": 0})).await.problem(404, "slot-unknown");
    other.get(&right).await.problem(404, "ticket-unknown");
    other.post(&right, &json!({"slot": slots[0]["id"]})).await.problem(404, "ticket-unknown");
    let taken = one.post(&right, &json!({"slot": slots[0]["id"]})).await.expect(201);
    assert_eq!((taken["slot"].as_str(), taken["state"].as_str()), (slots[0]["slot"].as_str(), Some("booked")));
    assert_ne!(taken["link"], links[0].as_str());
    let after = one.get(&right).await.expect(200);
    assert_eq!((after["over"].as_bool(), after["slots"].as_array().map(Vec::len)), (Some(true), Some(0)));
    let again = one.post(&right, &json!({"slot": slots[0]["id"]})).await;
    again.problem(409, "already-live");
    server.check_rules().await;
}

#[tokio::test]
async fn whoever_lost_a_place_chooses_another_on_the_ticket_and_the_public_reads_what_is_closed() {
    let server = Server::new().await;
    let applicant = server.applicant(1).await;
    let (mut head, links) = lose_their_places(&server, &[&applicant]).await;
    let (ticket, shown) = (format!("/tiket/{}", links[0]), head.at.clone());

    let mut stranger = Browser::new(&server);
    stranger.open("/kantor/BTM").await.shows("Tutup Selasa, 1 Desember 2026: Banjir di jalan");
    stranger.open("/status").await.shows("Kantor yang menutup layanan").shows("Banjir di jalan");

    let mut holder = Browser::signed_in(&server, applicant.token.as_deref().unwrap());
    holder.open(&ticket).await.shows("Kantor menutup layanan: Banjir di jalan.").shows("lebih dulu dari orang lain");
    holder.follow("Pilih jadwal pengganti").await.hides("1 Desember 2026");
    let first = holder.link("tempat").expect("a window");
    holder.open(&first).await.shows("Ambil jadwal ini?").shows("Jadwal lama");
    let writes = server.writes();
    holder.open(&first).await;
    assert_eq!(server.writes(), writes, "looking changes nothing");
    let form = holder.form(&first);
    holder.send(form.clone()).await.shows("Terjadwal");
    let (new, lost) = (holder.at.clone(), ticket);
    assert_ne!(new, lost);
    holder.send(form).await;
    assert_eq!(holder.at, new, "a form that is sent twice takes one place");
    holder.open(&format!("{lost}/ganti")).await;
    assert_eq!(holder.at, lost, "the right is used up");
    head.open(&shown).await.shows("Memilih jadwal lain").hides("Hasil telepon");

    let form = head.form(&format!("{shown}/buka"));
    head.send(form).await.shows("Tulis alasannya dengan singkat");
    let form = head.form(&format!("{shown}/buka")).fill("alasan", "air sudah surut");
    head.send(form).await.shows("Dibuka lagi");
    server.app.refresh_overview().await.unwrap();
    stranger.open("/kantor/BTM").await.hides("Banjir di jalan");
    server.check_rules().await;
}
