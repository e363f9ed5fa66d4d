//! Public randomness: which value a release waits for, when it comes, and whether a value is the one.

use std::fmt;
use std::str::FromStr;

use drand_verify::{G2PubkeyRfc, Pubkey as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{Hash32, HexError, read_hex, write_hex};
use super::text::{FileError, Lines, WordsError, check_words, must_be_written_as};

/// Between the publication of the freeze file and the round's time; the list must be out of the operator's hands by then.
pub const LEAD: SignedDuration = SignedDuration::from_mins(30);

/// A late freeze moves the round by so many rounds at once: 24 hours of three seconds each.
pub const SLIDE_ROUNDS: u64 = 28_800;

/// A drand chain that this program can check.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    /// The chain's hash, its name everywhere.
    pub hash: Hash32,
    /// The group's public key, a compressed point in G2.
    pub public_key: [u8; 96],
    /// Instant of round 1, in seconds since 1970.
    pub genesis_s: i64,
    /// Seconds between rounds.
    pub period_s: i64,
}

/// The chain named quicknet of the League of Entropy: a value every three seconds, scheme `bls-unchained-g1-rfc9380`.
pub static QUICKNET: Chain = Chain {
    hash: Hash32(constant_hex(b"52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971")),
    public_key: constant_hex(
        b"83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451\
          0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    ),
    genesis_s: 1_692_803_367,
    period_s: 3,
};

/// Reads a constant of this file while compiling.
const fn constant_hex<const N: usize>(text: &[u8]) -> [u8; N] {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => panic!("not a digit of lower-case hex"),
        }
    }
    assert!(text.len() == 2 * N, "two digits a byte");
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = digit(text[2 * at]) << 4 | digit(text[2 * at + 1]);
        at += 1;
    }
    bytes
}

impl Chain {
    /// The chain with this hash, if it is one that this program can check.
    pub fn known(hash: &Hash32) -> Option<&'static Self> {
        (*hash == QUICKNET.hash).then_some(&QUICKNET)
    }

    /// When the value of `round` (from 1) comes out; `None` beyond the end of time.
    pub fn time_of(&self, round: u64) -> Option<Timestamp> {
        let periods = i64::try_from(round.checked_sub(1)?).ok()?;
        let second = self.genesis_s.checked_add(periods.checked_mul(self.period_s)?)?;
        Timestamp::from_second(second).ok()
    }

    /// The latest round whose value is out at `at`; `None` before the first.
    pub fn latest_round_at(&self, at: Timestamp) -> Option<u64> {
        let since = at.duration_since(self.genesis());
        if since.is_negative() {
            return None;
        }
        Some(u64::try_from(since.as_secs() / self.period_s).expect("not negative") + 1)
    }

    /// The first round whose value comes out at or after `at`.
    pub fn first_round_from(&self, at: Timestamp) -> u64 {
        match self.latest_round_at(at) {
            None => 1,
            Some(latest) if self.time_of(latest) == Some(at) => latest,
            Some(latest) => latest + 1,
        }
    }

    /// The round to wait for when the round `planned` in the rules meets a freeze file published at `published`.
    ///
    /// It is `planned` moved by whole days until it lies at least [`LEAD`] after the publication.
    pub fn round_after_slide(&self, planned: u64, published: Timestamp) -> Option<u64> {
        let earliest = self.first_round_from(published.checked_add(LEAD).ok()?);
        let slides = earliest.saturating_sub(planned).div_ceil(SLIDE_ROUNDS);
        slides.checked_mul(SLIDE_ROUNDS)?.checked_add(planned)
    }

    /// Checks the chain's signature of `round` and gives the 32 bytes of randomness, its SHA-256.
    pub fn open(&self, round: u64, signature: &[u8; 48]) -> Result<[u8; 32], BeaconError> {
        let key = G2PubkeyRfc::from_fixed(self.public_key).expect("the key of a known chain is a point of G2");
        match key.verify(round, b"", signature) {
            Ok(true) => Ok(Hash32::of(signature).0),
            Ok(false) => Err(BeaconError::OtherSignature { round }),
            Err(why) => Err(BeaconError::NotASignature { round, why: why.to_string() }),
        }
    }

    fn genesis(&self) -> Timestamp {
        Timestamp::from_second(self.genesis_s).expect("the first round of a known chain is in our time")
    }
}

