//! A head changes hours and quotas: sees first what it comes to, presses one button; two who change at once do not overwrite each other.

mod browser;
mod people;

use std::fmt::Write as _;

use antrean_domain::release::Mode;
use antrean_domain::staff::Role;
use axum::http::StatusCode;
use browser::Browser;
use jiff::civil::Weekday;
use people::Server;

const HERE: &str = "/petugas/BTM/kuota";
const SAVED: &str = "/petugas/BTM/kuota?simpan=ya";

async fn head(server: &Server, name: &str) -> Browser {
    Browser::on_duty(server, &server.on_duty(name, Role::Head, &["BTM"]).await)
}

/// The body of a form.
fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "%{byte:02X}");
            out
        })
    };
    pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

async fn check(head: &mut Browser, pairs: &[(&str, &str)]) {
    head.post(&format!("{HERE}/periksa"), "application/x-www-form-urlencoded", form(pairs)).await;
}

/// Asks for some places more in the first windows of Tuesdays, and comes to the page that checks it.
async fn more(head: &mut Browser, places: &str) {
    let asked = [
        ("jenis", "tempat"),
        ("hari", "sel"),
        ("dari", "08.00"),
        ("sampai", "09.00"),
        ("jatah", "public"),
        ("cara", "tambah"),
        ("jumlah", places),
    ];
    check(head, &asked).await;
    head.shows("Periksa perubahan").shows("tempat sehari, pada 1 jam layanan.");
}

/// Public places of the first window of Tuesdays, as they are known now.
fn planned(server: &Server) -> u32 {
    let catalogue = server.app.catalogue();
    let office = catalogue.offices.get(&"BTM".parse().unwrap()).unwrap();
    catalogue.timetables.for_office(office).on_weekday(Weekday::Tuesday)[0].public.get()
}

#[tokio::test]
async fn a_change_is_seen_before_it_is_saved_and_what_is_released_stays() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    let before = planned(&server);
    let mut head = head(&server, "kepala").await;
    head.open("/petugas/BTM").await;
    head.follow("Kuota").await.shows("Jadwal mingguan").shows("Senin");
    head.follow("Ubah jam atau kuota").await.shows("Tambah atau kurangi tempat");
    more(&mut head, "1").await;
    let writes = server.writes();
    let save = head.form(HERE);
    head.send(save).await.shows("Tulis alasannya dengan singkat");
    let save = head.form(HERE).fill("alasan", "loket tambahan");
    head.send(save.clone()).await;
    assert_eq!(head.at, SAVED);
    head.shows("Perubahan tersimpan. Selasa, 08.00–09.00, Umum: tambah 1 tempat tiap jam layanan");
    assert!(head.html.contains("role=\"status\""), "what was saved is said to those who only hear it");
    assert!(server.writes() > writes);
    assert_eq!(planned(&server), before + 1);
    head.send(save).await;
    assert_eq!(planned(&server), before + 1, "a form that is sent twice changes once");
    let overview = server.app.overview();
    let slots = &overview.releases[0].slots;
    let tuesday = slots.iter().find(|slot| slot.key.date.weekday() == Weekday::Tuesday).unwrap();
    assert_eq!(tuesday.capacity, before, "what is released stays");
    let mut auditor = Browser::on_duty(&server, &server.on_duty("audit", Role::Auditor, &[]).await);
    auditor.open("/petugas/BTM/jejak").await.shows("loket tambahan");
    server.check_rules().await;
}

