//! The whole way of a citizen through the pages, with forms alone: from the phone number to the ticket, and what can be done with it.

mod browser;
mod people;

use antrean_domain::release::Mode;
use browser::{Browser, fill_person};
use jiff::civil::date;
use people::{FRIDAY, RELEASE, Server, wib};

/// An applicant with a session, and the browser that holds it.
async fn applicant(server: &Server, number: u32) -> Browser {
    let applicant = server.applicant(number).await;
    Browser::signed_in(server, applicant.token.as_deref().unwrap())
}

/// Goes through the questions up to the check.
async fn fill_in(browser: &mut Browser, office: &str) {
    let base = format!("/antrean/{RELEASE}/daftar");
    browser.open(&base).await;
    assert_eq!(browser.at, format!("{base}/layanan"));
    let form = browser.form(&browser.at).pick("service", "new").pick("passport", "electronic");
    browser.send(form).await;
    assert_eq!(browser.at, format!("{base}/orang"));
    let form = browser.form(&browser.at);
    assert_eq!(form.values("people").len(), 1, "the holder is ticked");
    browser.send(form).await;
    assert_eq!(browser.at, format!("{base}/pilihan"));
    add_choice(browser, office, "*", "*").await;
    let form = browser.form(&format!("{base}/pilihan"));
    browser.send(form).await;
    assert_eq!(browser.at, format!("{base}/periksa"));
}

/// Adds a choice from the list of choices by way of the search.
async fn add_choice(browser: &mut Browser, office: &str, date: &str, window: &str) {
    let base = format!("/antrean/{RELEASE}/daftar/pilihan");
    browser.follow("Tambah pilihan").await;
    let form = browser.form(&format!("{base}/kantor")).fill("cari", office);
    browser.send(form).await;
    browser.follow(office).await;
    let form = browser.form(&format!("{base}/jam")).pick("date", date).pick("window", window);
    browser.send(form).await;
    assert_eq!(browser.at, base);
}

#[tokio::test]
async fn from_the_phone_number_to_the_ticket_through_forms_alone() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut browser = Browser::new(&server);

    browser.open(&format!("/antrean/{RELEASE}/daftar")).await;
    assert!(browser.at.starts_with("/masuk?lanjut="), "{}", browser.at);
    browser.sign_in(&server, 1).await;
    assert!(browser.is_signed_in());
    assert!(browser.at.starts_with("/daftar?lanjut="), "{}", browser.at);
    browser.say_who(1).await;
    assert!(browser.at.ends_with("/daftar/layanan"), "back to where the person was going, not {}", browser.at);

    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    browser.shows("Kantor Imigrasi Batam").shows("Tanggal berapa pun").shows("Budi Santoso");
    let form = browser.form(&browser.at);
    browser.send(form).await;
    assert!(browser.at.starts_with("/entri/"), "{}", browser.at);
    browser.shows("Pendaftaran Anda sudah masuk").shows("Minggu, 29 November 2026").shows("Budi S***");
    browser.hides(&people::nik_of(1));
    assert_eq!(browser.header("cache-control"), "no-store");

    server.draw().await;
    let entry = browser.at.clone();
    browser.open(&entry).await;
    assert_eq!(browser.at, entry.replace("/entri/", "/tiket/"));
    browser.shows("Terjadwal").shows("Kantor Imigrasi Batam").shows("WIB").shows("Kartu Keluarga (KK)");
    assert!(browser.html.contains("<svg class=\"qr\""));
    browser.hides(&people::nik_of(1));
    server.check_rules().await;
}

