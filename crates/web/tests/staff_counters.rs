//! The counters as heads set them up and officers sit down at them: what each takes on, who waits in vain, and who relieves whom.

mod browser;
mod people;

use antrean_app::policy::Policy;
use antrean_domain::staff::Role;
use axum::http::StatusCode;
use browser::Browser;
use jiff::civil::{Date, date};
use people::{Server, policy, settings, wib};

const TUESDAY: Date = date(2026, 12, 1);
const COUNTER: &str = "/petugas/BTM/loket";
const OPEN: &str = "/petugas/BTM/loket/buka";
const SET_UP: &str = "/petugas/BTM/loket/atur";

async fn morning() -> Server {
    let server = Server::with(settings(), Policy { staff_idle_minutes: 10_000, ..policy() }).await;
    server.at(wib(TUESDAY, 8, 5)).await;
    server
}

async fn on_duty(server: &Server, name: &str, role: Role) -> Browser {
    Browser::on_duty(server, &server.on_duty(name, role, &["BTM"]).await)
}

async fn opens(browser: &mut Browser, number: &str) {
    browser.open(COUNTER).await;
    let form = browser.form(OPEN).fill("number", number);
    browser.send(form).await;
}

/// Somebody without a ticket comes in.
async fn walks_in(door: &mut Browser) {
    door.open("/petugas/BTM/pintu").await;
    let form = door.form("/petugas/BTM/pintu/tanpa-tiket").also("service", "lost").also("passport", "electronic");
    door.send(form.also("count", "1").also("priority", "")).await.shows("W-");
}

#[tokio::test]
async fn a_head_says_what_each_counter_takes_on_and_is_told_who_waits_in_vain() {
    let server = morning().await;
    let mut head = on_duty(&server, "kepala", Role::Head).await;
    head.open("/petugas/BTM").await;
    head.follow("Atur loket").await.shows("Belum ada loket").hides("Tidak ada satu loket pun");
    assert_eq!(head.at, SET_UP);
    let form = head.form(SET_UP).fill("nomor", "satu").without("tahap").without("jenis");
    head.send(form).await.shows("Isi nomor loket 1 sampai 99.").shows("Pilih paling sedikit satu tahap.");
    assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = head.form(SET_UP).fill("nomor", "100").tick("tahap", "papers").tick("jenis", "walk_in");
    head.send(form).await.shows("Nomor loket 1 sampai 99");
    let form = head.form(SET_UP).fill("nomor", "1").fill("nama", "Berkas");
    head.send(form).await.shows("Loket 1 tersimpan.").shows("Berkas Datang langsung tutup");
    head.shows("Tidak ada satu loket pun yang diatur untuk foto dan sidik jari.");
    head.shows("Tidak ada satu loket pun yang diatur untuk antrean Prioritas.");

    let mut officer = on_duty(&server, "loket", Role::Officer).await;
    walks_in(&mut officer).await;
    officer.open(COUNTER).await.shows("1 orang menunggu; tidak ada loket yang terbuka.").hides("Atur loket");
    opens(&mut officer, "1").await;
    officer
        .shows("Loket 1 terbuka.")
        .hides("orang menunggu;")
        .shows("Tidak ada loket terbuka untuk antrean Prioritas.");
    let call = officer.form("/petugas/BTM/loket/panggil");
    officer.send(call).await.shows("W-001 dipanggil.");
    let form = officer.form("/petugas/BTM/loket/kerja").also("stage", "photo");
    officer.press(form, "does", "transfer").await.shows("W-001 diteruskan dan menunggu: Foto dan sidik jari.");
    let in_vain = "1 orang menunggu foto dan sidik jari; tidak ada loket terbuka yang melayaninya.";
    officer.shows(in_vain).shows("Tidak ada yang menunggu untuk loket ini.");
    head.open(COUNTER).await.shows(in_vain);
    head.follow("Atur loket").await.shows(in_vain);

    // The counter takes it on from now on, though somebody sits there.
    head.open(&format!("{SET_UP}?nomor=1")).await.shows("Ubah loket 1");
    let form = head.form(SET_UP);
    assert_eq!(
        (form.value("nama"), form.values("tahap"), form.values("jenis")),
        ("Berkas", vec!["papers"], vec!["walk_in"])
    );
    let form = form.tick("tahap", "photo");
    head.send(form).await.shows("Loket 1 tersimpan.").hides(in_vain).shows("Nama loket");
    officer.open(COUNTER).await.shows("Berikutnya: W-001");
    officer.open(SET_UP).await;
    assert_eq!(officer.status, StatusCode::FORBIDDEN);
    server.check_rules().await;
}

