//! What the pages answer to nonsense: always a page in the reader's language that says what to do, never a half-made change, never a 500.

mod browser;
mod people;

use antrean_domain::release::Mode;
use antrean_store::slots;
use axum::http::StatusCode;
use browser::{Browser, FORM, Form, fill_person};
use jiff::SignedDuration;
use people::{Applicant, RELEASE, Server, phone_of};

/// A form of a page, filled in well, and the fields without which it cannot be done.
struct Case {
    browser: Browser,
    form: Form,
    needed: &'static [&'static str],
}

impl Case {
    fn new(browser: &Browser, form: Form, needed: &'static [&'static str]) -> Self {
        Self { browser: browser.clone(), form, needed }
    }

    /// This page as readers of both languages see it.
    fn readers(&self) -> [Browser; 2] {
        [self.browser.clone(), self.browser.in_english()]
    }
}

const PERSON: &[&str] = &["name", "nik", "birth_day", "birth_month", "birth_year"];
const HOLDER: &[&str] = &["name", "nik", "birth_day", "birth_month", "birth_year", "family_card", "consent"];

async fn browser_of(server: &Server, number: u32) -> (Browser, Applicant) {
    let applicant = server.applicant(number).await;
    (Browser::signed_in(server, applicant.token.as_deref().unwrap()), applicant)
}

/// The forms of somebody who signs in and enters a draw that is open.
async fn forms_while_open() -> (Server, Vec<Case>) {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let mut cases = Vec::new();

    let mut new = Browser::new(&server);
    new.open("/masuk").await;
    cases.push(Case::new(&new, new.form("/masuk").fill("phone", &phone_of(1)), &["phone"]));
    cases.push(Case::new(&new, new.form("/bahasa"), &[]));
    let form = new.form("/masuk").fill("phone", &phone_of(2));
    new.send(form).await;
    let code = server.code_for(&phone_of(2)).await;
    cases.push(Case::new(&new, new.form("/masuk/kode").fill("code", &code), &["code"]));
    cases.push(Case::new(&new, new.form("/masuk/kode/ulang"), &[]));
    let mut stated = Browser::signed_in(&server, server.somebody(3).await.token.as_deref().unwrap());
    stated.open("/daftar").await;
    let form = fill_person(stated.form("/daftar"), 3, "Siti Contoh").fill("family_card", "2171010101010000");
    cases.push(Case::new(&stated, form.tick("consent", "1"), HOLDER));

    let (mut me, _) = browser_of(&server, 4).await;
    me.open("/saya/keluarga").await;
    let form = fill_person(me.form("/saya/keluarga"), 60, "Rina Contoh");
    cases.push(Case::new(&me, form.clone(), PERSON));
    me.send(form).await.follow("Hapus Rina").await;
    cases.push(Case::new(&me, me.form(&me.at), &[]));
    me.open("/saya").await;
    cases.push(Case::new(&me, me.form("/saya/bahasa").pick("bahasa", "id"), &[]));
    cases.push(Case::new(&me, me.form("/keluar"), &[]));
    me.open("/saya/hapus").await;
    cases.push(Case::new(&me, me.form("/saya/hapus"), &[]));

    let base = format!("/antrean/{RELEASE}/daftar");
    let (mut me, applicant) = browser_of(&server, 5).await;
    me.open(&format!("{base}/layanan")).await;
    let form = me.form(&me.at).pick("service", "new").pick("passport", "electronic");
    cases.push(Case::new(&me, form.clone(), &["service", "passport"]));
    me.send(form).await;
    cases.push(Case::new(&me, me.form(&me.at), &["people"]));
    let form = me.form(&me.at);
    me.send(form).await;
    me.open(&format!("{base}/pilihan/jam?kantor=BTM")).await;
    let form = me.form(&format!("{base}/pilihan/jam")).pick("date", "*").pick("window", "*");
    cases.push(Case::new(&me, form.clone(), &["date", "window"]));
    me.send(form).await;
    cases.push(Case::new(&me, me.form(&format!("{base}/pilihan")), &[]));
    me.open(&format!("{base}/periksa")).await;
    cases.push(Case::new(&me, me.form(&me.at), &["service", "passport", "people", "choices"]));

    let (mut entered, other) = browser_of(&server, 6).await;
    other.enter(&["BTM/*/*"]).await.expect(201);
    entered.open("/saya").await.follow("Buka pendaftaran").await;
    cases.push(Case::new(&entered, entered.form(&format!("{}/ubah", entered.at)), &[]));
    entered.follow("Batalkan pendaftaran").await;
    cases.push(Case::new(&entered, entered.form(&entered.at), &[]));
    drop(applicant);
    (server, cases)
}

