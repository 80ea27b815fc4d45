//! Against the recorded webhooks, WAHA's own test vector, and forgeries.

use http::{HeaderName, HeaderValue};

use super::*;
use crate::inbound::recorded;

const BODY: &[u8] = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;
const KEY: &str = "my-secret-key";
/// From WAHA's documentation of webhooks.
const SHA512: &str = "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8\
                      097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89";
const SHA256: &str = "sha256=46270e6ad829217a54d67026afb4ef20e76d3a4ea36d64b140834b5fb3e8b83a";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

fn verified(pairs: &[(&'static str, &str)], keys: &[&str]) -> Result<(), InvalidSignature> {
    let secrets: Vec<_> = keys.iter().copied().map(SecretString::from).collect();
    verify(&headers(pairs), BODY, &secrets)
}

#[test]
fn every_recorded_webhook_holds_under_its_own_key_and_no_other() {
    for webhook in recorded::webhooks() {
        let signed: HeaderMap = webhook
            .headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let (own, other) = match webhook.path.as_str() {
            "/session" => ("session-secret", "global-secret"),
            _ => ("global-secret", "session-secret"),
        };
        let body = webhook.body.as_bytes();
        assert_eq!(verify(&signed, body, &[other.into(), own.into()]), Ok(()));
        assert_eq!(verify(&signed, body, &[other.into()]), Err(InvalidSignature::Mismatch));
        let changed = webhook.body.replacen('{', "{ ", 1);
        let forged = verify(&signed, changed.as_bytes(), &[own.into()]);
        assert_eq!(forged, Err(InvalidSignature::Mismatch));
    }
}

#[test]
fn either_scheme_is_enough_with_or_without_the_name_of_the_algorithm() {
    assert_eq!(verified(&[(HMAC_HEADER, SHA512)], &[KEY]), Ok(()));
    assert_eq!(verified(&[(HMAC_HEADER, SHA512), (ALGORITHM_HEADER, "sha512")], &[KEY]), Ok(()));
    assert_eq!(verified(&[(SHA256_HEADER, SHA256)], &[KEY]), Ok(()));
}

#[test]
fn both_schemes_must_hold_if_both_are_used_and_under_one_secret() {
    let wrong = format!("sha256={}", "0".repeat(64));
    let both = [(HMAC_HEADER, SHA512), (SHA256_HEADER, SHA256)];
    assert_eq!(verified(&both, &[KEY]), Ok(()));
    let half = [(HMAC_HEADER, SHA512), (SHA256_HEADER, wrong.as_str())];
    assert_eq!(verified(&half, &[KEY]), Err(InvalidSignature::Mismatch));
    let with_sha512_only = [(HMAC_HEADER, "00"), (SHA256_HEADER, SHA256)];
    assert_eq!(verified(&with_sha512_only, &[KEY]), Err(InvalidSignature::Mismatch));
}

#[test]
fn what_is_not_understood_is_not_verified() {
    use InvalidSignature::{Malformed, Missing, Repeated, UnknownAlgorithm, UnknownVersion};

    let truncated = &SHA512[..64];
    for (pairs, refusal) in [
        (vec![], Missing),
        (vec![(ALGORITHM_HEADER, "sha512")], Missing),
        (vec![(HMAC_HEADER, SHA512), (ALGORITHM_HEADER, "sha1")], UnknownAlgorithm),
        (vec![(HMAC_HEADER, SHA512), (VERSION_HEADER, "2")], UnknownVersion),
        (vec![(HMAC_HEADER, SHA512), (HMAC_HEADER, SHA512)], Repeated(HMAC_HEADER)),
        (vec![(SHA256_HEADER, SHA256), (SHA256_HEADER, SHA256)], Repeated(SHA256_HEADER)),
        (vec![(HMAC_HEADER, "")], Malformed(HMAC_HEADER)),
        (vec![(HMAC_HEADER, "not hex")], Malformed(HMAC_HEADER)),
        (vec![(SHA256_HEADER, &SHA256["sha256=".len()..])], Malformed(SHA256_HEADER)),
        (vec![(HMAC_HEADER, truncated)], InvalidSignature::Mismatch),
    ] {
        assert_eq!(verified(&pairs, &[KEY]), Err(refusal), "{pairs:?}");
    }
}

#[test]
fn without_a_secret_nothing_is_verified() {
    assert_eq!(verified(&[(HMAC_HEADER, SHA512)], &[]), Err(InvalidSignature::Mismatch));
    // HMAC-SHA256 of the body with the empty key, which anybody can make.
    let mac = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(BODY).finalize();
    let forged = format!("sha256={}", hex::encode(mac.into_bytes()));
    assert_eq!(verified(&[(SHA256_HEADER, &forged)], &[""]), Err(InvalidSignature::Mismatch));
}
