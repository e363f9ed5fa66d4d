//! Picking an office, then a date and an hour, inside one release: shared by entering, booking, moving and wishing.
//! No office is ever hidden: one that cannot be picked says why.

use antrean_app::Refusal;
use antrean_app::overview::ReleaseView;
use antrean_domain::draw::entry::{Choice, WindowChoice};
use antrean_domain::office::{NotOffered, Office, OfficeCode};
use antrean_domain::release::Mode;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{SlotKey, WindowStart};
use antrean_store::ids::SlotId;
use antrean_words::Arg;
use askama::Template;
use jiff::civil::Date;

use crate::pages::Page;
use crate::pages::release::opens_later;
use crate::pages::visit::{Answer, Faults, Sent, Visit, query_value, show};

/// Offices that a search shows; more means that the search says too little.
const FOUND_MAX: usize = 30;

/// What is picked for, as far as the lists need to know.
pub(crate) struct Purpose<'a> {
    pub release: &'a ReleaseView,
    /// What is applied for, once it is known.
    pub service: Option<(ServiceCode, PassportKind)>,
    /// How many people come.
    pub size: u32,
    /// Whether places are taken at once; otherwise they are wished for, and entries are told beside places.
    pub now: bool,
    /// Title of the list of offices, a key.
    pub title: &'static str,
    /// Address of the list itself.
    pub here: String,
    /// Address of the step after, to which an office is added.
    pub next: String,
    /// Address of the step before.
    pub back: String,
    /// Fields that every link keeps.
    pub kept: Vec<(&'static str, String)>,
}

/// An office in the list.
struct OfficeLine {
    name: String,
    place: String,
    counts: String,
    href: Option<String>,
    why: Option<String>,
    unit: bool,
}

/// A line of the list of provinces.
struct ProvinceLine {
    href: String,
    name: String,
    counts: String,
}

