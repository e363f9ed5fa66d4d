//! The ceremonies of passkeys: what a browser is asked, and what it answers, as WebAuthn has them.
//!
//! What was asked is kept nowhere: it goes with the question, sealed, and comes back with the answer. It is used up in the store before
//! a signature is looked at, so it is good once on all nodes together.

use antrean_domain::keys::Keyring;
use antrean_store::ids::StaffId;
use antrean_store::passkeys::Passkey;
use antrean_store::{Tx, limits};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle, Username,
};
use webauthn_rp::request::{AsciiDomain, ExtensionInfo, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::auth::{Authentication, AuthenticatorAssertion};
use webauthn_rp::response::register::{
    AuthenticatorAttestation, ClientExtensionsOutputs, DynamicState, Registration, StaticState,
};
use webauthn_rp::response::{AuthTransports, AuthenticatorAttachment, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, RegistrationServerState,
};

use super::StaffRefusal;
use crate::app::App;
use crate::entropy;
use crate::operation::{Error, Failure};

/// The purpose under which what was asked is sealed.
const SEAL_CEREMONY: &str = "staff-passkey-ceremony";
/// How long somebody may take to find their key and put a finger on it.
const CEREMONY: SignedDuration = SignedDuration::from_mins(5);
/// Bytes of what a browser answers; the largest that is known of (a key of RSA) stays far below.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Bytes by which devices know a person.
const HANDLE: usize = 16;

/// The site as devices know it: keys are for one site, and are shown to no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name of the host.
    pub host: String,
    /// Scheme, host and port, as browsers write them.
    pub origin: String,
}

impl Site {
    /// The site at an address such as `https://antrean.example.id`. A loopback address is `localhost`, since keys belong to names; `None`
    /// where browsers have no passkeys: at other numbers, and without encryption.
    pub fn of(base_url: &str) -> Option<Self> {
        let (scheme, rest) = base_url.trim_end_matches('/').split_once("://")?;
        let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.to_ascii_lowercase());
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => (host, port),
            _ => (rest.as_str(), ""),
        };
        let number = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        let host = match number {
            Ok(address) if address.is_loopback() => "localhost",
            Ok(_) => return None,
            Err(_) => host,
        };
        AsciiDomain::try_from(host.to_owned()).ok()?;
        if !(scheme == "https" || host == "localhost" && scheme == "http") {
            return None;
        }
        let usual = matches!((scheme.as_str(), port), (_, "") | ("https", "443") | ("http", "80"));
        let port = if usual { String::new() } else { format!(":{port}") };
        Some(Self { host: host.to_owned(), origin: format!("{scheme}://{host}{port}") })
    }

    fn rp_id(&self) -> RpId {
        RpId::Domain(AsciiDomain::try_from(self.host.clone()).expect("a site was made from the name of a host"))
    }
}

/// For what something is asked: an answer to one is none to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ceremony {
    /// Coming in.
    SignIn,
    /// Adding a passkey to one's own, in this session.
    Own { session: [u8; 16] },
    /// Beginning with the link of an invitation.
    Link { link: [u8; 16] },
}

/// What a browser is asked.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// What was asked, sealed; it comes back with the answer.
    pub ceremony: String,
    /// The question, as `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: Value,
}

/// What was asked, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Asked {
    ceremony: Ceremony,
    until: Timestamp,
    state: Vec<u8>,
}

/// A question as it is used up.
#[derive(Serialize, Deserialize)]
pub(super) struct Once {
    id: [u8; 16],
    until: Timestamp,
}

impl Once {
    /// A limit of one for ever: its window is the end of its time, and limits are kept for days after that.
    pub(super) fn use_up(&self, tx: &Tx<'_>) -> Result<(), Error> {
        if limits::take(tx, &self.id, self.until, 1, 1)? { Ok(()) } else { Err(StaffRefusal::PasskeyTooLate.into()) }
    }
}

impl Ceremony {
    fn ask(self, app: &App, state: Vec<u8>, options: &impl Serialize) -> Result<Question, Failure> {
        let asked = Asked { ceremony: self, until: app.now() + CEREMONY, state };
        let plain = serde_json::to_vec(&asked).expect("what was asked is plain data");
        let sealed = app.keys().seal(SEAL_CEREMONY, &plain, entropy::bytes(app.entropy()));
        let options = serde_json::to_value(options).map_err(|error| broken(&error))?;
        Ok(Question { ceremony: URL_SAFE_NO_PAD.encode(sealed), options })
    }

