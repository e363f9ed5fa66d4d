//! The offline ticket in the QR code, and the address of a ticket page.
//!
//! A scanner at the door needs only the public keys: it can tell a real ticket while the network is down.
//! Neither a NIK nor a name is ever in a ticket or an address.

use std::fmt;

use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer};
use hmac::{Hmac, KeyInit, Mac};
use jiff::ToSpan;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::office::OfficeCode;
use crate::release::PARTY_MAX;
use crate::slot::WindowStart;

pub use ed25519_dalek::{SigningKey, VerifyingKey};

/// The first byte of a token; another layout gets another number.
const VERSION: u8 = 1;

/// Stands before what is signed, so that the signature can never be mistaken for one over something else.
const SIGNED_AS: &[u8] = b"antrean/ticket/v1\n";

/// Version, key id, office (8), date (3), start and size (2), sequence (2), number (8).
const FACTS_BYTES: usize = 25;
/// Leading bytes of a number that are left out when they are zero; five bytes hold a million million parties.
const NUMBER_BYTES_MAX: usize = 8;
/// Bytes before the number.
const FIXED_BYTES: usize = FACTS_BYTES - NUMBER_BYTES_MAX;

/// The longest office code, `ABCDEF-12345`.
const OFFICE_LETTERS: usize = 12;
/// What an office code is packed with, as digits of base 38; the first stands for "no more letters".
const OFFICE_ALPHABET: &[u8; 38] = b" -0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The letters of a token. Base 41 is the smallest in which three letters hold two bytes. All are in a QR code's
/// alphanumeric set, which makes the picture small; of that set, the space, `%`, `+` and `/` are left out,
/// because forms, scanners and addresses change them.
const TOKEN_ALPHABET: &[u8; 41] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*-.:";
const TOKEN_BASE: u32 = TOKEN_ALPHABET.len() as u32;

/// The longest token: 89 bytes, two in three letters and the last in two.
pub const TOKEN_LETTERS_MAX: usize = TOKEN_BYTES_MAX / 2 * 3 + 2;
const TOKEN_BYTES_MAX: usize = FACTS_BYTES + SIGNATURE_LENGTH;

/// What a ticket says to a scanner without a network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TicketFacts {
    /// The party's number; the queue code comes from it.
    pub number: u64,
    /// Where the party is expected.
    pub office: OfficeCode,
    /// The office's local date.
    pub date: Date,
    /// When the arrival window begins, local time.
    pub starts: WindowStart,
    /// People in the party, 1 to [`PARTY_MAX`].
    pub size: u8,
    /// Grows each time the party's ticket is issued anew; a scanner that has seen a higher one refuses the older.
    pub sequence: u16,
}

/// A signed ticket as text for a QR code, about 126 letters, never more than [`TOKEN_LETTERS_MAX`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TicketToken(String);

/// Why a scanned text is not a valid ticket.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not the text of a ticket at all: other letters, or another length.
    #[error("this is not the text of a ticket")]
    NotAToken,
    /// A ticket of a layout that this scanner does not know.
    #[error("this ticket has layout {found}, which this scanner does not know")]
    Version {
        /// The layout's number.
        found: u8,
    },
    /// Signed with a key that is not among those given.
    #[error("this ticket was signed with a key that this scanner does not have")]
    UnknownKey,
    /// Changed, or never signed by us.
    #[error("this ticket is not genuine")]
    Forged,
    /// Signed by us, but saying nothing sensible.
    #[error("this ticket says nothing sensible")]
    Nonsense,
}