/// The forms of somebody with a ticket, and of somebody who takes a place that was left over.
async fn forms_after_the_draw() -> (Server, Vec<Case>) {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let (mut holder, applicant) = browser_of(&server, 1).await;
    applicant.enter(&["BTM/2026-12-01/08:00"]).await.expect(201);
    server.draw().await;
    let mut cases = Vec::new();
    holder.open("/saya").await.follow("Buka tiket").await;
    let ticket = holder.at.clone();
    holder.open(&format!("{ticket}/pindah")).await.follow("10.00–11.00 WIB").await;
    cases.push(Case::new(&holder, holder.form(&holder.at), &[]));
    holder.open(&format!("{ticket}/gelombang?ubah=1&p=BTM/2026-12-02/am")).await;
    cases.push(Case::new(&holder, holder.form(&holder.at.clone().replace("?ubah=1&p=BTM/2026-12-02/am", "")), &["p"]));
    holder.open(&format!("{ticket}/batal")).await;
    cases.push(Case::new(&holder, holder.form(&holder.at), &[]));

    let (mut taker, _) = browser_of(&server, 2).await;
    let slot = server.app.overview().releases[0].slots[0].id;
    taker.open(&format!("/antrean/{RELEASE}/tempat/{slot}")).await;
    for _ in 0..2 {
        let at = taker.at.split('?').next().unwrap().to_owned();
        let mut form = taker.form(&at);
        if at.ends_with("/layanan") {
            form = form.pick("service", "new").pick("passport", "electronic");
        }
        taker.send(form).await;
    }
    taker.shows("Periksa, lalu ambil tempat");
    cases.push(Case::new(&taker, taker.form(&taker.at), &["service", "passport", "people"]));
    (server, cases)
}

async fn all_forms() -> [(Server, Vec<Case>); 2] {
    [forms_while_open().await, forms_after_the_draw().await]
}

/// What is known of a person and of the release; nonsense changes none of it.
async fn known(server: &Server, browser: &Browser) -> String {
    let mut browser = browser.clone();
    browser.open("/saya/data.json").await;
    server.app.refresh_overview().await.unwrap();
    let overview = server.app.overview();
    let counts = overview.releases.iter().map(|release| (release.entries, release.left)).collect::<Vec<_>>();
    let mine = if browser.header("content-type") == "application/json" { browser.html } else { String::new() };
    format!("{mine} {counts:?}")
}

/// The page says in the language of its cookie that something was wrong, and leads on.
fn says_so(browser: &Browser) {
    let tag = browser.html.split_once("<html lang=\"").map_or("", |(_, rest)| &rest[..2]);
    assert_eq!(browser.header("content-type"), "text/html; charset=utf-8", "{}", browser.at);
    assert!(!browser.status.is_server_error() && !browser.status.is_success(), "{} at {}", browser.status, browser.at);
    assert!(browser.text().len() > 60, "{}: {}", browser.at, browser.text());
    let help = if tag == "en" { "Help" } else { "Bantuan" };
    assert!(browser.html.contains(help), "{tag} at {}", browser.at);
}