/// Why a beacon's name or value is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeaconError {
    /// The name has none of the three forms.
    #[error("a beacon is drand:CHAINHASH, manual:LABEL or local:LABEL, not `{found}`")]
    NotAName {
        /// The text as given.
        found: String,
    },
    /// The chain hash is not 64 digits of lower-case hex.
    #[error("chain hash: {0}")]
    ChainHash(HexError),
    /// The label is not printable ASCII, or is empty or too long.
    #[error("label: {0}")]
    Label(LabelError),
    /// A drand round counts from 1, the other beacons have round 0.
    #[error("round {round} cannot be a round of {beacon}")]
    Round {
        /// The beacon.
        beacon: BeaconId,
        /// The refused round.
        round: u64,
    },
    /// This program has no public key for the chain.
    #[error("the drand chain {chain} is not known to this program, so that its values cannot be checked")]
    UnknownChain {
        /// The chain's hash.
        chain: Hash32,
    },
    /// The round is too far away to have a time.
    #[error("round {round} has no time")]
    NoTime {
        /// The round.
        round: u64,
    },
    /// The signature is not a point of the right subgroup.
    #[error("the signature of round {round} is not one: {why}")]
    NotASignature {
        /// The round.
        round: u64,
        /// What the curve says.
        why: String,
    },
    /// A signature, but not of this round by this chain.
    #[error("the signature is not the chain's signature of round {round}")]
    OtherSignature {
        /// The round.
        round: u64,
    },
    /// The randomness is not the SHA-256 of the signature.
    #[error("the randomness of round {round} is {found}, but its signature gives {expected}")]
    OtherRandomness {
        /// The round.
        round: u64,
        /// SHA-256 of the signature.
        expected: Hash32,
        /// The claimed value.
        found: Hash32,
    },
    /// The announced text of a manual beacon cannot stand in a file.
    #[error("the announced value: {0}")]
    Announced(WordsError),
}

/// Why a text is not a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to {LABEL_BYTES_MAX} printable ASCII characters, no space at an end")]
pub struct LabelError;

/// Limit on a label. For a manual beacon it says in words how the value comes about, so that a sentence or two must fit.
pub const LABEL_BYTES_MAX: usize = 300;

/// Words that tell a `manual` or `local` beacon from others: printable ASCII, as it goes into the seed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(Box<str>);

impl Label {
    /// Reads 1 to [`LABEL_BYTES_MAX`] printable ASCII characters without a space at an end.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && text.trim() == text && (1..=LABEL_BYTES_MAX).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(LabelError)
        }
    }

    /// The label's words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = LabelError;

    fn try_from(text: String) -> Result<Self, LabelError> {
        Self::parse(&text)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0.into()
    }
}

/// The name of a source of randomness, as it stands in the rules and goes into the seed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BeaconId {
    /// A drand chain, by its hash: `drand:52db...`. Nobody can choose the value, and anybody can check it.
    Drand(Hash32),
    /// A value announced in public in a way that the label names: `manual:LABEL`.
    Manual(Label),
    /// A value made by the operator after the freeze: `local:LABEL`. It proves nothing.
    Local(Label),
}

impl BeaconId {
    /// Quicknet, the beacon of every real release.
    pub fn quicknet() -> Self {
        Self::Drand(QUICKNET.hash)
    }

    /// Reads `drand:CHAINHASH`, `manual:LABEL` or `local:LABEL`.
    pub fn parse(text: &str) -> Result<Self, BeaconError> {
        let label = |text| Label::parse(text).map_err(BeaconError::Label);
        match text.split_once(':') {
            Some(("drand", hash)) => hash.parse().map(Self::Drand).map_err(BeaconError::ChainHash),
            Some(("manual", text)) => label(text).map(Self::Manual),
            Some(("local", text)) => label(text).map(Self::Local),
            _ => Err(BeaconError::NotAName { found: text.chars().take(100).collect() }),
        }
    }

