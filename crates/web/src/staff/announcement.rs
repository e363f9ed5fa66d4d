//! What the display says aloud: a call as names of the clips in `assets/voice.wav`, in Indonesian. `scripts/voice` makes the clips.

use antrean_domain::visit::{CallNumber, Class};

const DIGITS: [&str; 10] = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"];

/// A call as it is said: phrases with a breath between them, each of words without. A counter that has no words is left out.
pub(super) fn announcement(number: CallNumber, counter: u32) -> Vec<Vec<&'static str>> {
    let mut phrases = vec![vec!["nomor-antrean", letter(number.class)], words(number.number().into())];
    let counter = words(counter);
    if !counter.is_empty() {
        phrases.push([vec!["silakan-ke-loket"], counter].concat());
    }
    phrases
}

fn letter(class: Class) -> &'static str {
    match class {
        Class::Scheduled => "a",
        Class::Priority => "p",
        Class::WalkIn => "w",
    }
}

/// A number below a thousand as it is said; none for others.
fn words(number: u32) -> Vec<&'static str> {
    match number {
        0..=9 => vec![DIGITS[number as usize]],
        10 => vec!["sepuluh"],
        11 => vec!["sebelas"],
        12..=19 => [words(number - 10), vec!["belas"]].concat(),
        20..=99 => [words(number / 10), vec!["puluh"], rest(number % 10)].concat(),
        100..=199 => [vec!["seratus"], rest(number - 100)].concat(),
        200..=999 => [words(number / 100), vec!["ratus"], rest(number % 100)].concat(),
        _ => Vec::new(),
    }
}

fn rest(number: u32) -> Vec<&'static str> {
    if number == 0 { Vec::new() } else { words(number) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Bytes before the first clip, and samples of one byte a second, as `scripts/voice` writes them.
    const HEAD: usize = 58;
    const RATE: usize = 11_025;
    /// A display fetches it once; this is what it may be.
    const BYTES_MAX: usize = 150_000;

    fn said(number: &str, counter: u32) -> String {
        let phrases = announcement(CallNumber::parse(number).unwrap(), counter);
        phrases.iter().map(|phrase| phrase.join(" ")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, expected) in [
            (0, "nol"),
            (5, "lima"),
            (10, "sepuluh"),
            (11, "sebelas"),
            (12, "dua belas"),
            (17, "tujuh belas"),
            (20, "dua puluh"),
            (21, "dua puluh satu"),
            (99, "sembilan puluh sembilan"),
            (100, "seratus"),
            (101, "seratus satu"),
            (110, "seratus sepuluh"),
            (111, "seratus sebelas"),
            (199, "seratus sembilan puluh sembilan"),
            (200, "dua ratus"),
            (517, "lima ratus tujuh belas"),
            (999, "sembilan ratus sembilan puluh sembilan"),
            (1_000, ""),
        ] {
            assert_eq!(words(number).join(" "), expected, "{number}");
        }
    }

    #[test]
    fn a_call_is_said_with_its_letter_its_number_and_its_counter() {
        let expected = "nomor-antrean a, seratus dua puluh tiga, silakan-ke-loket empat";
        assert_eq!(said("A-123", 4), expected);
        assert_eq!(said("P-007", 11), "nomor-antrean p, tujuh, silakan-ke-loket sebelas");
        assert_eq!(said("W-010", 20), "nomor-antrean w, sepuluh, silakan-ke-loket dua puluh");
        assert_eq!(said("W-010", 1_000), "nomor-antrean w, sepuluh", "a counter without words is only shown");
    }

    #[test]
    fn there_is_a_clip_that_can_be_heard_for_every_word_and_for_no_other() {
        let voice = include_bytes!("../../assets/voice.wav");
        let clips: BTreeMap<String, (usize, usize)> =
            serde_json::from_str(include_str!("../../assets/voice.json")).unwrap();
        let mut needed: BTreeSet<&str> = (0..=999).flat_map(words).collect();
        for class in Class::ALL {
            needed.extend(announcement(CallNumber::new(class, 1).unwrap(), 1).concat());
        }
        assert_eq!(clips.keys().map(String::as_str).collect::<BTreeSet<_>>(), needed);
        assert!(voice.len() <= BYTES_MAX, "{} bytes", voice.len());
        assert_eq!((&voice[..4], &voice[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!((voice[20], u32::from_le_bytes(voice[24..28].try_into().unwrap())), (7, RATE as u32), "mu-law");
        assert_eq!(&voice[HEAD - 8..HEAD - 4], b"data");
        let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
        for (word, (start_ms, length_ms)) in clips {
            let (from, to) = (HEAD + start_ms * RATE / 1_000, HEAD + (start_ms + length_ms) * RATE / 1_000);
            let clip = voice.get(from..to).unwrap_or_else(|| panic!("{word} ends behind the file"));
            // The upper three bits of the level, turned round: a loud sample has them low.
            let loud = clip.iter().filter(|sample| (!**sample >> 4 & 7) >= 5).count();
            assert!(loud * 10 > clip.len(), "{word} cannot be heard: {loud} loud samples of {}", clip.len());
            ends.insert(from, to);
        }
        let apart = ends.iter().zip(ends.keys().skip(1)).all(|((_, end), next)| end <= next);
        assert!(apart, "no clip runs into the next: {ends:?}");
    }
}