#[derive(Template)]
#[template(path = "pick_office.html")]
struct OfficePage {
    page: Page,
    here: String,
    back: String,
    kept: Vec<(&'static str, String)>,
    search: String,
    /// The list that is shown: all provinces, or the offices of one, or what was found.
    provinces: Vec<ProvinceLine>,
    heading: Option<String>,
    offices: Vec<OfficeLine>,
    all_provinces: String,
    lead: String,
}

/// The list of offices: by province, or what a search found.
pub(crate) fn office_page(visit: &Visit, sent: &Sent, purpose: &Purpose<'_>) -> Answer {
    let catalogue = visit.app().catalogue();
    let words = visit.words;
    let search = sent.get("cari").to_owned();
    let province = catalogue.regions.get(sent.get("provinsi"));
    let (heading, found) = if !search.is_empty() {
        let found = catalogue.offices.search(&search, FOUND_MAX);
        let heading = if found.is_empty() { "pick-found-none" } else { "pick-found" };
        (Some(words.say_with(heading, &[("search", Arg::from(search.as_str()))])), found)
    } else if let Some(province) = province {
        (Some(province.name.clone()), catalogue.offices.in_province(&province.code))
    } else {
        (None, Vec::new())
    };
    // A search without a find leads on to the provinces; one with a find needs them no more.
    let by_province = heading.is_none() || (!search.is_empty() && found.is_empty());
    let offices = found.into_iter().map(|office| purpose.line(visit, office)).collect();
    let provinces = if by_province { purpose.provinces(visit) } else { Vec::new() };
    let page = OfficePage {
        page: visit.page(purpose.title, &Faults::none()),
        here: purpose.here.clone(),
        back: purpose.back.clone(),
        kept: purpose.kept.clone(),
        all_provinces: purpose.link(&purpose.here, &[]),
        lead: words.say(if purpose.now { "pick-lead-now" } else { "pick-lead-draw" }),
        search,
        provinces,
        heading,
        offices,
    };
    show(axum::http::StatusCode::OK, &page)
}

impl Purpose<'_> {
    /// An address with the kept fields and some more.
    pub fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        let kept = self.kept.iter().map(|(name, value)| (*name, value.as_str()));
        let query: Vec<String> =
            kept.chain(more.iter().copied()).map(|(name, value)| format!("{name}={}", query_value(value))).collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    /// All provinces, those first where something can be picked.
    fn provinces(&self, visit: &Visit) -> Vec<ProvinceLine> {
        let catalogue = visit.app().catalogue();
        let mut lines: Vec<(bool, ProvinceLine)> = Vec::new();
        for province in catalogue.regions.provinces() {
            let offices = catalogue.offices.in_province(&province.code);
            let held = offices.iter().filter_map(|office| self.release.offices.get(&office.code));
            let (places, left) = held.fold((0, 0), |(places, left), held| (places + held.places, left + held.left));
            let waits = |office: &&Office| opens_later(self.release, office, visit.app().now()).is_some();
            let (key, count) = match (places, left) {
                (0, _) => ("pick-province-none", 0),
                (_, 0) if self.now && offices.iter().all(waits) => ("pick-province-waits", 0),
                (_, 0) if self.now => ("pick-province-full", 0),
                (_, left) if self.now => ("pick-province-left", left),
                (places, _) => ("pick-province-places", places),
            };
            let line = ProvinceLine {
                href: self.link(&self.here, &[("provinsi", &province.code)]),
                name: province.name.clone(),
                counts: visit
                    .words
                    .say_with(key, &[("offices", Arg::from(offices.len())), ("places", Arg::from(count))]),
            };
            lines.push((count == 0, line));
        }
        lines.sort_by_key(|(nothing, _)| *nothing);
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn line(&self, visit: &Visit, office: &Office) -> OfficeLine {
        let catalogue = visit.app().catalogue();
        let why = self.why_not(visit, office);
        let regency = catalogue.regions.get(&office.regency).map(|region| region.name.as_str()).unwrap_or_default();
        let held = self.release.offices.get(&office.code);
        let counts = match held {
            Some(held) if self.now => visit.words.say_with("pick-left", &[("places", Arg::from(held.left))]),
            Some(held) => visit
                .words
                .say_with("pick-places", &[("places", Arg::from(held.places)), ("people", Arg::from(held.people))]),
            None => String::new(),
        };
        OfficeLine {
            name: office.name.clone(),
            place: regency.to_owned(),
            counts,
            href: why.is_none().then(|| self.link(&self.next, &[("kantor", office.code.as_str())])),
            why,
            unit: office.parent.is_some(),
        }
    }

    /// Why an office cannot be picked; `None` where it can.
    pub fn why_not(&self, visit: &Visit, office: &Office) -> Option<String> {
        let code = office.code;
        let Some(held) = self.release.offices.get(&code).filter(|held| held.places > 0) else {
            return Some(visit.words.say("pick-not-in-release"));
        };
        if let Some((service, passport)) = self.service {
            let refused = |date: &Date| office.offers(service, passport, *date).err();
            let dates = &self.release.plan.dates;
            if let Some(NotOffered { why }) =
                dates.first().and_then(refused).filter(|_| dates.iter().all(|date| refused(date).is_some()))
            {
                return Some(visit.explain(&Refusal::NotOfferedHere { index: 0, office: code, why }));
            }
        }
        let opens = self.release.plan.opens(office.zone);
        let waits = !self.now || self.release.mode == Mode::FirstCome;
        if waits && visit.app().now() < opens {
            return Some(visit.explain(&Refusal::NotOpenYet { opens, office: Some(code) }));
        }
        if !self.now {
            return None;
        }
        if held.left == 0 {
            return Some(visit.words.say("pick-full"));
        }
        let fits = self.release.slots_of(&code).iter().any(|slot| slot.left >= self.size);
        (!fits).then(|| visit.words.say_with("pick-too-few", &[("people", Arg::from(self.size))]))
    }
}

// ---- date and hour of a choice ----

/// One radio of the form for date and hour.
struct Radio {
    value: String,
    label: String,
    hint: String,
}

#[derive(Template)]
#[template(path = "pick_time.html")]
struct TimePage {
    page: Page,
    faults: Faults,
    /// `post` for a draft on the server, `get` where the choices travel in the address.
    method: &'static str,
    action: String,
    key: String,
    kept: Vec<(&'static str, String)>,
    back: String,
    office: String,
    office_code: String,
    counts: String,
    dates: Vec<Radio>,
    windows: Vec<Radio>,
    date: String,
    window: String,
    submit: String,
}

/// How the form for date and hour is sent.
pub(crate) struct TimeForm {
    pub method: &'static str,
    pub action: String,
    /// Words on the button, a key.
    pub submit: &'static str,
}

/// The form that makes a choice of an office: any date or one, any hour, a half of the day or one window.
pub(crate) fn time_page(
    visit: &Visit,
    sent: &Sent,
    purpose: &Purpose<'_>,
    office: &Office,
    form: TimeForm,
    faults: Faults,
) -> Answer {
    let words = visit.words;
    let slots: Vec<_> = purpose.release.slots_of(&office.code).iter().filter(|slot| !slot.closed).collect();
    let mut dates =
        vec![Radio { value: "*".to_owned(), label: words.say("pick-any-date"), hint: words.say("pick-any-date-hint") }];
    let mut days: Vec<Date> = slots.iter().map(|slot| slot.key.date).collect();
    days.dedup();
    for date in days {
        let places: u32 = slots.iter().filter(|slot| slot.key.date == date).map(|slot| slot.capacity).sum();
        dates.push(Radio { value: date.to_string(), label: words.date(date), hint: words.places(places) });
    }
    let option = |value: &str, key: &str| Radio { value: value.to_owned(), label: words.say(key), hint: String::new() };
    let mut windows = vec![option("*", "pick-any-time")];
    if slots.iter().any(|slot| slot.key.starts.is_morning()) && slots.iter().any(|slot| !slot.key.starts.is_morning()) {
        windows.extend([option("am", "pick-morning"), option("pm", "pick-afternoon")]);
    }
    let mut hours: Vec<(WindowStart, WindowStart)> = slots.iter().map(|slot| (slot.key.starts, slot.ends)).collect();
    hours.sort_unstable();
    hours.dedup();
    for (starts, ends) in hours {
        windows.push(Radio {
            value: starts.to_string(),
            label: words.window(starts, ends, office.zone),
            hint: String::new(),
        });
    }
    let or_any = |name: &str| Some(sent.get(name)).filter(|value| !value.is_empty()).unwrap_or("*").to_owned();
    let held = purpose.release.offices.get(&office.code).cloned().unwrap_or_default();
    let page = TimePage {
        page: visit.page("pick-time-title", &faults),
        method: form.method,
        action: form.action,
        key: visit.new_key(),
        kept: purpose.kept.clone(),
        back: purpose.link(&purpose.here, &[("provinsi", &office.province)]),
        office: office.name.clone(),
        office_code: office.code.to_string(),
        counts: words
            .say_with("pick-places", &[("places", Arg::from(held.places)), ("people", Arg::from(held.people))]),
        dates,
        windows,
        date: or_any("date"),
        window: or_any("window"),
        submit: words.say(form.submit),
        faults,
    };
    show(page.faults.status(), &page)
}

/// The office that a step was sent with.
pub(crate) fn office_of<'a>(offices: &'a antrean_domain::office::Offices, sent: &Sent) -> Option<&'a Office> {
    OfficeCode::parse(sent.get("kantor")).ok().and_then(|code| offices.get(&code))
}

