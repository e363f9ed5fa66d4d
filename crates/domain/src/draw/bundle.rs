//! The bundle: everything that a draw can be recomputed from, in one plain tar with one spelling.
//!
//! The tar has the six files in a fixed order, with nothing of the machine that wrote it: no owner, no time. Any `tar` unpacks it;
//! reading it here refuses every byte that would be written differently.

use super::entry::next_leaf;

/// The six files of a draw, borrowed from wherever they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// `rules.txt`, published before the opening.
    pub rules: &'a [u8],
    /// `closures.txt`, empty without closures.
    pub closures: &'a [u8],
    /// `freeze.txt`, published before the randomness existed.
    pub freeze: &'a [u8],
    /// `leaves.bin`: each entry's leaf after its length, ascending by entry id.
    pub leaves: &'a [u8],
    /// `beacon.txt`, the randomness.
    pub beacon: &'a [u8],
    /// `result.txt`.
    pub result: &'a [u8],
}

/// Why bytes are not a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end too early.
    #[error("the bundle ends at byte {length}, inside {file}")]
    Short {
        /// The file, or the end of the tar.
        file: &'static str,
        /// How many bytes there are.
        length: usize,
    },
    /// A byte that is written differently.
    #[error("byte {at} of the bundle, in {file}, is not what a bundle has there")]
    OtherByte {
        /// The file, or the end of the tar.
        file: &'static str,
        /// The byte's offset from the beginning.
        at: usize,
    },
    /// Bytes after the end of the tar.
    #[error("{bytes} bytes follow the end of the bundle")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// The unit of a tar: headers take one block, and files are filled up to whole blocks.
const BLOCK: usize = 512;

/// Two empty blocks end a tar.
const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

const END_NAME: &str = "the end of the tar";

/// Where the size of a file stands in its header: eleven octal digits and a zero byte.
const SIZE: std::ops::Range<usize> = 124..136;

/// Largest file: what eleven octal digits can say.
const FILE_BYTES_MAX: u64 = (1 << 33) - 1;

impl<'a> Bundle<'a> {
    /// The names of the files, in the order in which they stand in the tar.
    pub const FILES: [&'static str; 6] =
        ["rules.txt", "closures.txt", "freeze.txt", "leaves.bin", "beacon.txt", "result.txt"];

    /// The files with their names, in order.
    pub fn files(&self) -> [(&'static str, &'a [u8]); 6] {
        let Self { rules, closures, freeze, leaves, beacon, result } = *self;
        let bytes = [rules, closures, freeze, leaves, beacon, result];
        std::array::from_fn(|index| (Self::FILES[index], bytes[index]))
    }

    /// Hands the tar to `write` piece by piece, without a copy of the large files; stops at its first error.
    pub fn write_to<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for (name, bytes) in self.files() {
            write(&header(name, bytes.len() as u64))?;
            write(bytes)?;
            write(&END[..padding(bytes.len())])?;
        }
        write(&END)
    }

    /// The tar in memory.
    pub fn to_tar(&self) -> Vec<u8> {
        let mut tar = Vec::new();
        let done = self.write_to(|piece| {
            tar.extend_from_slice(piece);
            Ok::<_, std::convert::Infallible>(())
        });
        match done {
            Ok(()) => tar,
        }
    }

    /// Reads a tar; refuses what [`Bundle::write_to`] would not write.
    pub fn read(tar: &'a [u8]) -> Result<Self, BundleError> {
        let mut reader = Reader { tar, at: 0 };
        let mut files = [&tar[..0]; 6];
        for (file, name) in files.iter_mut().zip(Self::FILES) {
            *file = reader.file(name)?;
        }
        reader.same(END_NAME, &END)?;
        let trailing = tar.len() - reader.at;
        if trailing > 0 {
            return Err(BundleError::Trailing { bytes: trailing });
        }
        let [rules, closures, freeze, leaves, beacon, result] = files;
        Ok(Self { rules, closures, freeze, leaves, beacon, result })
    }

    /// The leaves in `leaves.bin`, one by one; an error tells at which byte of the file a leaf is cut off.
    pub fn leaves(&self) -> impl Iterator<Item = Result<&'a [u8], usize>> + use<'a> {
        let all = self.leaves;
        let mut rest = Some(all);
        std::iter::from_fn(move || {
            let bytes = rest.filter(|bytes| !bytes.is_empty())?;
            let next = next_leaf(bytes);
            rest = next.map(|(_, rest)| rest);
            Some(next.map(|(leaf, _)| leaf).ok_or(all.len() - bytes.len()))
        })
    }
}