impl TicketToken {
    /// Signs the facts. The same facts and key always give the same text.
    ///
    /// # Panics
    /// When the party has no people or more than [`PARTY_MAX`]: such a party cannot exist.
    pub fn sign(facts: &TicketFacts, key: &SigningKey) -> Self {
        assert!((1..=PARTY_MAX).contains(&facts.size), "a ticket for a party of {}", facts.size);
        let mut bytes = Vec::with_capacity(FACTS_BYTES + SIGNATURE_LENGTH);
        bytes.push(VERSION);
        bytes.push(key_id(&key.verifying_key()));
        bytes.extend(pack_office(&facts.office).to_be_bytes());
        bytes.extend(&pack_date(facts.date).to_be_bytes()[1..]);
        bytes.extend((facts.starts.minutes() << 3 | u16::from(facts.size)).to_be_bytes());
        bytes.extend(facts.sequence.to_be_bytes());
        bytes.extend(facts.number.to_be_bytes().iter().skip_while(|byte| **byte == 0));
        let signature = key.sign(&signed_text(&bytes));
        bytes.extend(signature.to_bytes());
        Self(to_letters(&bytes))
    }

    /// Reads and checks a scanned text with nothing but public keys. Blanks around it and lower case (a scanner
    /// with caps lock on) are put right; everything else must be exactly as issued.
    pub fn verify(text: &str, keys: &[VerifyingKey]) -> Result<TicketFacts, TokenError> {
        let bytes = from_letters(text.trim()).ok_or(TokenError::NotAToken)?;
        let Some(facts_end) =
            bytes.len().checked_sub(SIGNATURE_LENGTH).filter(|end| (FIXED_BYTES..=FACTS_BYTES).contains(end))
        else {
            return Err(TokenError::NotAToken);
        };
        let (facts, signature) = bytes.split_at(facts_end);
        if facts[0] != VERSION {
            return Err(TokenError::Version { found: facts[0] });
        }
        let signature = Signature::from_slice(signature).map_err(|_| TokenError::NotAToken)?;
        // The key id is one byte, so two keys may share it; each that does is tried.
        let mut known = keys.iter().filter(|key| key_id(key) == facts[1]).peekable();
        if known.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        let signed = signed_text(facts);
        if !known.any(|key| key.verify_strict(&signed, &signature).is_ok()) {
            return Err(TokenError::Forged);
        }
        unpack(facts).ok_or(TokenError::Nonsense)
    }

    /// The text for the QR code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who reads it in a log could show it at the door.
        write!(f, "TicketToken({} letters)", self.0.len())
    }
}

/// One byte that tells keys apart, from the key itself, so that nobody has to number them.
fn key_id(key: &VerifyingKey) -> u8 {
    Sha256::digest(key.as_bytes())[0]
}

fn signed_text(facts: &[u8]) -> Vec<u8> {
    [SIGNED_AS, facts].concat()
}

fn unpack(facts: &[u8]) -> Option<TicketFacts> {
    let (fixed, number) = facts.split_at_checked(FIXED_BYTES)?;
    let [_version, _key, o1, o2, o3, o4, o5, o6, o7, o8, d1, d2, d3, w1, w2, s1, s2] = *fixed else {
        return None;
    };
    let window = u16::from_be_bytes([w1, w2]);
    let size = (window & 7) as u8;
    Some(TicketFacts {
        number: number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        office: unpack_office(u64::from_be_bytes([o1, o2, o3, o4, o5, o6, o7, o8]))?,
        date: unpack_date(u32::from_be_bytes([0, d1, d2, d3]))?,
        starts: WindowStart::from_minutes(window >> 3)?,
        size: Some(size).filter(|size| (1..=PARTY_MAX).contains(size))?,
        sequence: u16::from_be_bytes([s1, s2]),
    })
}

fn pack_office(office: &OfficeCode) -> u64 {
    let letters = office.as_str().as_bytes();
    assert!(letters.len() <= OFFICE_LETTERS, "office code {office} is longer than {OFFICE_LETTERS}");
    (0..OFFICE_LETTERS).fold(0, |sum, place| {
        let letter = letters.get(place).unwrap_or(&b' ');
        let value =
            OFFICE_ALPHABET.iter().position(|known| known == letter).expect("office codes are A-Z, 0-9 and a dash");
        sum * OFFICE_ALPHABET.len() as u64 + value as u64
    })
}

