//! The ticket as a calendar file (RFC 5545): one event that keeps its `UID` and counts its changes, so that a calendar moves or
//! removes what it has. It carries no NIK and no name.

use antrean_app::ticket::TicketView;
use antrean_domain::appointment::AppointmentState;
use antrean_domain::office::{Office, PositionQuality};
use antrean_domain::region::Zone;
use antrean_words::{Arg, Words};
use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use icalendar::Property;
use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::pages::ticket;
use crate::pages::visit::{Answer, Named, Visit};
use crate::state::WebState;

/// The calendar file of a ticket.
pub fn routes() -> Router<WebState> {
    Router::new().route("/tiket/{link}/kalender.ics", get(file))
}

async fn file(State(state): State<WebState>, visit: Visit, Named(link): Named<String>) -> Answer {
    let seen = ticket::see(&visit, &link).await?;
    let catalogue = state.app.catalogue();
    let event = Event {
        ticket: &seen.ticket,
        office: catalogue.offices.get(&seen.ticket.slot.office),
        address: visit.address(&format!("/tiket/{link}")),
        written: state.app.now(),
        words: visit.words,
    };
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (CONTENT_DISPOSITION, "inline; filename=\"paspor.ics\""),
        (CACHE_CONTROL, "no-store"),
    ];
    let response: Response = (headers, event.to_text()).into_response();
    Ok(response)
}

/// What the file says.
struct Event<'a> {
    ticket: &'a TicketView,
    office: Option<&'a Office>,
    /// Address of the ticket's page.
    address: String,
    written: Timestamp,
    words: &'static Words,
}

impl Event<'_> {
    fn to_text(&self) -> String {
        let ticket = self.ticket;
        let gone = !matches!(
            ticket.state,
            AppointmentState::Booked
                | AppointmentState::CheckedIn
                | AppointmentState::Called
                | AppointmentState::Served
        );
        let office = self.office.map_or(ticket.slot.office.as_str(), |office| office.name.as_str());
        let code = ticket.code.to_string();
        let window = self.words.window(ticket.slot.starts, ticket.ends, ticket.zone);
        let place =
            [("office", Arg::from(office)), ("code", Arg::from(code.as_str())), ("window", Arg::from(window.as_str()))];

        let mut file = Lines::default();
        file.begin("VCALENDAR");
        file.put("VERSION", "2.0");
        file.put("PRODID", "-//Antrean//Antrean Paspor//ID");
        file.put("CALSCALE", "GREGORIAN");
        file.put("METHOD", if gone { "CANCEL" } else { "PUBLISH" });
        file.zone(ticket.zone);
        file.begin("VEVENT");
        file.put("UID", &format!("{}@antrean", ticket.link));
        file.put("SEQUENCE", &ticket.sequence.to_string());
        file.put("DTSTAMP", &utc(self.written));
        file.put("STATUS", if gone { "CANCELLED" } else { "CONFIRMED" });
        file.local("DTSTART", ticket.zone, ticket.slot.date.to_datetime(ticket.slot.starts.time()));
        file.local("DTEND", ticket.zone, ticket.slot.date.to_datetime(ticket.ends.time()));
        file.put("SUMMARY", &self.words.say_with("calendar-summary", &place));
        file.put("DESCRIPTION", &self.words.say_with("calendar-text", &place));
        if let Some(office) = self.office {
            let parts: Vec<&str> =
                [office.name.as_str(), office.address.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
            file.put("LOCATION", &parts.join(", "));
            // A point that is only the middle of a district would lead people to the wrong street.
            if office.position_quality == PositionQuality::Office {
                file.put("GEO", &format!("{:.6};{:.6}", office.latitude, office.longitude));
            }
        }
        file.put("URL", &self.address);
        if !gone {
            let remind = self.words.say_with("calendar-alarm", &place);
            for before in ["-P1D", "-PT2H"] {
                file.begin("VALARM");
                file.put("ACTION", "DISPLAY");
                file.put("TRIGGER", before);
                file.put("DESCRIPTION", &remind);
                file.end("VALARM");
            }
        }
        file.end("VEVENT");
        file.end("VCALENDAR");
        file.0
    }
}

/// The lines of a calendar file. Escaping and folding are the crate's; its components are not used, since they stamp everything
/// with the machine's clock and a random `UID`.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn begin(&mut self, component: &str) {
        self.put("BEGIN", component);
    }

    fn end(&mut self, component: &str) {
        self.put("END", component);
    }

    fn put(&mut self, name: &str, value: &str) {
        self.write(Property::new(name, value));
    }

    fn local(&mut self, name: &str, zone: Zone, at: DateTime) {
        let mut property = Property::new(name, at.strftime("%Y%m%dT%H%M%S").to_string());
        self.write(property.add_parameter("TZID", zone.iana()).done());
    }

    /// Indonesia has had no summer time since 1988, so one line of history says it all.
    fn zone(&mut self, zone: Zone) {
        let offset = format!("+{:02}00", zone.offset().seconds() / 3600);
        self.begin("VTIMEZONE");
        self.put("TZID", zone.iana());
        self.begin("STANDARD");
        self.put("DTSTART", "19880101T000000");
        self.put("TZOFFSETFROM", &offset);
        self.put("TZOFFSETTO", &offset);
        self.put("TZNAME", zone.label());
        self.end("STANDARD");
        self.end("VTIMEZONE");
    }

    fn write(&mut self, property: Property) {
        let line: String = property.try_into().expect("a String takes all");
        self.0.push_str(&line);
    }
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}