#[tokio::test]
async fn a_body_that_no_form_sends_is_refused_with_a_page_in_the_readers_language() {
    for (server, cases) in all_forms().await {
        let before = server.writes();
        for case in &cases {
            let (path, body) = (case.form.action(), case.form.body());
            let mut answers: Vec<(&str, Vec<u8>, u16)> = vec![
                (FORM, [body.as_bytes(), b"&x=\xff\xfe"].concat(), 400),
                (FORM, format!("{body}&x=%FF%FE").into_bytes(), 400),
                (FORM, format!("{body}&%C3=1").into_bytes(), 400),
                (FORM, format!("{body}&x={}", "x".repeat(64 << 10)).into_bytes(), 413),
                ("application/json", b"{}".to_vec(), 400),
                ("text/plain", body.clone().into_bytes(), 400),
                ("multipart/form-data", body.clone().into_bytes(), 400),
            ];
            for name in case.form.names() {
                let bad = case.form.clone().without(&name).body();
                answers.push((FORM, format!("{bad}&{name}=%FF").into_bytes(), 400));
            }
            for (kind, body, status) in answers {
                let mut texts = Vec::new();
                for mut reader in case.readers() {
                    reader.post(path, kind, body.clone()).await;
                    assert_eq!(reader.status.as_u16(), status, "{kind} to {path}: {}", reader.text());
                    says_so(&reader);
                    texts.push(reader.text());
                }
                assert_ne!(texts[0], texts[1], "{path} speaks one language only");
                assert!(!texts[0].contains("JSON"), "{path} speaks to a program: {}", texts[0]);
            }
        }
        assert_eq!(server.writes(), before, "something was written");
    }
}

#[tokio::test]
async fn a_field_that_is_missing_is_named_and_nothing_changes() {
    for (server, cases) in all_forms().await {
        for case in &cases {
            let before = known(&server, &case.browser).await;
            for field in case.needed {
                for mut reader in case.readers() {
                    reader.send(case.form.clone().without(field)).await;
                    assert_eq!(
                        reader.status,
                        StatusCode::UNPROCESSABLE_ENTITY,
                        "{} without {field}",
                        case.form.action()
                    );
                    assert!(reader.html.contains("class=\"alert\""), "{} without {field}", case.form.action());
                    says_so(&reader);
                }
            }
            assert_eq!(known(&server, &case.browser).await, before, "{}", case.form.action());
        }
        server.check_rules().await;
    }
}

#[tokio::test]
async fn a_field_that_is_empty_or_nonsense_is_refused_and_what_was_typed_elsewhere_stays() {
    for (server, cases) in all_forms().await {
        for case in &cases {
            let before = known(&server, &case.browser).await;
            for field in case.needed {
                for nonsense in
                    ["", " ", "\0", "1.5", "99999999999999999999", "'; DROP TABLE slots; --", "<script>", "💥"]
                {
                    if *field == "name" && nonsense.contains("DROP") {
                        // Odd, but nobody here decides what people are called.
                        continue;
                    }
                    let mut browser = case.browser.clone();
                    browser.send(case.form.clone().fill_hidden(field, nonsense)).await;
                    assert_eq!(
                        browser.status,
                        StatusCode::UNPROCESSABLE_ENTITY,
                        "{field}={nonsense:?} to {}",
                        case.form.action()
                    );
                    assert!(!browser.html.contains("<script>"), "{field} of {}", case.form.action());
                    let shown = browser.form(case.form.action());
                    for (name, kept) in [("name", case.form.value("name")), ("nik", case.form.value("nik"))] {
                        assert!(
                            name == *field || shown.value(name) == kept,
                            "{name} is gone from {}",
                            case.form.action()
                        );
                    }
                }
            }
            assert_eq!(known(&server, &case.browser).await, before, "{}", case.form.action());
        }
        server.check_rules().await;
    }
}