#[tokio::test]
async fn of_two_heads_who_change_the_same_hours_at_once_one_wins_and_the_other_sees_by_whom_and_why() {
    let server = Server::new().await;
    let before = planned(&server);
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    more(&mut one, "1").await;
    more(&mut two, "2").await;
    let first = one.form(HERE).fill("alasan", "loket kiri");
    let second = two.form(HERE).fill("alasan", "loket kanan");
    tokio::join!(one.send(first), two.send(second));
    let won = [&one, &two].iter().filter(|head| head.at == SAVED && head.status == StatusCode::OK).count();
    assert_eq!(won, 1, "{} {}", one.text(), two.text());
    let first_won = one.status == StatusCode::OK;
    let (mut loser, winner, places, reason, own) =
        if first_won { (two, "satu", 1, "loket kiri", 2) } else { (one, "dua", 2, "loket kanan", 1) };
    assert_eq!(planned(&server), before + places);
    assert_eq!(loser.status, StatusCode::CONFLICT);
    loser
        .shows("Orang lain lebih dulu")
        .shows(&format!("({winner}) mengubahnya pada "))
        .shows(" WIB")
        .shows(&format!("Selasa, 08.00–09.00, Umum: tambah {places} tempat tiap jam layanan"))
        .shows(&format!("Alasannya: {reason}."));
    assert!(loser.html.contains("id=\"conflict\""), "the summary leads to what happened");
    // Their own change is worked out on the newest state: pressing the button once more makes it.
    let again = loser.form(HERE);
    loser.send(again).await;
    assert_eq!((loser.at.as_str(), loser.status), (SAVED, StatusCode::OK), "{}", loser.text());
    assert_eq!(planned(&server), before + places + own);
    loser.follow("Riwayat jam, kuota, dan data kantor").await.shows(reason).shows(&format!("({winner})"));
    let mut english = head(&server, "tiga").await.in_english();
    english.open(&format!("{HERE}/riwayat")).await.shows("places more in each window").shows("The newest first");
}

#[tokio::test]
async fn whoever_wants_what_another_has_just_done_is_told_so() {
    let server = Server::new().await;
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    let asked = [
        ("jenis", "tempat"),
        ("hari", "sel"),
        ("dari", "08.00"),
        ("sampai", "09.00"),
        ("jatah", "public"),
        ("cara", "tepat"),
        ("jumlah", "30"),
    ];
    check(&mut one, &asked).await;
    check(&mut two, &asked).await;
    let first = one.form(HERE).fill("alasan", "meja rusak");
    one.send(first).await;
    assert_eq!((one.at.as_str(), planned(&server)), (SAVED, 30));
    let second = two.form(HERE).fill("alasan", "sama");
    two.send(second)
        .await
        .shows("Keadaan terbaru sudah sama")
        .shows("menjadi 30 tempat")
        .shows("Alasannya: meja rusak.");
    assert_eq!(two.status, StatusCode::CONFLICT);
}

/// Asks a second person for some places more in the windows of Tuesdays that begin in an hour.
async fn wait_for_more(head: &mut Browser, from: &str, until: &str, places: &str, reason: &str) {
    let asked = [
        ("jenis", "tempat"),
        ("hari", "sel"),
        ("dari", from),
        ("sampai", until),
        ("jatah", "public"),
        ("cara", "tambah"),
        ("jumlah", places),
    ];
    check(head, &asked).await;
    let save = head.form(HERE).fill("alasan", reason);
    head.send(save).await;
    waits(head).await;
}

/// Comes to the page that says what waits for a second person, and follows it there.
async fn waits(head: &mut Browser) {
    assert!(head.at.starts_with("/petugas/BTM/kuota?menunggu="), "{} {}", head.at, head.text());
    head.shows("Perubahan Anda belum berlaku: menunggu persetujuan orang kedua.");
    assert!(head.html.contains("role=\"status\""), "that it waits is said to those who only hear it");
    head.follow("Lihat di Persetujuan").await;
    assert_eq!(head.at, "/petugas/persetujuan");
}