    /// Refuses a round that the beacon cannot have: drand counts from 1, the others have round 0 only.
    pub fn check_round(&self, round: u64) -> Result<(), BeaconError> {
        if matches!(self, Self::Drand(_)) == (round > 0) {
            Ok(())
        } else {
            Err(BeaconError::Round { beacon: self.clone(), round })
        }
    }

    /// The chain behind the name; `None` for a beacon without rounds.
    pub fn chain(&self) -> Result<Option<&'static Chain>, BeaconError> {
        match self {
            Self::Drand(hash) => Chain::known(hash).map(Some).ok_or(BeaconError::UnknownChain { chain: *hash }),
            Self::Manual(_) | Self::Local(_) => Ok(None),
        }
    }

    /// The round for the freeze file when the rules name `planned` and the file is published at `published`; 0 without rounds.
    pub fn round_for(&self, planned: u64, published: Timestamp) -> Result<u64, BeaconError> {
        self.check_round(planned)?;
        self.chain()?.map_or(Ok(0), |chain| {
            chain.round_after_slide(planned, published).ok_or(BeaconError::NoTime { round: planned })
        })
    }
}

impl fmt::Display for BeaconId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drand(hash) => write!(f, "drand:{hash}"),
            Self::Manual(label) => write!(f, "manual:{}", label.as_str()),
            Self::Local(label) => write!(f, "local:{}", label.as_str()),
        }
    }
}

impl FromStr for BeaconId {
    type Err = BeaconError;

    fn from_str(text: &str) -> Result<Self, BeaconError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for BeaconId {
    type Error = BeaconError;

    fn try_from(text: String) -> Result<Self, BeaconError> {
        Self::parse(&text)
    }
}

impl From<BeaconId> for String {
    fn from(id: BeaconId) -> Self {
        id.to_string()
    }
}

/// A value of a beacon with what is needed to check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeaconValue {
    /// One round of a drand chain.
    Drand {
        /// The chain's hash.
        chain: Hash32,
        /// The round, from 1.
        round: u64,
        /// SHA-256 of the signature.
        randomness: [u8; 32],
        /// The chain's signature of the round, a compressed point in G1.
        signature: [u8; 48],
    },
    /// A value announced in public.
    Manual {
        /// How the value comes about.
        label: Label,
        /// The announced text, whose bytes are the randomness.
        text: String,
    },
    /// A value made by the operator.
    Local {
        /// What it is for.
        label: Label,
        /// 32 bytes made after the freeze.
        randomness: [u8; 32],
    },
}

impl BeaconValue {
    /// The first line of a beacon file.
    pub const FORMAT: &str = "antrean/beacon/v1";

    /// The value of a drand round from its signature, which is checked.
    pub fn drand(chain: &Chain, round: u64, signature: [u8; 48]) -> Result<Self, BeaconError> {
        let randomness = chain.open(round, &signature)?;
        Ok(Self::Drand { chain: chain.hash, round, randomness, signature })
    }

    /// The value of a drand round from its signature in hex, as a relay gives it.
    pub fn drand_from_hex(chain: &Chain, round: u64, signature: &str) -> Result<Self, BeaconError> {
        let signature =
            read_hex(signature).map_err(|why| BeaconError::NotASignature { round, why: why.to_string() })?;
        Self::drand(chain, round, signature)
    }

    /// A value announced in public: any text of one line in Unicode normal form C.
    pub fn manual(label: Label, text: &str) -> Result<Self, BeaconError> {
        check_words(text).map_err(BeaconError::Announced)?;
        Ok(Self::Manual { label, text: text.to_owned() })
    }

    /// The beacon that the value is of.
    pub fn id(&self) -> BeaconId {
        match self {
            Self::Drand { chain, .. } => BeaconId::Drand(*chain),
            Self::Manual { label, .. } => BeaconId::Manual(label.clone()),
            Self::Local { label, .. } => BeaconId::Local(label.clone()),
        }
    }

    /// The round that the value is of; 0 for a beacon without rounds.
    pub fn round(&self) -> u64 {
        match self {
            Self::Drand { round, .. } => *round,
            Self::Manual { .. } | Self::Local { .. } => 0,
        }
    }

