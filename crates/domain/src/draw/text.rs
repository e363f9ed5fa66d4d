//! The shape shared by the text files of a bundle: a first line that names the format, then `word value` lines, each ended by LF.
//!
//! A file has one spelling. Whatever a reader accepts is written again and compared, so that no byte can differ unnoticed.

use jiff::Timestamp;

/// Why a text file of a bundle is refused, and at which line (the first line is 1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{format}, line {line}: {why}")]
pub struct FileError {
    /// The format, as in the first line of the file, such as `antrean/rules/v1`.
    pub format: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The bytes are not UTF-8 from this line on.
    #[error("not UTF-8")]
    NotUtf8,
    /// The last line is not ended by LF.
    #[error("the last line has no line end")]
    NoLineEnd,
    /// The first line does not name the expected format.
    #[error("the first line is `{found}`, not the name of the format")]
    OtherFormat {
        /// The first line.
        found: String,
    },
    /// The format has no such word.
    #[error("unknown word `{found}`")]
    UnknownWord {
        /// The word.
        found: String,
    },
    /// A known word in the wrong place.
    #[error("expected `{expected}`, found `{found}`")]
    Misplaced {
        /// The word that belongs here.
        expected: &'static str,
        /// The word that stands here.
        found: String,
    },
    /// The file ends where a line must follow.
    #[error("the file ends before `{expected}`")]
    Ends {
        /// The word that belongs here.
        expected: &'static str,
    },
    /// The value of a word cannot be read or is not allowed.
    #[error("`{word} {value}`: {why}")]
    Value {
        /// The word.
        word: String,
        /// Its value.
        value: String,
        /// The reason, as a clause.
        why: String,
    },
    /// The line says something that would be written differently.
    #[error("written as `{found}`, must be `{expected}`")]
    NotCanonical {
        /// The line as it must be; empty when the line must not be there.
        expected: String,
        /// The line as it is; empty when it is missing.
        found: String,
    },
}

/// One line: its number, its word, and the rest after one space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) word: &'a str,
    pub(crate) value: &'a str,
    format: &'static str,
}

impl<'a> Line<'a> {
    /// Refuses this line.
    pub(crate) fn error(&self, why: Why) -> FileError {
        FileError { format: self.format, line: self.number, why }
    }

    /// Refuses the value of this line.
    pub(crate) fn refuse(&self, why: &impl ToString) -> FileError {
        self.error(Why::Value { word: self.word.to_owned(), value: self.value.to_owned(), why: why.to_string() })
    }

    /// Refuses a word that the format does not have.
    pub(crate) fn unknown(&self) -> FileError {
        self.error(Why::UnknownWord { found: self.word.to_owned() })
    }

    /// The value, read by its own type.
    pub(crate) fn read<T: std::str::FromStr<Err: ToString>>(&self) -> Result<T, FileError> {
        self.read_part(self.value)
    }

    /// A part of the value, read by its own type.
    pub(crate) fn read_part<T: std::str::FromStr<Err: ToString>>(&self, part: &'a str) -> Result<T, FileError> {
        part.parse().map_err(|why: T::Err| self.refuse(&why))
    }

    /// The value cut at its first space.
    pub(crate) fn two_parts(&self) -> Result<(&'a str, &'a str), FileError> {
        self.value.split_once(' ').ok_or_else(|| self.refuse(&"a part is missing"))
    }
}

/// The lines of one file after its first.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    format: &'static str,
    words: &'static [&'static str],
    rest: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'a>>>,
    count: usize,
}