#[tokio::test]
async fn a_second_person_who_comes_too_late_sees_who_changed_the_same_places_and_can_only_decline() {
    let server = Server::new().await;
    let before = planned(&server);
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    wait_for_more(&mut one, "08.00", "09.00", "500", "banyak").await;
    let mut three = head(&server, "tiga").await;
    three.open("/petugas/persetujuan").await;
    let yes = three.form("/petugas/persetujuan/1");
    more(&mut two, "3").await;
    let save = two.form(HERE).fill("alasan", "sedikit");
    two.send(save).await;
    three.press(yes, "word", "yes").await.shows("(dua) mengubahnya pada").shows("Alasannya: sedikit.");
    three.shows("Tidak bisa disetujui lagi").shows("Selasa, 08.00, Umum: jumlah tempatnya sudah diubah orang lain.");
    assert!(!three.html.contains("value=\"yes\""), "there is nothing to approve");
    // Whoever sends it all the same is refused.
    let yes = three.form("/petugas/persetujuan/1").also("word", "yes");
    three.send(yes).await.shows("Jam atau kuotanya sudah berbeda");
    assert_eq!(planned(&server), before + 3);
    let no = three.form("/petugas/persetujuan/1").fill("answer", "sudah lain");
    three.press(no, "word", "no").await.shows("Ditolak");
}

#[tokio::test]
async fn of_two_requests_that_two_heads_approve_at_once_the_later_is_shown_anew_before_it_is_approved() {
    let server = Server::new().await;
    let before = planned(&server);
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    wait_for_more(&mut one, "08.00", "09.00", "500", "loket kiri").await;
    wait_for_more(&mut two, "09.00", "10.00", "300", "loket kanan").await;
    one.open("/petugas/persetujuan").await;
    two.open("/petugas/persetujuan").await;
    let (left, right) = (two.form("/petugas/persetujuan/1"), one.form("/petugas/persetujuan/2"));
    tokio::join!(two.press(left, "word", "yes"), one.press(right, "word", "yes"));
    let won = [&one, &two].iter().filter(|head| head.status == StatusCode::OK).count();
    assert_eq!(won, 1, "{} {}", one.text(), two.text());
    let (mut later, request, name) = if two.status == StatusCode::OK { (one, 2, "satu") } else { (two, 1, "dua") };
    later.shows("Sejak ini diminta, jam kantor yang sama diubah").shows(&format!("({name}) mengubahnya pada"));
    later.shows("Yang tampil di bawah sudah dihitung atas keadaan terbaru.").shows("→");
    let yes = later.form(&format!("/petugas/persetujuan/{request}"));
    later.press(yes, "word", "yes").await;
    assert_eq!(later.status, StatusCode::OK, "{}", later.text());
    let catalogue = server.app.catalogue();
    let office = catalogue.offices.get(&"BTM".parse().unwrap()).unwrap();
    let tuesdays = catalogue.timetables.for_office(office).on_weekday(Weekday::Tuesday);
    let public: Vec<u32> = tuesdays.iter().take(2).map(|window| window.public.get()).collect();
    assert_eq!(public, [before + 500, before + 300]);
    server.check_rules().await;
}

#[tokio::test]
async fn what_two_heads_change_alone_counts_together() {
    let server = Server::new().await;
    let before = planned(&server);
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    more(&mut one, "60").await;
    more(&mut two, "60").await;
    let (first, second) = (one.form(HERE).fill("alasan", "a"), two.form(HERE).fill("alasan", "b"));
    tokio::join!(one.send(first), two.send(second));
    assert_eq!(planned(&server), before + 60, "{} {}", one.text(), two.text());
    let mut loser = if one.status == StatusCode::OK { two } else { one };
    loser.shows("60 tempat sudah diubah dalam 24 jam terakhir tanpa orang kedua");
    let again = loser.form(HERE);
    loser.send(again).await;
    waits(&mut loser).await;
    assert_eq!(planned(&server), before + 60);
}

