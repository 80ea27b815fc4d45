//! An API key as its holder has it: `hgk_<prefix>_<secret>`.
//!
//! The beginning is for programs that look for secrets where none belong; the prefix is public.

use domain::api_key::{KeyPrefix, PREFIX_CHARACTERS};
use secrecy::SecretString;

use crate::opaque_secret::{BYTES, OpaqueSecret};

/// What every key begins with.
pub const BEGINNING: &str = "hgk_";

/// A key as its holder has it. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct KeyText {
    /// How it is called.
    pub prefix: KeyPrefix,
    /// What nobody else knows.
    pub secret: OpaqueSecret,
}

impl KeyText {
    /// Of this name, with a secret made of random bytes.
    pub fn of(prefix: KeyPrefix, random: [u8; BYTES]) -> Self {
        Self { prefix, secret: OpaqueSecret::of(random) }
    }

    /// Reads one; none if the text cannot be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(BEGINNING)?.split_at_checked(PREFIX_CHARACTERS)?;
        let prefix = KeyPrefix::try_from(prefix.to_owned()).ok()?;
        Some(Self { prefix, secret: OpaqueSecret::parse(secret.strip_prefix('_')?)? })
    }

    /// The text, to be shown once.
    pub fn expose(&self) -> SecretString {
        format!("{BEGINNING}{}_{}", self.prefix.as_str(), self.secret.expose()).into()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_reads() {
        let prefix = KeyPrefix::try_from("a1B2c3D4".to_owned()).unwrap();
        // A secret may hold what separates the parts.
        let key = KeyText { prefix, secret: OpaqueSecret::of([0xff; 32]) };
        let text = key.expose();
        let text = text.expose_secret();
        let read = KeyText::parse(text).unwrap();
        assert_eq!(read.prefix, key.prefix);
        assert!(key.secret.hash().is_of(&read.secret));
        for wrong in [
            "",
            "hgk_",
            "hgk_a1B2c3D4",
            &text[4..],
            &text.replace("hgk", "HGK"),
            &text[..text.len() - 1],
            &format!("{text} "),
            "hgk_ééééé_0000000000000000000000000000000000000000000",
        ] {
            assert!(KeyText::parse(wrong).is_none(), "{wrong}");
        }
    }
}