/// The choice that the form for date and hour sent, or what is wrong with it.
pub(crate) fn choice_of(visit: &Visit, sent: &Sent, release: &ReleaseView, office: &Office) -> Result<Choice, Faults> {
    let text = format!("{}/{}/{}", office.code, sent.get("date"), sent.get("window"));
    let choice = Choice::parse(&text).map_err(|error| Faults::one("date", visit.words.choice_error(&error)))?;
    let matches = release.slots_of(&office.code).iter().any(|slot| !slot.closed && choice.takes(&slot.key));
    if matches { Ok(choice) } else { Err(Faults::one("window", visit.words.say("pick-nothing-then"))) }
}

/// A choice as a person reads it: the office, and below it when.
pub(crate) struct ChoiceLine {
    pub value: String,
    pub office: String,
    pub when: String,
    /// 1 for the first.
    pub number: usize,
}

/// Choices in words, in their order.
pub(crate) fn choice_lines(visit: &Visit, release: Option<&ReleaseView>, choices: &[Choice]) -> Vec<ChoiceLine> {
    let catalogue = visit.app().catalogue();
    let line = |(index, choice): (usize, &Choice)| {
        let office = catalogue.offices.get(&choice.office);
        ChoiceLine {
            value: choice.to_string(),
            office: office.map_or_else(|| choice.office.to_string(), |office| office.name.clone()),
            when: when(visit, release, office, choice),
            number: index + 1,
        }
    };
    choices.iter().enumerate().map(line).collect()
}