#[tokio::test]
async fn a_commit_sent_twice_is_one_entry_with_one_receipt_and_going_back_is_safe() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let form = browser.form(&browser.at);
    let mut other = browser.clone();
    browser.send(form.clone()).await;
    other.send(form.clone()).await;
    assert!(browser.at.starts_with("/entri/"));
    assert_eq!(browser.at, other.at);

    // "Back", and the button once more, after the overview has caught up.
    server.at(wib(FRIDAY, 14, 5)).await;
    browser.send(form.clone()).await;
    assert_eq!(browser.at, other.at);
    assert_eq!(server.app.overview().releases[0].entries, 1);

    // A page opened before, with another key, leads to what there is.
    let base = format!("/antrean/{RELEASE}/daftar/periksa");
    let fresh = form.clone().fill_hidden("kunci", "another-key");
    browser.send(fresh).await;
    assert_eq!(browser.status, 409);
    browser.shows("Anda sudah punya pendaftaran");
    browser.follow("Buka pendaftaran").await;
    assert_eq!(browser.at, other.at);
    assert!(!browser.html.contains(&base));
    server.check_rules().await;
}

#[tokio::test]
async fn choices_are_ranked_moved_and_removed_with_plain_buttons() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let list = format!("/antrean/{RELEASE}/daftar/pilihan");
    browser.open(&list).await;
    add_choice(&mut browser, "Kantor Imigrasi Batam", "2026-12-01", "am").await;
    let order = |browser: &Browser| -> Vec<String> {
        browser.html.split("value=\"hapus ").skip(1).map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    assert_eq!(order(&browser), ["BTM/*/*", "BTM/2026-12-01/am"]);
    let form = browser.form(&list);
    browser.press(form, "aksi", "naik BTM/2026-12-01/am").await;
    assert_eq!(order(&browser), ["BTM/2026-12-01/am", "BTM/*/*"]);
    let form = browser.form(&list);
    browser.press(form, "aksi", "hapus BTM/*/*").await;
    assert_eq!(order(&browser), ["BTM/2026-12-01/am"]);
    let form = browser.form(&list);
    browser.press(form, "aksi", "hapus BTM/2026-12-01/am").await;
    let form = browser.form(&list);
    browser.send(form).await;
    assert_eq!(browser.status, 422);
    browser.shows("Pilih paling sedikit satu kantor");
}

#[tokio::test]
async fn an_office_that_cannot_be_picked_is_listed_with_the_reason() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let base = format!("/antrean/{RELEASE}/daftar");
    browser.open(&format!("{base}/layanan")).await;
    let form = browser.form(&browser.at).pick("passport", "ordinary");
    browser.send(form).await;
    browser.open(&format!("{base}/pilihan/kantor?provinsi=21")).await;
    browser.shows("hanya melayani paspor elektronik").shows("Tidak ikut pembukaan ini");
    assert_eq!(browser.link("Kantor Imigrasi Batam"), None);

    // What was chosen before is refused at the commit, in words, with nothing lost.
    browser.open(&format!("{base}/periksa")).await;
    let form = browser.form(&browser.at);
    browser.send(form).await;
    assert_eq!(browser.status, 422);
    browser.shows("hanya melayani paspor elektronik").shows("Siti Contoh").shows("Kantor Imigrasi Batam");
}

#[tokio::test]
async fn mistakes_are_named_on_top_and_at_the_field_and_what_was_typed_stays() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/saya").await;
    let form = browser.form("/masuk").fill("phone", "021 555 0000");
    browser.send(form).await;
    assert_eq!(browser.status, 422);
    assert!(browser.html.contains("value=\"021 555 0000\""));
    assert!(browser.html.contains("href=\"#phone\""));
    browser.sign_in(&server, 1).await;

    let form = browser
        .form("/daftar")
        .fill("name", "Budi Santoso")
        .fill("nik", "217101010190000")
        .fill("birth_day", "31")
        .fill("birth_month", "2")
        .fill("birth_year", "1990");
    browser.send(form).await;
    assert_eq!(browser.status, 422);
    assert_eq!(browser.text().matches("NIK harus 16 angka. Anda menulis 15.").count(), 2, "on top and at the field");
    browser.shows("Tanggal itu tidak ada di kalender");
    for kept in ["value=\"Budi Santoso\"", "value=\"217101010190000\"", "value=\"31\""] {
        assert!(browser.html.contains(kept), "{kept}");
    }
    for id in ["nik", "birth_date", "family_card", "consent"] {
        assert!(browser.html.contains(&format!("href=\"#{id}\"")), "{id}");
    }
}