#[tokio::test]
async fn of_two_heads_who_set_the_same_counter_one_wins_and_the_other_sees_what_happened() {
    let server = morning().await;
    let (mut one, mut two) = (on_duty(&server, "satu", Role::Head).await, on_duty(&server, "dua", Role::Head).await);
    let filled = |browser: &Browser, name: &str| browser.form(SET_UP).fill("nomor", "2").fill("nama", name);
    one.open(SET_UP).await;
    two.open(SET_UP).await;
    let (first, second) = (filled(&one, "Depan"), filled(&two, "Prioritas").without("jenis").tick("jenis", "priority"));
    tokio::join!(one.send(first), two.send(second));
    let (won, lost) = if one.status == StatusCode::OK { (&mut one, &mut two) } else { (&mut two, &mut one) };
    assert_eq!((won.status, lost.status), (StatusCode::OK, StatusCode::CONFLICT));
    lost.shows("Loket 2 sudah ada").shows("menyimpan loket 2 pukul 08.05 WIB").shows("belum disimpan");
    // What they filled in is still there, and now it is a change of the counter that they have seen.
    let form = lost.form(SET_UP);
    assert!(["Depan", "Prioritas"].contains(&form.value("nama")) && form.value("versi") == "0");
    let name = form.value("nama").to_owned();
    lost.send(form).await.shows("Loket 2 tersimpan.").shows(&name);

    // A counter made by mistake goes, but not from under somebody.
    let mut officer = on_duty(&server, "loket", Role::Officer).await;
    opens(&mut officer, "33").await;
    won.open(SET_UP).await;
    let seen = won.form("/petugas/BTM/loket/atur/hapus");
    assert_eq!(seen.value("loket"), "2", "where somebody sits nothing can be removed");
    let under = seen.clone().fill_hidden("loket", "33").fill_hidden("versi", "0");
    won.send(under).await.shows("Seorang petugas sedang duduk di loket 33.");
    assert_eq!(won.status, StatusCode::UNPROCESSABLE_ENTITY);
    won.send(seen.clone()).await.shows("Loket 2 dihapus.");
    lost.open(&format!("{SET_UP}?sudah=hapus&loket=33")).await.hides("dihapus");
    lost.open(&format!("{SET_UP}?nomor=2")).await.shows("Tambah loket");
    let gone = lost.form(SET_UP).fill_hidden("versi", "1").fill("nomor", "2");
    lost.send(gone)
        .await
        .shows("Loket 2 diubah orang lain")
        .shows("menghapus loket 2 pukul 08.05 WIB")
        .shows("Loket 2 tidak ada lagi.");
    server.check_rules().await;
}