#[tokio::test]
async fn of_a_field_that_is_sent_twice_the_first_counts_and_lists_are_checked_as_a_whole() {
    for (server, cases) in all_forms().await {
        for case in &cases {
            for field in case.needed {
                let mut browser = case.browser.clone();
                let before = known(&server, &browser).await;
                let list = ["people", "choices", "p"].contains(field);
                let value = if list { case.form.value(field).to_owned() } else { "nonsense".to_owned() };
                // A key of its own: the same one would give the answer of the first.
                let form = case.form.clone().fill_hidden("kunci", field).also(field, &value);
                if list && case.form.action().ends_with("/orang") {
                    browser.send(form).await;
                    assert_eq!(browser.status, 200, "a box ticked twice is ticked");
                } else if list && *field != "p" {
                    browser.send(form).await;
                    assert_eq!(browser.status, 422, "{field} twice to {}", case.form.action());
                    assert_eq!(known(&server, &browser).await, before, "{}", case.form.action());
                } else if *field == "name" {
                    browser.send(form).await;
                    assert!(known(&server, &browser).await.contains(case.form.value("name")), "{}", browser.text());
                    break;
                } else {
                    browser.send(form.without(field).also(field, "nonsense").also(field, &value)).await;
                    assert_eq!(browser.status, 422, "{field} twice to {}", case.form.action());
                    assert_eq!(known(&server, &browser).await, before, "{}", case.form.action());
                }
            }
        }
        server.check_rules().await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_person_is_said_at_the_field_and_stays_as_typed() {
    let server = Server::new().await;
    let (mut me, _) = browser_of(&server, 1).await;
    me.open("/saya/keluarga").await;
    let good = fill_person(me.form("/saya/keluarga"), 60, "Rina Contoh");
    let before = known(&server, &me).await;
    let long = "x".repeat(10_000);
    for (field, at, value, id, en) in [
        ("nik", "nik", "217101010190000", "NIK harus 16 angka. Anda menulis 15.", "15"),
        ("nik", "nik", "21710101019000000", "NIK harus 16 angka. Anda menulis 17.", "17"),
        ("nik", "nik", "217101010190000a", "NIK", "NIK"),
        ("name", "name", &long, "100", "100"),
        ("name", "name", "12345", "nama", "name"),
        ("name", "name", "Budi <b>", "nama", "name"),
        ("birth_day", "birth_date", "31", "Tanggal itu tidak ada di kalender", "There is no such day"),
        ("birth_month", "birth_date", "13", "Tanggal itu tidak ada di kalender", "There is no such day"),
        ("birth_day", "birth_date", "0", "Tanggal itu tidak ada di kalender", "There is no such day"),
        ("birth_year", "birth_date", "1850", "tahun", "year"),
        ("birth_year", "birth_date", "2030", "", ""),
        ("birth_year", "birth_date", "+1990", "", ""),
        ("birth_day", "birth_date", "satu", "", ""),
    ] {
        for (mut reader, words) in [(me.clone(), id), (me.in_english(), en)] {
            reader.send(good.clone().fill("birth_month", "2").fill(field, value)).await;
            assert_eq!(reader.status, 422, "{field}={value:.20}");
            assert!(reader.html.contains(&format!("href=\"#{at}\"")), "{field}={value:.20}");
            reader.shows(words);
            let shown = reader.form("/saya/keluarga");
            assert_eq!(shown.value(field), value, "what was typed stays");
            assert_eq!(shown.value("birth_year").is_empty(), good.value("birth_year").is_empty());
        }
    }
    assert_eq!(known(&server, &me).await, before);
}

#[tokio::test]
async fn a_date_that_does_not_exist_and_an_office_that_cannot_be_had_are_told() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM", "SMD-KKR"]).await;
    let base = format!("/antrean/{RELEASE}/daftar");
    let (mut me, _) = browser_of(&server, 1).await;
    me.open(&format!("{base}/layanan")).await;
    let form = me.form(&me.at).pick("service", "new").pick("passport", "electronic");
    me.send(form).await;
    let form = me.form(&me.at);
    me.send(form).await;
    me.open(&format!("{base}/pilihan/jam?kantor=BTM")).await;
    let choice = me.form(&format!("{base}/pilihan/jam")).pick("date", "*").pick("window", "*");
    for (date, window) in
        [("2026-02-30", "*"), ("2026-13-01", "am"), ("*", "25:00"), ("2026-12-25", "*"), ("*", "03:00")]
    {
        let mut browser = me.clone();
        browser.send(choice.clone().fill_hidden("date", date).fill_hidden("window", window)).await;
        assert_eq!(browser.status, 422, "{date} {window}");
        says_so(&browser);
    }
    // An office without places in this release, and one that there is not: back to the list, which says why.
    let mut browser = me.clone();
    browser.send(choice.clone().fill_hidden("kantor", "JAKSEL")).await;
    assert!(browser.at.starts_with(&format!("{base}/pilihan/kantor?cari=")), "{}", browser.at);
    browser.shows("Tidak ikut pembukaan ini");
    browser.send(choice.clone().fill_hidden("kantor", "ZZZZ")).await;
    assert_eq!(browser.at, format!("{base}/pilihan/kantor"));

    me.send(choice).await;
    me.open(&format!("{base}/periksa")).await;
    let check = me.form(&me.at);
    let before = known(&server, &me).await;
    for odd in ["JAKSEL/*/*", "ZZZZ/*/*", "BTM/2026-02-30/*", "BTM/2026-12-25/*", "BTM", ""] {
        for mut reader in [me.clone(), me.in_english()] {
            reader
                .send(
                    check
                        .clone()
                        .fill_hidden("kunci", &format!("k{odd}").replace('/', "-"))
                        .fill_hidden("choices", odd),
                )
                .await;
            assert_eq!(reader.status, 422, "{odd}");
            assert!(reader.html.contains("href=\"#choices\""), "{odd}");
            reader.shows("Kantor Imigrasi Batam").shows("Siti Contoh");
            says_so(&reader);
        }
    }
    // Every window of the office is closed while the check is on the screen.
    let slots = server.app.overview().releases[0].slots.clone();
    for slot in slots.iter().filter(|slot| slot.key.office.as_str() == "BTM") {
        let id = slot.id;
        assert!(server.app.store().write(move |tx| slots::close(tx, id)).await.unwrap());
    }
    // Choices are checked against the public state, which a server reads anew twice a second.
    server.app.refresh_overview().await.unwrap();
    let mut browser = me.clone();
    browser.send(check).await;
    assert_eq!(browser.status, 422);
    browser.shows("Siti Contoh");
    assert_eq!(known(&server, &me).await, before);
    server.check_rules().await;
}

#[tokio::test]
async fn a_window_that_was_closed_meanwhile_is_not_booked_and_others_are_a_step_away() {
    let (server, cases) = forms_after_the_draw().await;
    let case = cases.iter().find(|case| case.form.action().contains("/tempat/")).unwrap();
    let before = known(&server, &case.browser).await;
    let slot = server.app.overview().releases[0].slots[0].id;
    assert!(server.app.store().write(move |tx| slots::close(tx, slot)).await.unwrap());
    for mut reader in case.readers() {
        reader.send(case.form.clone()).await;
        assert_eq!(reader.status, 422);
        says_so(&reader);
        assert!(reader.html.contains("href=\"#slot\""), "{}", reader.html);
    }
    let (mine, _) = before.split_once(" [").unwrap();
    assert!(known(&server, &case.browser).await.starts_with(mine));
    server.check_rules().await;
}

#[tokio::test]
async fn whoever_was_signed_out_meanwhile_is_told_so_and_comes_back_to_the_same_page() {
    for (server, cases) in all_forms().await {
        server.clock.advance(SignedDuration::from_hours(24 * 31));
        server.app.refresh_overview().await.unwrap();
        let before = server.app.overview().releases[0].entries;
        for case in &cases {
            let path = case.form.action();
            if ["/masuk", "/bahasa", "/keluar"].iter().any(|open| path.starts_with(open)) {
                continue;
            }
            for mut reader in case.readers() {
                reader.send(case.form.clone()).await;
                assert!(reader.at.starts_with("/masuk?lanjut=/"), "{path} leads to {}", reader.at);
                let said = reader.text();
                assert!(said.contains("Sesi Anda sudah berakhir") || said.contains("session"), "{path}: {said}");
                assert_eq!(reader.form("/masuk").value("lanjut"), path);
            }
        }
        server.app.refresh_overview().await.unwrap();
        assert_eq!(server.app.overview().releases[0].entries, before);
        server.check_rules().await;
    }
}

#[tokio::test]
async fn what_belongs_to_somebody_else_cannot_be_changed_with_their_own_forms() {
    for (server, cases) in all_forms().await {
        let (stranger, _) = browser_of(&server, 900).await;
        for case in &cases {
            let path = case.form.action();
            let own = ["/entri/", "/tiket/"].iter().any(|own| path.starts_with(own)) || path.ends_with("/hapus");
            if !own || path == "/saya/hapus" {
                continue;
            }
            let before = known(&server, &case.browser).await;
            for mut thief in [stranger.clone(), stranger.in_english()] {
                thief.send(case.form.clone()).await;
                // Removing somebody who is not in one's family removes nobody.
                let nobody = path.starts_with("/saya/keluarga/") && thief.at == "/saya";
                assert!(
                    nobody || [403, 404].contains(&thief.status.as_u16()),
                    "{path}: {} {}",
                    thief.status,
                    thief.text()
                );
                if !nobody {
                    says_so(&thief);
                }
            }
            assert_eq!(known(&server, &case.browser).await, before, "{path}");
        }
        // People of another account, in one's own form.
        for case in
            cases.iter().filter(|case| case.needed.contains(&"people") && !case.form.action().ends_with("/orang"))
        {
            let mut browser = case.browser.clone();
            let before = known(&server, &browser).await;
            browser.send(case.form.clone().fill_hidden("people", "1")).await;
            assert!(browser.status.is_client_error(), "{}: {}", case.form.action(), browser.status);
            says_so(&browser);
            assert_eq!(known(&server, &case.browser).await, before, "{}", case.form.action());
        }
        server.check_rules().await;
    }
}

#[tokio::test]
async fn addresses_that_name_nothing_are_pages_that_say_so() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let (mut me, applicant) = browser_of(&server, 1).await;
    applicant.enter(&["BTM/*/*"]).await.expect(201);
    server.draw().await;
    me.open("/saya").await.follow("Buka tiket").await;
    let ticket = me.at.clone();
    let before = known(&server, &me).await;
    for path in [
        "/saya/keluarga/abc/hapus",
        "/saya/keluarga/999999/hapus",
        "/saya/keluarga/%ff/hapus",
        "/antrean/2026-W99/daftar",
        "/antrean/2026-W99/tempat",
        "/antrean/%F0%9F%98%80/daftar/layanan",
        "/antrean/%ff",
        "/entri/nothing",
        "/entri/nothing/mundur",
        "/tiket/nothing/batal",
        "/tiket/%ff",
        "/kantor/%ff",
        "/kantor/ZZZZ",
        "/panduan/%ff",
        "/undian/%ff",
        "/undian/2026-W99",
        &format!("/tiket/{}", "a".repeat(5_000)),
        &format!("{ticket}/pindah/abc"),
        &format!("{ticket}/pindah/999999"),
        &format!("{ticket}/pindah/99999999999999999999"),
    ] {
        for mut reader in [me.clone(), me.in_english()] {
            reader.open(path).await;
            assert_eq!(reader.status, 404, "{path:.60}");
            says_so(&reader);
        }
    }
    assert_eq!(known(&server, &me).await, before);
}