#[tokio::test]
async fn a_birth_date_that_differs_from_the_nik_is_asked_about_once_and_never_refused() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/saya").await.sign_in(&server, 1).await;
    let form = fill_person(browser.form("/daftar"), 1, "Budi")
        .fill("birth_year", "1991")
        .fill("family_card", "2171010101010000")
        .tick("consent", "1");
    browser.send(form).await;
    assert_eq!(browser.status, 200);
    browser.shows("Mohon periksa lagi").shows("berbeda dari tanggal di dalam NIK");
    let form = browser.form("/daftar");
    assert_eq!(form.value("birth_year"), "1991");
    browser.press(form, "tetap", "1").await;
    assert_eq!(browser.at, "/saya");
    browser.shows("Budi").shows("************0000");
}

#[tokio::test]
async fn somebody_young_is_asked_whether_they_are_married() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/saya").await.sign_in(&server, 1).await;
    let form = fill_person(browser.form("/daftar"), 1, "Putri")
        .fill("birth_year", "2010")
        .fill("family_card", "2171010101010000")
        .tick("consent", "1");
    browser.send(form).await;
    let form = browser.form("/daftar");
    browser.press(form, "tetap", "1").await;
    browser.shows("16 tahun");
    let form = browser.form("/daftar").tick("married", "1");
    browser.send(form).await;
    let form = browser.form("/daftar");
    browser.press(form, "tetap", "1").await;
    assert_eq!(browser.at, "/saya");
}

#[tokio::test]
async fn a_wrong_code_says_how_many_tries_are_left_and_a_dead_one_what_to_do() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/masuk?lanjut=/saya").await;
    let form = browser.form("/masuk").fill("phone", "0812-0000-0001");
    browser.send(form).await;
    browser.shows("812\u{2011}****\u{2011}0001").shows("Tunggu 30 detik");
    let code = server.code_for("0812-0000-0001").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in (1..5).rev() {
        let form = browser.form("/masuk/kode").fill("code", wrong);
        browser.send(form).await;
        browser.shows(&format!("mencoba {left} kali"));
    }
    let form = browser.form("/masuk/kode").fill("code", wrong);
    browser.send(form).await;
    browser.shows("Minta kode baru");
    browser.follow("Ganti nomor").await;
    assert_eq!(browser.at, "/masuk?lanjut=/saya");
}

#[tokio::test]
async fn a_code_is_sent_again_after_the_pause() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/masuk").await;
    let form = browser.form("/masuk").fill("phone", "0812-0000-0001");
    browser.send(form).await;
    let form = browser.form("/masuk/kode/ulang");
    browser.send(form).await;
    browser.shows("kirim ulang dalam 30 detik");
    server.clock.advance(jiff::SignedDuration::from_secs(31));
    let form = browser.form("/masuk/kode/ulang");
    browser.send(form).await;
    browser.shows("Kode dikirim ulang").shows("Tunggu 60 detik");
}

#[tokio::test]
async fn a_wrong_number_is_put_right_by_going_back() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/masuk").await;
    // The form of a page that the browser kept: the same key, another number.
    let form = browser.form("/masuk");
    browser.send(form.clone().fill("phone", "0812-0000-0001")).await;
    browser.send(form.clone().fill("phone", "0812-0000-0002")).await;
    browser.shows("0002");
    let code = server.code_for("0812-0000-0002").await;
    browser.send(form.fill("phone", "0812-0000-0002")).await;
    let form = browser.form("/masuk/kode").fill("code", &code);
    browser.send(form).await;
    assert!(browser.is_signed_in(), "sent twice, one code");
}

#[tokio::test]
async fn who_is_signed_out_on_the_way_signs_in_and_finds_everything_as_it_was() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let form = browser.form(&browser.at);
    // The same person signs in on another device, which ends this session.
    let _other_device = server.somebody(1).await;
    browser.send(form).await;
    assert!(browser.at.starts_with("/masuk?lanjut="), "{}", browser.at);
    browser.sign_in(&server, 1).await;
    assert!(browser.at.ends_with("/daftar/periksa"), "{}", browser.at);
    browser.shows("Siti Contoh").shows("Kantor Imigrasi Batam");
    let form = browser.form(&browser.at);
    browser.send(form).await.shows("Pendaftaran Anda sudah masuk");
}

