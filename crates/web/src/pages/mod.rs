//! Pages for citizens: each module has the routes of one subject, its views and its templates.
//!
//! A handler gathers facts, a view puts them into words, a template lays them out; no rule lives here. Handlers return
//! [`PageError`], which the layer in `lib.rs` turns into [`error::render`]: a page in the reader's language.

use antrean_app::caller::{Caller, Language};
use antrean_words::{Arg, Words};
use askama::Template;
use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::files;
use crate::prepared::{self, Key, Made};
use crate::problem::Trouble;
use crate::state::WebState;

pub mod book;
pub mod calendar;
pub mod data;
pub mod demo;
pub mod draw;
pub mod enter;
pub mod entry;
pub mod error;
pub mod guide;
pub mod help;
pub mod language;
pub mod me;
pub mod offices;
mod pick;
pub mod privacy;
pub(crate) mod qr;
pub mod release;
pub mod sign_in;
pub mod start;
pub mod status;
pub mod ticket;
pub(crate) mod visit;
pub mod wait;

/// Why a page could not be made. It carries no language; the layer that renders it knows the reader's.
pub use crate::problem::Trouble as PageError;

/// All pages.
pub fn routes() -> Router<WebState> {
    Router::new()
        .merge(start::routes())
        .merge(guide::routes())
        .merge(offices::routes())
        .merge(release::routes())
        .merge(draw::routes())
        .merge(help::routes())
        .merge(privacy::routes())
        .merge(status::routes())
        .merge(data::routes())
        .merge(language::routes())
        .merge(demo::routes())
        .merge(sign_in::routes())
        .merge(me::routes())
        .merge(enter::routes())
        .merge(entry::routes())
        .merge(wait::routes())
        .merge(book::routes())
        .merge(ticket::routes())
        .merge(calendar::routes())
}

/// A public page: the bytes are made once per version of the public state and language, and shared by all readers.
///
/// `address` is the path with the known fields of the query in one order; the template must follow from it, the overview
/// and the catalogue alone.
fn shared<T: Template>(
    state: &WebState,
    caller: &Caller,
    asked: &HeaderMap,
    address: &str,
    make: impl FnOnce() -> Result<T, Trouble>,
) -> Result<Response, PageError> {
    prepared::answer(state, Key::page(address, caller.language), asked, || Ok(Made::html(render(&make()?)?)))
}

/// The text of a template.
fn render(template: &impl Template) -> Result<String, Trouble> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Trouble::Broken
    })
}

/// A link that looks like a button.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its words.
    pub text: String,
    /// Where it leads.
    pub href: String,
    /// Its look: empty for the one main button of a page, else `second` or `quiet`.
    pub kind: &'static str,
}

impl Action {
    /// The main button.
    fn main(text: String, href: impl Into<String>) -> Self {
        Self { text, href: href.into(), kind: "" }
    }

    /// Something else that can be done.
    fn second(text: String, href: impl Into<String>) -> Self {
        Self { text, href: href.into(), kind: "second" }
    }
}

/// What the layout needs of every page. Templates reach the words through it: `page.say("key")`.
#[derive(Clone)]
pub struct Page {
    /// The reader's language.
    pub language: Language,
    /// Its words.
    pub w: &'static Words,
    /// Whether the notice of the demo stands on top.
    pub demo: bool,
    title: String,
    here: String,
    failed: bool,
}

impl Page {
    /// A page with a title (its words, not a key) at a path with perhaps a query, such as `/kantor?q=batam`.
    pub fn new(state: &WebState, language: Language, title: impl Into<String>, here: impl Into<String>) -> Self {
        Self {
            language,
            w: Words::of(language),
            demo: state.settings.demo.is_some(),
            title: title.into(),
            here: here.into(),
            failed: false,
        }
    }

    /// The words of a language, for a title that is needed before there is a page.
    pub fn words(language: Language) -> &'static Words {
        Words::of(language)
    }

    /// The same page with another title.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// The same page after a form was not accepted: its title begins with "Kesalahan: ".
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.failed = true;
        self
    }

    /// The words of a key.
    pub fn say(&self, key: &str) -> String {
        self.w.say(key)
    }

    /// The words of a key with one text in it.
    pub fn say_text(&self, key: &str, name: &str, text: impl AsRef<str>) -> String {
        self.w.say_with(key, &[(name, Arg::from(text.as_ref()))])
    }

    /// The words of a key that counts something, `$count`.
    pub fn say_count(&self, key: &str, count: u32) -> String {
        self.w.say_with(key, &[("count", count.into())])
    }

    /// This page's address, to come back to.
    pub fn here(&self) -> &str {
        &self.here
    }

    /// The BCP 47 tag of the reader's language.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// The language that the reader can switch to.
    pub fn other(&self) -> Language {
        match self.language {
            Language::Id => Language::En,
            Language::En => Language::Id,
        }
    }

    /// This very page in the other language.
    pub fn in_other_language(&self) -> String {
        let (path, query) = self.here.split_once('?').unwrap_or((&self.here, ""));
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("bahasa="));
        let query: String = kept.flat_map(|pair| [pair, "&"]).collect();
        format!("{path}?{query}bahasa={}", self.other().tag())
    }

    /// The title of the window: the page first, the service last, an error before both.
    pub fn full_title(&self) -> String {
        let title = if self.title.is_empty() { "Antrean".to_owned() } else { format!("{} – Antrean", self.title) };
        if self.failed { format!("{} {title}", self.say("error-title-prefix")) } else { title }
    }

    /// The title without the name of the service: also the heading of most pages.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The address of a static file, which changes with its content.
    pub fn asset(&self, name: &str) -> String {
        files::url(name)
    }

    /// The entries of the menu.
    pub fn menu(&self) -> [(&'static str, String); 5] {
        [
            ("/antrean", self.say("menu-queue")),
            ("/saya", self.say("menu-mine")),
            ("/kantor", self.say("menu-offices")),
            ("/panduan", self.say("menu-guide")),
            ("/bantuan", self.say("menu-help")),
        ]
    }

    /// Whether this page lies under an entry of the menu.
    pub fn is_in(&self, href: &str) -> bool {
        let path = self.here.split('?').next().unwrap_or_default();
        path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}
