//! The door with a phone's camera, before which somebody holds the ticket on their own phone.

use std::fs;
use std::path::Path;

use crate::chromium::{Chromium, Tab};
use crate::demo::Demo;
use crate::office::{answer_of_the_door, look, on_duty, picture, somebody_at_the_door, soon};
use crate::pages::tab_to;
use crate::sight::Sight;

/// The picture of the camera, in pixels.
const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// Grey between the phone's edges and the code's white ground.
const AROUND: u8 = 90;
const CAMERA: &str = "#kamera button";
/// The drawing of a code, as the page of the ticket has it: its side, and its dark lines.
const SIDE: &str = "String(document.querySelector('svg.qr').viewBox.baseVal.width)";
const LINES: &str = "document.querySelector('svg.qr path[stroke]').getAttribute('d')";
/// How many tracks of the camera are on.
const TRACKS: &str =
    "(document.querySelector('#kamera video').srcObject?.getTracks()??[]).filter(t=>t.readyState==='live').length";

/// A square of modules, dark or white.
struct Code {
    side: usize,
    dark: Vec<bool>,
}

impl Code {
    /// What the page of a ticket shows: lines `M{left} {top}.5h{length}`, one module thick.
    fn shown_in(tab: &Tab) -> Self {
        let side: usize = tab.text(SIDE).parse().expect("a side");
        let mut dark = vec![false; side * side];
        for line in tab.text(LINES).split('M').skip(1) {
            let (from, length) = line.split_once(".5h").expect("a line");
            let (left, top) = from.split_once(' ').expect("a place");
            let [left, top, length]: [usize; 3] = [left, top, length].map(|number| number.parse().expect("a number"));
            dark[top * side + left..][..length].fill(true);
        }
        Self { side, dark }
    }

    /// Brightness of a pixel of the camera's picture.
    fn brightness(&self, x: usize, y: usize) -> u8 {
        let module = (HEIGHT - 40) / self.side;
        let (left, top) = ((WIDTH - module * self.side) / 2, (HEIGHT - module * self.side) / 2);
        let (Some(x), Some(y)) = (x.checked_sub(left), y.checked_sub(top)) else { return AROUND };
        let (column, row) = (x / module, y / module);
        match column < self.side && row < self.side {
            true if self.dark[row * self.side + column] => 30,
            true => 225,
            false => AROUND,
        }
    }

    /// A film of two pictures in Y4M: brightness, then colours, of which there are none.
    fn film(&self, file: &Path) {
        let mut picture: Vec<u8> =
            (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y))).map(|(x, y)| self.brightness(x, y)).collect();
        picture.resize(WIDTH * HEIGHT * 3 / 2, 128);
        let mut frames = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n").into_bytes();
        for _ in 0..2 {
            frames.extend_from_slice(b"FRAME\n");
            frames.extend_from_slice(&picture);
        }
        fs::write(file, frames).expect("a file for the film");
    }
}

/// Finds the ticket of somebody who is expected now, as an officer finds who lost theirs, and shows it in a tab.
fn ticket_of_somebody(demo: &Demo, door: &Tab, phone: &Tab) {
    tab_to(door, "#shown");
    // The last four digits of everybody who is made up.
    door.write("0000");
    door.key("Enter");
    let rows = "document.querySelectorAll('#hari tr').length";
    assert!(soon(|| door.value(rows) != 0), "nobody is found");
    // Of those with the first window the last, whom the made-up officer lets in last.
    let link = door.text(
        "(()=>{const rows=[...document.querySelectorAll('#hari tr')],when=r=>r.cells[1].textContent;\
         return rows.filter(r=>when(r)===when(rows[0])).pop().querySelector('[name=shown]').value})()",
    );
    phone.open(&demo.page(&format!("/tiket/{link}")));
    assert!(phone.has("svg.qr"), "the ticket shows its code");
}

#[test]
fn a_ticket_that_is_held_before_a_phones_camera_lets_its_owner_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("ticket.y4m");
    let Some(chromium) = Chromium::with_camera(&film) else { return };
    let demo = Demo::start(&["--day", "--people", "400", "--seconds", "15"]);
    let aside = chromium.tab();
    let sight = Sight::new(&chromium, &demo);
    let (office, _) = somebody_at_the_door(&demo, &aside);
    let door = on_duty(&chromium, &demo, &aside, "pintu");
    let path = format!("/petugas/{office}/pintu");
    door.open(&demo.page(&path));
    let phone = chromium.other_phone();
    ticket_of_somebody(&demo, &door, &phone);
    Code::shown_in(&phone).film(&film);

    door.width(360);
    door.open(&demo.page(&path));
    let offered = format!("!document.querySelector({CAMERA:?}).hidden");
    assert!(soon(|| door.value(&offered) == true), "a camera is there, and is offered");
    let says = door.text("document.querySelector('#kamera').innerText");
    assert!(says.contains("Pakai kamera"), "{says}");
    let signal = answer_of_the_door(&door, |door| {
        tab_to(door, CAMERA);
        door.key("Enter");
    });
    assert!(signal == "green" || signal == "amber", "{}", door.text("document.body.innerText"));
    assert!(door.has("#jawab .number"), "whoever holds the ticket gets a number");
    println!("read by the browser itself: {}", door.value("'BarcodeDetector' in window"));
    picture(&door, "pintu-kamera");
    // The ticket stays before the camera, and counts once.
    let asked = "performance.getEntriesByType('resource').filter(r=>r.initiatorType==='fetch'&&r.name.endsWith('/pintu')).length";
    assert_eq!(door.value(asked), 1);
    assert_eq!(door.value(TRACKS), 1, "the camera goes on");
    let before = door.value("document.querySelector('#kamera video').currentTime");
    let later =
        |door: &Tab| door.value("document.querySelector('#kamera video').currentTime").as_f64() > before.as_f64();
    assert!(soon(|| later(&door)), "the picture lives");
    assert_eq!(door.value(asked), 1);
    look(&sight, &door);

    // Hidden, the page lets the camera go, and takes it up again when somebody looks at it; pressed again, it is off.
    let hide = |hidden: bool| {
        door.value(&format!(
            "Object.defineProperty(document,'hidden',{{value:{hidden},configurable:true}});\
             document.dispatchEvent(new Event('visibilitychange'))"
        ))
    };
    door.value("window.track=document.querySelector('#kamera video').srcObject.getTracks()[0];0");
    hide(true);
    assert_eq!(door.text("track.readyState"), "ended");
    assert_eq!(door.value(TRACKS), 0);
    hide(false);
    assert!(soon(|| door.value(TRACKS) == 1), "the camera is on again");
    tab_to(&door, CAMERA);
    door.key("Enter");
    assert_eq!(door.value(TRACKS), 0);
    assert_eq!(door.text("document.querySelector('#kamera button').textContent"), "Pakai kamera");

    // Where it cannot be used, the page says why, and what works.
    for (error, words) in [
        ("NotAllowedError", "Kamera tidak diizinkan"),
        ("NotFoundError", "Tidak ada kamera di perangkat ini"),
        ("NotReadableError", "sedang dipakai aplikasi lain"),
    ] {
        door.value(&format!(
            "navigator.mediaDevices.getUserMedia=()=>Promise.reject(new DOMException('',{error:?}));0"
        ));
        tab_to(&door, CAMERA);
        door.key("Enter");
        let says = || door.text("document.querySelector('#kamera').innerText");
        assert!(soon(|| says().contains(words)), "{error}: {}", says());
        assert!(says().contains("Pakai kamera"), "it can be tried again");
    }
    sight.judge();
}