    /// What was asked, if it was asked here, for this, and a short time ago.
    fn asked(self, app: &App, sealed: &str) -> Result<(Vec<u8>, Once), StaffRefusal> {
        let late = || StaffRefusal::PasskeyTooLate;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| late())?;
        let plain = app.keys().open(SEAL_CEREMONY, &sealed).map_err(|_| late())?;
        let asked: Asked = serde_json::from_slice(&plain).map_err(|_| late())?;
        if asked.ceremony != self || asked.until <= app.now() {
            return Err(late());
        }
        let once = Once { id: app.keys().keyed16("passkey-once", &sealed), until: asked.until };
        Ok((asked.state, once))
    }
}

fn broken(error: &dyn std::error::Error) -> Failure {
    tracing::error!(%error, "a passkey cannot be asked for");
    Failure::Broken
}

/// How devices know a person: always the same, and nothing that anybody else knows.
fn handle(keys: &Keyring, id: StaffId) -> [u8; HANDLE] {
    keys.keyed16("passkey-user", &id.0.to_be_bytes())
}

/// Somebody for whom a passkey is made.
pub(super) struct Owner {
    pub id: StaffId,
    pub login: String,
    pub name: String,
    /// The passkeys they have: none is made on a device that has one of theirs.
    pub owned: Vec<Passkey>,
}

/// What a browser is asked to make a passkey for somebody.
pub(super) fn ask_to_make(app: &App, site: &Site, ceremony: Ceremony, owner: &Owner) -> Result<Question, Failure> {
    let rp_id = site.rp_id();
    let id = UserHandle::<HANDLE>::from(handle(app.keys(), owner.id));
    let name = Username::try_from(owner.login.as_str()).map_err(|error| broken(&error))?;
    // A name that cannot be shown on a device is left out there.
    let display_name = Nickname::try_from(owner.name.as_str()).ok();
    let user = PublicKeyCredentialUserEntity { name, id: &id, display_name };
    let known = owner.owned.iter().filter_map(|one| CredentialId::try_from(one.credential.clone()).ok());
    let known = known.map(|id| PublicKeyCredentialDescriptor { id, transports: AuthTransports::NONE });
    let mut options = PublicKeyCredentialCreationOptions::passkey(&rp_id, user, known.collect());
    // Many devices do not know how to keep a key from whoever has not shown who they are; that is asked for at every sign-in all the same.
    options.extensions.cred_protect = CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
    let (server, client) = options.start_ceremony().map_err(|error| broken(&error))?;
    ceremony.ask(app, server.encode().map_err(|error| broken(&error))?, &client)
}

/// What a browser is asked to sign somebody in by passkey, whoever they are.
pub fn to_sign_in(app: &App, site: &Site) -> Result<Question, Failure> {
    let rp_id = site.rp_id();
    let options = DiscoverableCredentialRequestOptions::passkey(&rp_id);
    let (server, client) = options.start_ceremony().map_err(|error| broken(&error))?;
    Ceremony::SignIn.ask(app, server.encode().map_err(|error| broken(&error))?, &client)
}

/// What a browser answers when a passkey was made: bytes in base 64 for addresses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MadeText {
    ceremony: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

/// What a browser answers when a passkey has signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedText {
    ceremony: String,
    id: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: String,
}

fn read<'a, T: Deserialize<'a>>(answer: &'a str) -> Result<T, StaffRefusal> {
    let read = (answer.len() <= ANSWER_BYTES_MAX).then(|| serde_json::from_str(answer).ok()).flatten();
    read.ok_or(StaffRefusal::PasskeyWrong)
}

fn bytes(text: &str) -> Result<Vec<u8>, StaffRefusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| StaffRefusal::PasskeyWrong)
}

/// What is wrong with an answer is for the log of the program: whoever sent it learns that it is wrong.
fn wrong(error: &dyn std::error::Error) -> StaffRefusal {
    tracing::debug!(%error, "a passkey was refused");
    StaffRefusal::PasskeyWrong
}

/// A key that a device has made, looked at and not yet kept.
#[derive(Serialize, Deserialize)]
pub(super) struct NewKey {
    /// The name by which the device knows it.
    pub credential: Vec<u8>,
    pub key: Key,
    pub sign_count: u32,
}

/// What is kept of a key: the public half, and what the device said of it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Key {
    public: Vec<u8>,
    state: [u8; 7],
}