#[tokio::test]
async fn who_commits_after_the_freeze_is_told_that_entries_are_closed() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let form = browser.form(&browser.at);
    server.at(wib(date(2026, 11, 29), 16, 0)).await;
    browser.send(form).await;
    assert_eq!(browser.status, 409);
    browser.shows("Pendaftaran sudah tutup").shows("pembukaan berikutnya");
}

#[tokio::test]
async fn nobody_is_led_to_another_site_after_signing_in() {
    let server = Server::new().await;
    let mut browser = Browser::new(&server);
    browser.open("/masuk?lanjut=//evil.example/saya").await.sign_in(&server, 1).await;
    assert_eq!(browser.at, "/daftar?lanjut=/saya");
}

#[tokio::test]
async fn the_family_is_added_on_the_way_and_comes_on_the_ticket_with_the_papers_of_a_child() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let mut browser = applicant(&server, 1).await;
    let base = format!("/antrean/{RELEASE}/daftar");
    browser.open(&base).await;
    let form = browser.form(&browser.at).pick("service", "new").pick("passport", "electronic");
    browser.send(form).await;
    let form = browser.form(&browser.at);
    browser.press(form, "aksi", "tambah").await;
    let form = fill_person(browser.form("/saya/keluarga"), 29, "Ani Santoso").fill("birth_year", "2018");
    browser.send(form).await;
    let form = browser.form("/saya/keluarga");
    browser.press(form, "tetap", "1").await;
    assert!(browser.at.starts_with(&format!("{base}/orang?")), "back on the way, not {}", browser.at);
    let form = browser.form(&format!("{base}/orang"));
    assert_eq!(form.values("people").len(), 2, "who was added on the way is ticked, beside the holder");
    browser.send(form).await;
    add_choice(&mut browser, "Kantor Imigrasi Batam", "*", "am").await;
    let form = browser.form(&format!("{base}/pilihan"));
    browser.send(form).await;
    browser.shows("Ani Santoso (di bawah 17 tahun)");
    let form = browser.form(&browser.at);
    browser.send(form).await;
    server.draw().await;
    browser.open("/saya").await.follow("Buka tiket").await;
    browser.shows("Ani S***").shows("Akta lahir anak").shows("ayah dan ibu ikut datang");
}

#[tokio::test]
async fn an_entry_is_changed_and_withdrawn() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let form = browser.form(&browser.at);
    browser.send(form).await;
    let entry = browser.at.clone();

    let form = browser.form(&format!("{entry}/ubah"));
    browser.send(form).await;
    browser.shows("Periksa perubahan Anda");
    browser.open(&format!("/antrean/{RELEASE}/daftar/pilihan")).await;
    add_choice(&mut browser, "Kantor Imigrasi Batam", "2026-12-02", "09:00").await;
    browser.open(&format!("/antrean/{RELEASE}/daftar/periksa")).await;
    let form = browser.form(&browser.at);
    browser.send(form).await;
    assert_eq!(browser.at, entry);
    browser.shows("Rabu, 2 Desember 2026 · 09.00–10.00 WIB");

    browser.follow("Batalkan pendaftaran").await;
    let form = browser.form(&format!("{entry}/mundur"));
    let mut twice = browser.clone();
    browser.send(form.clone()).await;
    browser.shows("Pendaftaran ini sudah dibatalkan");
    twice.send(form).await;
    twice.shows("Pendaftaran ini sudah dibatalkan");
    server.check_rules().await;
}

