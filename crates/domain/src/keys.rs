//! One master secret, and the keys made from it: each for one purpose, none leading to another.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use crate::nik::Nik;
use crate::phone::Phone;
use crate::queue_code::QueueKey;
use crate::ticket::LinkKey;

/// Bytes of the nonce that stands at the head of a sealed value.
pub const NONCE_BYTES: usize = 24;

/// Decimal digits of a one-time code.
pub const CODE_DIGITS: usize = 6;

/// A person in the database: a keyed hash of the NIK, the same for the same person, saying nothing without the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonKey(pub [u8; 16]);

/// A phone number in the database: a keyed hash of its E.164 form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneKey(pub [u8; 16]);

fn short_hex(f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8; 16]) -> fmt::Result {
    // Enough to follow one person through a log, too little to look anything up.
    write!(f, "{name}({:02x}{:02x}{:02x}..)", bytes[0], bytes[1], bytes[2])
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short_hex(f, "PersonKey", &self.0)
    }
}

impl fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        short_hex(f, "PhoneKey", &self.0)
    }
}

/// A sealed value that does not open: changed, cut short, sealed for another purpose or with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a sealed value does not open: it was changed, or sealed for another purpose or with another key")]
pub struct SealBroken;

/// Every secret of a running server, made from the 32 bytes of its master key. `Debug` shows none of them.
#[derive(Clone)]
pub struct Keyring {
    person: [u8; 32],
    phone: [u8; 32],
    seal: [u8; 32],
    session: [u8; 32],
    code: [u8; 32],
    code_hash: [u8; 32],
    labelled: [u8; 32],
    queue: QueueKey,
    link: LinkKey,
    ticket: SigningKey,
    fingerprint: [u8; 8],
}

impl Keyring {
    /// Makes all keys from the master key: HMAC-SHA256 of a label for each. A label is never used for two things.
    pub fn derive(master: &[u8; 32]) -> Self {
        let key = |label: &str| hash(master, &[b"antrean/key/v1\n", label.as_bytes()]);
        Self {
            person: key("person"),
            phone: key("phone"),
            seal: key("seal"),
            session: key("session"),
            code: key("code"),
            code_hash: key("code-hash"),
            labelled: key("labelled"),
            queue: QueueKey::new(&key("queue")),
            link: LinkKey::new(&key("link")),
            ticket: SigningKey::from_bytes(&key("ticket")),
            fingerprint: first(&key("fingerprint")),
        }
    }

    /// The person behind a NIK.
    pub fn person_key(&self, nik: &Nik) -> PersonKey {
        PersonKey(first(&hash(&self.person, &[nik.as_str().as_bytes()])))
    }

    /// The key of a phone number.
    pub fn phone_key(&self, phone: &Phone) -> PhoneKey {
        PhoneKey(first(&hash(&self.phone, &[phone.e164().as_bytes()])))
    }

    /// What is stored of a session's token, so that a stolen database opens no session.
    pub fn session_hash(&self, token: &[u8]) -> [u8; 16] {
        first(&hash(&self.session, &[token]))
    }

    /// A keyed hash for a purpose that has no key of its own (limits, idempotency, challenges), so that what is counted or
    /// remembered names nobody. Different labels never collide.
    pub fn keyed16(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        first(&hash(&self.labelled, &[&(label.len() as u64).to_be_bytes(), label.as_bytes(), bytes]))
    }

    /// The one-time code of a challenge: six ASCII digits that depend on nothing but its token, so that sending it
    /// again repeats it without its being stored. All million codes are equally likely.
    pub fn otp_code(&self, token: &[u8]) -> [u8; CODE_DIGITS] {
        const CODES: u32 = 1_000_000;
        // Above the largest multiple of a million the low codes would come up more often.
        const FAIR_BELOW: u32 = u32::MAX / CODES * CODES;
        let fair = |round: u64| {
            let out = hash(&self.code, &[&round.to_be_bytes(), token]);
            let (words, _) = out.as_chunks::<4>();
            words.iter().map(|word| u32::from_be_bytes(*word)).find(|word| *word < FAIR_BELOW)
        };
        let mut code = (0..).find_map(fair).expect("one of 2^64 hashes is fair") % CODES;
        let mut digits = [b'0'; CODE_DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit += (code % 10) as u8;
            code /= 10;
        }
        digits
    }

    /// What a typed code is compared by: a keyed hash of the digits together with the challenge's token.
    pub fn code_hash(&self, token: &[u8], digits: &[u8]) -> [u8; 32] {
        hash(&self.code_hash, &[&(token.len() as u64).to_be_bytes(), token, digits])
    }

    /// Encrypts with XChaCha20-Poly1305; the nonce stands in front. The purpose must be the same when it is opened,
    /// so that a sealed name cannot be put where a sealed NIK belongs. The caller gives 24 random bytes, new each time.
    pub fn seal(&self, purpose: &'static str, plain: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("what is sealed is far below 256 GB");
        [&nonce[..], &sealed].concat()
    }

