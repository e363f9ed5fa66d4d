//! Numbers, amounts and lengths of time, as people write them.

use antrean_app::caller::Language;
use antrean_domain::service::Rupiah;
use fluent_bundle::FluentValue;

use crate::{Arg, Words};

/// How numbers that are put into Indonesian texts are written.
pub(crate) fn format_indonesian<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    format(value, '.')
}

/// How numbers that are put into English texts are written.
pub(crate) fn format_english<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    format(value, ',')
}

fn format(value: &FluentValue<'_>, separator: char) -> Option<String> {
    match value {
        // Only whole numbers are put in; see `Arg::Number`.
        FluentValue::Number(number) => Some(grouped(number.value as i64, separator)),
        _ => None,
    }
}

fn grouped(number: i64, separator: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

impl Words {
    /// A whole number with its thousands apart: `12.345`, in English `12,345`.
    pub fn number(&self, number: impl Into<i64>) -> String {
        let separator = match self.language {
            Language::Id => '.',
            Language::En => ',',
        };
        grouped(number.into(), separator)
    }

    /// An amount of money: `Rp650.000`, in English `Rp650,000`.
    pub fn rupiah(&self, amount: Rupiah) -> String {
        self.say_with("rupiah", &[("amount", amount.0.into())])
    }

    /// A length of time in the largest unit that tells it well, rounded up: `45 detik`, `5 menit`, `3 jam`.
    pub fn duration(&self, seconds: u32) -> String {
        let (key, n) = match seconds {
            0..=90 => ("duration-seconds", seconds),
            91..=5_400 => ("duration-minutes", seconds.div_ceil(60)),
            _ => ("duration-hours", seconds.div_ceil(3_600)),
        };
        self.say_with(key, &[("n", n.into())])
    }

    /// `3 orang`.
    pub fn people(&self, n: u32) -> String {
        self.say_with("people", &[("n", n.into())])
    }

    /// `12 tempat`.
    pub fn places(&self, n: u32) -> String {
        self.say_with("places", &[("n", n.into())])
    }

    /// A distance in whole kilometres, at least 1: `12 km`.
    pub fn distance(&self, km: f64) -> String {
        self.say_with("distance", &[("km", Arg::Number(km.ceil().max(1.0) as i64))])
    }

    /// Several things in a sentence: `A`, `A dan B`, `A, B, dan C`; nothing for none.
    pub fn list<T: AsRef<str>>(&self, items: &[T]) -> String {
        match items {
            [] => String::new(),
            [only] => only.as_ref().to_owned(),
            [first, last] => self.joined("list-two", first.as_ref(), last.as_ref()),
            [first @ .., last] => {
                let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
                self.joined("list-many", &first.join(", "), last.as_ref())
            }
        }
    }

    fn joined(&self, key: &str, first: &str, last: &str) -> String {
        self.say_with(key, &[("first", first.into()), ("last", last.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Language = Language::Id;
    const EN: Language = Language::En;

    #[test]
    fn thousands_are_apart_as_the_language_has_it() {
        assert_eq!(Words::of(ID).number(12_345), "12.345");
        assert_eq!(Words::of(EN).number(1_234_567), "1,234,567");
        assert_eq!(Words::of(ID).number(999), "999");
        assert_eq!(Words::of(ID).number(-1_000), "-1.000");
        assert_eq!(Words::of(ID).number(0), "0");
    }

    #[test]
    fn money_is_written_without_a_space() {
        assert_eq!(Words::of(ID).rupiah(Rupiah(650_000)), "Rp650.000");
        assert_eq!(Words::of(EN).rupiah(Rupiah(650_000)), "Rp650,000");
    }

    #[test]
    fn a_length_of_time_is_never_told_too_short() {
        let of = |seconds| Words::of(ID).duration(seconds);
        assert_eq!(
            [of(30), of(90), of(91), of(3_600), of(5_401)],
            ["30 detik", "90 detik", "2 menit", "60 menit", "2 jam"]
        );
        assert_eq!(Words::of(EN).duration(1), "1 second");
        assert_eq!(Words::of(EN).duration(7_200), "2 hours");
    }

    #[test]
    fn a_list_ends_in_and() {
        let words = Words::of(ID);
        assert_eq!(words.list::<&str>(&[]), "");
        assert_eq!(words.list(&["KTP"]), "KTP");
        assert_eq!(words.list(&["KTP", "KK"]), "KTP dan KK");
        assert_eq!(words.list(&["KTP", "KK", "akta"]), "KTP, KK, dan akta");
        assert_eq!(Words::of(EN).list(&["a", "b", "c"]), "a, b, and c");
    }

    #[test]
    fn english_counts_one_and_many() {
        assert_eq!([Words::of(EN).people(1), Words::of(EN).people(2)], ["1 person", "2 people"]);
        assert_eq!(Words::of(ID).places(1_200), "1.200 tempat");
        assert_eq!(Words::of(ID).distance(0.2), "1 km");
    }
}
