//! JSON as JavaScript writes it.
//!
//! JavaScript's strings may hold half a surrogate pair (a message cut in the middle of an emoji), and
//! `JSON.stringify` writes it as `\ud83d`. That is no Unicode text and Rust refuses it; a webhook must not be
//! lost for it, so halves become U+FFFD.

use serde_json::Value;

/// Reads `text`, mending broken surrogate pairs. Nesting is limited to `serde_json`'s 128 levels.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&with_whole_surrogates(text)))
}

/// `text` with every escape of half a surrogate pair replaced by `\ufffd`.
fn with_whole_surrogates(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let (kept, length) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (escape.get(..12), 12),
            (Some(0xD800..=0xDFFF), _) => (Some("\\ufffd"), 6),
            (Some(_), _) => (escape.get(..6), 6),
            // The backslash and the character after it, so that `\\u` is not taken for an escape.
            (None, _) => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                (escape.get(..length), length)
            }
        };
        mended.push_str(kept.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// The UTF-16 unit that `text` begins with, written as `\uXXXX`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let are_digits = digits.bytes().all(|b| b.is_ascii_hexdigit());
    are_digits.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn half_an_emoji_becomes_the_replacement_character() {
        for (text, read) in [
            (r#""a\ud83d""#, json!("a\u{fffd}")),
            (r#""\ude00b""#, json!("\u{fffd}b")),
            (r#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀")),
            (r#""\ud83d\n\\\ud83d""#, json!("\u{fffd}\n\\\u{fffd}")),
            (r#""\\ud83d\ud83d""#, json!("\\ud83d\u{fffd}")),
        ] {
            assert_eq!(parse(text).unwrap(), read, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_stays_refused() {
        for text in ["", "{", r#""\u12"#, r#""\"#, "\"\\é"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn sound_json_is_not_touched(text in any::<String>()) {
            let written = json!(text).to_string();
            prop_assert_eq!(with_whole_surrogates(&written), written);
        }

        #[test]
        fn any_row_of_units_is_read(units in proptest::collection::vec(any::<u16>(), 0..20)) {
            let escapes: Vec<_> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read = parse(&format!("\"{}\"", escapes.concat())).unwrap();
            prop_assert_eq!(read, json!(String::from_utf16_lossy(&units)));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