#[tokio::test]
async fn standby_says_its_place_and_takes_what_is_left_over() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    // More people want this hour than it has places; other hours stay free.
    let window = "SMD-KKR/2026-12-02/09:00";
    let places =
        server.app.overview().releases[0].slots.iter().find(|slot| slot.key.to_string() == window).unwrap().capacity;
    let mut tokens = Vec::new();
    for number in 0..places + 2 {
        let applicant = server.applicant(number).await;
        applicant.enter(&[window]).await.expect(201);
        tokens.push(applicant.token.clone().unwrap());
    }
    server.draw().await;
    let mut waiting = Vec::new();
    for token in tokens {
        let mut browser = Browser::signed_in(&server, &token);
        browser.open("/saya").await;
        if let Some(link) = browser.link("Buka pendaftaran") {
            browser.open(&link).await;
            waiting.push(browser);
        }
    }
    assert_eq!(waiting.len(), 2);
    waiting.sort_by_key(|browser| browser.text().contains("Cadangan ke-2"));
    let [first, second] = &mut waiting[..] else { unreachable!() };
    first.shows("Cadangan ke-1").shows("dibagikan dengan undian").shows("Gelombang berikutnya");
    first.hides("maaf").hides("beruntung");
    first.follow("Ambil tempat yang masih ada").await;
    let form = first.form(&format!("/antrean/{RELEASE}/tempat")).fill("cari", "Kantor Imigrasi Batam");
    first.send(form).await;
    first.follow("Kantor Imigrasi Batam").await;
    first.follow("08.00–09.00 WIB").await;
    first.shows("Anda berhenti menunggu");
    let form = first.form(&first.at);
    first.send(form).await;
    assert!(first.at.starts_with("/tiket/"), "{}", first.at);
    first.shows("tersisa setelah undian");

    server.at(wib(date(2026, 11, 29), 18, 1)).await;
    let entry = second.at.clone();
    second.open(&entry).await.shows("Cadangan ke-1");
    second.follow("Keluar dari cadangan").await;
    let form = second.form(&format!("{entry}/mundur"));
    second.send(form).await.shows("Pendaftaran ini sudah dibatalkan");
    server.check_rules().await;
}

/// Books the first free window of an office in a first-come release; the ticket is on the page then.
async fn book(browser: &mut Browser, office: &str, window: &str) {
    browser.open(&format!("/antrean/{RELEASE}/tempat?cari={office}")).await;
    browser.follow("tempat kosong").await;
    browser.follow(window).await;
    let onward = browser.at.clone();
    if onward.contains("/daftar/layanan") {
        let form =
            browser.form(onward.split('?').next().unwrap()).pick("service", "new").pick("passport", "electronic");
        browser.send(form).await;
        let form = browser.form(browser.at.clone().split('?').next().unwrap());
        browser.send(form).await;
    }
    browser.shows("Periksa, lalu ambil tempat").shows(window);
    let form = browser.form(&browser.at);
    browser.send(form).await;
}

#[tokio::test]
async fn a_free_place_is_taken_at_once_and_a_full_window_offers_others() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM", "SMD-KKR"]).await;
    let slots = server.app.overview().releases[0].slots.clone();
    let slot = slots.into_iter().find(|slot| slot.key.office.as_str() == "SMD-KKR").unwrap();
    let mut browser = applicant(&server, 900).await;
    browser.open(&format!("/antrean/{RELEASE}/tempat/{}", slot.id)).await;
    let form = browser
        .form(browser.at.clone().split('?').next().unwrap())
        .pick("service", "new")
        .pick("passport", "electronic");
    browser.send(form).await;
    let form = browser.form(browser.at.clone().split('?').next().unwrap());
    browser.send(form).await;
    browser.shows("Periksa, lalu ambil tempat");
    for number in 0..slot.capacity {
        server.applicant(number).await.book(slot.id.0).await.expect(201);
    }
    let form = browser.form(&browser.at);
    browser.send(form.clone()).await;
    assert_eq!(browser.status, 422);
    browser.shows("Penuh").shows("Yang masih kosong");
    let other = browser
        .html
        .split("Yang masih kosong</h2>")
        .nth(1)
        .unwrap()
        .split("href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    browser.open(&other).await;
    let form = browser.form(&browser.at);
    browser.send(form.clone()).await;
    assert!(browser.at.starts_with("/tiket/"));
    let ticket = browser.at.clone();
    browser.send(form).await;
    assert_eq!(browser.at, ticket, "sent twice, one place");
    browser.shows("dipesan langsung");
    server.check_rules().await;
}

