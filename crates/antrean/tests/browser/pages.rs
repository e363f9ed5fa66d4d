//! Every page that anybody can come to while a release takes entries, and the answers to mistakes.

use crate::chromium::{Chromium, Tab};
use crate::demo::{Demo, SITI};
use crate::journey::{ONWARD, Person};
use crate::sight::Sight;

const PUBLIC: [(&str, &str); 22] = [
    ("start", "/"),
    ("guide", "/panduan"),
    ("guide, new passport", "/panduan/baru"),
    ("guide, replacement", "/panduan/ganti"),
    ("guide, child", "/panduan/anak"),
    ("guide, lost", "/panduan/hilang"),
    ("guide, damaged", "/panduan/rusak"),
    ("guide, change of data", "/panduan/ubah-data"),
    ("offices, all", "/kantor"),
    ("offices, a search", "/kantor?q=batam"),
    ("offices, nearest", "/kantor?lat=-6.2&lon=106.8"),
    ("an office", "/kantor/BTM"),
    ("current release", "/antrean"),
    ("release, a province", "/antrean/DEMO-1?provinsi=21"),
    ("draws", "/undian"),
    ("a draw, before", "/undian/DEMO-1"),
    ("help", "/bantuan"),
    ("privacy", "/privasi"),
    ("status", "/status"),
    ("open data", "/data"),
    ("displays to pick", "/layar"),
    ("messages of the demo", "/demo/pesan"),
];

/// Goes on with Tab until the cursor is at an element, which must come within so many steps.
pub fn tab_to(tab: &Tab, selector: &str) {
    for _ in 0..40 {
        tab.key("Tab");
        assert_eq!(
            tab.value(
                "(()=>{const b=document.activeElement.getBoundingClientRect();return b.bottom>0&&b.top<innerHeight})()"
            ),
            true,
            "the cursor is where nobody sees it: {}",
            tab.text("document.activeElement.outerHTML.slice(0,200)")
        );
        if tab.value(&format!("document.activeElement.matches({selector:?})")) == true {
            return;
        }
    }
    panic!("{selector} is not reached at {}", tab.at());
}

#[test]
fn every_page_is_small_fits_a_narrow_screen_and_can_be_read_by_all() {
    let Some(chromium) = Chromium::start() else { return };
    // The crowd comes over ten hours; the release stays open as long as anybody looks.
    let demo = Demo::start(&["--minutes", "600"]);
    let aside = chromium.tab();
    let sight = Sight::new(&chromium, &demo);
    for (name, path) in PUBLIC {
        sight.page(name, path);
    }
    sight.page("sign in", "/masuk");

    // The first form with the keyboard alone.
    let mut siti = Person::new(chromium.tab(), &demo);
    siti.open("/antrean/DEMO-1/daftar");
    siti.tab.press(ONWARD);
    assert!(siti.tab.has(".alert a[href='#phone']"), "an empty form is explained");
    sight.look_at(&siti.tab);
    tab_to(&siti.tab, "#phone");
    siti.tab.write(SITI.phone);
    siti.tab.enter();
    siti.is_at("/masuk/kode");
    sight.look_at(&siti.tab);
    sight.page("code", "/masuk/kode");
    siti.tab.fill("#code", "000000");
    siti.tab.press(ONWARD);
    sight.look_at(&siti.tab);
    siti.tab.fill("#code", &demo.code(&aside, SITI.phone));
    siti.tab.press(ONWARD);
    sight.page("say who you are", "/daftar");
    siti.tab.press(ONWARD);
    assert!(siti.tab.has(".alert a[href='#nik']"));
    sight.look_at(&siti.tab);
    siti.say_who(&SITI);
    siti.is_at("/antrean/DEMO-1/daftar/layanan");

    let base = "/antrean/DEMO-1/daftar";
    sight.page("enter: service", &format!("{base}/layanan"));
    siti.tab.press(ONWARD);
    assert!(siti.tab.has(".alert a[href='#service']"));
    sight.look_at(&siti.tab);
    for choice in ["input[name=service]", "input[name=passport]"] {
        tab_to(&siti.tab, choice);
        siti.tab.key("Space");
    }
    siti.tab.key("ArrowDown");
    assert!(siti.tab.has("input[value=electronic]:checked"), "an arrow goes to the next choice");
    tab_to(&siti.tab, ONWARD);
    siti.tab.enter();
    siti.is_at(&format!("{base}/orang"));
    sight.page("enter: people", &format!("{base}/orang"));
    sight.page("enter: a member of the family", &format!("/saya/keluarga?lanjut={base}/orang"));
    siti.press(ONWARD);
    sight.page("enter: no choices yet", &format!("{base}/pilihan"));
    sight.page("enter: provinces", &format!("{base}/pilihan/kantor"));
    sight.page("enter: a province", &format!("{base}/pilihan/kantor?provinsi=31"));
    sight.page("enter: offices found", &format!("{base}/pilihan/kantor?cari=kantor"));
    sight.page("enter: day and hour", &format!("{base}/pilihan/jam?kantor=BTM"));
    for window in ["am", "pm"] {
        siti.open(&format!("{base}/pilihan/jam?kantor=BTM"));
        siti.tab.touch(&format!("input[name=window][value={window}]"));
        siti.tab.press(ONWARD);
    }
    sight.page("enter: choices", &format!("{base}/pilihan"));
    sight.page("enter: check", &format!("{base}/periksa"));
    sight.page("my data", "/saya");
    sight.page("delete my data", "/saya/hapus");
    for path in ["/tidak-ada", "/kantor/XX", "/tiket/aaaa"] {
        siti.open(path);
        sight.look_at(&siti.tab);
    }
    sight.judge();
}