fn when(visit: &Visit, release: Option<&ReleaseView>, office: Option<&Office>, choice: &Choice) -> String {
    let words = visit.words;
    let date = choice.date.map_or_else(|| words.say("pick-any-date"), |date| words.date(date));
    let window = match (choice.window, office) {
        (WindowChoice::Any, _) => words.say("pick-any-time"),
        (WindowChoice::Morning, _) => words.say("pick-morning"),
        (WindowChoice::Afternoon, _) => words.say("pick-afternoon"),
        (WindowChoice::Start(starts), Some(office)) => {
            let ends = release
                .and_then(|release| release.slots_of(&office.code).iter().find(|slot| slot.key.starts == starts))
                .map(|slot| slot.ends);
            ends.map_or_else(|| words.time(starts.time(), office.zone), |ends| words.window(starts, ends, office.zone))
        }
        (WindowChoice::Start(starts), None) => starts.to_string(),
    };
    format!("{date} · {window}")
}

// ---- free windows ----

/// A day with its arrival windows.
pub(crate) struct Day {
    pub date: String,
    pub windows: Vec<WindowLine>,
}

/// An arrival window; without an address it cannot be taken, and says why.
pub(crate) struct WindowLine {
    pub window: String,
    pub state: String,
    pub href: Option<String>,
}

/// The windows of an office that have not passed, for a party of this size. `mine` is the window it has already.
pub(crate) fn days(
    visit: &Visit,
    release: &ReleaseView,
    office: &Office,
    size: u32,
    mine: Option<&SlotKey>,
    href: impl Fn(SlotId) -> String,
) -> Vec<Day> {
    let words = visit.words;
    let now = visit.app().now();
    let mut days: Vec<(Date, Vec<WindowLine>)> = Vec::new();
    for slot in release.slots_of(&office.code).iter().filter(|slot| now < slot.bookable_until) {
        let taken_by_me = mine == Some(&slot.key);
        let open = !slot.closed && !taken_by_me && slot.left >= size.max(1);
        let state = if taken_by_me {
            words.say("pick-window-mine")
        } else if slot.closed {
            words.say("availability-closed")
        } else if opens_later(release, office, now).is_some() {
            words.say("availability-not-open")
        } else if slot.left == 0 {
            words.say("availability-full")
        } else {
            words.places(slot.left)
        };
        let line = WindowLine {
            window: words.window(slot.key.starts, slot.ends, office.zone),
            state,
            href: open.then(|| href(slot.id)),
        };
        match days.last_mut() {
            Some((date, windows)) if *date == slot.key.date => windows.push(line),
            _ => days.push((slot.key.date, vec![line])),
        }
    }
    days.into_iter().map(|(date, windows)| Day { date: words.date(date), windows }).collect()
}
