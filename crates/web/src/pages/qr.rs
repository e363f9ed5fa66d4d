//! The ticket's QR code as a small inline drawing: one path, white behind it in the dark too, sharp at any size and on paper.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder};

/// Empty modules around the code; scanners need four.
const QUIET: usize = 4;

/// The drawing of a text as `<svg>`, or `None` where the text is longer than any code holds. `title` is read out in its place.
pub(crate) fn svg(text: &str, title: &str) -> Option<String> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for row in 0..code.size {
        let mut at = 0;
        while at < code.size {
            let run = (at..code.size).take_while(|column| code[row][*column].value()).count();
            if run > 0 {
                // Each run of dark modules is a line one module thick, so that a row costs few bytes.
                let _ = write!(path, "M{} {}.5h{run}", at + QUIET, row + QUIET);
            }
            at += run.max(1);
        }
    }
    Some(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{title}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path stroke=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_becomes_a_small_drawing_on_white() {
        let token = "0".repeat(118);
        let svg = svg(&token, "QR").unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("fill=\"#fff\""));
        assert!(svg.len() < 12_000, "{} bytes", svg.len());
        assert!(!svg.contains("style="), "the content security policy forbids inline styles");
    }

    #[test]
    fn a_text_that_no_code_holds_has_no_drawing() {
        assert_eq!(svg(&"x".repeat(5000), "QR"), None);
    }
}