#[tokio::test]
async fn an_office_is_closed_down_its_people_are_led_to_the_wizard_and_the_public_is_told() {
    let server = Server::new().await;
    server.open_release(Mode::Draw, &["BTM"]).await;
    server.applicant(1).await.enter(&["BTM/2026-12-01/*"]).await.expect(201);
    server.draw().await;
    let (mut one, mut two) = (head(&server, "satu").await, head(&server, "dua").await);
    one.open(&format!("{HERE}/ubah"))
        .await
        .shows("Berhenti melayani, atau melayani lagi")
        .hides("Kantor melayani lagi");
    let mut ends = [("jenis", "henti"), ("henti", "2026-11-29"), ("sebab-h", "Pindah gedung"), ("why-h", "Moved")];
    check(&mut one, &ends).await;
    one.shows("paling cepat besok");
    ends[1].1 = "2026-12-01";
    check(&mut one, &ends[..3]).await;
    one.shows("Tulis sebabnya dalam kedua bahasa");
    assert!(one.html.contains("href=\"#sebab-h\""), "the fault is at its field");
    check(&mut one, &ends).await;
    one.shows("Tidak melayani lagi mulai 1 Desember 2026: Pindah gedung").shows("1 orang sudah punya janji");
    one.shows("dan 1 orang punya janji sejak tanggal itu: orang kedua harus menyetujui");
    let save = one.form(HERE).fill("alasan", "gedung dijual");
    one.send(save).await;
    waits(&mut one).await;
    two.open("/petugas/persetujuan").await.shows("Berhenti melayani");
    let yes = two.form("/petugas/persetujuan/1");
    two.press(yes, "word", "yes").await.shows("Disetujui");

    // The calendar says so in words, and leads to where the people are moved.
    one.open(&format!("{HERE}?mulai=2026-12-07")).await;
    one.shows("Berhenti melayani").shows("Pindah gedung").shows("1 orang masih punya janji");
    one.follow("Tutup layanan dan pindahkan pemohon").await;
    let wizard = one.form("/petugas/BTM/penutupan/periksa");
    assert_eq!(wizard.value("dari"), "2026-12-01");
    let wizard = wizard.pick("sebab", "order").fill("kata", "Pindah gedung").pick("pindah", "release");
    one.send(wizard).await.shows("Akibat bagi pemohon");
    let close = one.form("/petugas/BTM/penutupan");
    one.send(close).await;
    one.open(HERE).await.shows("Tidak melayani lagi").hides("masih punya janji");
    // In English as well, and not by colour alone.
    one.in_english().open(HERE).await.shows("Closed down");

    let mut anybody = Browser::new(&server);
    anybody.open("/kantor/BTM").await.shows("Tidak melayani lagi mulai 1 Desember 2026: Pindah gedung");
    anybody.in_english().open("/kantor/BTM").await.shows("Serves nobody from 1 December 2026 on: Moved");

    // And it opens again.
    one.open(&format!("{HERE}/ubah")).await.shows("Kantor ini sudah berhenti, atau akan berhenti, melayani.");
    check(&mut one, &[("jenis", "lagi")]).await;
    let save = one.form(HERE).fill("alasan", "batal pindah");
    one.send(save).await;
    if one.at != SAVED {
        two.open("/petugas/persetujuan").await;
        let yes = two.form("/petugas/persetujuan/2");
        two.press(yes, "word", "yes").await;
    }
    anybody.open("/kantor/BTM").await.hides("Tidak melayani lagi");
    one.open(&format!("{HERE}?mulai=2026-11-30")).await.shows("Ditutup lewat Penutupan").hides("Berhenti melayani<");
    one.open(&format!("{HERE}/riwayat")).await.shows("Kantor melayani lagi").shows("gedung dijual");
    server.check_rules().await;
}

