//! `antrean demo --once`, small and short: it comes to its end, and its summary adds up.

use crate::running::json;

#[test]
fn a_draw_is_shown_from_the_first_entry_to_the_proof() {
    let told = json(&[
        "demo",
        "--once",
        "--day",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--people",
        "200",
        "--seconds",
        "12",
        "--seed",
        "7",
    ]);
    let number = |name: &str| told[name].as_u64().unwrap_or_else(|| panic!("{name} of {told}"));
    let crowd = |name: &str| told["crowd"][name].as_u64().unwrap_or_else(|| panic!("crowd's {name} of {told}"));
    assert_eq!(told["verified"], true);
    assert_eq!(told["crowd"]["failed"], serde_json::json!({}));
    assert_eq!(number("entries"), crowd("citizens"), "everybody has entered");
    assert_eq!((number("people"), crowd("people")), (200, 200));
    assert_eq!(number("entries"), crowd("placed") + crowd("standby"), "everybody has a place or waits");
    assert_eq!(number("standby"), crowd("standby"));
    assert_eq!(number("given"), crowd("placed_people"));
    assert_eq!(number("places"), number("given") + number("left"));
    assert!(number("standby") > 0 && number("given") > 0, "{told}");
    let by_choice = told["crowd"]["by_choice"].as_array().expect("a list");
    assert_eq!(by_choice.iter().filter_map(serde_json::Value::as_u64).sum::<u64>(), crowd("placed"));
    // Then people come to the office with the tickets that the draw gave them, and are served.
    let day = |name: &str| told["day"][name].as_u64().unwrap_or_else(|| panic!("day's {name} of {told}"));
    assert!(day("served") >= 3 && day("arrived") >= day("served"), "{told}");
}

#[test]
fn a_rush_is_shown_with_nothing_sold_twice() {
    let told = json(&[
        "demo",
        "--once",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--people",
        "200",
        "--seconds",
        "8",
        "--mode",
        "first_come",
    ]);
    let number = |name: &str| told[name].as_u64().unwrap_or_else(|| panic!("{name} of {told}"));
    assert_eq!(told["crowd"]["failed"], serde_json::json!({}));
    assert_eq!(number("asked"), number("given") + number("full"));
    assert_eq!(told["crowd"]["placed_people"].as_u64(), Some(number("places_given")));
    assert_eq!(number("places"), number("places_given") + number("left"));
    assert!(number("full") > 0, "{told}");
}
