//! What an office did, as its head, whoever reaches everything, and anybody sees it: pages, tables for spreadsheets, and the open data.

mod browser;
mod people;

use antrean_app::policy::Policy;
use antrean_domain::release::Mode;
use antrean_domain::staff::Role;
use antrean_web::caller::STAFF_COOKIE;
use axum::http::StatusCode;
use browser::Browser;
use jiff::civil::{Date, date};
use people::{Server, policy, settings, wib};

const HERE: &str = "/petugas/BTM/angka";

const TUESDAY: Date = date(2026, 12, 1);

/// A server on the morning of a day of service, with two people who have tickets.
async fn morning() -> Server {
    let server = Server::with(settings(), Policy { staff_idle_minutes: 10_000, ..policy() }).await;
    server.open_release(Mode::FirstCome, &["BTM"]).await;
    let slot = server.app.overview().releases[0].slots.iter().find(|slot| slot.key.date == TUESDAY).unwrap().id;
    for number in 1..=2 {
        server.applicant(number).await.book(slot.0).await.expect(201);
    }
    server.at(wib(TUESDAY, 7, 0)).await;
    server
}

#[tokio::test]
async fn a_head_reads_the_numbers_of_an_office_and_takes_them_home() {
    let server = morning().await;
    let session = server.on_duty("kepala", Role::Head, &["BTM"]).await;
    let mut head = Browser::on_duty(&server, &session);
    head.open("/petugas/BTM").await;
    head.open(HERE).await.shows("Mendapat tempat").shows("Per jam").shows("1 Desember 2026");
    head.open(&format!("{HERE}?dari=2026-12-05&sampai=2026-12-01")).await;
    assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY);
    head.shows("Isi dua tanggal yang berurutan");
    for wrong in ["dari=x&sampai=y", "dari=2026-01-01&sampai=2026-12-01", "dari=-9999-01-01&sampai=9999-12-31"] {
        head.open(&format!("{HERE}?{wrong}")).await;
        assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        // No file of other dates than those that were asked for.
        for file in ["tabel.csv", "tabel.xlsx"] {
            head.open(&format!("{HERE}/{file}?{wrong}")).await.shows("Isi dua tanggal");
            assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY, "{file} {wrong}");
        }
    }
    head.open(&format!("{HERE}/tabel.csv?dari=2026-12-01&sampai=2026-12-02")).await;
    assert!(head.header("content-type").starts_with("text/csv"));
    let line = head.html.lines().find(|line| line.starts_with("2026-12-01,")).expect("the day has a line").to_owned();
    let cells: Vec<&str> = line.split(',').collect();
    assert_eq!((cells[3], cells[4]), ("2", "2"), "given and not settled: {line}");
    assert_eq!(cells.len(), 25, "the day, twenty counts, four times: {line}");
    let client = server.stranger().with("cookie", format!("{STAFF_COOKIE}={session}"));
    let book = client.get(&format!("{HERE}/tabel.xlsx")).await;
    assert_eq!(book.status, StatusCode::OK);
    assert!(book.headers["content-disposition"].to_str().unwrap().contains("angka-BTM-"));
    assert!(book.body.starts_with(b"PK"), "a zip archive, which XLSX is");
}

#[tokio::test]
async fn all_offices_side_by_side_are_for_those_who_may_read_them() {
    let server = morning().await;
    let mut admin = Browser::on_duty(&server, &server.on_duty("pusat", Role::Admin, &[]).await);
    admin.open("/petugas/angka").await.shows("Per kantor").shows("Batam");
    admin.follow("Pertanyaan tetap").await.shows("Di mana permintaan belum terpenuhi?").shows("Belum ada undian.");
    admin.open("/petugas/angka/tabel.csv").await.shows("BTM,");
    let mut other = Browser::on_duty(&server, &server.on_duty("jayapura", Role::Head, &["JAP"]).await);
    other.open("/petugas/angka").await.hides("Batam");
    other.open("/petugas/angka/tabel.csv").await.hides("BTM");
    other.open(HERE).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let mut officer = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    officer.open("/petugas/angka").await;
    assert_eq!(officer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_open_data_hides_few_people_and_needs_no_sign_in() {
    let server = morning().await;
    let mut anybody = Browser::new(&server);
    anybody.open("/data").await.shows("Data terbuka").shows("Batam").shows("1–4");
    anybody.open("/data/minggu.csv?minggu=2026-12-03").await;
    let line = anybody.html.lines().nth(1).expect("the week has a line").to_owned();
    assert!(line.starts_with("2026-11-30,BTM,"), "{line}");
    assert!(line.contains(",<5,"), "{line}");
    for odd in ["x", "9999-12-31", "-9999-01-01", "2027-12-01"] {
        anybody.open(&format!("/data?minggu={odd}")).await;
        assert_eq!(anybody.status, StatusCode::OK, "{odd}");
    }
    anybody.open("/data?minggu=2025-01-01").await.shows("Tidak ada kegiatan");
}
