//! The bytes under every hash of the draw: length prefixes, big-endian numbers, and lower-case hex for files.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Something that takes the bytes of the protocol in order: a hash, a keyed hash, or a buffer.
pub(crate) trait Feed: Sized {
    /// Takes `bytes` as they are.
    fn put(&mut self, bytes: &[u8]);

    /// Adds `bytes` as they are.
    fn raw(mut self, bytes: &[u8]) -> Self {
        self.put(bytes);
        self
    }

    /// Adds `lp(bytes)`: the length as a big-endian `u32`, then the bytes.
    fn lp(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).expect("a field of the protocol is far below 4 GiB");
        self.put(&length.to_be_bytes());
        self.put(bytes);
        self
    }

    /// Adds one byte.
    fn u8(self, number: u8) -> Self {
        self.raw(&[number])
    }

    /// Adds eight bytes, big-endian.
    fn u64(self, number: u64) -> Self {
        self.raw(&number.to_be_bytes())
    }
}

impl Feed for Sha256 {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

impl Feed for Hmac<Sha256> {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

impl Feed for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A started HMAC-SHA256 under `key`.
pub(crate) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// The end of a started HMAC-SHA256.
pub(crate) fn finish_keyed(mac: Hmac<Sha256>) -> [u8; 32] {
    mac.finalize().into_bytes().into()
}

/// Writes `bytes` as lower-case hex.
pub(crate) fn write_hex(out: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.write_char(char::from(DIGITS[usize::from(byte >> 4)]))?;
        out.write_char(char::from(DIGITS[usize::from(byte & 15)]))?;
    }
    Ok(())
}

/// A text that is not exactly `bytes` bytes in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} digits of lower-case hex, found {found} characters", digits = bytes * 2)]
pub struct HexError {
    /// How many bytes were expected.
    pub bytes: usize,
    /// How many characters the text has.
    pub found: usize,
}

/// Reads exactly `N` bytes of lower-case hex; upper case is refused, because a value has one spelling only.
pub(crate) fn read_hex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let wrong = || HexError { bytes: N, found: text.chars().count() };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return Err(wrong());
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or_else(wrong)?;
    }
    Ok(bytes)
}

/// Whether `value` is written exactly as `text`, found without building the text.
pub(crate) fn is_written_as(value: &impl fmt::Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl fmt::Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// Makes a public fixed-size value: shown, read and stored as lower-case hex.
macro_rules! hex_value {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// The bytes, as they go into a hash.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::draw::encoding::write_hex(f, &self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::draw::encoding::HexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::draw::encoding::read_hex(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use hex_value;

hex_value!(
    /// A SHA-256 value: of a file, of a leaf, or of a node of the tree. 32 bytes.
    Hash32,
    32
);

impl Hash32 {
    /// SHA-256 of `bytes`; a file of the bundle is named by this value.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The end of a started SHA-256.
    pub(crate) fn finish(hash: Sha256) -> Self {
        Self(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_prefix_is_four_bytes_big_endian() {
        assert_eq!(Vec::new().lp(b"abc").u8(7).u64(258), b"\0\0\0\x03abc\x07\0\0\0\0\0\0\x01\x02");
    }

    #[test]
    fn hex_has_one_spelling() {
        let hash = Hash32::of(b"");
        assert_eq!(hash.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!(hash.to_string().to_uppercase().parse::<Hash32>().is_err());
        assert_eq!("e3b0".parse::<Hash32>(), Err(HexError { bytes: 32, found: 4 }));
        assert!(read_hex::<2>("é12").is_err());
    }

    #[test]
    fn writing_is_compared_without_a_copy() {
        assert!(is_written_as(&123, "123"));
        assert!(!is_written_as(&123, "0123"));
        assert!(!is_written_as(&123, "1234"));
        assert!(!is_written_as(&1234, "123"));
    }
}
