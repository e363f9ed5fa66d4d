//! Dates and times: always with the weekday where a person has to come, always with the zone of the office.

use antrean_app::caller::HOME_ZONE;
use antrean_domain::region::Zone;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::WindowStart;
use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Time, Weekday};

use crate::Words;

impl Words {
    /// `Selasa`.
    pub fn weekday(&self, weekday: Weekday) -> String {
        self.say(&format!("weekday-{}", weekday.to_monday_one_offset()))
    }

    /// `Selasa, 12 Januari 2027`.
    pub fn date(&self, date: Date) -> String {
        self.dated("date", date)
    }

    /// `12 Januari 2027`, for dates on which nobody has to come.
    pub fn date_short(&self, date: Date) -> String {
        self.dated("date-short", date)
    }

    /// `Selasa, 12 Januari`, where a list makes the year plain.
    pub fn date_without_year(&self, date: Date) -> String {
        self.dated("date-without-year", date)
    }

    fn dated(&self, key: &str, date: Date) -> String {
        let month = self.say(&format!("month-{}", date.month()));
        self.say_with(
            key,
            &[
                ("weekday", self.weekday(date.weekday()).into()),
                ("day", date.day().to_string().into()),
                ("month", month.into()),
                ("year", date.year().to_string().into()),
            ],
        )
    }

    /// `08.00 WIB`.
    pub fn time(&self, time: Time, zone: Zone) -> String {
        self.say_with("time", &[("time", clock(time).into()), ("zone", zone.label().into())])
    }

    /// An arrival window: `08.00–08.30 WIB`.
    pub fn window(&self, starts: WindowStart, ends: WindowStart, zone: Zone) -> String {
        self.say_with(
            "window",
            &[
                ("starts", clock(starts.time()).into()),
                ("ends", clock(ends.time()).into()),
                ("zone", zone.label().into()),
            ],
        )
    }

    /// `Jumat, 27 November 2026 pukul 14.00 WIB`.
    pub fn instant(&self, at: Timestamp, zone: Zone) -> String {
        let local = zone.local(at);
        self.say_with(
            "instant",
            &[("date", self.date(local.date()).into()), ("time", self.time(local.time(), zone).into())],
        )
    }

    /// The end of a time: as [`Words::instant`], but midnight is `24.00` of the day that ends, since `00.00` of the day after is
    /// easily read as a day too late.
    pub fn until(&self, at: Timestamp, zone: Zone) -> String {
        let local = zone.local(at);
        if local.time() != Time::midnight() {
            return self.instant(at, zone);
        }
        let ended = local.date().yesterday().unwrap_or(local.date());
        let time = self.say_with("time", &[("time", "24.00".into()), ("zone", zone.label().into())]);
        self.say_with("instant", &[("date", self.date(ended).into()), ("time", time.into())])
    }

    /// As [`Words::instant`], with Jakarta's time beside it where the zone is another, since that is what the news say:
    /// `Jumat, 27 November 2026 pukul 14.00 WIT (12.00 WIB)`.
    pub fn instant_also_home(&self, at: Timestamp, zone: Zone) -> String {
        let here = self.instant(at, zone);
        if zone == HOME_ZONE {
            return here;
        }
        let home = HOME_ZONE.local(at);
        let home_time = self.time(home.time(), HOME_ZONE);
        let home = if home.date() == zone.local(at).date() {
            home_time
        } else {
            self.say_with(
                "instant",
                &[("date", self.date_without_year(home.date()).into()), ("time", home_time.into())],
            )
        };
        self.say_with("also-home", &[("time", here.into()), ("home", home.into())])
    }

    /// A release as people know it: `pekan 30 November 2026` for the week of its service days; any other id as it is.
    pub fn release(&self, id: &ReleaseId) -> String {
        match monday_of(id.as_str()) {
            None => id.to_string(),
            Some(monday) => self.say_with("release-week", &[("monday", self.date_short(monday).into())]),
        }
    }
}

/// `08.00`: hours and minutes with a dot, as Indonesians write them.
fn clock(time: Time) -> String {
    format!("{:02}.{:02}", time.hour(), time.minute())
}

/// The Monday of an id such as `2026-W49`.
fn monday_of(id: &str) -> Option<Date> {
    let (year, week) = id.split_once("-W")?;
    let week = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
    Some(week.date())
}

#[cfg(test)]
mod tests {
    use antrean_app::caller::Language;
    use jiff::civil::date;

    use super::*;

    fn id() -> &'static Words {
        Words::of(Language::Id)
    }

    fn en() -> &'static Words {
        Words::of(Language::En)
    }

    #[test]
    fn a_date_has_its_weekday() {
        assert_eq!(id().date(date(2027, 1, 12)), "Selasa, 12 Januari 2027");
        assert_eq!(en().date(date(2027, 1, 12)), "Tuesday, 12 January 2027");
        assert_eq!(id().date_short(date(2026, 8, 17)), "17 Agustus 2026");
        assert_eq!(id().date_without_year(date(2026, 11, 29)), "Minggu, 29 November");
    }

    #[test]
    fn a_window_has_dots_and_its_zone() {
        let at = |text: &str| WindowStart::parse(text).unwrap();
        assert_eq!(id().window(at("08:00"), at("08:30"), Zone::Wib), "08.00–08.30 WIB");
        assert_eq!(en().window(at("13:00"), at("13:30"), Zone::Wit), "13.00–13.30 WIT");
    }

    #[test]
    fn an_instant_is_told_in_the_zone_of_the_office() {
        let at: Timestamp = "2026-11-27T05:00:00Z".parse().unwrap();
        assert_eq!(id().instant(at, Zone::Wib), "Jumat, 27 November 2026 pukul 12.00 WIB");
        assert_eq!(id().instant_also_home(at, Zone::Wit), "Jumat, 27 November 2026 pukul 14.00 WIT (12.00 WIB)");
        assert_eq!(en().instant_also_home(at, Zone::Wib), "Friday, 27 November 2026 at 12.00 WIB");
    }

    #[test]
    fn midnight_ends_the_day_before() {
        let at: Timestamp = "2026-11-30T17:00:00Z".parse().unwrap();
        assert_eq!(id().until(at, Zone::Wib), "Senin, 30 November 2026 pukul 24.00 WIB");
        assert_eq!(id().until(at, Zone::Wita), "Selasa, 1 Desember 2026 pukul 01.00 WITA");
    }

    #[test]
    fn the_home_zone_may_still_have_the_day_before() {
        let at: Timestamp = "2026-11-26T15:30:00Z".parse().unwrap();
        let said = "Jumat, 27 November 2026 pukul 00.30 WIT (Kamis, 26 November pukul 22.30 WIB)";
        assert_eq!(id().instant_also_home(at, Zone::Wit), said);
    }

    #[test]
    fn a_weekly_release_is_named_by_its_monday() {
        let named = |text: &str| id().release(&ReleaseId::parse(text).unwrap());
        assert_eq!(named("2026-W49"), "pekan 30 November 2026");
        assert_eq!(named("2026-W99"), "2026-W99");
        assert_eq!(named("DEMO-1"), "DEMO-1");
        assert_eq!(en().release(&ReleaseId::parse("2026-W53").unwrap()), "week of 28 December 2026");
    }
}
