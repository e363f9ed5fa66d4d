//! What must be true of every page that a person sees, and the table of what they weigh.

use std::cell::RefCell;
use std::path::Path;

use crate::chromium::{Chromium, Tab};
use crate::demo::Demo;

/// The narrowest screen, in CSS pixels (WCAG 1.4.10).
const NARROW: u32 = 320;
const PHONE: u32 = 360;
/// Where `scripts/test` puts axe-core.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/axe/package/axe.min.js");
/// What is wider than the screen, the outermost first; nothing if all fits. What scrolls in a box of its own fits.
const WIDER: &str = "(()=>{const d=document.scrollingElement,w=screen.width;if(d.scrollWidth<=w)return '';\
    const out=[...document.body.querySelectorAll('*')].filter(e=>e.getBoundingClientRect().right>w+.5);\
    return d.scrollWidth+' px: '+out.slice(0,3).map(e=>e.outerHTML.slice(0,120)).join('  ')})()";
/// What WCAG 1.4.12 lets a reader do to the text.
const SPACED: &str = "(()=>{const s=new CSSStyleSheet;s.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;\
    word-spacing:.16em!important}p{margin-bottom:2em!important}');document.adoptedStyleSheets=[s]})()";
const UNSPACED: &str = "void(document.adoptedStyleSheets=[])";
/// The rules of WCAG 2.2 AA that a program can check; one line for each fault.
const FAULTS: &str = "axe.run(document,{runOnly:{type:'tag',values:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']},\
    resultTypes:['violations']}).then(r=>r.violations.flatMap(v=>v.nodes.map(n=>v.id+': '+n.html.slice(0,160)+' '+\
    n.failureSummary.replace(/\\s+/g,' '))))";
const PALE: &str = "axe.run(document,{runOnly:['color-contrast'],resultTypes:['violations']})\
    .then(r=>r.violations.flatMap(v=>v.nodes.map(n=>'in the dark: '+n.html.slice(0,160)+' '+n.failureSummary.replace(/\\s+/g,' '))))";

/// An eye on pages: a tab of its own beside the person's, with the same cookies and an empty cache.
pub struct Sight<'a> {
    demo: &'a Demo,
    tab: Tab,
    axe: Option<String>,
    rows: RefCell<Vec<String>>,
    faults: RefCell<Vec<String>>,
}

impl<'a> Sight<'a> {
    pub fn new(chromium: &Chromium, demo: &'a Demo) -> Self {
        let tab = chromium.tab();
        tab.without_cache();
        let axe = std::fs::read_to_string(Path::new(AXE)).ok();
        if axe.is_none() {
            println!("SKIPPED accessibility: no axe-core (scripts/test fetches it to target/axe)");
        }
        Self { demo, tab, axe, rows: RefCell::default(), faults: RefCell::default() }
    }

    /// Looks at a page in both languages, narrow and as wide as a phone, in the light and in the dark. The name is its row.
    pub fn page(&self, name: &str, path: &str) {
        for language in ["id", "en"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{mark}bahasa={language}");
            self.tab.width(NARROW);
            let traffic = self.tab.open(&self.demo.page(&path));
            let traffic = self.tab.with_icon(traffic);
            if language == "id" {
                self.rows.borrow_mut().push(traffic.row(name));
            }
            let here = self.tab.at();
            let fault = |what: String| self.faults.borrow_mut().push(format!("{here}: {what}"));
            if !traffic.is_within_budget() {
                fault(format!("too heavy: {}", traffic.row(name)));
            }
            if traffic.hosts().iter().any(|host| !self.demo.url.ends_with(host)) {
                fault(format!("asks elsewhere: {:?}", traffic.hosts()));
            }
            if !self.tab.at().starts_with(path.split('?').next().unwrap_or_default()) {
                fault(format!("{path} leads elsewhere"));
            }
            if self.tab.text("document.documentElement.lang") != language {
                fault("the language is not named".to_owned());
            }
            self.look(&self.tab);
        }
    }

    /// Looks at what a tab shows, as it is: one heading, a title, nothing cut off, nothing that axe finds.
    fn look(&self, tab: &Tab) {
        let here = tab.at();
        let fault = |what: String| self.faults.borrow_mut().push(format!("{here}: {what}"));
        tab.width(NARROW);
        if tab.value("document.querySelectorAll('h1').length") != 1 {
            fault("not one heading of the first rank".to_owned());
        }
        if tab.text("document.title").trim().is_empty() {
            fault("no title".to_owned());
        }
        let wide = tab.text(WIDER);
        if !wide.is_empty() {
            fault(format!("wider than {NARROW} px: {wide}"));
        }
        tab.value(SPACED);
        let wide = tab.text(WIDER);
        if !wide.is_empty() {
            fault(format!("wider than {NARROW} px with spaced text: {wide}"));
        }
        tab.value(UNSPACED);
        tab.width(PHONE);
        let Some(axe) = &self.axe else { return };
        // Where scripts are off, axe cannot run either.
        tab.scripts(true);
        tab.value(&format!("{axe};0"));
        let mut found = lines(&tab.value(FAULTS));
        tab.colours("dark");
        found.extend(lines(&tab.value(PALE)));
        tab.colours("light");
        found.into_iter().for_each(fault);
    }

    /// The same of what a person sees who runs no scripts.
    pub fn look_at(&self, tab: &Tab) {
        self.look(tab);
        tab.scripts(false);
    }

    /// Prints the table; fails if anything was found.
    pub fn judge(self) {
        println!("| page | html | css | other | requests | whole |\n|---|--:|--:|--:|--:|--:|");
        self.rows.borrow().iter().for_each(|row| println!("{row}"));
        let faults = self.faults.into_inner();
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    }
}

fn lines(list: &serde_json::Value) -> Vec<String> {
    list.as_array().expect("a list").iter().filter_map(|line| line.as_str().map(str::to_owned)).collect()
}
