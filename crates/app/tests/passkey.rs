//! Staff come in by passkey: a device made here signs as a real one does, and everything that a thief would try is refused.

mod town;

use antrean_app::caller::{Actor, Caller, SessionToken, unhex};
use antrean_app::policy::Policy;
use antrean_app::staff::{
    self, AddStaff, DisableStaff, InviteStaff, Invited, OperatorInvites, Question, RemovePasskey, Site, StaffRefusal,
    WaysIn,
};
use antrean_app::{Failure, Refusal};
use antrean_domain::staff::{Login, Password, Role};
use antrean_store::events;
use antrean_store::ids::{PasskeyId, StaffId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use town::Town;

const PASSWORD: &str = "kuda hijau minum teh";
/// Somebody was there, and showed who they are.
const VERIFIED: u8 = 0x05;
/// Somebody was there.
const TOUCHED: u8 = 0x01;

fn site() -> Site {
    Site::of("https://antrean.example.id").unwrap()
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A device with one key, as it speaks through a browser.
#[derive(Clone)]
struct Device {
    key: SigningKey,
    credential: [u8; 16],
    /// By what it knows its owner.
    owner: String,
    /// What it has counted; one that counts nothing stays at 0.
    count: u32,
    counts: bool,
    flags: u8,
    /// Where its browser believes to be.
    origin: String,
}

impl Device {
    fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[number; 32]).unwrap(),
            credential: [number; 16],
            owner: String::new(),
            count: 0,
            counts: true,
            flags: VERIFIED,
            origin: site().origin,
        }
    }

    fn said(&self, kind: &str, question: &Question) -> Vec<u8> {
        let challenge = question.options["challenge"].as_str().unwrap();
        let (kind, origin) = (format!("webauthn.{kind}"), &self.origin);
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into_bytes()
    }

    fn data(&mut self, host: &str, more: u8) -> Vec<u8> {
        self.count += u32::from(self.counts);
        [&Sha256::digest(host)[..], &[self.flags | more], &self.count.to_be_bytes()].concat()
    }

    /// Makes its key for whoever the question names.
    fn make(&mut self, question: &Question) -> String {
        question.options["user"]["id"].as_str().unwrap().clone_into(&mut self.owner);
        let mut data = self.data(question.options["rp"]["id"].as_str().unwrap(), 0x40);
        data.extend([0; 16]);
        data.extend(16_u16.to_be_bytes());
        data.extend(self.credential);
        // A map of five: EC2, ES256, P-256, x, y.
        let point = self.key.verifying_key().to_encoded_point(false);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap());
        let attestation =
            [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58", &[data.len() as u8][..], &data].concat();
        json!({
            "ceremony": question.ceremony,
            "clientDataJSON": base64(&self.said("create", question)),
            "attestationObject": base64(&attestation),
        })
        .to_string()
    }

    /// Signs what is asked.
    fn sign(&mut self, question: &Question) -> Value {
        let said = self.said("get", question);
        let data = self.data(question.options["rpId"].as_str().unwrap(), 0);
        let signature: Signature = self.key.sign(&[&data[..], &Sha256::digest(&said)].concat());
        json!({
            "ceremony": question.ceremony,
            "id": base64(&self.credential),
            "clientDataJSON": base64(&said),
            "authenticatorData": base64(&data),
            "signature": base64(signature.to_der().as_bytes()),
            "userHandle": self.owner,
        })
    }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Failure>) -> StaffRefusal {
    match answer {
        Err(Failure::Refused(Refusal::Staff(refusal))) => refusal,
        other => panic!("{other:?} is no refusal of staff"),
    }
}

fn on_duty(session: &str) -> Caller {
    Caller { staff: SessionToken::from_text(session), ..Caller::default() }
}

async fn invite(town: &Town, name: &str, role: Role) -> Invited {
    let add = AddStaff { login: Login::parse(name).unwrap(), name: format!("Nama {name}"), role, offices: Vec::new() };
    town.app.perform_as(Actor::Operator, OperatorInvites { add }).await.unwrap()
}

/// Begins with password and second factor.
async fn begin(town: &Town, invited: &Invited) -> Caller {
    let secret = staff::totp_of_link(town.app.keys(), &unhex(&invited.token).unwrap());
    let code = staff::code_at(&secret, town.app.now());
    let password = Password::typed(PASSWORD).unwrap();
    on_duty(&staff::begin(&town.app, Caller::default(), &invited.token, password, &code).await.unwrap().session)
}

