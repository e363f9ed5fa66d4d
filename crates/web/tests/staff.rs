//! Staff come in through the pages, and reach nothing that is not theirs: every route of the table is tried as everybody.

mod browser;
mod people;

use antrean_domain::staff::Role;
use antrean_web::WebSettings;
use antrean_web::staff::{Needs, rules};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use browser::Browser;
use jiff::SignedDuration;
use people::{PASSWORD, Server};

#[tokio::test]
async fn from_the_invitation_to_the_office_and_back_in_the_next_morning() {
    let server = Server::new().await;
    let invited = server.invite("siti.btm", Role::Officer, &["BTM"]).await;
    let mut browser = Browser::new(&server);
    let link = format!("/petugas/undangan/{}", invited.token);
    browser.open(&link).await;
    browser.shows("Nama siti.btm").shows("siti.btm");
    assert!(browser.html.contains("<svg class=\"qr\""));

    let form = browser.form(&link).fill("new_password", "pendek").fill("again", "pendek").fill("code", "");
    browser.send(form).await;
    assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.shows("Kata sandi paling sedikit 12 huruf. Anda menulis 6.").shows("Ketik 6 angka");
    assert!(!browser.html.contains("pendek"), "a password is never shown again");
    let fill = |browser: &Browser, again: &str, code: &str| {
        browser.form(&link).fill("new_password", PASSWORD).fill("again", again).fill("code", code)
    };
    let form = fill(&browser, "kuda merah minum teh", "123456");
    browser.send(form).await.shows("Kedua kata sandi tidak sama.");
    let form = fill(&browser, PASSWORD, "000000");
    browser.send(form).await.shows("Pindai QR dengan aplikasi autentikator");
    let form = fill(&browser, PASSWORD, &server.code_of(&invited));
    browser.send(form).await;
    assert_eq!(browser.at, "/petugas/BTM", "somebody of one office is there at once");
    browser.open(&link).await;
    assert_eq!(browser.status, StatusCode::GONE);

    // The night is longer than a session.
    server.clock.advance(SignedDuration::from_hours(14));
    browser.open("/petugas/BTM").await;
    assert!(browser.at.starts_with("/petugas/masuk?lanjut="), "{}", browser.at);
    let form = browser.form("/petugas/masuk").fill("login", "siti.btm").fill("password", "salah sama sekali");
    browser.send(form.fill("code", &server.code_of(&invited))).await;
    assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.shows("Nama masuk, kata sandi, atau kode tidak cocok.");
    let form = browser.form("/petugas/masuk").fill("password", PASSWORD).fill("code", &server.code_of(&invited));
    browser.send(form).await;
    assert_eq!(browser.at, "/petugas/BTM");

    browser.open("/petugas/saya").await;
    let new = "empat kata yang baru";
    let form =
        browser.form("/petugas/saya").fill("password", "bukan ini ya").fill("new_password", new).fill("again", new);
    browser.send(form).await.shows("Kata sandi sekarang tidak cocok.");
    let form = browser.form("/petugas/saya").fill("password", PASSWORD).fill("new_password", new).fill("again", new);
    browser.send(form).await.shows("Kata sandi sudah diganti");
    let form = browser.form("/petugas/keluar");
    browser.send(form).await;
    assert_eq!(browser.at, "/petugas/masuk");
    browser.open("/petugas/BTM").await;
    assert!(browser.at.starts_with("/petugas/masuk"));
}

