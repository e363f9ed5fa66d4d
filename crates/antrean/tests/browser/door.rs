//! The door and the display when something goes wrong around them: the line is dead, an answer is lost, a session ends, a clock is wrong,
//! the server goes away and comes back.

use crate::chromium::{Chromium, Tab};
use crate::demo::Demo;
use crate::office::{answer_of_the_door, on_duty, picture, sign_in, somebody_at_the_door, soon};
use crate::pages::tab_to;

const ONE_DAY_MS: i64 = 86_400_000;
/// The next answer to people without a ticket is lost on its way, after the server has done what was asked.
const LOSE_AN_ANSWER: &str = "(()=>{const real=window.fetch;let lost=false;window.fetch=(...all)=>real(...all).then(answer=>{\
    if(!lost&&String(all[0]).endsWith('/tanpa-tiket')){lost=true;throw new TypeError('lost')}return answer})})()";
/// How many numbers of people without a ticket the door remembers.
const WITHOUT: &str =
    "[...document.querySelectorAll('#terakhir th')].filter(th=>th.textContent.startsWith('W-')).length";

fn says(tab: &Tab) -> String {
    tab.text("document.body.innerText")
}

fn filled(door: &Tab) -> String {
    door.text("document.querySelector('#service').value+' '+document.querySelector('#count').value")
}

/// People without a ticket wait while the line is dead, with what was filled in; and get one number, though its answer is lost once.
fn receives_once(demo: &Demo, door: &Tab, path: &str) {
    door.open(&demo.page(path));
    let before = door.value(WITHOUT).as_u64().expect("a number");
    door.value("document.querySelector('#service').value='new';document.querySelector('#count').value='2';0");
    let press = |door: &Tab| {
        tab_to(door, "form[data-stays] button");
        door.key("Enter");
    };
    door.line(false);
    assert_eq!(answer_of_the_door(door, press), "amber");
    assert!(says(door).contains("Isian Anda tetap ada"), "{}", says(door));
    assert_eq!((filled(door).as_str(), door.at().as_str()), ("new 2", path), "the page stays, and what was filled in");
    door.line(true);
    door.value(LOSE_AN_ANSWER);
    assert_eq!(answer_of_the_door(door, press), "amber");
    assert!(says(door).contains("nomornya tetap satu"), "{}", says(door));
    assert_eq!(filled(door), "new 2");
    tab_to(door, "form[data-stays] button");
    door.enter();
    assert!(door.at().contains("/slip/"), "a number is given: {}", door.at());
    door.open(&demo.page(path));
    assert_eq!(door.value(WITHOUT).as_u64(), Some(before + 1), "once");
}

/// The number of people that was typed with a name goes on with whoever is chosen of those found.
fn takes_the_number_along(demo: &Demo, door: &Tab, path: &str) {
    door.open(&demo.page(path));
    tab_to(door, "#people");
    door.write("9");
    tab_to(door, "#shown");
    door.write("0000");
    door.key("Enter");
    let found = || door.value("document.querySelectorAll('#hari [name=people]').length") != 0;
    assert!(soon(found), "somebody is found");
    assert_eq!(door.text("document.querySelector('#hari [name=people]').value"), "9");
    tab_to(door, "#hari form button");
    door.key("Enter");
    // Nobody has a ticket for nine: that the number arrives is seen from its refusal.
    assert!(soon(|| door.has("#salah .alert")), "nine people are too many: {}", says(door));
}

/// What is scanned when the session has ended is kept, and sent by whoever kept it, who comes back to the door.
fn goes_on_after_the_session(demo: &Demo, chromium: &Chromium, aside: &Tab, path: &str) {
    let door = on_duty(chromium, demo, aside, "pintu");
    door.open(&demo.page(path));
    door.forget_sessions();
    let (_, code) = somebody_at_the_door(demo, aside);
    tab_to(&door, "#shown");
    door.write(&code);
    door.enter();
    assert_eq!(door.at(), format!("/petugas/masuk?lanjut={path}"));
    let kept = "Object.keys(localStorage).filter(k=>localStorage[k].includes('kunci')).length";
    assert_eq!(door.value(kept), 1, "what was scanned is kept");
    // Somebody else signs in on this device: nothing is sent under their name unless they say so.
    sign_in(&door, demo, aside, "loket");
    assert_eq!(door.at(), path, "signing in leads back to the door");
    let waits = || says(&door).contains("disimpan oleh Rina Contoh");
    assert!(soon(waits), "{}", says(&door));
    assert!(!door.has("#jawab .says"), "nothing is sent: {}", says(&door));
    picture(&door, "pintu-disimpan-orang-lain");
    door.forget_sessions();
    door.open(&demo.page(path));
    sign_in(&door, demo, aside, "pintu");
    assert!(soon(|| door.has("#jawab .says")), "the answer comes after all: {}", says(&door));
    assert!(soon(|| door.value("document.querySelector('#simpan').hidden") == true), "once");
    // The session ends again while arrivals wait without a network.
    door.line(false);
    tab_to(&door, "#shown");
    door.write("XX-2222222");
    assert_eq!(answer_of_the_door(&door, |door| door.key("Enter")), "amber");
    door.forget_sessions();
    door.line(true);
    assert!(soon(|| says(&door).contains("Sesi ini berakhir")), "{}", says(&door));
    picture(&door, "pintu-sesi-berakhir");
    tab_to(&door, "#simpan a");
    door.enter();
    sign_in(&door, demo, aside, "pintu");
    assert_eq!(door.at(), path);
    let refused = || door.text("document.querySelector('#jawab .says.red')?.innerText??''").contains("XX-2222222");
    assert!(soon(refused), "what was kept is sent: {}", says(&door));
}