/// Begins with a passkey alone.
async fn begin_with(town: &Town, invited: &Invited, device: &mut Device) -> Result<Caller, Failure> {
    let question = staff::to_begin(&town.app, Caller::default(), &site(), &invited.token).await?;
    let made = device.make(&question);
    let begun =
        staff::begin_with_passkey(&town.app, Caller::default(), &site(), &invited.token, "kunci", &made).await?;
    Ok(on_duty(&begun.session))
}

async fn add(town: &Town, who: &Caller, device: &mut Device, name: &str) -> Result<(), Failure> {
    let question = staff::to_add(&town.app, who.clone(), &site()).await?;
    let made = device.make(&question);
    staff::add(&town.app, who.clone(), &site(), name, &made).await
}

fn ask(town: &Town) -> Question {
    staff::to_sign_in(&town.app, &site()).unwrap()
}

async fn send(town: &Town, answer: &Value) -> Result<Caller, Failure> {
    let answer = answer.to_string();
    let come_in = staff::sign_in_by_passkey(&town.app, Caller::default(), &site(), &answer).await?;
    Ok(on_duty(&come_in.session))
}

async fn sign_in(town: &Town, device: &mut Device) -> Result<Caller, Failure> {
    let answer = device.sign(&ask(town));
    send(town, &answer).await
}

async fn own(town: &Town, who: &Caller) -> WaysIn {
    town.app.ask(who.clone(), staff::ways_in).await.unwrap()
}

async fn remove(town: &Town, who: &Caller, id: PasskeyId) -> Result<(), Failure> {
    town.app.perform(who.clone(), None, RemovePasskey { id }).await
}

/// What the log says that somebody did, newest first.
async fn logged(town: &Town, who: StaffId) -> Vec<String> {
    let lines = town.app.store().read(move |tx| events::of_actor(tx, "staff", who.0, 100)).await.unwrap();
    lines.into_iter().map(|line| line.kind).collect()
}

#[tokio::test]
async fn a_passkey_is_added_beside_the_password_and_signs_in_by_itself() {
    let town = Town::new(1).await;
    let invited = invite(&town, "siti", Role::Admin).await;
    let siti = begin(&town, &invited).await;
    let mut phone = Device::new(1);
    add(&town, &siti, &mut phone, "  ponsel   saya ").await.unwrap();
    assert_eq!(refused(add(&town, &siti, &mut phone, "lagi").await), StaffRefusal::PasskeyKnown);
    assert_eq!(
        refused(add(&town, &siti, &mut Device::new(2), " ").await),
        StaffRefusal::PasskeyNameMissing { max: 60 }
    );
    let asked = staff::to_add(&town.app, siti.clone(), &site()).await.unwrap();
    assert_eq!(asked.options["excludeCredentials"][0]["id"], base64(&phone.credential));
    assert_eq!(asked.options["user"]["name"], "siti");

    town.clock.advance(SignedDuration::from_hours(14));
    let again = sign_in(&town, &mut phone).await.unwrap();
    let ways = own(&town, &again).await;
    assert!(ways.has_password);
    assert_eq!((ways.passkeys.len(), ways.passkeys[0].name.as_str()), (1, "ponsel saya"));
    assert_eq!(ways.passkeys[0].used, Some(town.app.now()));
    remove(&town, &again, ways.passkeys[0].id).await.unwrap();
    assert_eq!(refused(remove(&town, &again, ways.passkeys[0].id).await), StaffRefusal::ChangedMeanwhile);
    assert_eq!(refused(sign_in(&town, &mut phone).await), StaffRefusal::PasskeyWrong);
    let kinds = logged(&town, invited.id).await;
    for kind in ["staff_passkey_added", "staff_passkey_used", "staff_signed_in", "staff_passkey_removed"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind} is not in {kinds:?}");
    }
}