fn unpack_office(mut packed: u64) -> Option<OfficeCode> {
    let mut letters = [b' '; OFFICE_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = OFFICE_ALPHABET[(packed % OFFICE_ALPHABET.len() as u64) as usize];
        packed /= OFFICE_ALPHABET.len() as u64;
    }
    OfficeCode::parse(std::str::from_utf8(&letters).ok()?.trim_end()).ok()
}

/// Days since the first date there is; three bytes hold them all.
fn pack_date(date: Date) -> u32 {
    Date::MIN.until(date).expect("no date is before the first").get_days() as u32
}

fn unpack_date(days: u32) -> Option<Date> {
    Date::MIN.checked_add(i32::try_from(days).ok()?.days()).ok()
}

fn to_letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3 / 2 + 2);
    for pair in bytes.chunks(2) {
        let mut value = pair.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        for _ in 0..=pair.len() {
            text.push(TOKEN_ALPHABET[(value % TOKEN_BASE) as usize].into());
            value /= TOKEN_BASE;
        }
    }
    text
}

/// The bytes behind the letters, or nothing when the letters could not have come out of [`to_letters`].
fn from_letters(text: &str) -> Option<Vec<u8>> {
    if text.len() > TOKEN_LETTERS_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(3) {
        let value = group.iter().rev().try_fold(0, |sum, letter| {
            let letter = letter.to_ascii_uppercase();
            TOKEN_ALPHABET.iter().position(|known| *known == letter).map(|value| sum * TOKEN_BASE + value as u32)
        })?;
        match group.len() {
            3 => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

/// The secret that makes a party's public address unguessable. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct LinkKey(Hmac<Sha256>);

impl LinkKey {
    /// A key from 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    fn mac(&self, number: u64) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"antrean/link/v1\n");
        mac.update(&number.to_be_bytes());
        mac
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(secret)")
    }
}

/// The letters of a [`LinkId`]: RFC 4648 base 32 in lower case, which is the same in every address bar.
const LINK_ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bytes of the number and of the HMAC behind it. 128 bits cannot be found by trying.
const LINK_BYTES: usize = 8 + 16;
/// Letters of a link.
pub const LINK_LETTERS: usize = (LINK_BYTES * 8).div_ceil(5);

/// The public name of a party in an address, `/tiket/{id}`: who has it may see the ticket, nobody can guess it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LinkId(String);

impl LinkId {
    /// The link of the party with this number.
    pub fn of(number: u64, key: &LinkKey) -> Self {
        let mut bytes = [0; LINK_BYTES];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..].copy_from_slice(&key.mac(number).finalize().into_bytes()[..16]);
        let bit = |place: usize| bytes.get(place / 8).map_or(0, |byte| byte >> (7 - place % 8) & 1);
        let letter = |place: usize| (0..5).fold(0, |value, step| value << 1 | bit(place * 5 + step));
        Self((0..LINK_LETTERS).map(|place| char::from(LINK_ALPHABET[usize::from(letter(place))])).collect())
    }

    /// The number behind a link, or `None` when we never made it. Takes the same time whatever is wrong with the HMAC.
    pub fn verify(text: &str, key: &LinkKey) -> Option<u64> {
        if text.len() != LINK_LETTERS {
            return None;
        }
        let mut bytes = [0_u8; LINK_BYTES];
        for (place, letter) in text.bytes().enumerate() {
            let value = LINK_ALPHABET.iter().position(|known| *known == letter)?;
            for step in 0..5 {
                let (bit, set) = (place * 5 + step, value >> (4 - step) & 1 == 1);
                match bytes.get_mut(bit / 8) {
                    Some(byte) => *byte |= u8::from(set) << (7 - bit % 8),
                    // Bits past the end have one spelling, so that a link has one too.
                    None if set => return None,
                    None => {}
                }
            }
        }
        let (number, mac) = bytes.split_first_chunk().expect("a link has more than eight bytes");
        let number = u64::from_be_bytes(*number);
        key.mac(number).verify_truncated_left(mac).ok().map(|()| number)
    }

    /// The text for the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who reads it in a log could open the ticket.
        write!(f, "LinkId({}...)", &self.0[..4])
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Every character that a QR code holds in its alphanumeric mode, ISO/IEC 18004.
    const QR_ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    fn signing_key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn public_keys() -> [VerifyingKey; 1] {
        [signing_key().verifying_key()]
    }

    fn facts() -> TicketFacts {
        TicketFacts {
            number: 1_234_567,
            office: OfficeCode::parse("BTM-HB").unwrap(),
            date: date(2027, 1, 12),
            starts: WindowStart::parse("08:00").unwrap(),
            size: 3,
            sequence: 1,
        }
    }

    fn any_facts() -> impl Strategy<Value = TicketFacts> {
        ("[A-Z]{2,6}(-[A-Z0-9]{1,5})?", any::<u64>(), 0..3_000_000_u32, 0..1440_u16, 1..=PARTY_MAX, any::<u16>())
            .prop_map(|(office, number, days, minutes, size, sequence)| TicketFacts {
                number,
                office: OfficeCode::parse(&office).unwrap(),
                date: unpack_date(days + 3_000_000).unwrap(),
                starts: WindowStart::from_minutes(minutes).unwrap(),
                size,
                sequence,
            })
    }

    #[test]
    fn a_ticket_is_short_and_fits_a_qr_codes_alphanumeric_mode() {
        let token = TicketToken::sign(&TicketFacts { number: (1 << 40) - 1, ..facts() }, &signing_key());
        assert!(token.as_str().len() <= 130, "{} letters", token.as_str().len());
        assert!(token.as_str().chars().all(|letter| QR_ALPHANUMERIC.contains(letter)), "{token}");
    }

    #[test]
    fn the_first_layout_never_changes() {
        // Made by a program in another language from the layout above.
        let expected = "SA0..6KX2$UYXM9J8AABYUI0S60KRWKFZW5CPR-3BON-8T-OG04QVUH$49OZ6Q\
                        $BAYGWKBM8C1MBY1FM1F00EMNA6FZ0NHMP9PG3.56R9YDFEVFK731WA4QCYI3B7L";
        assert_eq!(TicketToken::sign(&facts(), &signing_key()).as_str(), expected);
        assert_eq!(TicketToken::verify(expected, &public_keys()), Ok(facts()));
    }

    #[test]
    fn a_ticket_of_another_key_is_refused() {
        let other = SigningKey::from_bytes(&[4; 32]);
        let token = TicketToken::sign(&facts(), &other);
        assert_eq!(TicketToken::verify(token.as_str(), &public_keys()), Err(TokenError::UnknownKey));
        assert_eq!(TicketToken::verify(token.as_str(), &[]), Err(TokenError::UnknownKey));
    }

    #[test]
    fn old_and_new_keys_are_both_good_while_both_are_given() {
        let keys = [SigningKey::from_bytes(&[4; 32]).verifying_key(), signing_key().verifying_key()];
        let token = TicketToken::sign(&facts(), &signing_key());
        assert_eq!(TicketToken::verify(token.as_str(), &keys), Ok(facts()));
    }

    #[test]
    fn a_key_with_the_same_id_cannot_pass_its_ticket_off_as_ours() {
        let ours = key_id(&signing_key().verifying_key());
        let twin = (0..=u32::MAX)
            .map(|guess| {
                let mut secret = [9; 32];
                secret[..4].copy_from_slice(&guess.to_be_bytes());
                SigningKey::from_bytes(&secret)
            })
            .find(|key| key_id(&key.verifying_key()) == ours)
            .unwrap();
        let forged = TicketToken::sign(&facts(), &twin);
        assert_eq!(TicketToken::verify(forged.as_str(), &public_keys()), Err(TokenError::Forged));
        let both = [twin.verifying_key(), signing_key().verifying_key()];
        let ours = TicketToken::sign(&facts(), &signing_key());
        assert_eq!(TicketToken::verify(ours.as_str(), &both), Ok(facts()));
    }

    #[test]
    fn blanks_and_a_scanner_with_caps_lock_on_do_no_harm() {
        let token = TicketToken::sign(&facts(), &signing_key());
        let scanned = format!(" {}\r\n", token.as_str().to_lowercase());
        assert_eq!(TicketToken::verify(&scanned, &public_keys()), Ok(facts()));
    }

    #[test]
    fn other_texts_are_not_tickets() {
        for text in ["", "BK-QFJ8BD", "https://example.org/", &"0".repeat(90), &"0".repeat(9999)] {
            assert_eq!(TicketToken::verify(text, &public_keys()), Err(TokenError::NotAToken), "{text}");
        }
        assert_eq!(TicketToken::verify(&"0".repeat(126), &public_keys()), Err(TokenError::Version { found: 0 }));
    }

    #[test]
    fn a_ticket_cut_short_or_lengthened_is_refused() {
        let token = TicketToken::sign(&facts(), &signing_key()).to_string();
        for length in 0..token.len() {
            assert!(TicketToken::verify(&token[..length], &public_keys()).is_err(), "{length}");
        }
        for more in ["0", "00", "000", "000000"] {
            assert!(TicketToken::verify(&format!("{token}{more}"), &public_keys()).is_err(), "{more}");
        }
    }

    #[test]
    fn a_link_is_shown_only_in_part_in_logs() {
        let link = LinkId::of(7, &LinkKey::new(&[1; 32]));
        assert!(!format!("{link:?}").contains(link.as_str()));
        assert_eq!(link.as_str().len(), LINK_LETTERS);
    }

    proptest! {
        #[test]
        fn what_is_signed_is_what_is_read(facts in any_facts()) {
            let token = TicketToken::sign(&facts, &signing_key());
            prop_assert!(token.as_str().len() <= TOKEN_LETTERS_MAX);
            prop_assert_eq!(TicketToken::verify(token.as_str(), &public_keys()), Ok(facts));
        }

        #[test]
        fn a_ticket_with_any_letter_changed_is_refused(facts in any_facts(), place: prop::sample::Index, shift in 1..TOKEN_BASE) {
            let mut text = TicketToken::sign(&facts, &signing_key()).to_string().into_bytes();
            let place = place.index(text.len());
            let value = TOKEN_ALPHABET.iter().position(|known| *known == text[place]).unwrap() as u32;
            text[place] = TOKEN_ALPHABET[((value + shift) % TOKEN_BASE) as usize];
            let text = String::from_utf8(text).unwrap();
            prop_assert!(TicketToken::verify(&text, &public_keys()).is_err());
        }

        #[test]
        fn verifying_never_panics(text in "[0-9A-Z$*.:-]{0,140}|.{0,200}") {
            prop_assert!(TicketToken::verify(&text, &public_keys()).is_err());
        }

        #[test]
        fn a_link_leads_back_to_its_party_and_to_no_other(number: u64, other: [u8; 32]) {
            let key = LinkKey::new(&[1; 32]);
            let link = LinkId::of(number, &key);
            prop_assert_eq!(LinkId::verify(link.as_str(), &key), Some(number));
            prop_assert_eq!(LinkId::verify(link.as_str(), &LinkKey::new(&other)), None);
        }

        #[test]
        fn a_link_with_any_letter_changed_leads_nowhere(number: u64, place in 0..LINK_LETTERS, shift in 1..32_usize) {
            let key = LinkKey::new(&[1; 32]);
            let mut text = LinkId::of(number, &key).to_string().into_bytes();
            let value = LINK_ALPHABET.iter().position(|known| *known == text[place]).unwrap();
            text[place] = LINK_ALPHABET[(value + shift) % 32];
            prop_assert_eq!(LinkId::verify(std::str::from_utf8(&text).unwrap(), &key), None);
        }

        #[test]
        fn reading_a_link_never_panics(text in ".{0,60}") {
            prop_assert_eq!(LinkId::verify(&text, &LinkKey::new(&[1; 32])), None);
        }
    }
}