#[tokio::test]
async fn whoever_sends_a_form_after_the_session_has_ended_comes_back_to_the_page_of_the_form() {
    let server = Server::new().await;
    let stranger = server.stranger().with("sec-fetch-site", "same-origin").with("content-type", browser::FORM);
    for (form, page) in [
        ("/petugas/BTM/pintu", "/petugas/BTM/pintu"),
        ("/petugas/BTM/pintu/tanpa-tiket", "/petugas/BTM/pintu"),
        ("/petugas/BTM/pintu/urung", "/petugas/BTM/pintu"),
        ("/petugas/BTM/loket/panggil", "/petugas/BTM/loket"),
        ("/petugas/BTM/loket/kerja", "/petugas/BTM/loket"),
        ("/petugas/persetujuan/1", "/petugas/persetujuan"),
        ("/petugas/saya", "/petugas/saya"),
    ] {
        let answer = stranger.with("accept", "text/html").send(Method::POST, form, Body::from("shown=x")).await;
        assert_eq!(answer.header("location"), format!("/petugas/masuk?lanjut={page}"), "{form}");
        let answer = stranger.with("accept", "application/json").send(Method::POST, form, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "a script is told so");
    }
    let invited = server.invite("siti.btm", Role::Officer, &["BTM"]).await;
    let mut siti = Browser::new(&server);
    let link = format!("/petugas/undangan/{}", invited.token);
    siti.open(&link).await;
    let form = siti.form(&link).fill("new_password", PASSWORD).fill("again", PASSWORD);
    siti.send(form.fill("code", &server.code_of(&invited))).await;
    siti.open("/petugas/BTM/pintu").await;
    let scan = siti.form("/petugas/BTM/pintu").fill("shown", "BK-ZZZZZZ");
    server.clock.advance(SignedDuration::from_hours(14));
    siti.send(scan).await;
    let form = siti.form("/petugas/masuk").fill("login", "siti.btm").fill("password", "salah sama sekali");
    siti.send(form.fill("code", "123456")).await;
    let form = siti.form("/petugas/masuk").fill("password", PASSWORD).fill("code", &server.code_of(&invited));
    siti.send(form).await;
    assert_eq!(siti.at, "/petugas/BTM/pintu", "also after a mistake");
}

