//! The way of a newcomer to a ticket, by draw and by a place left over, on a small phone that runs no scripts.

use std::time::Duration;

use crate::chromium::{Chromium, HEIGHT, Tab};
use crate::demo::{BUDI, Demo, Newcomer, SITI};
use crate::scale::{JOURNEY_BYTES_MAX, Traffic};
use crate::sight::Sight;

/// The button that goes on.
pub const ONWARD: &str = "main form[method=post] button.btn:not(.second):not(.quiet)";
/// What the door asks for.
const AT_THE_DOOR: [&str; 4] = ["#code", ".when", ".where", "svg.qr"];

/// A person with a phone, and how much came over its line.
pub struct Person<'a> {
    pub tab: Tab,
    demo: &'a Demo,
    /// Pages and bytes so far.
    seen: Vec<(String, Traffic)>,
}

impl<'a> Person<'a> {
    pub fn new(tab: Tab, demo: &'a Demo) -> Self {
        tab.scripts(false);
        Self { tab, demo, seen: Vec::new() }
    }

    fn note(&mut self) {
        let mut traffic = self.tab.traffic();
        if self.seen.is_empty() {
            // The icon comes once.
            self.tab.scripts(true);
            traffic = self.tab.with_icon(traffic);
            self.tab.scripts(false);
        }
        let at = self.tab.at();
        let name = at.split('?').next().unwrap_or_default();
        // What follows is the long random part of a link.
        let name = ["/entri/", "/tiket/"].into_iter().find(|start| name.starts_with(start)).unwrap_or(name);
        self.seen.push((name.to_owned(), traffic));
    }

    pub fn open(&mut self, path: &str) {
        self.tab.open(&self.demo.page(path));
        self.note();
    }

    pub fn press(&mut self, selector: &str) {
        self.tab.press(selector);
        self.note();
    }

    /// Must be there now.
    pub fn is_at(&self, path: &str) {
        let at = self.tab.at();
        assert!(at.starts_with(path), "at {at}, not at {path}:\n{}", self.tab.text("document.body.innerText"));
    }

    /// Signs in and says who they are, from where they are sent to do so.
    pub fn sign_in(&mut self, aside: &Tab, who: &Newcomer) {
        self.is_at("/masuk");
        self.tab.fill("#phone", who.phone);
        self.press(ONWARD);
        self.is_at("/masuk/kode");
        self.tab.fill("#code", &self.demo.code(aside, who.phone));
        self.press(ONWARD);
        self.say_who(who);
    }

    pub fn say_who(&mut self, who: &Newcomer) {
        self.is_at("/daftar");
        self.tab.fill("#name", who.name);
        self.tab.fill("#nik", who.nik);
        for (field, part) in ["#birth_date", "#birth_month", "#birth_year"].into_iter().zip(who.born) {
            self.tab.fill(field, part);
        }
        self.tab.fill("#family_card", "2171010101010000");
        self.tab.touch(&format!("input[name=sex][value={}]", who.sex));
        self.tab.touch("#consent");
        self.press(ONWARD);
    }

    /// Says what for, and for whom.
    pub fn say_what(&mut self) {
        self.tab.touch("input[name=service][value=new]");
        self.tab.touch("input[name=passport][value=electronic]");
        self.press(ONWARD);
        assert_eq!(self.tab.value("document.querySelectorAll('input[name=people]:checked').length"), 1);
        self.press(ONWARD);
    }

    /// Takes the first free place, from the list of provinces to the ticket.
    fn take_what_is_left(&mut self, aside: &Tab, who: &Newcomer, sight: &Sight<'_>) {
        self.is_at("/antrean/DEMO-1/tempat");
        for _ in ["province", "office", "window"] {
            self.press("main .rows a");
        }
        if self.tab.at().starts_with("/masuk") {
            self.sign_in(aside, who);
        }
        if self.tab.has("input[name=service]") {
            self.say_what();
        }
        self.is_at("/antrean/DEMO-1/tempat/");
        sight.look_at(&self.tab);
        self.press(ONWARD);
    }

    /// The page of the ticket: all that the door asks for is on the first screen.
    fn holds_a_ticket(&self) {
        self.is_at("/tiket/");
        assert_eq!(self.tab.value("scrollY"), 0);
        for part in AT_THE_DOOR {
            let below = self.tab.value(&format!(
                "(()=>{{const b=document.querySelector({part:?}).getBoundingClientRect();return b.width>0&&b.top>=0?b.bottom:1e6}})()"
            ));
            let below = below.as_f64().expect("a number");
            println!("ticket: {part} ends at {below} px");
            assert!(below <= f64::from(HEIGHT), "{part} ends at {below} px of {HEIGHT}");
        }
        let qr = self.tab.value("document.querySelector('svg.qr').getBoundingClientRect().width/screen.width");
        assert!(qr.as_f64().is_some_and(|share| share >= 0.6), "the QR code takes {qr} of the width");
        assert!(self.tab.has("svg.qr[role=img][aria-label]"));
    }