#[tokio::test]
async fn days_are_closed_hours_are_changed_and_what_is_wrong_says_why() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    let closed = [
        ("jenis", "tanggal"),
        ("mulai", "2027-01-04"),
        ("akhir", "2027-01-05"),
        ("isi", "tutup"),
        ("sebab", "Pindahan"),
        ("why", "Moving"),
    ];
    let one_day = closed.map(|(name, value)| if name == "akhir" { (name, "") } else { (name, value) });
    check(&mut head, &one_day).await;
    head.shows("4 Januari 2027").hides("5 Januari 2027").shows("→ 0");
    check(&mut head, &closed).await;
    head.shows("Pindahan").shows("→ 0");
    let save = head.form(HERE).fill("alasan", "pindah gedung");
    head.send(save).await;
    head.open("/petugas/persetujuan").await;
    head.open(&format!("{HERE}?mulai=2027-01-04")).await;
    for (asked, says) in [
        (vec![("jenis", "tempat"), ("dari", "8")], "Isi kedua jam"),
        (
            vec![
                ("jenis", "tempat"),
                ("dari", "08.00"),
                ("sampai", "09.00"),
                ("jatah", "public"),
                ("cara", "tepat"),
                ("jumlah", "1"),
            ],
            "Pilih harinya.",
        ),
        (
            vec![("jenis", "tanggal"), ("mulai", "2027-01-05"), ("akhir", "2027-01-04"), ("isi", "biasa")],
            "tanggal yang berurutan",
        ),
        (vec![("jenis", "tanggal"), ("akhir", "2027-01-04"), ("isi", "biasa")], "Dari tanggal: isi tanggal, misalnya"),
        (
            vec![("jenis", "tanggal"), ("mulai", "2027-01-04"), ("akhir", "besok"), ("isi", "biasa")],
            "Sampai tanggal: isi tanggal, misalnya",
        ),
        (vec![("jenis", "minggu"), ("hari", "sen"), ("jam", "08.00-09.00")], "Periksa jam layanan."),
        (vec![("jenis", "minggu"), ("hari", "sen"), ("jam", "08.00-09.00 1\n08.30-09.30 1")], "bertumpuk"),
        (vec![("jenis", "csv"), ("csv", "")], "Tempel tabelnya."),
        (vec![("jenis", "csv"), ("csv", "a,b")], "Baris 1, kolom kantor: kolom ini tidak ada di baris judul."),
        (
            vec![("jenis", "tanggal"), ("mulai", "2026-11-02"), ("akhir", "2026-11-03"), ("isi", "biasa")],
            "2 November 2026 sudah tidak bisa diubah. Paling cepat besok",
        ),
        (
            vec![
                ("jenis", "tempat"),
                ("hari", "sel"),
                ("dari", "08.00"),
                ("sampai", "09.00"),
                ("jatah", "public"),
                ("cara", "tepat"),
                ("jumlah", "999999999999"),
            ],
            "Paling banyak 10.000 tempat per jam layanan.",
        ),
        (
            vec![("jenis", "minggu"), ("hari", "sen"), ("jam", "08.00-09.00 999999999")],
            "Paling banyak 10.000 tempat per jam layanan.",
        ),
        (vec![("jenis", "lain")], "Pilih apa yang diubah."),
    ] {
        check(&mut head, &asked).await;
        assert_eq!(head.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked:?}");
        head.shows(says);
    }
}

