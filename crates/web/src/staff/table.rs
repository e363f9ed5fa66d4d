//! The table of the routes of staff: none without what it needs. Whoever asks is let in by the table, before any handler runs.

use std::sync::Arc;

use antrean_app::staff::{self, Officer, StaffRefusal, TOUCH_GRAIN, Touch};
use antrean_app::{Failure, Refusal};
use antrean_domain::office::OfficeCode;
use antrean_domain::staff::Task;
use axum::Router;
use axum::extract::{Extension, FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{self, MethodRouter};

use crate::caller::{STAFF_PREFIX, Who};
use crate::pages::visit::{onward, with_onward};
use crate::problem::{BadRequest, Trouble};
use crate::state::WebState;

/// Where whoever is signed out goes.
pub(crate) const SIGN_IN: &str = "/petugas/masuk";

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is how people come in.
    Nothing,
    /// To be on duty, whatever one's role is.
    Duty,
    /// To do this task anywhere.
    Task(Task),
    /// To do this task at the office in the path, `{office}`.
    AtOffice(Task),
}

/// One route of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its method.
    pub method: Method,
    /// The template of its path.
    pub path: &'static str,
    /// What it asks of whoever calls it.
    pub needs: Needs,
}

/// Whether a call keeps a session from ending as idle: what a screen asks for by itself does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Person,
    Screen,
}

/// Routes with their rules. A handler gets into the router through here alone, so that none is without a rule.
pub(crate) struct Table {
    state: WebState,
    router: Router<WebState>,
    rules: Vec<Rule>,
}

impl Table {
    pub(crate) fn new(state: &WebState) -> Self {
        Self { state: state.clone(), router: Router::new(), rules: Vec::new() }
    }

    /// A page that people look at.
    pub(crate) fn get<H: Handler<T, WebState>, T: 'static>(self, path: &'static str, needs: Needs, handler: H) -> Self {
        self.add(Method::GET, path, needs, Asks::Person, routing::get(handler))
    }

    /// What a screen asks for by itself again and again.
    pub(crate) fn poll<H: Handler<T, WebState>, T: 'static>(
        self,
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        self.add(Method::GET, path, needs, Asks::Screen, routing::get(handler))
    }

    /// What changes something.
    pub(crate) fn post<H: Handler<T, WebState>, T: 'static>(
        self,
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        self.add(Method::POST, path, needs, Asks::Person, routing::post(handler))
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        needs: Needs,
        asks: Asks,
        handler: MethodRouter<WebState>,
    ) -> Self {
        let at_office = path.contains("{office}");
        assert_eq!(
            at_office,
            matches!(needs, Needs::AtOffice(_)),
            "{path}: the office in a path is what the need is at"
        );
        let door = Door { state: self.state.clone(), needs, asks };
        self.router = self.router.route(path, handler.layer(from_fn_with_state(door, admit)));
        self.rules.push(Rule { method, path, needs });
        self
    }

    /// Both tables as one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.rules.extend(other.rules);
        self
    }

    pub(crate) fn into_router(self) -> Router<WebState> {
        let pages = self.rules.iter().filter(|rule| rule.method == Method::GET).map(|rule| rule.path).collect();
        self.router.layer(Extension(Pages(pages)))
    }

    pub(crate) fn into_rules(self) -> Vec<Rule> {
        self.rules
    }
}

/// The templates of all pages of staff.
#[derive(Clone)]
struct Pages(Arc<[&'static str]>);

impl Pages {
    /// The page from which a form was sent: the form's own path, shortened until a page lives there.
    fn of_form<'a>(&self, template: &str, path: &'a str) -> &'a str {
        let (mut template, mut path) = (template, path);
        while !self.0.contains(&template) {
            match (template.rsplit_once('/'), path.rsplit_once('/')) {
                (Some((shorter, _)), Some((page, _))) if !page.is_empty() => (template, path) = (shorter, page),
                _ => return STAFF_PREFIX,
            }
        }
        path
    }
}

/// Where whoever signs in again goes on: to the page that they asked for, or from which they sent a form.
fn way_back(parts: &Parts) -> &str {
    let path = parts.uri.path();
    if parts.method == Method::GET {
        return parts.uri.path_and_query().map_or(path, |whole| whole.as_str());
    }
    let (pages, template) = (parts.extensions.get::<Pages>(), parts.extensions.get::<MatchedPath>());
    pages.zip(template).map_or(STAFF_PREFIX, |(pages, template)| pages.of_form(template.as_str(), path))
}

#[derive(Clone)]
struct Door {
    state: WebState,
    needs: Needs,
    asks: Asks,
}

/// Who was let in, for the handler.
#[derive(Debug, Clone)]
pub(crate) struct Admitted(pub Arc<Officer>);

async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (task, office) = match door.needs {
        Needs::Nothing => return next.run(Request::from_parts(parts, body)).await,
        Needs::Duty => (None, None),
        Needs::Task(task) => (Some(task), None),
        Needs::AtOffice(task) => match office_of(&mut parts, &door.state).await {
            Some(office) => (Some(task), Some(office)),
            None => return Trouble::from(BadRequest::NoSuchOffice).into_response(),
        },
    };
    let Who(caller) = match Who::from_request_parts(&mut parts, &door.state).await {
        Ok(who) => who,
        Err(never) => match never {},
    };
    let app = &door.state.app;
    let asked = app.ask(caller.clone(), move |tx, cx| staff::admit(tx, cx, task, office.as_ref())).await;
    let officer = match asked {
        Ok(officer) => officer,
        Err(Failure::Refused(Refusal::Staff(StaffRefusal::SignedOut))) if reads_pages(&parts.headers) => {
            return onward(&with_onward(SIGN_IN, way_back(&parts)));
        }
        Err(failure) => return Trouble::from(failure).into_response(),
    };
    if door.asks == Asks::Person && app.now().duration_since(officer.seen) >= TOUCH_GRAIN {
        // When the store is too busy for this, the next page notes it.
        let _later = app.perform(caller, None, Touch {}).await;
    }
    parts.extensions.insert(Admitted(Arc::new(officer)));
    next.run(Request::from_parts(parts, body)).await
}

/// Whether a browser asks for a page, and not a script or a program for data.
fn reads_pages(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepts.is_empty() || accepts.contains("text/html") || accepts == "*/*"
}

/// The office in the path, if there is one of that code.
async fn office_of(parts: &mut Parts, state: &WebState) -> Option<OfficeCode> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    let text = params.iter().find(|(name, _)| *name == "office")?.1;
    let code = OfficeCode::parse(text).ok()?;
    state.app.catalogue().offices.get(&code).map(|office| office.code)
}
