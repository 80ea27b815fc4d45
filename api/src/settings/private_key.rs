//! Private keys that sign tokens: Ed25519, in PKCS #8 as `openssl genpkey -algorithm ed25519` writes it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// What a PKCS #8 structure of an Ed25519 key begins with (RFC 8410, section 7); the key's 32 bytes follow.
const ED25519: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const DER_BYTES: usize = 48;

/// A private key. Its `Debug` shows nothing of it.
#[derive(Debug, Clone)]
pub struct PrivateKey(SecretString);

impl PrivateKey {
    /// The PKCS #8 structure, in base64.
    pub const fn base64(&self) -> &SecretString {
        &self.0
    }
}

/// The keys in a text, or in the file it names (containers are given secrets as files); none if anything there is none.
pub(super) fn parse(text: &str) -> Option<Vec<PrivateKey>> {
    if text.contains(BEGIN) { blocks(text) } else { blocks(&std::fs::read_to_string(text).ok()?) }
}

fn blocks(text: &str) -> Option<Vec<PrivateKey>> {
    // Where a line break cannot be written, people write \\n.
    let text = text.replace("\\n", "\n");
    let mut blocks = text.split(BEGIN);
    let before = blocks.next()?;
    let keys: Vec<_> = blocks.map(block).collect::<Option<_>>()?;
    (before.trim().is_empty() && !keys.is_empty()).then_some(keys)
}

fn block(text: &str) -> Option<PrivateKey> {
    let (body, after) = text.split_once(END)?;
    let base64: String = body.chars().filter(|letter| !letter.is_whitespace()).collect();
    let der = BASE64_STANDARD.decode(&base64).ok()?;
    let is_ed25519 = der.len() == DER_BYTES && der.starts_with(&ED25519);
    (is_ed25519 && after.trim().is_empty()).then(|| PrivateKey(base64.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of RFC 8410, section 10.3.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn keys_are_read_as_openssl_writes_them() {
        assert_eq!(parse(PEM).unwrap().len(), 1);
        assert_eq!(parse(&PEM.repeat(2)).unwrap().len(), 2);
        assert_eq!(parse(&PEM.replace('\n', "\\n")).unwrap().len(), 1);
        assert!(!format!("{:?}", parse(PEM)).contains("MC4C"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "/nowhere/at/all.pem",
            &PEM.replace("PRIVATE", "PUBLIC"),
            &PEM.replace("MC4C", "MC4D"),
            &PEM[..60],
            &format!("key: {PEM}"),
            &format!("{PEM}more"),
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
