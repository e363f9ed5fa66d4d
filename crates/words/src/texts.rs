//! The texts of one language, and how a key becomes a sentence.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use antrean_app::caller::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::numbers;

/// The files of both languages, as (name, Indonesian, English). A new file is added here; a test compares this with the folder.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../locales/id/", $name)), include_str!(concat!("../locales/en/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = files![
    "account.ftl",
    "api.ftl",
    "closures.ftl",
    "common.ftl",
    "dates.ftl",
    "day.ftl",
    "fields.ftl",
    "line.ftl",
    "messages.ftl",
    "numbers.ftl",
    "office-changes.ftl",
    "office-data.ftl",
    "pages.ftl",
    "quota.ftl",
    "refusals.ftl",
    "staff.ftl",
    "staff-refusals.ftl",
    "trail.ftl"
];

/// Everything that can be said in one language. Made once per process; see [`Words::of`].
pub struct Words {
    pub(crate) language: Language,
    bundle: FluentBundle<FluentResource>,
}

/// What is put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Text, put in as it is.
    Text(Cow<'a, str>),
    /// A whole number, grouped by thousands in the manner of the language, and able to choose a plural.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Arg<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u8> for Arg<'_> {
    fn from(number: u8) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Arg<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Words {
    /// The words of a language. The first call reads the texts (a few milliseconds), later ones cost nothing.
    pub fn of(language: Language) -> &'static Self {
        static INDONESIAN: OnceLock<Words> = OnceLock::new();
        static ENGLISH: OnceLock<Words> = OnceLock::new();
        match language {
            Language::Id => INDONESIAN.get_or_init(|| Self::read(Language::Id)),
            Language::En => ENGLISH.get_or_init(|| Self::read(Language::En)),
        }
    }

    fn read(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().expect("a language's tag can be read");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks that isolate text of another direction are invisible, but a text message pays for each of them.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(match language {
            Language::Id => numbers::format_indonesian,
            Language::En => numbers::format_english,
        }));
        for (name, indonesian, english) in FILES {
            let text = match language {
                Language::Id => indonesian,
                Language::En => english,
            };
            let resource = FluentResource::try_new((*text).to_owned())
                .unwrap_or_else(|(_, errors)| panic!("{}/{name}: {errors:?}", language.tag()));
            bundle.add_resource(resource).unwrap_or_else(|errors| panic!("{}/{name}: {errors:?}", language.tag()));
        }
        Self { language, bundle }
    }

    /// Which language these words are.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Says a text that needs nothing put in. `key` is a message, or `message.attribute`.
    ///
    /// A key that does not exist is a mistake of the programmer: a debug build panics, a release build logs it once and
    /// shows the key.
    pub fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// Says a text with what is put in by name. Names that the text does not use are ignored; one that it misses counts as
    /// a mistake, as an unknown key does.
    pub fn say_with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let (id, attribute) = key.split_once('.').map_or((key, None), |(id, attribute)| (id, Some(attribute)));
        let pattern = self.bundle.get_message(id).and_then(|message| match attribute {
            None => message.value(),
            Some(attribute) => message.get_attribute(attribute).map(|attribute| attribute.value()),
        });
        let Some(pattern) = pattern else { return self.mistake(key, "there is no such text") };
        let mut put_in = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            put_in.set(*name, arg.value());
        }
        let mut errors = Vec::new();
        let said = self.bundle.format_pattern(pattern, Some(&put_in), &mut errors).into_owned();
        if errors.is_empty() { said } else { self.mistake(key, "something that is put in is missing") }
    }

    /// Whether there is a text of this key, for keys that come from outside the program.
    pub fn has(&self, key: &str) -> bool {
        let (id, attribute) = key.split_once('.').map_or((key, None), |(id, attribute)| (id, Some(attribute)));
        self.bundle.get_message(id).is_some_and(|message| match attribute {
            None => message.value().is_some(),
            Some(attribute) => message.get_attribute(attribute).is_some(),
        })
    }

    fn mistake(&self, key: &str, what: &str) -> String {
        static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let language = self.language.tag();
        debug_assert!(false, "{language}: {key}: {what}");
        // Keys are written in the program, so the set cannot grow beyond what the program holds.
        if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(format!("{language} {key}")) {
            tracing::error!(language, key, "{what}");
        }
        key.to_owned()
    }
}