#[tokio::test]
async fn a_head_invites_an_officer_and_an_auditor_reads_of_it() {
    let server = Server::new().await;
    let mut head = Browser::on_duty(&server, &server.on_duty("kepala", Role::Head, &["BTM"]).await);
    head.open("/petugas/staf").await;
    head.follow("Tambah petugas").await;
    let form =
        head.form("/petugas/staf/baru").fill("login", "Pintu.Satu").fill("name", "  ").fill("offices", "btm, XXQ");
    head.send(form).await.shows("Tidak ada kantor dengan kode XXQ.");
    let form = head.form("/petugas/staf/baru").fill("offices", "btm btm-hb");
    head.send(form).await.shows("Isi nama petugas, paling banyak 100 huruf.");
    let form = head.form("/petugas/staf/baru").fill("name", "Rina Contoh").fill("offices", "btm btm-hb");
    head.send(form).await.shows("Undangan sudah dibuat").shows("/petugas/undangan/");
    let made = head.html.clone();
    head.open("/petugas/staf").await.shows("Rina Contoh").shows("pintu.satu").shows("BTM, BTM-HB").shows("Diundang");
    let link = made.split("/petugas/undangan/").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(!String::from_utf8_lossy(&server.on_disk()).contains(&link), "a link lies nowhere");

    // What the head may not do is not offered, and not done when it is sent all the same.
    head.follow("Rina Contoh").await;
    let id = head.at.rsplit('/').next().unwrap().to_owned();
    let form = head.form(&format!("/petugas/staf/{id}"));
    assert_eq!(form.value("role"), "officer");
    let form = form.fill_hidden("role", "admin").fill("offices", "");
    head.send(form).await.shows("Peran Anda tidak bisa mengatur petugas.");
    let form = head.form(&format!("/petugas/staf/{id}/nonaktif"));
    head.send(form).await.shows("Tulis alasannya dengan singkat").shows("Tidak ada sesinya yang sedang berjalan.");
    let mut other = head.clone();
    let form = |browser: &Browser| browser.form(&format!("/petugas/staf/{id}/nonaktif")).fill("alasan", "pindah tugas");
    let (first, second) = (form(&head), form(&other));
    head.send(first).await.shows("Rina Contoh (pintu.satu) sudah dinonaktifkan. Sesinya sudah berakhir.");
    other.send(second.fill("alasan", "sama")).await.shows("sudah dinonaktifkan orang lain");

    let mut auditor = Browser::on_duty(&server, &server.on_duty("auditor", Role::Auditor, &[]).await);
    auditor.open("/petugas/jejak?petugas=1").await.shows("staff_added").shows("staff_disabled").shows("Nama kepala");
    auditor.shows("Petugas dinonaktifkan").shows(&format!("petugas {id}: pindah tugas"));
    auditor.open("/petugas/jejak?petugas=KEPALA&jenis=staff").await.shows("Petugas ditambah").shows("Nama kepala");
    auditor.open("/petugas/jejak?petugas=kepala&jenis=day").await.shows("Tidak ada catatan yang cocok.");
    auditor.open("/petugas/jejak?petugas=tidak.ada").await.shows("Tidak ada petugas dengan nama itu");
    auditor.open("/petugas/jejak?petugas=nama").await.shows("Beberapa petugas cocok").shows("Nama kepala (kepala)");
    auditor.follow("Nama kepala (kepala)").await.shows("Petugas ditambah");
    auditor.open("/petugas/jejak?nomor=A-012").await.shows("Isi kantornya juga");
    auditor.open("/petugas/jejak?kantor=BTM&nomor=a12&dari=2020-13-01").await.shows("Tulis tanggal seperti");
    auditor.open("/petugas/jejak?kantor=BTM&nomor=a12").await.shows("Tidak ada catatan yang cocok.");
    assert!(auditor.html.contains("value=\"a12\"") && auditor.html.contains("value=\"BTM\""), "what was asked stays");
    head.open("/petugas/jejak?kantor=JAKSEL").await.shows("Anda tidak bertugas di");
    auditor.open("/petugas/BTM/jejak").await;
    auditor.open("/petugas/staf").await;
    assert_eq!(auditor.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn two_officers_who_change_the_same_person_do_not_overwrite_each_other() {
    let server = Server::new().await;
    let mut one = Browser::on_duty(&server, &server.on_duty("satu", Role::Admin, &[]).await);
    let mut two = Browser::on_duty(&server, &server.on_duty("dua", Role::Admin, &[]).await);
    server.on_duty("rina", Role::Officer, &["BTM"]).await;
    for browser in [&mut one, &mut two] {
        browser.open("/petugas/staf").await;
        browser.follow("Nama rina").await;
    }
    let action = one.at.clone();
    let form = one.form(&action).fill("name", "Rina Satu");
    one.send(form).await.shows("Rina Satu");
    let form = two.form(&action).fill("name", "Rina Dua");
    two.send(form).await.shows("Orang lain mengubah ini setelah Anda membukanya.");
    one.open("/petugas/staf").await.shows("Rina Satu").hides("Rina Dua");
}

#[tokio::test]
async fn who_may_do_everything_is_made_by_two() {
    let server = Server::new().await;
    let mut one = Browser::on_duty(&server, &server.on_duty("satu", Role::Admin, &[]).await);
    let mut two = Browser::on_duty(&server, &server.on_duty("dua", Role::Admin, &[]).await);
    server.on_duty("rina", Role::Officer, &["BTM"]).await;
    one.open("/petugas/staf").await;
    one.follow("Nama rina").await;
    let action = one.at.clone();
    let form = one.form(&action).pick("role", "admin").fill("offices", "");
    one.send(form).await.shows("Tulis alasannya dengan singkat");
    let form = one.form(&action).fill("reason", "pengganti saya");
    one.send(form).await;
    assert_eq!(one.at, "/petugas/persetujuan");
    one.shows("Anda yang meminta");
    two.open("/petugas/persetujuan").await.shows("pengganti saya");
    let decide = |browser: &Browser| browser.form("/petugas/persetujuan/1");
    let (first, second) = (decide(&two), decide(&two));
    two.press(first, "word", "no").await.shows("Tulis alasannya dengan singkat");
    two.press(second, "word", "yes").await.shows("Disetujui");
    two.open("/petugas/staf").await.shows("Nama rina").shows("Admin nasional");
}

#[tokio::test]
async fn whoever_guesses_a_password_does_not_lock_out_the_browser_at_the_counter() {
    let server = Server::new().await;
    let invited = server.invite("siti.btm", Role::Officer, &["BTM"]).await;
    let mut counter = Browser::new(&server);
    let link = format!("/petugas/undangan/{}", invited.token);
    counter.open(&link).await;
    let form = counter.form(&link).fill("new_password", PASSWORD).fill("again", PASSWORD);
    counter.send(form.fill("code", &server.code_of(&invited))).await;
    let form = counter.form("/petugas/keluar");
    counter.send(form).await;
    server.clock.advance(SignedDuration::from_mins(2));

    let mut stranger = Browser::new(&server);
    stranger.open("/petugas/masuk").await;
    for _ in 0..41 {
        let form = stranger.form("/petugas/masuk").fill("login", "siti.btm").fill("password", "salah sama sekali");
        stranger.send(form.fill("code", "000000")).await;
    }
    stranger.shows("dari peramban yang belum dikenal").shows("yang pernah Anda pakai untuk masuk");
    let sign_in = |browser: &Browser| {
        let form = browser.form("/petugas/masuk").fill("login", "siti.btm").fill("password", PASSWORD);
        form.fill("code", &server.code_of(&invited))
    };
    let form = sign_in(&stranger);
    stranger.send(form).await.shows("dari peramban yang belum dikenal");
    let form = sign_in(&counter);
    counter.send(form).await;
    assert_eq!(counter.at, "/petugas/BTM");
}

/// Every route, as everybody: a new route of staff is tried here without being named.
#[tokio::test]
async fn every_route_lets_in_who_may_do_it_there_and_nobody_else() {
    let server = Server::new().await;
    let everybody = [
        (Role::Officer, Some("BTM"), server.on_duty("officer", Role::Officer, &["BTM"]).await),
        (Role::Head, Some("BTM"), server.on_duty("head", Role::Head, &["BTM"]).await),
        (Role::Admin, None, server.on_duty("admin", Role::Admin, &[]).await),
        (Role::Auditor, None, server.on_duty("auditor", Role::Auditor, &[]).await),
    ];
    let applicant = server.applicant(1).await;
    let rules = rules(&server.state);
    assert!(rules.len() >= 20);
    for rule in &rules {
        assert!(rule.path.starts_with("/petugas"), "{} is outside of the staff session's reach", rule.path);
        let offices: &[&str] =
            if matches!(rule.needs, Needs::AtOffice(_)) { &["BTM", "BTM-HB", "JAKSEL"] } else { &[""] };
        for at in offices {
            let path = rule.path.replace("{office}", at).replace("{token}", "0").replace(['{', '}'], "");
            let ask = async |cookie: String| {
                let stranger = server.stranger().with("cookie", cookie).with("sec-fetch-site", "same-origin");
                let stranger = stranger.with("content-type", browser::FORM).with("accept", "text/html");
                stranger.send(rule.method.clone(), &path, Body::empty()).await
            };
            let is_let_in = |status: StatusCode, location: &str| {
                status != StatusCode::FORBIDDEN && !location.starts_with("/petugas/masuk")
            };
            for cookie in [String::new(), format!("antrean_sesi={}", applicant.token.as_ref().unwrap())] {
                let answer = ask(cookie).await;
                if rule.needs != Needs::Nothing {
                    let location = answer.header("location");
                    assert!(location.starts_with("/petugas/masuk"), "{} {path} is open to strangers", rule.method);
                }
            }
            for (role, office, session) in &everybody {
                if rule.needs == Needs::Nothing {
                    // Signing out is open to all, and would end the session.
                    continue;
                }
                let answer = ask(format!("antrean_petugas={session}")).await;
                assert!(!answer.status.is_server_error(), "{} {path}: {}", rule.method, answer.status);
                let (task, here) = match rule.needs {
                    Needs::Nothing | Needs::Duty => (None, true),
                    Needs::Task(task) => (Some(task), true),
                    Needs::AtOffice(task) => {
                        let own = office.is_none_or(|own| {
                            own == *at || (role.reaches_units() && at.starts_with(&format!("{own}-")))
                        });
                        (Some(task), own)
                    }
                };
                let may = here && task.is_none_or(|task| role.may(task));
                let let_in = is_let_in(answer.status, answer.header("location"));
                assert_eq!(let_in, may, "{} {path} as {role}: {}", rule.method, answer.status);
            }
        }
    }
    // Nothing of all this was sent with a key or a version, so nothing has changed.
    server.check_rules().await;
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_out() {
    let server = Server::new().await;
    let session = server.on_duty("siti", Role::Officer, &["BTM"]).await;
    let evil =
        server.stranger().with("cookie", format!("antrean_petugas={session}")).with("sec-fetch-site", "cross-site");
    let answer = evil.send(Method::POST, "/petugas/keluar", Body::empty()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let mut browser = Browser::on_duty(&server, &session);
    browser.open("/petugas").await;
    assert_eq!(browser.at, "/petugas/BTM");
}

/// A server at an address of its own, as browsers need it for passkeys.
async fn at_an_address() -> Server {
    let settings = WebSettings { base_url: Some("https://antrean.example.id".to_owned()), ..people::settings() };
    Server::with(settings, people::policy()).await
}

#[tokio::test]
async fn passkeys_are_offered_where_browsers_have_them_and_a_wrong_one_is_explained() {
    let server = at_an_address().await;
    let invited = server.invite("rina", Role::Officer, &["BTM"]).await;
    let link = format!("/petugas/undangan/{}", invited.token);
    let session = server.on_duty("siti", Role::Officer, &["BTM"]).await;
    let mut siti = Browser::on_duty(&server, &session);
    let mut stranger = Browser::new(&server);
    for (browser, path) in [(&mut stranger, "/petugas/masuk"), (&mut siti, "/petugas/saya")] {
        browser.open(path).await.shows("di alamat https://antrean.example.id");
        assert!(browser.html.contains("passkey.") && browser.html.contains("data-host=\"antrean.example.id\""));
        let form = browser.form(path).fill_hidden("passkey", "{}").also("passkey_name", "ponsel");
        browser.send(form).await.shows("Passkey ini tidak bisa dipakai di sini.");
        assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    stranger.open(&link).await;
    let form = stranger.form(&link).fill_hidden("passkey", "{}").also("passkey_name", " ");
    stranger.send(form).await.shows("Beri nama pada passkey, paling banyak 60 huruf.");
    siti.open("/petugas/saya").await.shows("Masuk dengan sidik jari");
    let form = siti.form("/petugas/saya").fill_hidden("hapus", "1");
    siti.send(form).await.shows("Orang lain mengubah ini setelah Anda membukanya.");

    for (path, of) in [
        ("/petugas/masuk/passkey".to_owned(), "rpId"),
        (format!("{link}/passkey"), "user"),
        ("/petugas/saya/passkey".to_owned(), "user"),
    ] {
        let browser = if path.starts_with("/petugas/saya") { &mut siti } else { &mut stranger };
        browser.post(&path, browser::FORM, "").await;
        assert_eq!((browser.status, browser.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
        let asked: serde_json::Value = serde_json::from_str(&browser.html).unwrap();
        assert!(asked["ceremony"].is_string() && !asked["options"][of].is_null(), "{asked}");
    }
    // Nobody adds a key to a screen that was left alone.
    server.clock.advance(SignedDuration::from_mins(16));
    siti.post("/petugas/saya/passkey", browser::FORM, "").await;
    assert!(siti.html.contains("15 menit"), "{}", siti.html);
}

#[tokio::test]
async fn passkeys_are_not_offered_where_browsers_have_none() {
    let server = Server::new().await;
    let session = server.on_duty("siti", Role::Officer, &["BTM"]).await;
    let mut siti = Browser::on_duty(&server, &session);
    siti.open("/petugas/saya").await.hides("data-passkey");
    let mut stranger = Browser::new(&server);
    stranger.open("/petugas/masuk").await.hides("data-passkey");
    for (browser, path) in [(&mut stranger, "/petugas/masuk/passkey"), (&mut siti, "/petugas/saya/passkey")] {
        browser.post(path, browser::FORM, "").await;
        assert_eq!(browser.status, StatusCode::NOT_FOUND);
    }
}