    /// Prints what came over the line; gives the sum.
    fn bytes(&self, name: &str) -> u64 {
        println!("{name}\n| page | html | css | other | requests | whole |\n|---|--:|--:|--:|--:|--:|");
        for (at, traffic) in &self.seen {
            println!("{}", traffic.row(at));
        }
        let sum = self.seen.iter().map(|(_, traffic)| traffic.bytes()).sum();
        println!("{name}: {} pages, {sum} bytes", self.seen.len());
        sum
    }
}

/// Waits until the release is in a state.
fn until(demo: &Demo, aside: &Tab, state: &str) {
    for _ in 0..1_200 {
        aside.open(&demo.page("/api/v1/releases/DEMO-1"));
        if aside.text("document.body.innerText").contains(&format!("\"state\":\"{state}\"")) {
            return;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    panic!("the release is never {state}");
}

#[test]
fn a_newcomer_comes_to_a_ticket_on_a_small_phone_without_scripts() {
    let Some(chromium) = Chromium::start() else { return };
    // Some places are left over, for who comes after the draw.
    let demo = Demo::start(&["--people", "60", "--seconds", "70"]);
    let aside = chromium.tab();
    until(&demo, &aside, "open");
    let mut siti = Person::new(chromium.tab(), &demo);
    siti.open("/");
    siti.press("main a.btn[href$='/daftar']");
    siti.sign_in(&aside, &SITI);
    siti.is_at("/antrean/DEMO-1/daftar/layanan");
    siti.say_what();
    siti.is_at("/antrean/DEMO-1/daftar/pilihan");
    siti.press("#tambah");
    siti.tab.fill("#cari", "batam");
    siti.press("main form[role=search] button");
    siti.press(".pickrows a");
    siti.tab.touch("input[name=date][value='*']");
    siti.tab.touch("input[name=window][value='*']");
    siti.press(ONWARD);
    siti.press(ONWARD);
    siti.is_at("/antrean/DEMO-1/daftar/periksa");
    siti.press(ONWARD);
    siti.is_at("/entri/");
    let entry = siti.tab.at();

    let sight = Sight::new(&chromium, &demo);
    sight.page("receipt of an entry", &entry);
    sight.page("my data, entered", "/saya");
    sight.page("withdraw", &format!("{entry}/mundur"));
    until(&demo, &aside, "drawn");
    siti.open(&entry);
    if !siti.tab.at().starts_with("/tiket/") {
        siti.press("main a[href$='/tempat']");
        siti.take_what_is_left(&aside, &SITI, &sight);
    }
    siti.holds_a_ticket();
    let bytes = siti.bytes("journey by draw");
    assert!(bytes <= JOURNEY_BYTES_MAX, "{bytes} bytes of {JOURNEY_BYTES_MAX}");

    let ticket = siti.tab.at();
    for (name, step) in [
        ("ticket", ""),
        ("move", "/pindah"),
        ("move, offices", "/pindah/kantor?cari=batam"),
        ("cancel", "/batal"),
        ("ask for a better place", "/gelombang"),
        ("ask, offices", "/gelombang/kantor?cari=batam"),
        ("ask, times", "/gelombang/jam?kantor=BTM-HB"),
    ] {
        sight.page(name, &format!("{ticket}{step}"));
    }
    for (name, path) in [
        ("my data, with a ticket", "/saya"),
        ("start, drawn", "/"),
        ("release, drawn", "/antrean/DEMO-1"),
        ("a draw, drawn", "/undian/DEMO-1"),
        ("places left over: provinces", "/antrean/DEMO-1/tempat"),
        ("places left over: offices", "/antrean/DEMO-1/tempat?provinsi=21"),
        ("places left over: windows", "/antrean/DEMO-1/tempat/jam?kantor=BTM-HB"),
    ] {
        sight.page(name, path);
    }

    let mut budi = Person::new(chromium.other_phone(), &demo);
    budi.open("/");
    budi.press("main a.btn[href$='/tempat']");
    budi.take_what_is_left(&aside, &BUDI, &sight);
    budi.holds_a_ticket();
    let bytes = budi.bytes("journey by a place left over");
    assert!(bytes <= JOURNEY_BYTES_MAX, "{bytes} bytes of {JOURNEY_BYTES_MAX}");
    sight.judge();
}