#[tokio::test]
async fn a_ticket_is_moved_once_and_cancelled_and_its_calendar_follows() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM", "SMD-KKR"]).await;
    let mut browser = applicant(&server, 1).await;
    book(&mut browser, "Kantor%20Imigrasi%20Batam", "08.00–09.00 WIB").await;
    let ticket = browser.at.clone();
    let before = calendar(&mut browser, &ticket).await;
    assert_eq!(before["METHOD"], "PUBLISH");
    assert_eq!(before["DTSTART"], "20261201T080000");

    browser.open(&ticket).await.follow("Pindah jadwal").await;
    browser.shows("Jadwal Anda sekarang");
    browser.follow("10.00–11.00 WIB").await;
    browser.shows("Jadwal hanya bisa dipindah satu kali");
    let form = browser.form(&browser.at);
    browser.send(form.clone()).await;
    assert_eq!(browser.at, ticket);
    browser.shows("10.00–11.00 WIB");
    browser.send(form).await;
    assert_eq!(browser.at, ticket, "sent twice, moved once");
    assert_eq!(browser.link("Pindah jadwal"), None);
    browser.open(&format!("{ticket}/pindah")).await.shows("Satu janji temu bisa dipindah satu kali");
    let moved = calendar(&mut browser, &ticket).await;
    assert_eq!(moved["UID"], before["UID"]);
    assert_eq!(moved["DTSTART"], "20261201T100000");
    assert!(moved["SEQUENCE"].parse::<u32>().unwrap() > before["SEQUENCE"].parse::<u32>().unwrap());

    browser.open(&ticket).await.follow("Batalkan").await;
    browser.shows("tidak ada akibatnya");
    let form = browser.form(&browser.at);
    browser.send(form.clone()).await;
    browser.shows("Dibatalkan oleh Anda").hides("class=\"qr\"");
    browser.send(form).await;
    assert_eq!(browser.at, ticket);
    let gone = calendar(&mut browser, &ticket).await;
    assert_eq!((gone["METHOD"].as_str(), gone["STATUS"].as_str()), ("CANCEL", "CANCELLED"));
    assert!(gone["SEQUENCE"].parse::<u32>().unwrap() > moved["SEQUENCE"].parse::<u32>().unwrap());
    server.check_rules().await;
}

/// The calendar file of a ticket, checked for its form, as its properties by name.
async fn calendar(browser: &mut Browser, ticket: &str) -> std::collections::BTreeMap<String, String> {
    browser.open(&format!("{ticket}/kalender.ics")).await;
    assert_eq!(browser.header("content-type"), "text/calendar; charset=utf-8");
    let text = browser.html.clone();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "every line ends in CRLF");
    assert!(text.lines().all(|line| line.len() <= 75), "every line is folded");
    assert!(!text.contains("0000\r\n") || !text.contains("NIK"), "{text}");
    assert!(!text.contains("2171"), "no NIK: {text}");
    assert!(text.contains("BEGIN:VTIMEZONE") && text.contains("TZID=Asia/Jakarta") && text.contains("GEO:"), "{text}");
    let alarms = text.matches("BEGIN:VALARM").count();
    assert_eq!(alarms, if text.contains("METHOD:CANCEL") { 0 } else { 2 });
    let unfolded = text.replace("\r\n ", "");
    let read: icalendar::Calendar = unfolded.parse().expect("a calendar");
    assert_eq!(read.components.len(), 2, "a zone and an event");
    unfolded
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.split(';').next().unwrap().to_owned(), value.to_owned()))
        .filter(|(name, _)| !matches!(name.as_str(), "BEGIN" | "END" | "TZID"))
        // The zone has a DTSTART of its own, before that of the event, which counts.
        .collect()
}

