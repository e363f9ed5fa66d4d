//! What a head of office changes by keyboard, and where it is seen: a quota, before and after it is saved; what the public reads of
//! the office; and somebody without a ticket, whose way goes from the door to the counter.

use crate::chromium::{Chromium, Tab};
use crate::demo::Demo;
use crate::office::{look, on_duty, picture, somebody_at_the_door, soon};
use crate::pages::tab_to;
use crate::sight::Sight;

/// Whom a counter has called.
const CALLED: &str = "document.querySelector('.now .number')?.firstChild.textContent.trim()??''";

fn words(tab: &Tab) -> String {
    tab.text("document.querySelector('main').innerText")
}

/// Goes on to a choice of a list, which arrows change, until it is chosen.
fn choose(tab: &Tab, selector: &str, value: &str) {
    tab_to(tab, selector);
    let chosen = format!("document.querySelector({selector:?}).value");
    for key in ["ArrowDown", "ArrowUp"].into_iter().flat_map(|key| [key; 10]) {
        if tab.text(&chosen) == value {
            return;
        }
        tab.key(key);
    }
    panic!("{value} is not among the choices of {selector}");
}

/// Replaces what stands in a field.
fn write_over(tab: &Tab, selector: &str, text: &str) {
    tab_to(tab, selector);
    // Tab into a field marks all of it.
    tab.write(text);
    assert_eq!(tab.text(&format!("document.querySelector({selector:?}).value")), text);
}

#[test]
fn somebody_without_a_ticket_gets_a_number_for_the_infirm_and_is_called_and_served() {
    let Some(chromium) = Chromium::start() else { return };
    let demo = Demo::start(&["--day", "--people", "400", "--seconds", "15"]);
    let aside = chromium.tab();
    let sight = Sight::new(&chromium, &demo);
    let (office, _) = somebody_at_the_door(&demo, &aside);
    let counter = on_duty(&chromium, &demo, &aside, "loket");
    counter.open(&demo.page(&format!("/petugas/{office}/loket")));
    tab_to(&counter, "#number");
    counter.write("3");
    counter.enter();

    let door = on_duty(&chromium, &demo, &aside, "pintu");
    door.open(&demo.page(&format!("/petugas/{office}/pintu")));
    // An emergency needs words; without them the page says where.
    choose(&door, "#service", "replacement");
    choose(&door, "#priority", "other");
    tab_to(&door, "form[action$='/tanpa-tiket'] button");
    door.enter();
    assert!(door.has(".alert a[href='#reason']"), "{}", words(&door));
    look(&sight, &door);
    assert_eq!(door.text("document.querySelector('#service').value"), "replacement", "what was chosen stays");
    door.open(&demo.page(&format!("/petugas/{office}/pintu")));
    choose(&door, "#service", "replacement");
    choose(&door, "#priority", "elderly");
    tab_to(&door, "form[action$='/tanpa-tiket'] button");
    picture(&door, "pintu-tanpa-tiket");
    door.enter();
    assert!(door.at().contains("/pintu/slip/"), "{}", words(&door));
    let number = door.text("document.querySelector('h1.number').textContent");
    assert!(number.starts_with("P-"), "{number}");
    picture(&door, "pintu-slip");
    look(&sight, &door);

    // Made-up officers call as well; a number can be called by name, and whoever was quicker is named.
    counter.open(&demo.page(&format!("/petugas/{office}/loket")));
    tab_to(&counter, "#nomor");
    counter.write(&number);
    counter.enter();
    assert_eq!(counter.text(CALLED), number, "{}", words(&counter));
    picture(&counter, "loket-nomor");
    look(&sight, &counter);
    counter.leave_by("F4");
    assert!(words(&counter).contains("dilayani"), "{}", words(&counter));
    counter.leave_by("F9");
    assert!(!counter.has(".now") && words(&counter).contains(&number), "{}", words(&counter));
    sight.judge();
}

