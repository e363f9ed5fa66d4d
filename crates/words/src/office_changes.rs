//! What staff changed of an office, in a sentence.

use antrean_app::office_change::{ChangeView, Colleague, What};
use antrean_domain::office::PositionQuality;
use antrean_domain::quota::{Amount, TimetableChange, Weekdays};
use antrean_domain::region::Zone;
use antrean_domain::rework::{Clash, On};
use antrean_domain::slot::Pool;
use antrean_domain::timetable::{Ended, Exception, Window};
use antrean_store::office_changes::Part;
use jiff::civil::{Date, Time};

use crate::Words;

/// `08.00`.
fn clock(time: Time) -> String {
    format!("{:02}.{:02}", time.hour(), time.minute())
}

impl Words {
    /// Somebody of the staff, for colleagues: `Siti Rahma (siti)`.
    pub fn colleague(&self, colleague: &Colleague) -> String {
        format!("{} ({})", colleague.name, colleague.login)
    }

    /// A pool of places.
    pub fn pool(&self, pool: Pool) -> String {
        self.say(match pool {
            Pool::Public => "quota-public",
            Pool::Priority => "quota-priority",
            Pool::Reserve => "quota-reserve",
        })
    }

    /// The windows of a day in a line: `08.00–09.00: 20 + 2 + 1`.
    pub fn windows(&self, windows: &[Window]) -> String {
        let line = |window: &Window| {
            let (public, priority, reserve) = (window.public.get(), window.priority.get(), window.reserve.get());
            format!("{}–{}: {public} + {priority} + {reserve}", clock(window.starts), clock(window.ends))
        };
        windows.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    fn weekdays(&self, days: Weekdays) -> String {
        days.iter().map(|day| self.weekday(day)).collect::<Vec<_>>().join(", ")
    }

    fn dates(&self, from: Date, through: Date) -> String {
        if from == through {
            return self.date_short(from);
        }
        format!("{} – {}", self.date_short(from), self.date_short(through))
    }

    /// A change of hours or quotas.
    pub fn timetable_change(&self, change: &TimetableChange) -> String {
        match change {
            TimetableChange::Weekdays { days, windows } => {
                let days = self.weekdays(*days).into();
                if windows.is_empty() {
                    return self.say_with("office-change-week-closed", &[("days", days)]);
                }
                self.say_with("office-change-week", &[("days", days), ("windows", self.windows(windows).into())])
            }
            TimetableChange::Dates { from, through, exception } => {
                let dates = self.dates(*from, *through).into();
                match exception {
                    None => self.say_with("office-change-dates-usual", &[("dates", dates)]),
                    Some(Exception::Closed { why }) => {
                        let why = self.text(why).into();
                        self.say_with("office-change-dates-closed", &[("dates", dates), ("why", why)])
                    }
                    Some(Exception::Windows(windows)) => {
                        let windows = self.windows(windows).into();
                        self.say_with("office-change-dates", &[("dates", dates), ("windows", windows)])
                    }
                }
            }
            TimetableChange::Places { days, from, until, pool, amount } => {
                let (key, number) = match amount {
                    Amount::Add(more) if *more < 0 => ("office-change-fewer", i64::from(more.unsigned_abs())),
                    Amount::Add(more) => ("office-change-more", i64::from(*more)),
                    Amount::Percent(percent) => ("office-change-percent", i64::from(*percent)),
                    Amount::Set(places) => ("office-change-set", i64::from(*places)),
                };
                let args = [
                    ("days", self.weekdays(*days).into()),
                    ("from", clock(*from).into()),
                    ("until", clock(*until).into()),
                    ("pool", self.pool(*pool).into()),
                    ("number", number.into()),
                ];
                self.say_with(key, &args)
            }
            TimetableChange::Service { ended: None } => self.say("office-change-reopened"),
            TimetableChange::Service { ended: Some(ended) } => self.closed_down(ended),
            TimetableChange::Whole { .. } => self.say("office-change-table"),
        }
    }

    /// That a place serves nobody any more: from its date on, where it has one.
    pub fn closed_down(&self, ended: &Ended) -> String {
        let why = self.text(&ended.why);
        let Some(from) = ended.from else { return why.to_owned() };
        self.say_with("office-closed-down", &[("since", self.date_short(from).into()), ("why", why.into())])
    }

    /// A cell of an office's row, as people read it.
    fn office_cell(&self, column: &str, cell: &str) -> String {
        match column {
            "services" if cell.is_empty() => self.say("office-data-services-all"),
            "services" => {
                let named = |word: &str| word.parse().map_or_else(|_| word.to_owned(), |code| self.service(code));
                cell.split_whitespace().map(named).collect::<Vec<_>>().join(", ")
            }
            "position_quality" if cell.parse::<PositionQuality>().is_ok() => {
                self.say(&format!("office-data-position_quality-{cell}"))
            }
            "electronic_only_from" if !cell.is_empty() => {
                cell.parse().map_or_else(|_| cell.to_owned(), |date| self.date_short(date))
            }
            _ if cell.is_empty() => "–".to_owned(),
            _ => cell.to_owned(),
        }
    }

    /// What a change of an office was.
    pub fn office_change(&self, change: &ChangeView) -> String {
        match (&change.what, change.part) {
            (Some(What::Hours { change }), _) => self.timetable_change(change),
            (Some(What::Founded), _) => self.say("office-change-founded"),
            (Some(What::Data { cells }), _) => {
                let line = |(column, (old, new)): (&String, &(String, String))| {
                    let (old, new) = (self.office_cell(column, old), self.office_cell(column, new));
                    format!("{}: {old} → {new}", self.say(&format!("office-data-{column}")))
                };
                let lines: Vec<String> = cells.iter().map(line).collect();
                if lines.is_empty() { self.say("office-change-nothing") } else { lines.join("; ") }
            }
            (None, Part::Hours) => self.say("office-change-hours"),
            (None, Part::Data) => self.say("office-change-data"),
        }
    }

    /// Who changed what of an office, when and why, for whoever was overtaken by it.
    pub fn overtaken_by(&self, change: &ChangeView, zone: Zone) -> String {
        let args = [
            ("who", self.colleague(&change.by).into()),
            ("when", self.instant(change.at, zone).into()),
            ("what", self.office_change(change).into()),
            ("why", change.reason.as_str().into()),
        ];
        self.say_with("office-change-overtaken", &args)
    }

    fn on(&self, on: On) -> String {
        match on {
            On::Week(day) => self.weekday(day),
            On::Date(date) => self.date_short(date),
        }
    }

    /// Why a change that waited cannot be put on top of what there is by now.
    pub fn clash(&self, clash: &Clash) -> String {
        let window = |key: &str, on: On, starts: Time| {
            self.say_with(key, &[("on", self.on(on).into()), ("starts", clock(starts).into())])
        };
        match clash {
            Clash::Places { on, starts, pool } => {
                let args =
                    [("on", self.on(*on).into()), ("starts", clock(*starts).into()), ("pool", self.pool(*pool).into())];
                self.say_with("clash-places", &args)
            }
            Clash::Window { on, starts } => window("clash-window", *on, *starts),
            Clash::Gone { on, starts } => window("clash-gone", *on, *starts),
            Clash::Unfit { on } => self.say_with("clash-unfit", &[("on", self.on(*on).into())]),
            Clash::Date { date } => self.say_with("clash-date", &[("date", self.date_short(*date).into())]),
            Clash::Service => self.say("clash-service"),
            Clash::Begun => self.say("clash-begun"),
            Clash::Passed => self.say("clash-passed"),
            Clash::TooMany => self.say("clash-too-many"),
            Clash::Nothing => self.say("clash-nothing"),
            Clash::Unknown => self.say("clash-unknown"),
        }
    }
}
