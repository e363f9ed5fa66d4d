//! The day at an office as officers do it, by keyboard: the door, a counter, the display, a closure. What is on their screens is what
//! the guide for office staff shows: with `ANTREAN_PICTURES_DIR` set, pictures of it are written there.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::chromium::{Chromium, Tab};
use crate::demo::Demo;
use crate::pages::tab_to;
use crate::sight::Sight;

/// The draw and everything before it; whoever has a ticket for the first hour comes soon after.
const PATIENCE: Duration = Duration::from_mins(4);
/// The code of somebody's second factor, as the page of the demo shows it.
const CODE: &str = "[...document.querySelectorAll('.sum div')].find(d=>d.querySelector('b').textContent==='{}')\
    .querySelector('dd').textContent.trim()";
const AT_THE_DOOR: &str = "[...document.querySelectorAll('section.card ul b')].map(b=>b.textContent).pop()??''";

/// Looks at what is shown as one who cannot see it would, and leaves the screen and its scripts as they were.
pub fn look(sight: &Sight<'_>, tab: &Tab) {
    sight.look_at(tab);
    tab.scripts(true);
    tab.desk();
}

/// Writes what a tab shows, for the guide.
pub fn picture(tab: &Tab, name: &str) {
    if let Some(folder) = std::env::var_os("ANTREAN_PICTURES_DIR") {
        fs::create_dir_all(&folder).expect("a folder for pictures");
        fs::write(Path::new(&folder).join(format!("{name}.png")), tab.picture()).expect("a picture");
    }
}

/// Signs somebody in by keyboard, on a computer of their own.
pub fn on_duty(chromium: &Chromium, demo: &Demo, aside: &Tab, login: &str) -> Tab {
    let tab = chromium.other_phone();
    tab.desk();
    tab.open(&demo.page("/petugas/masuk"));
    sign_in(&tab, demo, aside, login);
    tab
}

/// Signs somebody in at the page that a tab shows.
pub fn sign_in(tab: &Tab, demo: &Demo, aside: &Tab, login: &str) {
    let page = tab.at();
    let mut used = String::new();
    for _ in 0..3 {
        tab_to(tab, "#login");
        tab.write(login);
        tab_to(tab, "#password");
        tab.write("loket-nomor-tiga");
        // A code is good once: the next is waited for.
        let code = loop {
            aside.open(&demo.page("/demo/pesan"));
            let code = aside.text(&CODE.replace("{}", login));
            if code != used {
                break code;
            }
            std::thread::sleep(Duration::from_secs(1));
        };
        tab_to(tab, "#code");
        tab.write(&code);
        used = code;
        if login == "pintu" {
            picture(tab, "masuk");
        }
        tab.enter();
        if !tab.at().starts_with("/petugas/masuk") {
            return;
        }
        // The code changed in that very moment, or was used before.
        tab.open(&demo.page(&page));
    }
    panic!("{login} is not let in: {}", tab.text("document.body.innerText"));
}