#[test]
fn a_head_changes_a_quota_and_what_the_public_reads_of_the_office() {
    let Some(chromium) = Chromium::start() else { return };
    let demo = Demo::start(&["--day", "--people", "400", "--seconds", "15"]);
    let aside = chromium.tab();
    let sight = Sight::new(&chromium, &demo);
    let (office, _) = somebody_at_the_door(&demo, &aside);
    let head = on_duty(&chromium, &demo, &aside, "kepala");

    head.open(&demo.page(&format!("/petugas/{office}/kuota")));
    let monday = "[...document.querySelectorAll('dl.sum div')].find(d=>d.innerText.startsWith('Senin')).innerText";
    let usual = head.text(monday);
    tab_to(&head, "a[href$='/kuota/ubah']");
    head.enter();
    // What is missing is said where it is, with the form open.
    tab_to(&head, "details:has([value=minggu])>summary");
    head.key("Enter");
    tab_to(&head, "#jam-m");
    head.write("08.00-09.00 3 1 1\n09.00-10.00 4");
    tab_to(&head, "form:has([value=minggu]) button");
    head.enter();
    assert!(head.has(".alert a[href='#m-sen']"), "{}", words(&head));
    look(&sight, &head);
    tab_to(&head, "#m-sen");
    head.key("Space");
    picture(&head, "kuota-isi");
    tab_to(&head, "form:has([value=minggu]) button");
    head.enter();
    assert!(head.at().ends_with("/kuota/periksa") && words(&head).contains("Senin"), "{}", words(&head));
    assert!(head.text(monday).contains("08.00–09.00: 3 + 1 + 1; 09.00–10.00: 4 + 0 + 0"), "{}", words(&head));
    assert!(head.has("main table td"), "every day that changes is shown: {}", words(&head));
    picture(&head, "kuota-periksa");
    look(&sight, &head);
    tab_to(&head, "#alasan");
    head.write("Satu petugas cuti");
    let alone = words(&head).contains("Simpan");
    head.enter();
    if alone {
        assert!(words(&head).contains("Perubahan tersimpan."), "{}", words(&head));
    } else {
        // A change so large is seen by a second person, with the same days.
        assert!(words(&head).contains("menunggu persetujuan orang kedua"), "{}", words(&head));
        let second = on_duty(&chromium, &demo, &aside, "pusat");
        second.open(&demo.page("/petugas/persetujuan"));
        assert!(words(&second).contains("Satu petugas cuti"), "{}", words(&second));
        picture(&second, "persetujuan-kuota");
        look(&sight, &second);
        tab_to(&second, "button[name=word][value=yes]");
        second.enter();
        head.open(&demo.page(&format!("/petugas/{office}/kuota")));
    }
    assert_ne!(head.text(monday), usual);
    assert!(head.text(monday).contains("08.00–09.00: 3 + 1 + 1; 09.00–10.00: 4 + 0 + 0"), "{}", words(&head));
    tab_to(&head, "a[href*='mulai=']:last-of-type");
    head.enter();
    let days = "[...document.querySelectorAll('main tbody tr')]\
        .filter(r=>r.innerText.startsWith('Senin')&&r.cells[2].innerText==='7').length";
    assert!(head.value(days).as_u64() > Some(0), "four weeks on, Mondays have seven places: {}", words(&head));
    look(&sight, &head);

    head.open(&demo.page(&format!("/petugas/{office}/kantor")));
    write_over(&head, "#phone", "(0778) 000 000");
    write_over(&head, "#notice_id", "Pintu masuk pindah ke sisi timur.");
    write_over(&head, "#alasan", "Pintu barat diperbaiki");
    tab_to(&head, "form[action$='/kantor'] button");
    head.enter();
    assert!(head.has(".alert a[href^='#notice_']"), "a notice in one language is not enough: {}", words(&head));
    look(&sight, &head);
    write_over(&head, "#notice_en", "The entrance has moved to the east side.");
    tab_to(&head, "form[action$='/kantor'] button");
    head.enter();
    assert!(words(&head).contains("Data kantor tersimpan."), "{}", words(&head));
    picture(&head, "data-kantor");
    look(&sight, &head);
    let shows = |text: &str, language: &str| {
        soon(|| {
            aside.open(&demo.page(&format!("/kantor/{office}?bahasa={language}")));
            words(&aside).contains(text)
        })
    };
    assert!(shows("Pintu masuk pindah ke sisi timur.", "id"), "{}", words(&aside));
    assert!(words(&aside).contains("(0778) 000 000"), "{}", words(&aside));
    picture(&aside, "data-kantor-umum");
    sight.page("an office with a notice", &format!("/kantor/{office}"));
    assert!(shows("The entrance has moved to the east side.", "en"), "{}", words(&aside));
    sight.judge();
}
