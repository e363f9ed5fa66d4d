//! Signing in: codes that are guessed, sent twice, too old; sessions that end where another begins.

mod town;

use antrean_app::caller::{Caller, SessionToken};
use antrean_app::me::mine;
use antrean_app::message::Message;
use antrean_app::sign_in::{EnterCode, RequestCode, ResendCode, SignOut};
use antrean_domain::phone::Phone;
use town::{Town, refusal, seconds};

async fn asked(town: &Town, number: &str) -> (String, String) {
    let phone = Phone::parse(number).unwrap();
    let sent = town.app.perform(Caller::default(), None, RequestCode { phone: phone.clone() }).await.unwrap();
    let code = town
        .messages()
        .await
        .into_iter()
        .find_map(|(to, message)| match message {
            Message::Code { code, .. } if to == phone => Some(code),
            _ => None,
        })
        .unwrap();
    (sent.challenge, code)
}

fn caller(session: &str) -> Caller {
    Caller { session: SessionToken::from_text(session), ..Caller::default() }
}

#[tokio::test]
async fn the_same_answer_sent_twice_gives_the_same_session() {
    let town = Town::new(1).await;
    let (challenge, code) = asked(&town, "0812-0000-0001").await;
    let answer = || EnterCode { challenge: challenge.clone(), code: code.clone() };
    let first = town.app.perform(Caller::default(), None, answer()).await.unwrap();
    let second = town.app.perform(Caller::default(), None, answer()).await.unwrap();
    assert_eq!(first.session, second.session);
    // With another code the old challenge gives nothing, and after signing out nothing at all.
    let wrong = EnterCode { challenge: challenge.clone(), code: "000000".to_owned() };
    assert_eq!(refusal(town.app.perform(Caller::default(), None, wrong).await).code(), "code-expired");
    town.app.perform(caller(&first.session), None, SignOut {}).await.unwrap();
    assert_eq!(refusal(town.app.perform(Caller::default(), None, answer()).await).code(), "code-expired");
}

#[tokio::test]
async fn five_wrong_codes_and_the_right_one_is_dead() {
    let town = Town::new(2).await;
    let (challenge, code) = asked(&town, "0812-0000-0002").await;
    let wrong = if code == "123456" { "654321" } else { "123456" };
    for left in (0..5).rev() {
        let guess = EnterCode { challenge: challenge.clone(), code: wrong.to_owned() };
        let refused = refusal(town.app.perform(Caller::default(), None, guess).await);
        assert_eq!(refused, antrean_app::Refusal::CodeWrong { tries_left: left });
    }
    let right = EnterCode { challenge, code };
    assert_eq!(refusal(town.app.perform(Caller::default(), None, right).await).code(), "code-expired");
}

#[tokio::test]
async fn a_code_is_sent_again_after_a_pause_and_stays_the_same() {
    let town = Town::new(3).await;
    let (challenge, code) = asked(&town, "0812-0000-0003").await;
    let resend = || ResendCode { challenge: challenge.clone() };
    assert_eq!(refusal(town.app.perform(Caller::default(), None, resend()).await).code(), "resend-too-soon");
    town.clock.advance(seconds(31));
    town.app.perform(Caller::default(), None, resend()).await.unwrap();
    assert!(matches!(&town.messages().await[0].1, Message::Code { code: again, .. } if *again == code));
    town.clock.advance(seconds(300));
    let late = EnterCode { challenge, code };
    assert_eq!(refusal(town.app.perform(Caller::default(), None, late).await).code(), "code-expired");
}

#[tokio::test]
async fn a_new_device_ends_the_session_on_the_old_one() {
    let town = Town::new(4).await;
    let old = town.somebody(4).await;
    let new = town.somebody(4).await;
    assert!(new.mine().await.people.is_empty());
    let signed_out = town.app.ask(old.caller.clone(), mine).await;
    assert_eq!(refusal(signed_out).code(), "signed-out");
}

#[tokio::test]
async fn a_stranger_on_another_network_cannot_lock_an_owner_out() {
    let town = Town::with_policy(5, antrean_app::policy::Policy { plan_weekly: false, ..Default::default() }).await;
    let phone = Phone::parse("0812-0000-0005").unwrap();
    let from = |network: &str| Caller { network: Some(network.to_owned()), ..Caller::default() };
    let ask = || RequestCode { phone: phone.clone() };
    for _ in 0..3 {
        town.app.perform(from("203.0.113.0/24"), None, ask()).await.unwrap();
    }
    assert_eq!(refusal(town.app.perform(from("203.0.113.0/24"), None, ask()).await).code(), "rate-limited");
    town.app.perform(from("198.51.100.0/24"), None, ask()).await.expect("the owner, from elsewhere");
    // From many networks together the number is still bounded: each message costs money.
    let mut sent = 4;
    for network in 0..10 {
        let caller = from(&format!("192.0.{network}.0/24"));
        sent += u32::from(town.app.perform(caller, None, ask()).await.is_ok());
    }
    assert_eq!(sent, 12);
}
