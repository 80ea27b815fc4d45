//! What makes a secret no secret.

/// What examples and tutorials put where a secret belongs.
const PLACEHOLDERS: [&str; 6] =
    ["changeme", "change-me", "change_me", "your-", "your_", "placeholder"];

/// Why the text must not be used as a secret, if it must not; completes the setting's name.
pub(super) fn weakness(text: &str, bytes_min: usize) -> Option<String> {
    let lower = text.to_lowercase();
    if PLACEHOLDERS.iter().any(|placeholder| lower.contains(placeholder)) {
        Some("is an example value, which everybody knows".to_owned())
    } else if text.len() < bytes_min {
        Some(format!("has {} bytes and needs at least {bytes_min}", text.len()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_examples_say_is_no_secret() {
        for text in
            ["your-jwt-secret", "your-refresh-secret", "CHANGEME-CHANGEME-CHANGEME-CHANGEME"]
        {
            assert!(weakness(text, 4).is_some_and(|why| why.contains("example")), "{text}");
        }
    }

    #[test]
    fn a_short_text_is_no_secret() {
        assert!(weakness("0123456789", 32).is_some());
        assert_eq!(weakness("c0ffee5e1f9b8d7a6c5b4a3f2e1d0c9b", 32), None);
    }
}
