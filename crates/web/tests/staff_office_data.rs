//! A head changes what is known of an office, and the public sees it; the national administrator founds a unit; nobody else does.

mod browser;
mod people;

use antrean_domain::staff::Role;
use axum::http::StatusCode;
use browser::Browser;
use people::Server;

const HERE: &str = "/petugas/BTM/kantor";
const NEW: &str = "/petugas/kantor/baru";

async fn head(server: &Server, name: &str) -> Browser {
    Browser::on_duty(server, &server.on_duty(name, Role::Head, &["BTM"]).await)
}

#[tokio::test]
async fn a_head_changes_telephone_and_notice_and_everybody_sees_them() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    head.open(HERE).await.shows("Telepon untuk masyarakat");
    let form = head.form(HERE).fill("phone", "(0778) 000000").fill("notice_id", "Parkir di belakang.");
    head.send(form.clone().fill("notice_en", "Parking is behind.")).await.shows("Tulis alasannya dengan singkat");
    let form = head.form(HERE).fill("alasan", "telepon baru");
    head.send(form).await.shows("Data kantor tersimpan.").shows("Telepon untuk masyarakat:");
    assert!(head.html.contains("role=\"status\""), "what was saved is said to those who only hear it");
    let mut anybody = Browser::new(&server);
    anybody.open("/kantor/BTM").await.shows("(0778) 000000").shows("Parkir di belakang.");
    let office = server.stranger().get("/api/v1/offices/BTM").await.expect(200);
    assert_eq!(office["phone"], "(0778) 000000");
    assert_eq!(office["notice"]["en"], "Parking is behind.");
    let mut auditor = Browser::on_duty(&server, &server.on_duty("audit", Role::Auditor, &[]).await);
    auditor.open("/petugas/BTM/jejak").await.shows("Data kantor diubah").shows("office_changed").shows("telepon baru");
    server.check_rules().await;
}

#[tokio::test]
async fn what_cannot_be_is_said_at_its_field_and_changes_nothing() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    let before = server.app.catalogue().offices.get(&"BTM".parse().unwrap()).cloned().unwrap();
    for (field, value) in [
        ("name", ""),
        ("latitude", "91"),
        ("longitude", "timur"),
        ("electronic_only_from", "besok"),
        ("notice_en", "Only in English"),
        ("phone", "0000000000000000000000000000000000000000000000"),
        ("phone", "bukan nomor <b>"),
        ("latitude", "-89"),
        ("longitude", "0"),
        ("address", "x\u{7}y"),
    ] {
        head.open(HERE).await;
        let form = head.form(HERE).fill(field, value).fill("alasan", "uji");
        head.send(form).await.shows("belum benar. ");
        assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(head.form(HERE).value(field), value, "what was typed is still there");
    }
    head.open(HERE).await;
    let long = "x".repeat(500);
    let form = head.form(HERE).fill("name", &long).fill("phone", "bukan nomor").fill("electronic_only_from", "besok");
    head.send(form.fill("latitude", "-89").fill("longitude", "0").fill("alasan", "uji")).await;
    head.shows("Nama belum benar. Misalnya Kantor Imigrasi Batam; paling panjang 100 huruf");
    head.shows("Telepon untuk masyarakat belum benar. Angka, spasi");
    head.shows("Lintang belum benar. ").shows("Indonesia ada di antara -11.1 dan 6.2").shows("Bujur belum benar. ");
    head.shows("Hanya paspor elektronik sejak belum benar. Tulis tanggalnya seperti 2026-12-07");
    head.open(HERE).await;
    let form = head.form(HERE).fill_hidden("position_quality", "tepat").fill("alasan", "uji");
    head.send(form).await.shows("belum benar. ");
    head.open(HERE).await;
    let form = head.form(HERE).without("services").fill("alasan", "uji");
    head.send(form).await.shows("Pilih paling sedikit satu.");
    let after = server.app.catalogue().offices.get(&"BTM".parse().unwrap()).cloned().unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_form_that_changes_nothing_writes_nothing_and_says_so() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    head.open(HERE).await;
    let form = head.form(HERE).fill("alasan", "uji");
    head.send(form).await.shows("Tidak ada isian yang berubah, jadi tidak ada yang disimpan.").hides("tersimpan.");
    head.open("/petugas/BTM/kuota/riwayat").await.shows("Belum ada perubahan oleh petugas.");
}