#[tokio::test]
async fn whoever_wants_a_colleagues_counter_is_told_who_sits_there_and_takes_it_over_with_a_second_press() {
    let server = morning().await;
    let mut siti = on_duty(&server, "siti", Role::Officer).await;
    let mut budi = on_duty(&server, "budi", Role::Officer).await;
    let mut rina = on_duty(&server, "rina", Role::Officer).await;
    walks_in(&mut siti).await;
    opens(&mut siti, "4").await;
    let call = siti.form("/petugas/BTM/loket/panggil");
    siti.send(call).await.shows("W-001").shows("Belum dimulai: lamanya tidak ikut dihitung.");
    let form = siti.form("/petugas/BTM/loket/kerja");
    siti.press(form, "does", "start").await.shows("W-001 mulai dilayani.").hides("Belum dimulai");

    server.at(wib(TUESDAY, 8, 12)).await;
    for other in [&mut budi, &mut rina] {
        opens(other, "4").await;
        assert_eq!(other.status, StatusCode::CONFLICT);
        other
            .shows("Nama siti duduk di loket 4")
            .shows("Sejak pukul 08.05 WIB.")
            .shows("Di depannya: W-001 (dilayani).");
        other.shows("Ambil alih loket 4").hides("<section class=\"card now\">");
    }
    siti.open(COUNTER).await.shows("W-001");
    let (first, second) = (budi.form(OPEN), rina.form(OPEN));
    tokio::join!(budi.send(first), rina.send(second));
    let (won, lost) = if budi.status == StatusCode::OK { (&mut budi, &mut rina) } else { (&mut rina, &mut budi) };
    won.shows("Anda mengambil alih loket 4.").shows("W-001").hides("Ambil alih loket 4");
    assert_eq!(lost.status, StatusCode::CONFLICT);
    lost.shows("mengambil alih loket 4 dari Nama siti pukul 08.12 WIB.").shows("duduk di loket 4");

    let taken = "mengambil alih loket 4 pukul 08.12 WIB.";
    let form = siti.form("/petugas/BTM/loket/kerja").also("outcome", "done");
    siti.press(form, "does", "finish").await.shows("Loket 4 sudah diambil alih").shows(taken);
    siti.open(COUNTER).await.shows(taken).hides("<section class=\"card now\">");
    opens(&mut siti, "5").await;
    siti.shows("Loket 5 terbuka.").hides(taken);
    let form = won.form("/petugas/BTM/loket/kerja").also("outcome", "done");
    won.press(form, "does", "finish").await.shows("W-001 selesai: Selesai.");
    server.check_rules().await;
}

#[tokio::test]
async fn what_was_done_at_a_counter_is_said_and_an_address_cannot_say_what_is_not_so() {
    let server = morning().await;
    let mut siti = on_duty(&server, "siti", Role::Officer).await;
    walks_in(&mut siti).await;
    opens(&mut siti, "4").await;
    let call = siti.form("/petugas/BTM/loket/panggil");
    siti.send(call).await.shows("W-001 dipanggil.");
    let at = siti.at.clone();
    assert!(siti.html.contains("role=\"status\">W-001 dipanggil.</p>"), "{}", siti.html);
    for (does, more, says) in [
        ("recall", ("", ""), "W-001 dipanggil lagi."),
        ("start", ("", ""), "W-001 mulai dilayani."),
        ("inaccurate", ("", ""), "Waktu W-001 ditandai tidak tepat dan tidak ikut dihitung."),
        ("note", ("note", "fotokopi menyusul"), "Catatan W-001 tersimpan."),
        ("park", ("", ""), "W-001 ditunda."),
        ("unpark", ("", ""), "W-001 diambil lagi dan menunggu."),
        ("call", ("", ""), "W-001 dipanggil."),
        ("put_back", ("", ""), "W-001 dikembalikan ke antrean."),
        ("call", ("", ""), "W-001 dipanggil."),
        ("absent", ("", ""), "W-001 dicatat tidak ada."),
        ("reinsert", ("", ""), "W-001 dimasukkan lagi ke antrean."),
        ("call", ("", ""), "W-001 dipanggil."),
        ("leave", ("", ""), "W-001 pulang tanpa dilayani."),
    ] {
        if does == "call" {
            let call = siti.form("/petugas/BTM/loket/panggil");
            siti.send(call).await.shows(says);
            continue;
        }
        let mut form = siti.form("/petugas/BTM/loket/kerja");
        if !more.0.is_empty() {
            form = form.fill(more.0, more.1);
        }
        siti.press(form, "does", does).await.shows(says);
    }
    for false_one in
        [at.as_str(), &at.replace("call", "finish"), &at.replace("call", "%3Cb%3E"), "/petugas/BTM/loket?sudah=closed"]
    {
        siti.open(false_one).await;
        assert_eq!((siti.status, siti.html.contains("id=\"sudah\"")), (StatusCode::OK, false), "{false_one}");
    }
    let close = siti.form("/petugas/BTM/loket/tutup");
    siti.send(close).await.shows("Loket sudah ditutup.");
    server.check_rules().await;
}