#[tokio::test]
async fn on_the_day_itself_cancelling_says_what_follows() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let mut browser = applicant(&server, 1).await;
    book(&mut browser, "Kantor%20Imigrasi%20Batam", "10.00–11.00 WIB").await;
    let ticket = browser.at.clone();
    server.at(wib(date(2026, 12, 1), 7, 0)).await;
    browser.open(&ticket).await;
    assert_eq!(browser.link("Pindah jadwal"), None);
    browser.follow("Batalkan").await;
    browser.shows("dicatat").shows("180 hari");
    let form = browser.form(&browser.at);
    browser.send(form).await;
    browser.open("/saya").await.shows("membatalkan pada hari kedatangan").shows("hanya peringatan").shows("Keliru?");
}

#[tokio::test]
async fn a_better_place_is_asked_for_and_taken_back() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let form = browser.form(&browser.at);
    browser.send(form).await;
    server.draw().await;
    browser.open("/saya").await.follow("Buka tiket").await;
    let ticket = browser.at.clone();
    browser.follow("Minta jadwal lain").await;
    for (date, window) in [("2026-12-02", "am"), ("*", "08:00")] {
        browser.follow("Tambah pilihan").await;
        let form = browser.form(&format!("{ticket}/gelombang/kantor")).fill("cari", "Kantor Imigrasi Batam");
        browser.send(form).await;
        browser.follow("Kantor Imigrasi Batam").await;
        let form = browser.form(&format!("{ticket}/gelombang")).pick("date", date).pick("window", window);
        browser.send(form).await;
    }
    let form = browser.form(&format!("{ticket}/gelombang"));
    assert_eq!(form.values("p"), ["BTM/2026-12-02/am", "BTM/*/08:00"]);
    browser.send(form).await;
    assert_eq!(browser.at, ticket);
    browser.shows("Jadwal yang Anda minta").shows("Rabu, 2 Desember 2026 · Pagi");
    browser.follow("Minta jadwal lain").await;
    let form = browser.form(&format!("{ticket}/gelombang"));
    browser.press(form, "aksi", "hapus").await;
    browser.hides("Jadwal yang Anda minta");
}

#[tokio::test]
async fn what_belongs_to_another_account_says_so_and_what_to_do() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let mut holder = applicant(&server, 1).await;
    book(&mut holder, "Kantor%20Imigrasi%20Batam", "08.00–09.00 WIB").await;
    let ticket = holder.at.clone();

    // Whoever has the link sees the ticket, masked, and changes nothing.
    let mut stranger = Browser::new(&server);
    stranger.open(&ticket).await;
    assert_eq!(stranger.status, 200);
    stranger.shows("Terjadwal").shows("masuk dulu");
    assert_eq!(stranger.link("Batalkan"), None);
    stranger.open(&format!("{ticket}/batal")).await;
    assert!(stranger.at.starts_with("/masuk?lanjut=/tiket/"));

    let mut other = applicant(&server, 2).await;
    other.open(&ticket).await.shows("nomor HP lain");
    other.open(&format!("{ticket}/batal")).await;
    assert_eq!(other.status, 403);
    other.shows("Tiket ini milik akun lain").shows("keluar dulu");
    other.open(&ticket.replace("/tiket/", "/entri/")).await;
    assert_eq!(other.status, 404);
    other.shows("Pendaftaran ini tidak ada di akun Anda");
    other.open("/tiket/aaaa").await;
    assert_eq!(other.status, 404);
    other.shows("Tiket ini tidak ditemukan");
    holder.open(&ticket).await.shows("Terjadwal");
}