    /// Opens what [`Keyring::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &'static str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealBroken)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealBroken)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.seal.into())
    }

    /// The key of the queue codes.
    pub fn queue_key(&self) -> &QueueKey {
        &self.queue
    }

    /// The key of the addresses of tickets.
    pub fn link_key(&self) -> &LinkKey {
        &self.link
    }

    /// The key that signs tickets; its public half goes to the scanners.
    pub fn ticket_key(&self) -> &SigningKey {
        &self.ticket
    }

    /// Eight bytes that tell whether a database belongs to this master key; they give nothing of it away.
    pub fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(secret)")
    }
}

fn hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    *hash.first_chunk().expect("a short hash is part of a long one")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn keyring() -> Keyring {
        Keyring::derive(&[1; 32])
    }

    #[test]
    fn a_person_is_the_same_however_the_nik_is_written() {
        let keys = keyring();
        let plain = Nik::parse("3171015505900000").unwrap();
        let spaced = Nik::parse("3171 0155 0590 0000").unwrap();
        assert_eq!(keys.person_key(&plain), keys.person_key(&spaced));
        assert_ne!(keys.person_key(&plain), Keyring::derive(&[2; 32]).person_key(&plain));
    }

    #[test]
    fn a_phone_is_the_same_however_it_is_written() {
        let keys = keyring();
        assert_eq!(
            keys.phone_key(&Phone::parse("0812-0000-1234").unwrap()),
            keys.phone_key(&Phone::parse("+62 812 0000 1234").unwrap())
        );
    }

    #[test]
    fn each_purpose_has_a_hash_of_its_own() {
        let keys = keyring();
        let hashes: HashSet<[u8; 16]> = [
            keys.session_hash(b"x"),
            keys.keyed16("a", b"x"),
            keys.keyed16("ax", b""),
            keys.keyed16("", b"ax"),
            first(&keys.code_hash(b"", b"x")),
            first(&keys.code_hash(b"x", b"")),
        ]
        .into();
        assert_eq!(hashes.len(), 6);
    }

    #[test]
    fn the_keys_of_a_master_never_change() {
        // A change here would make every stored person a stranger. The values come from a program in another language.
        let keys = keyring();
        let person = keys.person_key(&Nik::parse("3171015505900000").unwrap());
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(hex(&person.0), "38eb3fa1f79e4fbddd71d34ad5880a1c");
        assert_eq!(hex(&keys.fingerprint()), "8c7c02b15dc06985");
        assert_eq!(&keys.otp_code(b"token"), b"458060");
        assert_eq!(
            hex(keys.ticket_key().verifying_key().as_bytes()),
            "bef5d6ab5353f77f85e3994214d51190191bc4ac04b13e2c7af883d53cc450d7"
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let printed = format!("{:?} {:?} {:?}", keyring(), keyring().queue_key(), keyring().link_key());
        assert_eq!(printed, "Keyring(secret) QueueKey(secret) LinkKey(secret)");
        assert_eq!(format!("{:?}", PersonKey([0xab; 16])), "PersonKey(ababab..)");
    }

    #[test]
    fn codes_spread_over_the_whole_range() {
        let keys = keyring();
        let mut first_digits = [0_u32; 10];
        for token in 0..10_000_u32 {
            let code = keys.otp_code(&token.to_be_bytes());
            assert!(code.iter().all(u8::is_ascii_digit));
            first_digits[usize::from(code[0] - b'0')] += 1;
        }
        // 1,000 expected of each with a standard deviation of 30.
        assert!(first_digits.iter().all(|count| (850..1150).contains(count)), "{first_digits:?}");
    }

    #[test]
    fn a_value_sealed_with_another_key_does_not_open() {
        let sealed = keyring().seal("nik", b"3171015505900000", [5; 24]);
        assert_eq!(Keyring::derive(&[2; 32]).open("nik", &sealed), Err(SealBroken));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_for_its_purpose_only(plain: Vec<u8>, nonce: [u8; 24]) {
            let keys = keyring();
            let sealed = keys.seal("name", &plain, nonce);
            prop_assert_eq!(keys.open("name", &sealed), Ok(plain));
            prop_assert_eq!(keys.open("nik", &sealed), Err(SealBroken));
        }

        #[test]
        fn a_sealed_value_with_any_bit_changed_does_not_open(place: prop::sample::Index, bit in 0..8) {
            let mut sealed = keyring().seal("name", b"Siti", [5; 24]);
            let place = place.index(sealed.len());
            sealed[place] ^= 1_u8 << bit;
            prop_assert_eq!(keyring().open("name", &sealed), Err(SealBroken));
        }

        #[test]
        fn opening_never_panics(sealed: Vec<u8>) {
            prop_assert_eq!(keyring().open("name", &sealed), Err(SealBroken));
        }

        #[test]
        fn a_code_sent_again_is_the_same(token: Vec<u8>) {
            prop_assert_eq!(keyring().otp_code(&token), keyring().otp_code(&token));
        }
    }
}