#[tokio::test]
async fn of_two_heads_who_change_the_same_office_one_wins_and_the_other_sees_by_whom_and_why() {
    let server = Server::new().await;
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    one.open(HERE).await;
    two.open(HERE).await;
    let first = one.form(HERE).fill("phone", "111").fill("alasan", "nomor lama mati");
    let second = two.form(HERE).fill("phone", "222").fill("address", "Jalan Uji 2").fill("alasan", "pindah gedung");
    tokio::join!(one.send(first), two.send(second));
    let won = [&one, &two].iter().filter(|head| head.status == StatusCode::OK).count();
    assert_eq!(won, 1, "{} {}", one.text(), two.text());
    let phone = server.app.catalogue().offices.get(&"BTM".parse().unwrap()).unwrap().phone.clone();
    let (mut loser, winner, reason) =
        if phone == "111" { (two, "satu", "nomor lama mati") } else { (one, "dua", "pindah gedung") };
    assert_eq!(loser.status, StatusCode::CONFLICT);
    loser.shows(&format!("({winner}) mengubahnya pada ")).shows(&format!("Alasannya: {reason}."));
    loser.shows(&format!("→ {phone}")).shows(&format!("Isi terbaru: {phone}"));
    // What they did not change themselves is the newest, and what they did is as they typed it.
    let again = loser.form(HERE);
    let own = if phone == "111" { "222" } else { "111" };
    assert_eq!(again.value("phone"), own);
    loser.send(again).await.shows("Data kantor tersimpan.");
    let office = server.app.catalogue().offices.get(&"BTM".parse().unwrap()).cloned().unwrap();
    assert_eq!((office.phone.as_str(), office.address.as_str()), (own, "Jalan Uji 2"));
}

#[tokio::test]
async fn an_administrator_founds_a_unit_that_serves_nobody_until_its_hours_are_set() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    head.open(NEW).await;
    assert_eq!(head.status, StatusCode::FORBIDDEN);
    let mut admin = Browser::on_duty(&server, &server.on_duty("pusat", Role::Admin, &[]).await);
    admin.open(NEW).await.shows("belum melayani siapa pun");
    let form = admin
        .form(NEW)
        .fill("code", "BTM-UJI")
        .pick("kind", "ulp")
        .pick("parent_code", "BTM")
        .fill("regency_code", "2171")
        .fill("name", "ULP Uji")
        .fill("latitude", "1.1")
        .fill("longitude", "104.0")
        .pick("position_quality", "office")
        .fill("alasan", "unit baru");
    admin.send(form.clone().fill("regency_code", "99")).await.shows("belum benar. ");
    admin.send(form.clone().fill("code", "JAP-UJI")).await.shows("belum benar. ");
    let form = admin.form(NEW).fill("code", "BTM-UJI");
    admin.send(form).await;
    assert_eq!(admin.at, "/petugas/BTM-UJI/kuota?simpan=baru", "{}", admin.text());
    admin.shows("Kantor ini sudah dibuat.");
    let catalogue = server.app.catalogue();
    let unit = catalogue.offices.get(&"BTM-UJI".parse().unwrap()).unwrap();
    assert!(catalogue.timetables.for_office(unit).on_weekday(jiff::civil::Weekday::Tuesday).is_empty());
    let mut anybody = Browser::new(&server);
    anybody.open("/kantor/BTM-UJI").await.shows("ULP Uji");
    admin.open(NEW).await;
    let again = admin.form(NEW).fill("code", "BTM-UJI").fill("regency_code", "2171").fill("alasan", "lagi");
    admin.send(again).await.shows("Kode itu sudah dipakai ULP Uji");
    assert_eq!(admin.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.form(NEW).value("code"), "BTM-UJI");
}

#[tokio::test]
async fn what_can_be_chosen_is_chosen_by_words_and_kept_as_the_file_has_it() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    head.open(HERE).await.shows("letak gedungnya").shows("Ganti paspor");
    let of = |server: &Server| server.app.catalogue().offices.get(&"BTM".parse().unwrap()).cloned().unwrap();
    let all = of(&server).services;
    assert_eq!(head.form(HERE).values("services").len(), all.len(), "an office that names none offers all");
    let form = head.form(HERE).pick("position_quality", "regency").without("services").tick("services", "replacement");
    head.send(form.fill("alasan", "ruang sempit")).await.shows("Data kantor tersimpan.");
    head.shows("Layanan yang bisa dipesan: semua layanan → Ganti paspor").shows("letak gedungnya → tengah kabupaten");
    head.shows("Tidak bisa dipesan lagi di kantor ini: Paspor baru. Yang sudah punya tempat tetap dilayani.");
    assert_eq!(of(&server).services, [antrean_domain::service::ServiceCode::Replacement]);
    assert_eq!(head.form(HERE).values("services"), ["replacement"]);
    // All of them are none in particular, so that what is offered later is offered here too.
    let form = head.form(HERE).tick("services", "new").fill("alasan", "ruang baru");
    head.send(form).await.shows("Data kantor tersimpan.").hides("Tidak bisa dipesan lagi");
    assert_eq!(of(&server).services, all);
    let mut english = head.in_english();
    english.open(HERE).await.shows("the building").hides("letak gedungnya");
}
