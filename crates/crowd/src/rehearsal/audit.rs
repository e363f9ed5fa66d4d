//! The audit: everything that was acknowledged is asked for again by its owner, and the answers are held against the rules.
//!
//! [`check`] is a plain function over what was acknowledged and what was seen, so that tests can show that it finds what is wrong.

use std::collections::{BTreeMap, HashMap};

use antrean_domain::draw::bundle::Bundle;
use antrean_domain::draw::result::ResultFile;
use antrean_domain::draw::verify::verify;
use antrean_domain::nik::Nik;
use serde::{Deserialize, Serialize};

use super::ledger::Holds;

/// Findings listed of each rule; a server that is wrong a million times is as wrong as one that is a hundred times.
const LISTED_MAX: usize = 50;

/// A rule that the audit holds answers against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Everything that was acknowledged is there, as it was acknowledged.
    NothingLost,
    /// A window has no more people than its published places.
    NothingOversold,
    /// A NIK has at most one live entry or place, and so has an account.
    NobodyTwice,
    /// What was given back is gone, and nobody has what was never acknowledged.
    NothingOfItself,
    /// A request that is sent again gets the same answer.
    SameAnswerAgain,
    /// The draw follows from its published rules, and everybody has what it gave them.
    DrawHolds,
    /// Every owner could be asked.
    EverybodyAsked,
    /// The stopped store agrees with itself.
    StoreHolds,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::NothingLost,
        Self::NothingOversold,
        Self::NobodyTwice,
        Self::NothingOfItself,
        Self::SameAnswerAgain,
        Self::DrawHolds,
        Self::EverybodyAsked,
        Self::StoreHolds,
    ];

    /// The rule as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NothingLost => "nothing that was acknowledged is lost or different",
            Self::NothingOversold => "no window has more people than places",
            Self::NobodyTwice => "no NIK and no account is live twice",
            Self::NothingOfItself => "what was given back is gone, and nobody has what was never acknowledged",
            Self::SameAnswerAgain => "a request sent again got the same answer",
            Self::DrawHolds => "the draw follows from its bundle, and everybody has what it gave them",
            Self::EverybodyAsked => "every owner could be asked in the end",
            Self::StoreHolds => "the stopped database agrees with itself",
        }
    }
}

/// What an owner sees in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Seen {
    /// Nothing live.
    #[default]
    Nothing,
    /// An entry.
    Entry {
        /// Its link id.
        link: String,
    },
    /// A place.
    Place {
        /// The ticket's link id.
        link: String,
        /// `OFFICE/DATE/HH:MM`.
        slot: String,
        /// People in it.
        size: u32,
        /// Whether its ticket is there.
        ticket: bool,
    },
    /// An entry and a place at once.
    Both,
    /// No answer; the reason.
    Unanswered(String),
}

/// An account with what it was told and what it sees.
#[derive(Debug, Clone, Default)]
pub struct Owner {
    /// Its number, from 0.
    pub number: u32,
    /// The people that it speaks for.
    pub niks: Vec<Nik>,
    /// What was acknowledged last.
    pub holds: Holds,
    /// The entry that was acknowledged and not withdrawn.
    pub entry_id: Option<String>,
    /// Links that were given back.
    pub gave_back: Vec<String>,
    /// A change was sent whose answer never came.
    pub unsure: bool,
    /// What it sees now.
    pub seen: Seen,
}

/// An arrival window as everybody sees it in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// `OFFICE/DATE/HH:MM`.
    pub slot: String,
    /// Published places.
    pub places: u32,
    /// Places that can be taken now.
    pub left: u32,
}

/// A draw as its bundle says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Where each entry came to: a slot, or standby.
    pub results: HashMap<String, Option<String>>,
    /// Why the bundle does not hold, if it does not.
    pub broken: Option<String>,
}

impl Drawn {
    /// Verifies a bundle and reads its results.
    pub fn of(tar: &[u8]) -> Self {
        let broken = |why: String| Self { broken: Some(why), ..Self::default() };
        let bundle = match Bundle::read(tar) {
            Ok(bundle) => bundle,
            Err(error) => return broken(error.to_string()),
        };
        if let Err(error) = verify(&bundle) {
            return broken(format!("{}: {}", error.step.name(), error.why));
        }
        let Ok(file) = ResultFile::parse(bundle.result) else { return broken("result.txt cannot be read".to_owned()) };
        let lines = file.lines().filter_map(Result::ok);
        let results = lines.map(|line| (line.entry_id.to_string(), line.slot.map(|slot| slot.to_string())));
        Self { results: results.collect(), broken: None }
    }
}