#[tokio::test]
async fn an_invitation_may_be_used_with_a_passkey_alone_and_the_last_way_in_stays() {
    let town = Town::new(2).await;
    let invited = invite(&town, "siti", Role::Admin).await;
    let mut phone = Device::new(1);
    // An answer to another link is none to this one.
    let other = invite(&town, "budi", Role::Admin).await;
    let question = staff::to_begin(&town.app, Caller::default(), &site(), &other.token).await.unwrap();
    let made = phone.make(&question);
    let crossed =
        staff::begin_with_passkey(&town.app, Caller::default(), &site(), &invited.token, "kunci", &made).await;
    assert_eq!(refused(crossed), StaffRefusal::PasskeyTooLate);

    let siti = begin_with(&town, &invited, &mut phone).await.unwrap();
    assert_eq!(refused(begin_with(&town, &invited, &mut Device::new(2)).await), StaffRefusal::LinkGone);
    let ways = own(&town, &siti).await;
    assert!(!ways.has_password);
    assert_eq!(refused(remove(&town, &siti, ways.passkeys[0].id).await), StaffRefusal::LastWayIn);
    sign_in(&town, &mut phone).await.unwrap();

    // Nobody has a password to guess.
    let (login, password) = (Login::parse("siti").unwrap(), Password::typed(PASSWORD).unwrap());
    let guessed = staff::sign_in(&town.app, Caller::default(), login, password, "123456").await;
    assert_eq!(refused(guessed), StaffRefusal::SignInWrong);

    let mut drawer = Device::new(3);
    add(&town, &siti, &mut drawer, "di laci").await.unwrap();
    remove(&town, &siti, ways.passkeys[0].id).await.unwrap();
    assert_eq!(refused(sign_in(&town, &mut phone).await), StaffRefusal::PasskeyWrong);
    sign_in(&town, &mut drawer).await.unwrap();
}

#[tokio::test]
async fn what_was_signed_elsewhere_or_otherwise_or_before_is_refused() {
    let town = Town::new(3).await;
    let mut phone = Device::new(1);
    begin_with(&town, &invite(&town, "siti", Role::Admin).await, &mut phone).await.unwrap();
    let try_as = async |device: &mut Device| refused(sign_in(&town, device).await);

    let mut elsewhere = Device { origin: "https://antrean.example.id.evil.example".to_owned(), ..phone.clone() };
    assert_eq!(try_as(&mut elsewhere).await, StaffRefusal::PasskeyWrong);
    let mut untold = Device { flags: TOUCHED, ..phone.clone() };
    assert_eq!(try_as(&mut untold).await, StaffRefusal::PasskeyWrong, "without PIN or fingerprint it is one factor");
    let mut another = Device { key: SigningKey::from_slice(&[9; 32]).unwrap(), ..phone.clone() };
    assert_eq!(try_as(&mut another).await, StaffRefusal::PasskeyWrong);
    let mut unknown = Device { credential: [9; 16], ..phone.clone() };
    assert_eq!(try_as(&mut unknown).await, StaffRefusal::PasskeyWrong);
    let mut of_another = Device { owner: base64(&[0; 16]), ..phone.clone() };
    assert_eq!(try_as(&mut of_another).await, StaffRefusal::PasskeyWrong);

    // Signed for one question, sent as the answer to another.
    let mut swapped = phone.clone().sign(&ask(&town));
    swapped["ceremony"] = ask(&town).ceremony.into();
    assert_eq!(refused(send(&town, &swapped).await), StaffRefusal::PasskeyWrong);
    let mut forged = phone.clone().sign(&ask(&town));
    forged["ceremony"] = base64(&[7; 90]).into();
    assert_eq!(refused(send(&town, &forged).await), StaffRefusal::PasskeyTooLate);
    for nonsense in [json!({}), json!("a"), json!({ "ceremony": "a".repeat(20_000) })] {
        assert_eq!(refused(send(&town, &nonsense).await), StaffRefusal::PasskeyWrong);
    }

    let answer = phone.sign(&ask(&town));
    send(&town, &answer).await.unwrap();
    assert_eq!(refused(send(&town, &answer).await), StaffRefusal::PasskeyTooLate, "it is good once");
    let late = phone.sign(&ask(&town));
    town.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(refused(send(&town, &late).await), StaffRefusal::PasskeyTooLate);
    sign_in(&town, &mut phone).await.unwrap();
}