/// The door says when its device's clock is wrong, and goes by the server's all the same.
fn goes_by_the_servers_clock(demo: &Demo, door: &Tab, path: &str) {
    door.open(&demo.page(path));
    assert_eq!(door.value("document.querySelector('#jam').hidden"), true, "{}", says(door));
    door.clock_off_by(-2 * ONE_DAY_MS);
    door.open(&demo.page(path));
    assert!(says(door).contains("Jam perangkat ini berbeda 2880 menit"), "{}", says(door));
    picture(door, "pintu-jam");
    // A real ticket of today, checked without a network by a device that believes in another day.
    tab_to(door, "#shown");
    door.write("0000");
    door.key("Enter");
    assert!(soon(|| door.has("#hari [name=shown]")), "somebody is found");
    let link = door.text("[...document.querySelectorAll('#hari [name=shown]')].pop().value");
    let token = door
        .text(&format!("fetch('/api/v1/appointments/{link}/ticket').then(r=>r.json()).then(t=>t.appointment.token)"));
    door.line(false);
    // Behind the rows of those found the way with Tab is long; a scanner types where the cursor was put.
    door.value("document.querySelector('#shown').focus();0");
    door.write(&token);
    let colour = answer_of_the_door(door, |door| door.key("Enter"));
    assert!(colour == "green" || colour == "amber", "{}", says(door));
    assert!(says(door).contains("Tiket asli"), "{}", says(door));
    let seen =
        "JSON.parse(localStorage[Object.keys(localStorage).find(k=>localStorage[k].includes('kunci'))]).pop().seen";
    let off = format!("Math.abs({seen}-document.querySelector('#pindai').dataset.now)<600000");
    assert_eq!(door.value(&off), true, "it was seen at the server's time");
    door.line(true);
}

/// The display goes by the server's clock, shows nothing of yesterday, and comes back with the server.
fn comes_back(demo: Demo, display: &Tab, office: &str) {
    display.clock_off_by(5 * 3_600_000);
    display.open(&demo.page(&format!("/layar/{office}")));
    let wall = "(()=>{const d=document.body.dataset,t=new Date(+d.now+d.offset*60000);\
        return ('0'+t.getUTCHours()).slice(-2)+'.'})()";
    let (wall, shown) = (display.text(wall), display.text("document.querySelector('#jam').textContent"));
    assert!(shown.starts_with(&wall) || shown.contains(".00"), "{shown} is the server's time, {wall}");
    assert!(soon(|| display.has("#kini .number")), "somebody is called");
    assert!(soon(|| display.has("body.still")), "the arrow is hidden");
    assert_eq!(display.text("getComputedStyle(document.body).cursor"), "none");

    let address = demo.url.trim_start_matches("http://").to_owned();
    drop(demo);
    let cut = || display.value("!document.querySelector('#putus').hidden") == true;
    assert!(soon(cut), "it says that it is cut off");
    assert!(display.has("#kini .number"), "what was called last stays for the time being");
    display.value(&format!("(()=>{{const now=Date.now;Date.now=()=>now()+{ONE_DAY_MS}}})()"));
    assert!(soon(|| !display.has("#kini .number")), "but not on the next morning");
    picture(display, "layar-terputus");
    let _again = Demo::start_at(&address, &["--people", "40", "--seconds", "600"]);
    assert!(soon(|| !cut()), "the server is back, and the display with it");
}

#[test]
fn the_door_and_the_display_go_on_through_dead_lines_ended_sessions_and_wrong_clocks() {
    let Some(chromium) = Chromium::start() else { return };
    let demo = Demo::start(&["--day", "--people", "400", "--seconds", "15"]);
    let aside = chromium.tab();
    let (office, _) = somebody_at_the_door(&demo, &aside);
    let path = format!("/petugas/{office}/pintu");
    let door = on_duty(&chromium, &demo, &aside, "pintu");
    receives_once(&demo, &door, &path);
    takes_the_number_along(&demo, &door, &path);
    goes_on_after_the_session(&demo, &chromium, &aside, &path);
    goes_by_the_servers_clock(&demo, &door, &path);
    let display = chromium.other_phone();
    display.desk();
    comes_back(demo, &display, &office);
}