/// What the audit came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Audit {
    /// Accounts that were asked.
    pub accounts: u32,
    /// Acknowledged entries that were asked for again.
    pub entries: u32,
    /// Acknowledged places that were asked for again, each with its ticket.
    pub places: u32,
    /// People in live places.
    pub people_placed: u32,
    /// Windows whose sums were held against their published places.
    pub windows: u32,
    /// Entries of the draw's bundle that were compared; none without a draw.
    pub drawn: Option<u32>,
    /// Changes whose answer never came; whether they happened is not held against the server.
    pub unsure: u32,
    /// How often each rule was found broken.
    pub broken: BTreeMap<Rule, u32>,
    /// What was found, at most 50 of each rule.
    pub findings: Vec<String>,
}

impl Audit {
    /// Whether every rule holds.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }

    /// Notes that a rule is broken.
    pub fn found(&mut self, rule: Rule, what: String) {
        let count = self.broken.entry(rule).or_default();
        *count += 1;
        if *count as usize <= LISTED_MAX {
            self.findings.push(what);
        }
    }
}

/// Holds what was seen against what was acknowledged. `alone` says that nobody else was ever on the server.
pub fn check(owners: &[Owner], windows: &[Window], drawn: Option<&Drawn>, alone: bool) -> Audit {
    let mut audit = Audit { accounts: owners.len() as u32, windows: windows.len() as u32, ..Audit::default() };
    for owner in owners {
        check_owner(&mut audit, owner);
    }
    check_people(&mut audit, owners);
    check_windows(&mut audit, owners, windows);
    if let Some(drawn) = drawn {
        check_draw(&mut audit, owners, drawn, alone);
    }
    audit
}

fn check_owner(audit: &mut Audit, owner: &Owner) {
    let number = owner.number;
    audit.unsure += u32::from(owner.unsure);
    match &owner.holds {
        Holds::Nothing => {}
        Holds::Entry { .. } => audit.entries += 1,
        Holds::Place { .. } => audit.places += 1,
    }
    let link_seen = match &owner.seen {
        Seen::Unanswered(why) => {
            return audit.found(Rule::EverybodyAsked, format!("account {number} got no answer: {why}"));
        }
        Seen::Both => {
            return audit.found(Rule::NobodyTwice, format!("account {number} has an entry and a place at once"));
        }
        Seen::Nothing => None,
        Seen::Entry { link } => Some(link),
        Seen::Place { link, size, ticket, .. } => {
            audit.people_placed += size;
            if !ticket {
                audit.found(Rule::NothingLost, format!("account {number} has the place {link} but no ticket"));
            }
            if *size as usize != owner.niks.len() {
                let people = owner.niks.len();
                let what = format!("account {number} asked for {people} people, the place {link} is for {size}");
                audit.found(Rule::NothingLost, what);
            }
            Some(link)
        }
    };
    if let Some(link) = link_seen.filter(|link| owner.gave_back.contains(link)) {
        audit.found(Rule::NothingOfItself, format!("account {number} gave {link} back and still has it"));
    }
    if owner.unsure {
        return;
    }
    match (&owner.holds, &owner.seen) {
        (Holds::Nothing, Seen::Entry { link } | Seen::Place { link, .. }) if !owner.gave_back.contains(link) => {
            audit.found(Rule::NothingOfItself, format!("account {number} has {link}, which nobody acknowledged"));
        }
        (Holds::Entry { link }, seen) => match seen {
            Seen::Entry { link: found } | Seen::Place { link: found, .. } if found == link => {}
            _ => audit.found(Rule::NothingLost, format!("account {number} lost the entry {link}")),
        },
        (Holds::Place { link, slot }, seen) => match seen {
            Seen::Place { link: found, slot: at, .. } if found == link && at == slot => {}
            Seen::Place { link: found, slot: at, .. } if found == link => {
                let what = format!("account {number} was told {slot} for {link}, and it is {at}");
                audit.found(Rule::NothingLost, what);
            }
            _ => audit.found(Rule::NothingLost, format!("account {number} lost the place {link}")),
        },
        (Holds::Nothing, _) => {}
    }
}

fn check_people(audit: &mut Audit, owners: &[Owner]) {
    let mut live: HashMap<Nik, u32> = HashMap::new();
    for owner in owners {
        if !matches!(owner.seen, Seen::Entry { .. } | Seen::Place { .. } | Seen::Both) {
            continue;
        }
        for nik in &owner.niks {
            if let Some(other) = live.insert(*nik, owner.number) {
                let what = format!("one person is live in the accounts {other} and {}", owner.number);
                audit.found(Rule::NobodyTwice, what);
            }
        }
    }
}