#[tokio::test]
async fn many_places_need_a_second_person_and_tables_go_there_and_back() {
    let server = Server::new().await;
    let before = planned(&server);
    let mut one = head(&server, "satu").await;
    more(&mut one, "500").await;
    one.shows("orang kedua harus menyetujui");
    let save = one.form(HERE).fill("alasan", "banyak");
    one.send(save).await;
    waits(&mut one).await;
    one.shows("Mengubah jam atau kuota");
    assert_eq!(planned(&server), before);

    one.open(&format!("{HERE}/tabel.csv")).await;
    assert!(one.header("content-type").starts_with("text/csv"));
    let table = one.html.clone();
    assert!(table.starts_with("kantor,hari,"), "{table}");
    check(&mut one, &[("jenis", "csv"), ("csv", &table)]).await;
    one.shows("Tidak ada yang berubah.");
    check(&mut one, &[("jenis", "csv"), ("csv", &table.replace("BTM,", "JAP,"))]).await;
    one.shows("berisi kantor lain (“JAP”)");
    // As a spreadsheet of this country writes it.
    let sheet = format!("\u{feff}{}", table.replace(',', ";").replace('\n', "\r\n").replace("08:00", "8.00"));
    check(&mut one, &[("jenis", "csv"), ("csv", &sheet)]).await;
    one.shows("Tidak ada yang berubah.");
    check(&mut one, &[("jenis", "csv"), ("csv", &format!("{sheet}BTM;07/12/2026;08.00;09.00;7\r\n"))]).await;
    one.shows("Periksa perubahan").shows("7 Desember 2026");
    let wrong = (0..25).fold(sheet, |text, number| format!("{text}BTM;besok;08.00;09.00;{number}\r\n"));
    check(&mut one, &[("jenis", "csv"), ("csv", &wrong)]).await;
    one.shows("kolom hari: “besok” bukan hari atau tanggal.").shows("dan 5 kesalahan lagi");
    one.shows("Semua kesalahannya ada di daftar di atas.");
    let mut english = head(&server, "tiga").await.in_english();
    check(&mut english, &[("jenis", "csv"), ("csv", &wrong)]).await;
    english.shows("column hari: “besok” is no day and no date.").shows("and 5 more");
    let mut officer = Browser::on_duty(&server, &server.on_duty("pintu", Role::Officer, &["BTM"]).await);
    officer.open(HERE).await.hides("Ubah jam atau kuota");
    officer.open(&format!("{HERE}/ubah")).await;
    assert_eq!(officer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_second_person_sees_what_a_change_comes_to_and_what_they_approve_holds_at_once() {
    let server = Server::new().await;
    let before = planned(&server);
    let mut one = head(&server, "satu").await;
    more(&mut one, "500").await;
    let save = one.form(HERE).fill("alasan", "banyak");
    one.send(save).await;
    let mut two = head(&server, "dua").await;
    two.open("/petugas/persetujuan").await;
    two.shows("orang kedua harus menyetujui").shows("Selasa").shows("→");
    let yes = two.form("/petugas/persetujuan/1");
    two.press(yes, "word", "yes").await.shows("Disetujui");
    assert_eq!(planned(&server), before + 500);
    server.open_release(Mode::Draw, &["BTM"]).await;
    let overview = server.app.overview();
    let tuesday = overview.releases[0].slots.iter().find(|slot| slot.key.date.weekday() == Weekday::Tuesday).unwrap();
    assert_eq!(tuesday.capacity, before + 500, "the next release takes its places from the hours as they are");
}

#[tokio::test]
async fn a_far_date_is_looked_at_as_well_and_a_form_without_a_choice_is_not_guessed() {
    let server = Server::new().await;
    let mut head = head(&server, "kepala").await;
    // Independence day of the year after: far beyond the quarter that every change is looked at.
    let far = [
        ("jenis", "tanggal"),
        ("mulai", "2027-08-17"),
        ("akhir", "2027-08-17"),
        ("isi", "jam"),
        ("jam", "08.00-09.00 400"),
    ];
    check(&mut head, &far).await;
    head.shows("orang kedua harus menyetujui").shows("0 → 400");
    let dates = [("jenis", "tanggal"), ("mulai", "2027-01-04"), ("akhir", "2027-01-04")];
    check(&mut head, &dates).await;
    head.shows("Pilih apa yang berlaku pada tanggal itu.");
    let places = [
        ("jenis", "tempat"),
        ("hari", "sel"),
        ("dari", "08.00"),
        ("sampai", "09.00"),
        ("jatah", "public"),
        ("jumlah", "1"),
    ];
    check(&mut head, &places).await;
    head.shows("Pilih caranya.");
}