/// Waits until the page of the demo says that somebody with a ticket stands at the door: the office, and their code.
pub fn somebody_at_the_door(demo: &Demo, aside: &Tab) -> (String, String) {
    let begun = Instant::now();
    loop {
        aside.open(&demo.page("/demo/pesan"));
        let code = aside.text(AT_THE_DOOR);
        if !code.is_empty() {
            let office = aside.text("document.querySelector('a[href^=\"/layar/\"]').pathname.split('/').pop()");
            return (office, code);
        }
        assert!(begun.elapsed() < PATIENCE, "nobody comes to the office");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Whether something comes true soon: a page takes a moment, a call that waits for others to be said takes more.
pub fn soon(so: impl Fn() -> bool) -> bool {
    (0..300).any(|look| {
        if look > 0 {
            std::thread::sleep(Duration::from_millis(100));
        }
        so()
    })
}

/// Whether a display asks to be touched for its sound.
fn shows_button(display: &Tab) -> bool {
    display.value("!document.getElementById('suara').hidden") == true
}

/// A display says that it may make no sound before somebody touches the page, and calls out what is called from then on; one that is
/// to be quiet only shows it.
fn says_once_it_may(display: &Tab, quiet: &Tab, called: &str, call_again: impl Fn()) {
    assert!(soon(|| shows_button(display)), "the display asks to be touched");
    display.touch("#suara");
    assert!(soon(|| !shows_button(display)), "and does not ask any more");
    picture(display, "layar");
    call_again();
    let said = |tab: &Tab| tab.text("document.body.dataset.said??''");
    assert!(soon(|| said(display).starts_with(called)), "{called} is called out; last {:?}", said(display));
    assert!(said(display).ends_with(", silakan-ke-loket tiga"), "{}", said(display));
    assert!(!shows_button(quiet) && said(quiet).is_empty(), "where no sound is wanted nothing is said");
    assert!(quiet.text("document.body.innerText").contains(called), "but shown");
}

/// The colour of what the door says next, after something was done there. It comes into the page; no other page does.
pub fn answer_of_the_door(door: &Tab, does: impl Fn(&Tab)) -> String {
    door.value("document.querySelector('#jawab').textContent=''");
    does(door);
    let colour = "document.querySelector('#jawab .says')?.dataset.signal??''";
    assert!(soon(|| !door.text(colour).is_empty()), "the door says nothing: {}", door.text("document.body.innerText"));
    door.text(colour)
}

/// A scanner may end its line twice: what was said stays, and nothing is asked.
fn ends_its_line_twice(door: &Tab, number: &str) {
    tab_to(door, "#shown");
    door.key("Enter");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(door.text("document.querySelector('.says .number')?.textContent??''"), number);
}

/// Without a network what cannot be checked is kept, once, and sent when the line is whole again; what is refused then is said.
fn keeps_who_comes_without_a_network(door: &Tab, code: &str) {
    door.line(false);
    for _ in 0..2 {
        tab_to(door, "#shown");
        door.write(code);
        assert_eq!(answer_of_the_door(door, |door| door.key("Enter")), "amber");
        assert!(door.text("document.querySelector('#simpan').innerText").contains("1 kedatangan disimpan"));
    }
    tab_to(door, "#shown");
    door.write("Siti");
    assert_eq!(answer_of_the_door(door, |door| door.key("Enter")), "amber");
    let says = door.text("document.body.innerText");
    assert!(
        says.contains("Server tidak terjangkau") && says.contains("1 kedatangan disimpan"),
        "a name is not kept: {says}"
    );
    tab_to(door, "#shown");
    door.write("XX-2222222");
    assert_eq!(answer_of_the_door(door, |door| door.key("Enter")), "amber");
    door.line(true);
    let sent = || door.value("document.querySelector('#simpan').hidden") == true;
    assert!(soon(sent), "what was kept is sent");
    let refused = || {
        let says = door.text("document.querySelector('#jawab .says.red')?.innerText??''");
        says.contains("XX-2222222")
    };
    assert!(soon(refused), "what is refused then is said: {}", door.text("document.body.innerText"));
}

#[test]
fn an_officer_lets_people_in_calls_and_serves_them_by_keyboard_and_a_head_closes_an_afternoon() {
    let Some(chromium) = Chromium::start() else { return };
    let demo = Demo::start(&["--day", "--people", "400", "--seconds", "15"]);
    let aside = chromium.tab();
    let sight = Sight::new(&chromium, &demo);
    let (office, _) = somebody_at_the_door(&demo, &aside);

    // The counter is open before anybody is let in, so that nobody else is quicker.
    let counter = on_duty(&chromium, &demo, &aside, "loket");
    counter.open(&demo.page(&format!("/petugas/{office}/loket")));
    tab_to(&counter, "#number");
    counter.write("3");
    counter.enter();
    assert!(counter.has("button[data-key=F2]"), "the counter is open");

    let door = on_duty(&chromium, &demo, &aside, "pintu");
    picture(&door, "beranda");
    door.open(&demo.page(&format!("/petugas/{office}/pintu")));
    let (_, code) = somebody_at_the_door(&demo, &aside);
    tab_to(&door, "#shown");
    door.write(&code);
    picture(&door, "pintu-ketik");
    let signal = answer_of_the_door(&door, |door| door.key("Enter"));
    assert!(signal == "green" || signal == "amber", "{}", door.text("document.body.innerText"));
    let number = door.text("document.querySelector('.says .number').textContent");
    picture(&door, "pintu-hijau");
    look(&sight, &door);
    ends_its_line_twice(&door, &number);
    tab_to(&door, "#shown");
    door.write("XX-2222222");
    assert_eq!(answer_of_the_door(&door, |door| door.key("Enter")), "red");
    picture(&door, "pintu-merah");
    let (_, code) = somebody_at_the_door(&demo, &aside);
    keeps_who_comes_without_a_network(&door, &code);

    counter.leave_by("F2");
    let called = counter.text("document.querySelector('.now .number')?.firstChild.textContent.trim()??''");
    assert!(!called.is_empty(), "somebody is called: {}", counter.text("document.body.innerText"));
    picture(&counter, "loket-panggil");
    look(&sight, &counter);
    let display = chromium.other_phone();
    display.desk();
    display.open(&demo.page(&format!("/layar/{office}")));
    assert!(display.text("document.body.innerText").contains(&called), "the display shows {called}; {number} came in");
    let quiet = chromium.other_phone();
    quiet.open(&demo.page(&format!("/layar/{office}?suara=0")));
    says_once_it_may(&display, &quiet, &called, || counter.leave_by("F3"));
    counter.leave_by("F4");
    picture(&counter, "loket-layani");
    counter.leave_by("F9");
    assert!(counter.has("button[data-key=F2]") && !counter.has(".now"), "the counter is free again");
    assert!(counter.text("document.body.innerText").contains(&called), "and remembers {called}");
    // Somebody else may be quicker with the few who wait; if there is a next call, the display shows it without being touched.
    counter.leave_by("F2");
    let next = counter.text("document.querySelector('.now .number')?.firstChild.textContent.trim()??''");
    if !next.is_empty() {
        let shows = || display.text("document.body.innerText").contains(&next);
        assert!(soon(shows), "the display goes on to {next} by itself");
    }
    display.open("about:blank");
    quiet.open("about:blank");

    let head = on_duty(&chromium, &demo, &aside, "kepala");
    head.open(&demo.page(&format!("/petugas/{office}/penutupan/baru")));
    let today = door.text("new Date().toISOString().slice(0,10)");
    aside.open(&demo.page("/api/v1/releases"));
    let releases = aside.text("document.body.innerText");
    let date = releases.split("\"dates\":[\"").nth(1).and_then(|rest| rest.get(..10)).unwrap_or(&today).to_owned();
    // How dates and hours are typed is the browser's affair, and differs by where it stands; they are put in.
    for (field, value) in [("dari", date.as_str()), ("mulai", "11:00"), ("selesai", "12:00")] {
        head.value(&format!("document.querySelector('[name={field}]').value={value:?}"));
    }
    tab_to(&head, "[name=sebab]");
    head.key("Space");
    tab_to(&head, "[name=kata]");
    head.write("Listrik padam");
    tab_to(&head, "[name=pindah]");
    head.key("Space");
    picture(&head, "penutupan-isi");
    head.enter();
    assert!(head.at().contains("/penutupan/periksa"), "{}", head.text("document.body.innerText"));
    picture(&head, "penutupan-periksa");
    look(&sight, &head);
    tab_to(&head, "form[method=post][action$='/penutupan'] button");
    head.enter();
    assert!(!head.at().contains("/periksa"), "{}", head.text("document.body.innerText"));
    picture(&head, "penutupan-jalan");
    let here = |page: &str| format!("/petugas/{office}/{page}");
    for (path, name) in [
        ("/petugas/staf".to_owned(), "staf"),
        ("/petugas/persetujuan".to_owned(), "persetujuan"),
        (here("kuota"), "kuota"),
        (here("kuota/ubah"), "kuota-ubah"),
        (here("kuota/riwayat"), "kuota-riwayat"),
        (here("angka"), "angka"),
        ("/petugas/angka".to_owned(), "angka-semua"),
        ("/petugas/angka/pertanyaan".to_owned(), "pertanyaan"),
    ] {
        head.open(&demo.page(&path));
        picture(&head, name);
        look(&sight, &head);
    }
    sight.judge();
}
