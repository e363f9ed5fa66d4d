//! Counters by keyboard: a head says what one takes on, and an officer takes over where a colleague sits.

use crate::chromium::{Chromium, Tab};
use crate::demo::Demo;
use crate::office::{look, on_duty, picture, somebody_at_the_door};
use crate::pages::tab_to;
use crate::sight::Sight;

fn words(tab: &Tab) -> String {
    tab.text("document.querySelector('main').innerText")
}

#[test]
fn a_head_sets_a_counter_up_and_an_officer_takes_one_over_by_keyboard() {
    let Some(chromium) = Chromium::start() else { return };
    let demo = Demo::start(&["--day", "--people", "400", "--seconds", "15"]);
    let aside = chromium.tab();
    let sight = Sight::new(&chromium, &demo);
    let (office, _) = somebody_at_the_door(&demo, &aside);

    let head = on_duty(&chromium, &demo, &aside, "kepala");
    head.open(&demo.page(&format!("/petugas/{office}")));
    tab_to(&head, "main a[href$='/loket/atur']");
    head.enter();
    tab_to(&head, "#nomor");
    head.write("4");
    tab_to(&head, "#nama");
    head.write("Prioritas");
    // All is chosen at first; this one is for priority alone, and for nothing at all it cannot be.
    for field in ["#jenis", "#jenis-priority", "#jenis-walk_in"] {
        tab_to(&head, field);
        head.key("Space");
    }
    head.enter();
    assert!(head.has(".alert a[href='#jenis']"), "{}", words(&head));
    look(&sight, &head);
    tab_to(&head, "#jenis-priority");
    head.key("Space");
    head.enter();
    assert!(head.has("#sudah[role=status]") && words(&head).contains("Loket 4 tersimpan."), "{}", words(&head));
    let row = "[...document.querySelectorAll('main tbody tr')].find(r=>r.cells[0].innerText==='4').innerText";
    assert!(head.text(row).contains("Prioritas") && !head.text(row).contains("Terjadwal"), "{}", head.text(row));
    picture(&head, "loket-atur");
    look(&sight, &head);
    tab_to(&head, "a[href$='nomor=4#ubah']");
    head.enter();
    tab_to(&head, "#jenis-walk_in");
    head.key("Space");
    head.enter();
    assert!(head.text(row).contains("Datang langsung"), "{}", words(&head));
    tab_to(&head, "form[action$='/hapus'] button");
    picture(&head, "loket-hapus");

    // A made-up officer sits at the first counter.
    let officer = on_duty(&chromium, &demo, &aside, "loket");
    officer.open(&demo.page(&format!("/petugas/{office}/loket")));
    tab_to(&officer, "#number");
    officer.write("1");
    officer.enter();
    assert!(officer.has("#ambil") && !officer.has("button[data-key=F2],.now"), "{}", words(&officer));
    assert!(words(&officer).contains("duduk di loket 1"), "{}", words(&officer));
    picture(&officer, "loket-ambil");
    look(&sight, &officer);
    tab_to(&officer, "#ambil button");
    officer.enter();
    assert!(words(&officer).contains("Anda mengambil alih loket 1."), "{}", words(&officer));
    picture(&officer, "loket-diambil");
    look(&sight, &officer);
    sight.judge();
}
