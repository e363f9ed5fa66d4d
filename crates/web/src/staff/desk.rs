//! One call of somebody on duty to a page of staff: who they are, at which office, and the frame of what they see.

use std::ops::Deref;
use std::sync::Arc;

use antrean_app::staff::Officer;
use antrean_domain::office::{Office, OfficeCode};
use antrean_domain::region::Zone;
use antrean_domain::staff::Task;
use antrean_words::Words;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::table::Admitted;
use crate::pages::Page;
use crate::pages::visit::{Faults, Visit};
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// What an office's menu offers: the task it needs, the end of its path, and the key of its words. A page that is not here is found
/// from another one.
const AT_OFFICE: &[(Task, &str, &str)] = &[
    (Task::Door, "pintu", "staff-menu-door"),
    (Task::Counter, "loket", "staff-menu-counter"),
    (Task::Look, "kuota", "staff-menu-quota"),
    (Task::Look, "penutupan", "staff-menu-closures"),
    (Task::Report, "angka", "staff-menu-numbers"),
    (Task::Describe, "kantor", "staff-menu-office-data"),
    (Task::Audit, "jejak", "staff-menu-audit"),
];

/// What is to be done for all offices at once.
const EVERYWHERE: &[(Task, &str, &str)] = &[
    (Task::Staff, "/petugas/staf", "staff-menu-staff"),
    (Task::Look, "/petugas/persetujuan", "staff-menu-approvals"),
    (Task::Found, "/petugas/kantor/baru", "staff-menu-found"),
    (Task::Report, "/petugas/angka", "staff-menu-numbers-all"),
    (Task::Audit, "/petugas/jejak", "staff-menu-audit-all"),
];

/// A call of somebody who was let in. It is a [`Visit`] of a page of staff, and knows who they are.
pub(crate) struct Desk {
    visit: Visit,
    /// Who calls.
    pub officer: Arc<Officer>,
    /// The office in the path, where there is one.
    office: Option<Office>,
}

impl Deref for Desk {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl FromRequestParts<WebState> for Desk {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Trouble> {
        let Ok(visit) = Visit::from_request_parts(parts, state).await;
        // A route without a door in the table could not have registered a handler at all.
        let Admitted(officer) = parts.extensions.get::<Admitted>().cloned().ok_or(Trouble::Broken)?;
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| BadRequest::NotFound)?;
        let code = params.iter().find(|(name, _)| *name == "office").and_then(|(_, text)| OfficeCode::parse(text).ok());
        let office = code.and_then(|code| state.app.catalogue().offices.get(&code).cloned());
        Ok(Self { visit, officer, office })
    }
}

impl Desk {
    /// The office in the path. Only for routes that have one.
    pub fn office(&self) -> Result<&Office, Trouble> {
        self.office.as_ref().ok_or(Trouble::from(BadRequest::NotFound))
    }

    /// The frame of a page with this title (a key), marked as failed where something is wrong.
    pub fn screen(&self, title: &str, faults: &Faults) -> Screen {
        self.screen_titled(self.words.say(title), faults)
    }

    /// The frame of a page whose title is put into words already.
    pub fn screen_titled(&self, title: String, faults: &Faults) -> Screen {
        let page = self.titled(title);
        let page = if faults.any() { page.failed() } else { page };
        let here = self.path.split('?').next().unwrap_or_default();
        let menu = |rows: &[(Task, &str, &str)], base: &str| -> Vec<Way> {
            let may = rows.iter().filter(|(task, _, _)| self.officer.role.may(*task));
            may.map(|(_, end, key)| {
                let href = format!("{base}{end}");
                Way { is_here: here == href, text: self.words.say(key), href }
            })
            .collect()
        };
        let office = self.office.as_ref().map(|office| OfficeFrame {
            href: format!("/petugas/{}", office.code),
            name: office.name.clone(),
            menu: menu(AT_OFFICE, &format!("/petugas/{}/", office.code)),
        });
        Screen {
            page,
            officer: self.officer.name.clone(),
            role: self.words.role(self.officer.role),
            menu: menu(EVERYWHERE, ""),
            office,
        }
    }

    /// The zone of the office in the path, else the home zone.
    pub fn zone(&self) -> Zone {
        self.office.as_ref().map_or(antrean_app::caller::HOME_ZONE, |office| office.zone)
    }

    /// The words of the reader's language.
    pub fn words(&self) -> &'static Words {
        self.visit.words
    }
}

/// A link of a menu.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub href: String,
    pub text: String,
    pub is_here: bool,
}

/// What the frame shows of the office.
#[derive(Debug, Clone)]
pub(crate) struct OfficeFrame {
    pub href: String,
    pub name: String,
    pub menu: Vec<Way>,
}

/// The frame of a page of staff: a [`Page`], who is signed in, where, and what they may do there.
pub(crate) struct Screen {
    page: Page,
    pub officer: String,
    pub role: String,
    pub menu: Vec<Way>,
    pub office: Option<OfficeFrame>,
}

impl Deref for Screen {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}