impl<'a> Lines<'a> {
    /// Opens a file of `format`, whose lines may begin with `words` and no others.
    pub(crate) fn open(
        format: &'static str,
        words: &'static [&'static str],
        bytes: &'a [u8],
    ) -> Result<Self, FileError> {
        let error = |line, why| FileError { format, line, why };
        let text = std::str::from_utf8(bytes).map_err(|wrong| {
            let before = &bytes[..wrong.valid_up_to()];
            error(before.split(|byte| *byte == b'\n').count(), Why::NotUtf8)
        })?;
        let count = text.lines().count();
        let mut rest = text.lines().enumerate().peekable();
        let first = rest.next().map_or("", |(_, line)| line);
        if first != format {
            return Err(error(1, Why::OtherFormat { found: first.chars().take(80).collect() }));
        }
        if !text.ends_with('\n') {
            return Err(error(count, Why::NoLineEnd));
        }
        Ok(Self { format, words, rest, count })
    }

    /// The next line; its word must be one of the format's.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'a>>, FileError> {
        self.next_if(|_| true)
    }

    /// The next line if it begins with `word`.
    pub(crate) fn next_of(&mut self, word: &str) -> Result<Option<Line<'a>>, FileError> {
        self.next_if(|found| found == word)
    }

    /// The next line, which must begin with `expected`.
    pub(crate) fn expect(&mut self, expected: &'static str) -> Result<Line<'a>, FileError> {
        let Some(line) = self.next()? else {
            return Err(FileError { format: self.format, line: self.count + 1, why: Why::Ends { expected } });
        };
        if line.word == expected {
            Ok(line)
        } else {
            Err(line.error(Why::Misplaced { expected, found: line.word.to_owned() }))
        }
    }

    /// Refuses a line where the file must end.
    pub(crate) fn end(&mut self) -> Result<(), FileError> {
        match self.next()? {
            None => Ok(()),
            Some(line) => {
                Err(line.error(Why::Misplaced { expected: "the end of the file", found: line.word.to_owned() }))
            }
        }
    }

    fn next_if(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Option<Line<'a>>, FileError> {
        let word_of = |line: &'a str| line.split_once(' ').unwrap_or((line, ""));
        let Some((index, text)) = self.rest.next_if(|(_, line)| wanted(word_of(line).0)) else { return Ok(None) };
        let (word, value) = word_of(text);
        let line = Line { number: index + 1, word, value, format: self.format };
        if self.words.contains(&word) { Ok(Some(line)) } else { Err(line.unknown()) }
    }
}

/// Refuses a file that says the right things in other bytes than `expected`, naming the first line that differs.
pub(crate) fn must_be_written_as(format: &'static str, bytes: &[u8], expected: &str) -> Result<(), FileError> {
    if bytes == expected.as_bytes() {
        return Ok(());
    }
    let (mut found, mut must) = (bytes.split(|byte| *byte == b'\n'), expected.split('\n'));
    let mut line = 1;
    loop {
        let (found, must) = (found.next(), must.next());
        if found != must.map(str::as_bytes) || found.is_none() {
            let found = String::from_utf8_lossy(found.unwrap_or_default()).into_owned();
            return Err(FileError {
                format,
                line,
                why: Why::NotCanonical { expected: must.unwrap_or_default().to_owned(), found },
            });
        }
        line += 1;
    }
}

/// An instant as files write it: UTC, whole seconds, `2027-01-10T09:00:00Z`; a fraction is cut off.
pub(crate) fn instant_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Why a free text cannot stand in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Nothing is said.
    #[error("the text is empty")]
    Empty,
    /// Longer than [`WORDS_BYTES_MAX`].
    #[error("the text is longer than {WORDS_BYTES_MAX} bytes")]
    TooLong,
    /// A control character, or a space at an end.
    #[error("the text has a control character or a space at an end")]
    NotPlain,
    /// Not in Unicode normal form C, so that the same words could have other bytes.
    #[error("the text is not in Unicode normal form C")]
    NotNormal,
}

/// Limit on a free text in a line: a reason, a label, an announced value. A long sentence fits.
pub const WORDS_BYTES_MAX: usize = 500;

/// Checks a free text that stands at the end of a line.
pub(crate) fn check_words(text: &str) -> Result<(), WordsError> {
    if text.is_empty() {
        Err(WordsError::Empty)
    } else if text.len() > WORDS_BYTES_MAX {
        Err(WordsError::TooLong)
    } else if text.trim() != text || text.chars().any(char::is_control) {
        Err(WordsError::NotPlain)
    } else if !unicode_normalization::is_nfc(text) {
        Err(WordsError::NotNormal)
    } else {
        Ok(())
    }
}