    /// The bytes that go into the seed.
    pub fn randomness(&self) -> &[u8] {
        match self {
            Self::Drand { randomness, .. } | Self::Local { randomness, .. } => randomness,
            Self::Manual { text, .. } => text.as_bytes(),
        }
    }

    /// Checks the signature and the randomness of a drand value; the other kinds carry nothing to check.
    pub fn verify(&self) -> Result<(), BeaconError> {
        let Self::Drand { chain, round, randomness, signature } = self else { return Ok(()) };
        let known = Chain::known(chain).ok_or(BeaconError::UnknownChain { chain: *chain })?;
        let expected = known.open(*round, signature)?;
        if *randomness == expected {
            Ok(())
        } else {
            Err(BeaconError::OtherRandomness { round: *round, expected: Hash32(expected), found: Hash32(*randomness) })
        }
    }

    /// Reads a beacon file; the signature is checked by [`BeaconValue::verify`], not here.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let mut lines = Lines::open(Self::FORMAT, &["id", "round", "randomness", "signature", "text"], bytes)?;
        let id: BeaconId = lines.expect("id")?.read()?;
        let round_line = lines.expect("round")?;
        let round = round_line.read()?;
        id.check_round(round).map_err(|why| round_line.refuse(&why))?;
        let value = match id {
            BeaconId::Drand(chain) => {
                let line = lines.expect("randomness")?;
                let randomness = read_hex(line.value).map_err(|why| line.refuse(&why))?;
                let line = lines.expect("signature")?;
                let signature = read_hex(line.value).map_err(|why| line.refuse(&why))?;
                Self::Drand { chain, round, randomness, signature }
            }
            BeaconId::Manual(label) => {
                let line = lines.expect("text")?;
                Self::manual(label, line.value).map_err(|why| line.refuse(&why))?
            }
            BeaconId::Local(label) => {
                let line = lines.expect("randomness")?;
                Self::Local { label, randomness: read_hex(line.value).map_err(|why| line.refuse(&why))? }
            }
        };
        lines.end()?;
        must_be_written_as(Self::FORMAT, bytes, &value.to_text())?;
        Ok(value)
    }

    /// The beacon file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\nid {}\nround {}\n", Self::FORMAT, self.id(), self.round());
        let mut hex_line = |word: &str, bytes: &[u8]| {
            text.push_str(word);
            text.push(' ');
            write_hex(&mut text, bytes).expect("a String takes all");
            text.push('\n');
        };
        match self {
            Self::Drand { randomness, signature, .. } => {
                hex_line("randomness", randomness);
                hex_line("signature", signature);
            }
            Self::Local { randomness, .. } => hex_line("randomness", randomness),
            Self::Manual { text: announced, .. } => {
                text.push_str("text ");
                text.push_str(announced);
                text.push('\n');
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: u64 = 657_413;
    const SIGNATURE: &str =
        "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_signature_of_quicknet_opens_its_round() {
        let value = BeaconValue::drand_from_hex(&QUICKNET, ROUND, SIGNATURE).expect("the published signature");
        assert_eq!(Hash32::of(value.randomness()).to_string().len(), 64);
        assert_eq!(
            Hash32(value.randomness().try_into().unwrap()).to_string(),
            "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
        );
        assert_eq!(value.verify(), Ok(()));
    }

    #[test]
    fn the_same_signature_opens_no_other_round() {
        let other = BeaconValue::drand_from_hex(&QUICKNET, ROUND + 1, SIGNATURE);
        assert_eq!(other, Err(BeaconError::OtherSignature { round: ROUND + 1 }));
    }

    #[test]
    fn a_signature_outside_the_subgroup_is_refused() {
        let changed = SIGNATURE.replace("d97b", "d97a");
        let refused = BeaconValue::drand_from_hex(&QUICKNET, ROUND, &changed);
        assert!(matches!(refused, Err(BeaconError::NotASignature { round: ROUND, .. })), "{refused:?}");
    }

    #[test]
    fn rounds_and_instants_agree() {
        assert_eq!(QUICKNET.time_of(1), Some(at("2023-08-23T15:09:27Z")));
        assert_eq!(QUICKNET.time_of(ROUND), Some(at("2023-09-15T11:00:03Z")));
        assert_eq!(QUICKNET.time_of(0), None);
        assert_eq!(QUICKNET.time_of(u64::MAX), None);
        assert_eq!(QUICKNET.latest_round_at(at("2023-08-23T15:09:26Z")), None);
        assert_eq!(QUICKNET.latest_round_at(at("2026-04-20T00:00:00Z")), Some(27_946_612));
        assert_eq!(QUICKNET.first_round_from(at("2027-01-10T17:00:00+07:00")), 35_590_612);
        assert_eq!(QUICKNET.first_round_from(at("2000-01-01T00:00:00Z")), 1);
        let time = QUICKNET.time_of(ROUND).unwrap();
        assert_eq!(QUICKNET.latest_round_at(time), Some(ROUND));
        assert_eq!(QUICKNET.first_round_from(time), ROUND);
        assert_eq!(QUICKNET.first_round_from(time + SignedDuration::from_millis(1)), ROUND + 1);
        assert_eq!(QUICKNET.latest_round_at(time - SignedDuration::from_millis(1)), Some(ROUND - 1));
    }

    #[test]
    fn a_late_freeze_moves_the_round_by_whole_days() {
        let id = BeaconId::quicknet();
        let round = QUICKNET.time_of(ROUND).unwrap();
        let minutes = |count| SignedDuration::from_mins(count);
        assert_eq!(id.round_for(ROUND, round - minutes(60)), Ok(ROUND));
        assert_eq!(id.round_for(ROUND, round - minutes(30)), Ok(ROUND), "exactly 30 minutes are enough");
        let second = SignedDuration::from_secs(1);
        assert_eq!(id.round_for(ROUND, round - minutes(30) + second), Ok(ROUND + 28_800));
        assert_eq!(id.round_for(ROUND, round + minutes(24 * 60 - 30)), Ok(ROUND + 28_800));
        assert_eq!(id.round_for(ROUND, round + minutes(24 * 60 - 30) + second), Ok(ROUND + 57_600));
        assert_eq!(QUICKNET.time_of(ROUND + 28_800), Some(round + SignedDuration::from_hours(24)));
        let local = BeaconId::parse("local:demo").unwrap();
        assert_eq!(local.round_for(0, round), Ok(0));
        assert!(matches!(local.round_for(1, round), Err(BeaconError::Round { .. })));
        let unknown = BeaconId::Drand(Hash32::of(b"unknown"));
        assert!(matches!(unknown.round_for(1, round), Err(BeaconError::UnknownChain { .. })));
    }

    #[test]
    fn a_beacon_file_is_read_back_as_written_and_in_no_other_spelling() {
        let label = Label::parse("Undian negara, hari Minggu").unwrap();
        for value in [
            BeaconValue::drand_from_hex(&QUICKNET, ROUND, SIGNATURE).unwrap(),
            BeaconValue::manual(label.clone(), "12 34 56 é").unwrap(),
            BeaconValue::Local { label, randomness: [7; 32] },
        ] {
            let text = value.to_text();
            assert_eq!(BeaconValue::parse(text.as_bytes()), Ok(value));
            for other in [
                text.replace("round ", "round 0"),
                text.replace('\n', "\r\n"),
                format!("{text}\n"),
                text.replace("id ", "id  "),
            ] {
                assert!(BeaconValue::parse(other.as_bytes()).is_err(), "{other}");
            }
        }
    }

    #[test]
    fn a_label_is_plain_and_short() {
        for refused in ["manual:", "manual: x", "manual:x ", "manual:é", "local:a\tb", "drand:52", "nist:1", "manual"]
        {
            assert!(BeaconId::parse(refused).is_err(), "{refused}");
        }
        assert!(Label::parse(&"x".repeat(LABEL_BYTES_MAX + 1)).is_err());
        assert!(BeaconValue::manual(Label::parse("x").unwrap(), "a\u{301}").is_err(), "not in normal form C");
    }
}