/// Looks at a key that a device has made for this site.
pub(super) fn made(app: &App, site: &Site, ceremony: Ceremony, answer: &str) -> Result<(NewKey, Once), StaffRefusal> {
    let answer: MadeText = read(answer)?;
    let (state, once) = ceremony.asked(app, &answer.ceremony)?;
    let state = RegistrationServerState::<HANDLE>::decode(&state).map_err(|error| wrong(&error))?;
    let attestation = AuthenticatorAttestation::new(
        bytes(&answer.client_data)?,
        bytes(&answer.attestation_object)?,
        AuthTransports::NONE,
    );
    let extensions = ClientExtensionsOutputs { cred_props: None, prf: None };
    let response = Registration::new(attestation, AuthenticatorAttachment::None, extensions);
    let origins = [site.origin.as_str()];
    let options = RegistrationVerificationOptions::<'_, '_, &str, &str> {
        allowed_origins: &origins,
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let found = state.verify(&site.rp_id(), &response, &options).map_err(|error| wrong(&error))?;
    let (Ok(public), Ok(kept)) = (found.static_state().encode(), found.dynamic_state().encode());
    let sign_count = found.dynamic_state().sign_count;
    let credential = found.id().as_ref().to_vec();
    Ok((NewKey { credential, key: Key { public, state: kept }, sign_count }, once))
}

/// A signature as it came, before it is known whose it is.
pub(super) struct Signed {
    pub credential: Vec<u8>,
    state: DiscoverableAuthenticationServerState,
    response: Authentication<HANDLE, true>,
}

/// Reads what a browser answers to be signed in.
pub(super) fn signed(app: &App, answer: &str) -> Result<(Signed, Once), StaffRefusal> {
    let answer: SignedText = read(answer)?;
    let (state, once) = Ceremony::SignIn.asked(app, &answer.ceremony)?;
    let state = DiscoverableAuthenticationServerState::decode(&state).map_err(|error| wrong(&error))?;
    let credential = bytes(&answer.id)?;
    let user: [u8; HANDLE] = bytes(&answer.user_handle)?.try_into().map_err(|_| StaffRefusal::PasskeyWrong)?;
    let assertion = AuthenticatorAssertion::<HANDLE, true>::new(
        bytes(&answer.client_data)?,
        bytes(&answer.authenticator_data)?,
        bytes(&answer.signature)?,
        UserHandle::from(user),
    );
    let id = CredentialId::try_from(credential.clone()).map_err(|error| wrong(&error))?;
    let response = Authentication::new(id, assertion, AuthenticatorAttachment::None);
    Ok((Signed { credential, state, response }, once))
}

impl Signed {
    /// What the device has counted, if the key of this owner has signed what was asked.
    pub(super) fn counted(self, app: &App, site: &Site, owner: StaffId, key: &Key) -> Result<u32, StaffRefusal> {
        let public = StaticState::decode(key.public.as_slice()).map_err(|error| wrong(&error))?;
        let mut state = DynamicState::decode(key.state).map_err(|error| wrong(&error))?;
        // The store compares what was counted, where two at once cannot both be the next.
        state.sign_count = 0;
        let user = UserHandle::<HANDLE>::from(handle(app.keys(), owner));
        let id = CredentialId::try_from(self.credential.as_slice()).map_err(|error| wrong(&error))?;
        let mut credential = AuthenticatedCredential::new(id, &user, public, state).map_err(|error| wrong(&error))?;
        let origins = [site.origin.as_str()];
        let options = AuthenticationVerificationOptions::<'_, '_, &str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        self.state.verify(&site.rp_id(), &self.response, &mut credential, &options).map_err(|error| wrong(&error))?;
        Ok(credential.dynamic_state().sign_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_name_that_browsers_make_keys_for() {
        let site = |url: &str| Site::of(url).map(|site| (site.host, site.origin));
        let is = |host: &str, origin: &str| Some((host.to_owned(), origin.to_owned()));
        assert_eq!(site("https://Antrean.example.id"), is("antrean.example.id", "https://antrean.example.id"));
        assert_eq!(site("https://antrean.example.id:443/"), is("antrean.example.id", "https://antrean.example.id"));
        assert_eq!(site("https://antrean.id:8443"), is("antrean.id", "https://antrean.id:8443"));
        for loopback in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"] {
            assert_eq!(site(loopback), is("localhost", "http://localhost:8080"), "{loopback}");
        }
        for none in ["http://antrean.example.id", "https://192.0.2.1", "http://0.0.0.0:8080", "https://", "antrean"] {
            assert_eq!(site(none), None, "{none}");
        }
    }
}