#[tokio::test]
async fn family_language_download_and_deletion_are_in_ones_own_hands() {
    let server = Server::new().await;
    let mut browser = applicant(&server, 1).await;
    browser.open("/saya").await.follow("Tambah anggota keluarga").await;
    let form = fill_person(browser.form("/saya/keluarga"), 40, "Rina");
    browser.send(form).await;
    browser.shows("Rina");
    browser.follow("Hapus Rina").await;
    browser.shows("Rina dihapus dari akun Anda");
    let form = browser.form(&browser.at);
    browser.send(form.clone()).await;
    assert_eq!(browser.at, "/saya");
    browser.hides("Rina");
    browser.send(form).await;
    assert_eq!(browser.at, "/saya", "sent twice, removed once");

    let form = browser.form("/saya/bahasa").pick("bahasa", "en");
    browser.send(form).await;
    browser.shows("My ticket and data");
    browser.open("/saya/data.json").await;
    assert_eq!(browser.header("content-type"), "application/json");
    assert!(browser.header("content-disposition").starts_with("attachment"));
    assert!(browser.html.contains("************0000") && !browser.html.contains("2171"), "{}", browser.html);

    browser.open("/saya").await.follow("Delete my account").await;
    let form = browser.form("/saya/hapus");
    browser.send(form).await;
    assert!(!browser.is_signed_in());
    browser.shows("Your account was deleted");
    browser.open("/saya").await;
    assert!(browser.at.starts_with("/masuk"));
}

#[tokio::test]
async fn data_in_use_cannot_be_deleted_and_the_page_says_why() {
    let server = Server::new().await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let mut browser = applicant(&server, 1).await;
    book(&mut browser, "Kantor%20Imigrasi%20Batam", "08.00–09.00 WIB").await;
    browser.open("/saya/hapus").await;
    let form = browser.form("/saya/hapus");
    browser.send(form).await;
    assert_eq!(browser.status, 422);
    browser.shows("Batalkan dulu");
    browser.open("/daftar").await.shows("Lihat yang sedang berlaku");
    browser.open("/saya").await;
    let form = browser.form("/keluar");
    browser.send(form).await;
    assert_eq!(browser.at, "/");
    assert!(!browser.is_signed_in());
}

#[tokio::test]
async fn every_own_page_reads_in_english_too_and_stays_within_its_budget() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut browser = applicant(&server, 1).await;
    fill_in(&mut browser, "Kantor Imigrasi Batam").await;
    let base = format!("/antrean/{RELEASE}/daftar");
    let mut paths: Vec<String> =
        ["/saya", "/saya/keluarga", "/daftar", "/saya/hapus", "/saya/sudah-dihapus"].map(str::to_owned).into();
    for step in [
        "layanan",
        "orang",
        "pilihan",
        "pilihan/kantor",
        "pilihan/kantor?provinsi=31",
        "pilihan/jam?kantor=BTM",
        "periksa",
    ] {
        paths.push(format!("{base}/{step}"));
    }
    read_all(&mut browser, &paths).await;
    read_all(&mut Browser::new(&server), &["/masuk".to_owned()]).await;
    let form = browser.open(&format!("{base}/periksa")).await.form(&format!("{base}/periksa"));
    browser.send(form).await;
    let entry = browser.at.clone();
    read_all(&mut browser, &[entry.clone(), format!("{entry}/mundur")]).await;
    server.draw().await;
    let ticket = entry.replace("/entri/", "/tiket/");
    let mut paths = vec![ticket.clone()];
    for step in
        ["pindah", "pindah/kantor?provinsi=21", "batal", "gelombang", "gelombang/kantor", "gelombang/jam?kantor=BTM"]
    {
        paths.push(format!("{ticket}/{step}"));
    }
    paths.extend([format!("/antrean/{RELEASE}/tempat"), format!("/antrean/{RELEASE}/tempat/jam?kantor=BTM")]);
    read_all(&mut browser, &paths).await;
}

/// Bytes over the wire that a page may have, its style sheets not counted (they come once).
const PAGE_BYTES_MAX: usize = 7_500;

async fn read_all(browser: &mut Browser, paths: &[String]) {
    for path in paths {
        for language in ["id", "en"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{mark}bahasa={language}");
            browser.open(&path).await;
            assert!(browser.status.is_success(), "{path}: {}", browser.status);
            assert!(browser.html.contains(&format!("<html lang=\"{language}\"")), "{path}");
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut encoder, browser.html.as_bytes()).unwrap();
            let bytes = encoder.finish().unwrap().len();
            assert!(bytes <= PAGE_BYTES_MAX, "{path}: {bytes} bytes");
        }
    }
}