#[tokio::test]
async fn a_device_that_counts_back_is_refused_and_written_down() {
    let town = Town::new(4).await;
    let invited = invite(&town, "siti", Role::Admin).await;
    let mut phone = Device::new(1);
    begin_with(&town, &invited, &mut phone).await.unwrap();
    let mut copy = phone.clone();
    sign_in(&town, &mut phone).await.unwrap();
    assert_eq!(refused(sign_in(&town, &mut copy).await), StaffRefusal::PasskeyCopied, "the same number twice");
    let mut silent = Device { counts: false, count: 0, ..phone.clone() };
    assert_eq!(refused(sign_in(&town, &mut silent).await), StaffRefusal::PasskeyCopied, "it counted before");
    let lines = town.app.store().read(|tx| events::recent(tx, 100)).await.unwrap();
    let back = lines.iter().filter(|line| line.kind == "staff_passkey_counted_back");
    let reason = format!("staff {}, passkey 1", invited.id);
    assert_eq!(back.map(|line| line.reason.as_deref()).collect::<Vec<_>>(), [Some(reason.as_str()); 2]);
    sign_in(&town, &mut phone).await.unwrap();

    // One that never counts is never behind.
    let mut drawer = Device { counts: false, ..Device::new(2) };
    begin_with(&town, &invite(&town, "budi", Role::Admin).await, &mut drawer).await.unwrap();
    for _ in 0..3 {
        sign_in(&town, &mut drawer).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_disabled_or_invited_again_has_no_passkey_that_works() {
    let town = Town::new(5).await;
    let admin = begin(&town, &invite(&town, "admin", Role::Admin).await).await;
    let invited = invite(&town, "siti", Role::Admin).await;
    let mut phone = Device::new(1);
    begin_with(&town, &invited, &mut phone).await.unwrap();
    let disable = DisableStaff { id: invited.id, version: 2, reason: "pensiun".to_owned() };
    town.app.perform(admin.clone(), None, disable).await.unwrap();
    assert_eq!(refused(sign_in(&town, &mut phone).await), StaffRefusal::PasskeyWrong);

    let again = InviteStaff { id: invited.id, reason: "ganti ponsel".to_owned() };
    let again = town.app.perform(admin, None, again).await.unwrap();
    let siti = begin(&town, &again).await;
    assert_eq!(own(&town, &siti).await.passkeys, [], "what one came in with before is gone");
    assert_eq!(refused(sign_in(&town, &mut phone).await), StaffRefusal::PasskeyWrong);
    add(&town, &siti, &mut phone, "ponsel").await.unwrap();
    sign_in(&town, &mut phone).await.unwrap();
}

#[tokio::test]
async fn a_passkey_is_added_soon_after_signing_in_by_whoever_was_asked_and_ten_are_enough() {
    let town = Town::new(6).await;
    let siti = begin(&town, &invite(&town, "siti", Role::Admin).await).await;
    let budi = begin(&town, &invite(&town, "budi", Role::Admin).await).await;
    let question = staff::to_add(&town.app, siti.clone(), &site()).await.unwrap();
    let made = Device::new(100).make(&question);
    let of_another = staff::add(&town.app, budi.clone(), &site(), "kunci", &made).await;
    assert_eq!(refused(of_another), StaffRefusal::PasskeyTooLate);
    let mut elsewhere = Device { origin: "https://evil.example".to_owned(), ..Device::new(101) };
    assert_eq!(refused(add(&town, &siti, &mut elsewhere, "kunci").await), StaffRefusal::PasskeyWrong);

    for number in 1..=10 {
        add(&town, &siti, &mut Device::new(number), "kunci").await.unwrap();
    }
    let eleventh = add(&town, &siti, &mut Device::new(11), "kunci").await;
    assert_eq!(refused(eleventh), StaffRefusal::PasskeysEnough { max: 10 });
    assert_eq!(
        refused(remove(&town, &budi, own(&town, &siti).await.passkeys[0].id).await),
        StaffRefusal::ChangedMeanwhile
    );

    town.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(refused(add(&town, &budi, &mut Device::new(12), "kunci").await), StaffRefusal::SignInAgain);
}

#[tokio::test]
async fn a_passkey_is_tried_as_often_as_a_password() {
    let policy = Policy { staff_tries_per_login_hour: 3, ..town::generous() };
    let town = Town::with_policy(7, policy).await;
    let mut phone = Device::new(1);
    begin_with(&town, &invite(&town, "siti", Role::Admin).await, &mut phone).await.unwrap();
    let mut wrong = Device { key: SigningKey::from_slice(&[9; 32]).unwrap(), ..phone.clone() };
    for _ in 0..3 {
        assert_eq!(refused(sign_in(&town, &mut wrong).await), StaffRefusal::PasskeyWrong);
    }
    let too_many = sign_in(&town, &mut phone).await;
    assert!(matches!(too_many, Err(Failure::Refused(Refusal::TooMany { .. }))), "{too_many:?}");
    town.clock.advance(SignedDuration::from_hours(1));
    sign_in(&town, &mut phone).await.unwrap();
}
