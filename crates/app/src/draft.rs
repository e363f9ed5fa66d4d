//! An entry half filled in: kept on the server, so that a lost connection or another page loses nothing.

use antrean_domain::draw::entry::Choice;
use antrean_domain::release::ReleaseId;
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_store::ids::ApplicantId;
use antrean_store::{Fault, Lane, Tx, drafts};
use serde::{Deserialize, Serialize};

use crate::operation::{Context, Error, Operation};

/// What has been filled in so far. Nothing in it is checked before it is entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The release it is for.
    pub release: ReleaseId,
    /// What is applied for.
    #[serde(default)]
    pub service: Option<ServiceCode>,
    /// Which passport.
    #[serde(default)]
    pub passport: Option<PassportKind>,
    /// The people chosen.
    #[serde(default)]
    pub people: Vec<ApplicantId>,
    /// The choices, best first.
    #[serde(default)]
    pub choices: Vec<Choice>,
}

impl Draft {
    /// An empty draft for a release.
    pub fn new(release: ReleaseId) -> Self {
        Self { release, service: None, passport: None, people: Vec::new(), choices: Vec::new() }
    }
}

/// Keeps the account's one draft, replacing the one before.
#[derive(Serialize, Deserialize)]
pub struct SaveDraft {
    /// What to keep.
    pub draft: Draft,
}

impl Operation for SaveDraft {
    const NAME: &'static str = "save_draft";
    const LANE: Lane = Lane::SignIn;
    type Outcome = ();

    fn perform(&self, tx: &Tx<'_>, cx: &Context<'_>) -> Result<(), Error> {
        let account = cx.account(tx)?;
        let body = serde_json::to_string(&self.draft).expect("a draft is plain data");
        Ok(drafts::put(tx, account, &body, cx.now)?)
    }
}

/// The caller's draft, if there is one.
pub fn load(tx: &Tx<'_>, cx: &Context<'_>) -> Result<Option<Draft>, Error> {
    let account = cx.account(tx)?;
    match drafts::get(tx, account)? {
        None => Ok(None),
        Some(body) => Ok(Some(
            serde_json::from_str(&body)
                .map_err(|error| Fault::Corrupt { what: format!("draft of {account}: {error}") })?,
        )),
    }
}