/// How many zero bytes follow a file of `length` bytes.
fn padding(length: usize) -> usize {
    length.next_multiple_of(BLOCK) - length
}

/// The header of one file in the `ustar` format of POSIX: its name and size, mode 0644, owner 0, time 0.
fn header(name: &str, size: u64) -> [u8; BLOCK] {
    assert!(size <= FILE_BYTES_MAX, "a file of a bundle has at most 8 GiB, as the limit on entries sees to");
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(SIZE.start, &format!("{size:011o}"));
    put(136, "00000000000");
    // The sum is taken over the header with spaces in the place of the sum.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    put(329, "0000000");
    put(337, "0000000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// Reads a tar by comparing it with what would be written.
struct Reader<'a> {
    tar: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, file: &'static str, count: usize) -> Result<&'a [u8], BundleError> {
        let end = self.at.checked_add(count);
        let bytes = end
            .and_then(|end| self.tar.get(self.at..end))
            .ok_or(BundleError::Short { file, length: self.tar.len() })?;
        self.at += count;
        Ok(bytes)
    }

    fn same(&mut self, file: &'static str, expected: &[u8]) -> Result<(), BundleError> {
        let start = self.at;
        let bytes = self.bytes(file, expected.len())?;
        match bytes.iter().zip(expected).position(|(found, expected)| found != expected) {
            None => Ok(()),
            Some(at) => Err(BundleError::OtherByte { file, at: start + at }),
        }
    }

    fn file(&mut self, name: &'static str) -> Result<&'a [u8], BundleError> {
        let start = self.at;
        let size = self.bytes(name, BLOCK)?[SIZE].split_last().and_then(|(_, digits)| octal(digits));
        let size = size.ok_or(BundleError::OtherByte { file: name, at: start + SIZE.start })?;
        self.at = start;
        self.same(name, &header(name, size))?;
        let bytes = self.bytes(name, usize::try_from(size).unwrap_or(usize::MAX))?;
        self.same(name, &END[..padding(bytes.len())])?;
        Ok(bytes)
    }
}

/// Eleven octal digits.
fn octal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, digit| matches!(digit, b'0'..=b'7').then(|| sum * 8 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const BUNDLE: Bundle<'_> = Bundle {
        rules: b"rules",
        closures: b"",
        freeze: &[7; 512],
        leaves: &[0, 0, 0, 1, 9, 0, 0, 0, 2, 8],
        beacon: &[1; 513],
        result: b"r",
    };

    #[test]
    fn a_bundle_is_read_back_as_written() {
        let tar = BUNDLE.to_tar();
        assert_eq!(tar.len() % 512, 0);
        assert_eq!(Bundle::read(&tar), Ok(BUNDLE));
    }

    #[test]
    fn any_tar_can_unpack_a_bundle() {
        let bytes = BUNDLE.to_tar();
        let mut tar = tar::Archive::new(&bytes[..]);
        let unpacked: Vec<(String, Vec<u8>)> = tar
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                assert_eq!((entry.header().mode().unwrap(), entry.header().mtime().unwrap()), (0o644, 0));
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
            })
            .collect();
        assert_eq!(unpacked, BUNDLE.files().map(|(name, bytes)| (name.to_owned(), bytes.to_owned())));
    }

    #[test]
    fn no_byte_outside_the_files_can_differ() {
        let tar = BUNDLE.to_tar();
        for at in 0..tar.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut other = tar.clone();
                other[at] ^= flip;
                assert_ne!(Bundle::read(&other), Ok(BUNDLE), "byte {at} with {flip}");
                if let Ok(read) = Bundle::read(&other) {
                    assert_eq!(read.to_tar(), other, "byte {at} with {flip}");
                }
            }
        }
        for end in 0..tar.len() {
            assert!(Bundle::read(&tar[..end]).is_err(), "cut at {end}");
        }
        assert_eq!(Bundle::read(&[&tar[..], b"\0"].concat()), Err(BundleError::Trailing { bytes: 1 }));
    }

    #[test]
    fn leaves_are_told_apart_by_their_lengths() {
        assert_eq!(BUNDLE.leaves().collect::<Vec<_>>(), [Ok(&[9][..]), Err(5)], "the second leaf is cut off");
        let whole = Bundle { leaves: &[0, 0, 0, 1, 9, 0, 0, 0, 0], ..BUNDLE };
        assert_eq!(whole.leaves().collect::<Vec<_>>(), [Ok(&[9][..]), Ok(&[])]);
        assert_eq!(Bundle { leaves: b"", ..BUNDLE }.leaves().count(), 0);
    }
}