impl Arg<'_> {
    fn value(&self) -> FluentValue<'_> {
        match self {
            Self::Text(text) => FluentValue::String(Cow::Borrowed(text)),
            Self::Number(number) => FluentValue::from(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    /// The names that a text needs, by key (`message` or `message.attribute`).
    type Needs = BTreeMap<String, BTreeSet<String>>;

    fn needs(text: &str) -> Needs {
        let resource = fluent_syntax::parser::parse(text).expect("the file can be read");
        let mut needs = Needs::new();
        for entry in &resource.body {
            match entry {
                Entry::Message(message) => {
                    if let Some(value) = &message.value {
                        needs.insert(message.id.name.to_owned(), names(value));
                    }
                    for attribute in &message.attributes {
                        let key = format!("{}.{}", message.id.name, attribute.id.name);
                        needs.insert(key, names(&attribute.value));
                    }
                }
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                other => panic!("only messages and comments are used here, not {other:?}"),
            }
        }
        needs
    }

    fn names(pattern: &Pattern<&str>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                match expression {
                    Expression::Inline(inline) => found.extend(name(inline)),
                    Expression::Select { selector, variants } => {
                        found.extend(name(selector));
                        found.extend(variants.iter().flat_map(|variant| names(&variant.value)));
                    }
                }
            }
        }
        found
    }

    fn name(expression: &InlineExpression<&str>) -> Option<String> {
        match expression {
            InlineExpression::VariableReference { id } => Some(id.name.to_owned()),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => None,
            other => panic!("only names are put into texts here, not {other:?}"),
        }
    }

    #[test]
    fn both_languages_have_the_same_texts_and_put_the_same_into_them() {
        for (file, indonesian, english) in FILES {
            assert_eq!(needs(indonesian), needs(english), "{file}");
        }
    }

    #[test]
    fn every_file_of_the_folders_is_read() {
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _, _)| (*name).to_owned()).collect();
        for language in ["id", "en"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language);
            let found: BTreeSet<String> = std::fs::read_dir(folder)
                .expect("the folder is there")
                .map(|file| file.expect("it can be listed").file_name().into_string().expect("its name is text"))
                .collect();
            assert_eq!(found, listed, "{language}");
        }
    }

    #[test]
    fn every_text_can_be_said() {
        for language in [Language::Id, Language::En] {
            for (_, indonesian, _) in FILES {
                for (key, names) in needs(indonesian) {
                    for number in [0, 1, 2] {
                        let args: Vec<_> = names.iter().map(|name| (name.as_str(), Arg::Number(number))).collect();
                        let said = Words::of(language).say_with(&key, &args);
                        assert!(!said.trim().is_empty() && !said.contains("{$"), "{key}: {said}");
                        assert!(Words::of(language).has(&key));
                    }
                }
            }
        }
    }

    fn crates_folder() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate lies in a folder")
    }

    /// All sources that may say a text: every crate's code and templates.
    fn sources() -> String {
        fn gather(folder: &Path, into: &mut String) {
            for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = file.path();
                if path.is_dir() {
                    gather(&path, into);
                } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "html") {
                    into.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
                }
            }
        }
        let mut all = String::new();
        for krate in std::fs::read_dir(crates_folder()).expect("the crates are there").flatten() {
            for folder in ["src", "templates"] {
                gather(&krate.path().join(folder), &mut all);
            }
        }
        all
    }

    /// The keys of a file that no source says.
    fn unused(indonesian: &str) -> Vec<String> {
        let sources = sources();
        let used = |key: &str| {
            // A refusal's title brings its detail along.
            let key = key.strip_suffix(".detail").unwrap_or(key);
            let whole = sources.contains(&format!("\"{key}\""));
            // A key may be put together: "weekday-{n}".
            whole || key.match_indices('-').any(|(at, _)| sources.contains(&format!("\"{}{{", &key[..=at])))
        };
        needs(indonesian).into_keys().filter(|key| !used(key)).collect()
    }

    #[test]
    fn no_text_lies_about_unused() {
        for (file, indonesian, _) in FILES.iter().filter(|(file, _, _)| !file.starts_with("pages")) {
            assert_eq!(unused(indonesian), Vec::<String>::new(), "{file}");
        }
    }

    #[test]
    fn no_text_of_a_page_lies_about_unused() {
        for (file, indonesian, _) in FILES.iter().filter(|(file, _, _)| file.starts_with("pages")) {
            assert_eq!(unused(indonesian), Vec::<String>::new(), "{file}");
        }
    }

    #[test]
    #[should_panic(expected = "no-such-text")]
    fn an_unknown_key_cannot_be_overlooked() {
        Words::of(Language::Id).say("no-such-text");
    }

    #[test]
    #[should_panic(expected = "nik-length")]
    fn a_missing_name_cannot_be_overlooked() {
        Words::of(Language::Id).say("nik-length");
    }

    #[test]
    fn nothing_invisible_is_put_around_what_is_put_in() {
        let said = Words::of(Language::Id).say_with("nik-length", &[("found", 15_u32.into())]);
        assert_eq!(said, "NIK harus 16 angka. Anda menulis 15.");
    }

    #[test]
    fn indonesian_is_plain_and_blames_nobody() {
        // Each with what to write instead: facts on words, section 6.
        let unwanted = [
            "kamu",
            "maaf",
            "beruntung",
            "h-1",
            "h-7",
            "salah anda",
            "anda salah",
            "gagal",
            "dilarang",
            "wajib",
            "invalid",
            "error",
            "silahkan",
        ];
        for (file, indonesian, _) in FILES {
            for line in indonesian.lines().filter(|line| !line.starts_with('#')) {
                let text = line.split_once('=').map_or(line, |(_, text)| text).to_lowercase();
                for word in unwanted {
                    assert!(!text.contains(word), "{file}: {word:?} in {line}");
                }
                assert!(!text.contains('!'), "{file}: shouts: {line}");
            }
        }
    }

    #[test]
    fn the_four_words_for_not_now_differ() {
        for language in [Language::Id, Language::En] {
            let keys =
                ["availability-not-open", "availability-full", "availability-closed", "availability-not-offered"];
            let said: BTreeSet<String> = keys.iter().map(|key| Words::of(language).say(key)).collect();
            assert_eq!(said.len(), 4);
        }
    }
}