fn check_windows(audit: &mut Audit, owners: &[Owner], windows: &[Window]) {
    let mut held: HashMap<&str, u32> = HashMap::new();
    for owner in owners {
        if let Seen::Place { slot, size, .. } = &owner.seen {
            *held.entry(slot).or_default() += size;
        }
    }
    for Window { slot, places, left } in windows {
        let people = held.remove(slot.as_str()).unwrap_or_default();
        if people > *places {
            audit.found(Rule::NothingOversold, format!("{slot} has {places} places and {people} people"));
        } else if people + left > *places {
            let what = format!("{slot} offers {left} places, though {people} of {places} are taken");
            audit.found(Rule::NothingOversold, what);
        }
    }
    for (slot, people) in held {
        audit.found(Rule::NothingOversold, format!("{slot} was never published and has {people} people"));
    }
}

fn check_draw(audit: &mut Audit, owners: &[Owner], drawn: &Drawn, alone: bool) {
    if let Some(why) = &drawn.broken {
        return audit.found(Rule::DrawHolds, format!("the bundle of the draw does not hold: {why}"));
    }
    let (mut compared, mut unsure) = (0, 0);
    for owner in owners {
        unsure += u32::from(owner.unsure);
        let Some(id) = &owner.entry_id else { continue };
        let number = owner.number;
        compared += 1;
        let Some(result) = drawn.results.get(id) else {
            if !owner.unsure {
                audit.found(Rule::DrawHolds, format!("the entry {id} of account {number} was left out of the draw"));
            }
            continue;
        };
        // Whoever gave it back, or took something else since, has no longer what the draw gave.
        if owner.unsure || !owner.gave_back.is_empty() {
            continue;
        }
        match (result, &owner.seen) {
            (Some(slot), Seen::Place { slot: at, .. }) if slot == at => {}
            (Some(slot), _) => {
                let what = format!("the draw gave {slot} to account {number}, which does not have it");
                audit.found(Rule::DrawHolds, what);
            }
            (None, Seen::Place { slot, .. }) => {
                audit.found(Rule::DrawHolds, format!("account {number} has {slot}; the draw gave it nothing"));
            }
            (None, _) => {}
        }
    }
    audit.drawn = Some(compared);
    let in_draw = drawn.results.len() as u32;
    if alone && in_draw > compared + unsure {
        let what = format!("the draw has {in_draw} entries; {compared} were acknowledged");
        audit.found(Rule::DrawHolds, what);
    }
}

/// `GET /me`, as far as the audit reads it.
#[derive(Debug, Deserialize)]
pub struct MeDocument {
    live: Option<LiveDocument>,
}

#[derive(Debug, Deserialize)]
struct LiveDocument {
    entry: Option<EntryDocument>,
    appointment: Option<PlaceDocument>,
}

#[derive(Debug, Deserialize)]
struct EntryDocument {
    link: String,
}

#[derive(Debug, Deserialize)]
struct PlaceDocument {
    link: String,
    slot: String,
    people: Vec<serde::de::IgnoredAny>,
}

impl From<MeDocument> for Seen {
    /// The ticket of a place is still to be asked for.
    fn from(me: MeDocument) -> Self {
        match me.live.map(|live| (live.entry, live.appointment)) {
            None | Some((None, None)) => Self::Nothing,
            Some((Some(_), Some(_))) => Self::Both,
            Some((Some(entry), None)) => Self::Entry { link: entry.link },
            Some((None, Some(PlaceDocument { link, slot, people }))) => {
                Self::Place { link, slot, size: people.len() as u32, ticket: false }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use antrean_domain::nik::Sex;
    use jiff::civil::date;

    use super::*;

    const SLOT: &str = "BTM/2026-11-24/08:00";

    fn nik(number: u8) -> Nik {
        Nik::synthetic("2171", "01", date(1960, 1, 1) + jiff::ToSpan::days(i64::from(number)), Sex::Male)
    }

    /// An account that was told about a place for one person and sees it.
    fn placed(number: u8) -> Owner {
        let link = format!("L{number}");
        Owner {
            number: u32::from(number),
            niks: vec![nik(number)],
            holds: Holds::Place { link: link.clone(), slot: SLOT.to_owned() },
            seen: Seen::Place { link, slot: SLOT.to_owned(), size: 1, ticket: true },
            ..Owner::default()
        }
    }

    fn window(places: u32, left: u32) -> Window {
        Window { slot: SLOT.to_owned(), places, left }
    }

    fn broken(owners: &[Owner], places: u32) -> Vec<Rule> {
        check(owners, &[window(places, 0)], None, true).broken.into_keys().collect()
    }

    #[test]
    fn a_server_that_keeps_its_word_is_believed() {
        let audit = check(&[placed(1), placed(2)], &[window(3, 1)], None, true);
        assert!(audit.holds(), "{:?}", audit.findings);
        assert_eq!((audit.places, audit.people_placed, audit.windows), (2, 2, 1));
    }

    #[test]
    fn a_lost_acknowledgement_is_found() {
        for seen in [Seen::Nothing, Seen::Entry { link: "other".to_owned() }] {
            assert_eq!(broken(&[Owner { seen, ..placed(1) }], 9), [Rule::NothingLost]);
        }
        let mut moved = placed(1);
        moved.holds = Holds::Place { link: "L1".to_owned(), slot: "BTM/2026-11-24/09:00".to_owned() };
        assert_eq!(broken(&[moved], 9), [Rule::NothingLost]);
        let mut without_ticket = placed(1);
        let Seen::Place { ticket, .. } = &mut without_ticket.seen else { unreachable!("it has a place") };
        *ticket = false;
        assert_eq!(broken(&[without_ticket], 9), [Rule::NothingLost]);
        let entry = Holds::Entry { link: "E".to_owned() };
        assert_eq!(broken(&[Owner { holds: entry, seen: Seen::Nothing, ..placed(1) }], 9), [Rule::NothingLost]);
    }

    #[test]
    fn an_answer_that_never_came_is_not_held_against_the_server() {
        assert_eq!(broken(&[Owner { seen: Seen::Nothing, unsure: true, ..placed(1) }], 9), []);
    }

    #[test]
    fn an_oversold_window_is_found() {
        assert_eq!(broken(&[placed(1), placed(2), placed(3)], 2), [Rule::NothingOversold]);
        let audit = check(&[placed(1), placed(2)], &[window(2, 1)], None, true);
        assert_eq!(audit.broken.into_keys().collect::<Vec<_>>(), [Rule::NothingOversold], "offers what is taken");
        let audit = check(&[placed(1)], &[], None, true);
        assert_eq!(audit.broken.into_keys().collect::<Vec<_>>(), [Rule::NothingOversold], "was never published");
    }

    #[test]
    fn a_nik_in_two_accounts_is_found() {
        assert_eq!(broken(&[placed(1), Owner { niks: vec![nik(1)], ..placed(2) }], 9), [Rule::NobodyTwice]);
        let waits = Owner { niks: vec![nik(1)], holds: Holds::Nothing, seen: Seen::Both, ..placed(2) };
        assert_eq!(broken(&[placed(1), waits], 9), [Rule::NobodyTwice]);
    }

    #[test]
    fn what_comes_back_or_comes_of_itself_is_found() {
        let back = Owner { holds: Holds::Nothing, gave_back: vec!["L1".to_owned()], ..placed(1) };
        assert_eq!(broken(&[back], 9), [Rule::NothingOfItself]);
        assert_eq!(broken(&[Owner { holds: Holds::Nothing, ..placed(1) }], 9), [Rule::NothingOfItself]);
    }

    #[test]
    fn an_owner_who_gets_no_answer_leaves_the_audit_open() {
        let silent = Owner { seen: Seen::Unanswered("no answer in time".to_owned()), ..placed(1) };
        assert_eq!(broken(&[silent], 9), [Rule::EverybodyAsked]);
    }

    #[test]
    fn a_draw_that_leaves_somebody_out_or_gives_otherwise_is_found() {
        let owner = || Owner { entry_id: Some("ab".to_owned()), ..placed(1) };
        let with = |results: &[(&str, Option<&str>)], owner: Owner| {
            let results = results.iter().map(|(id, slot)| ((*id).to_owned(), slot.map(str::to_owned))).collect();
            let drawn = Drawn { results, broken: None };
            check(&[owner], &[window(9, 0)], Some(&drawn), true).broken.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(with(&[("ab", Some(SLOT))], owner()), []);
        assert_eq!(with(&[], owner()), [Rule::DrawHolds], "left out");
        assert_eq!(with(&[("ab", None)], owner()), [Rule::DrawHolds], "has more than it was given");
        assert_eq!(with(&[("ab", Some("BTM/2026-11-24/09:00"))], owner()), [Rule::DrawHolds]);
        assert_eq!(with(&[("ab", Some(SLOT)), ("cd", None)], owner()), [Rule::DrawHolds], "entries of nobody");
        let broken = Drawn { broken: Some("no".to_owned()), ..Drawn::default() };
        assert!(!check(&[owner()], &[window(9, 0)], Some(&broken), true).holds());
        assert!(Drawn::of(b"no bundle").broken.is_some());
    }
}
