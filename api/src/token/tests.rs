use jsonwebtoken::dangerous::insecure_decode;
use serde_json::{Value, json};

use super::*;

const ACCESS_KEY: &str = "c0ffee5e1f9b8d7a6c5b4a3f2e1d0c9b";
const REFRESH_KEY: &str = "b9c0d1e2f3a4b5c6a7d8b9f1e5eeff0c";
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();

fn key(secret: &str) -> SigningKey {
    SigningKey { secret: secret.into(), lifetime: Duration::from_mins(1) }
}

fn tokens() -> Tokens {
    Tokens::new(&TokenSettings { access: key(ACCESS_KEY), refresh: key(REFRESH_KEY) })
}

fn access() -> Access {
    Access {
        tenant_id: TenantId(Uuid::from_u128(1)),
        user_id: UserId(Uuid::from_u128(2)),
        role: Role::Operator,
        login_session_id: LoginSessionId(Uuid::from_u128(3)),
    }
}

fn refresh() -> Refresh {
    let Access { tenant_id, user_id, login_session_id, .. } = access();
    Refresh { tenant_id, user_id, login_session_id, generation: 0 }
}

fn signed() -> String {
    tokens().sign_access(&access(), Uuid::from_u128(4), NOW).unwrap()
}

/// The claims of a good token, changed and signed as somebody likes.
fn forged(header: &Header, key: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = insecure_decode::<Value>(&signed()).unwrap().claims;
    change(&mut claims);
    jsonwebtoken::encode(header, &claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

fn verified(token: &str) -> Result<Access, InvalidToken> {
    tokens().verify_access(token, NOW)
}

#[test]
fn a_token_says_what_was_signed() {
    assert_eq!(verified(&signed()), Ok(access()));
    let token = tokens().sign_refresh(&refresh(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(tokens().verify_refresh(&token, NOW), Ok(refresh()));
}

#[test]
fn a_token_is_good_until_its_time_is_over_and_not_before_it_was_made() {
    let at = |seconds| tokens().verify_access(&signed(), NOW + TimeDelta::seconds(seconds));
    assert_eq!(at(59), Ok(access()));
    assert_eq!(at(60), Err(InvalidToken::Expired));
    assert_eq!(at(-59), Ok(access()), "another process's clock may be a little behind");
    assert_eq!(at(-3_600), Err(InvalidToken::Forged));
}

#[test]
fn neither_kind_of_token_passes_for_the_other() {
    let token = tokens().sign_refresh(&refresh(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(verified(&token), Err(InvalidToken::Forged));
    assert_eq!(tokens().verify_refresh(&signed(), NOW), Err(InvalidToken::Forged));
    let same_key =
        Tokens::new(&TokenSettings { access: key(ACCESS_KEY), refresh: key(ACCESS_KEY) });
    let token = same_key.sign_refresh(&refresh(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(verified(&token), Err(InvalidToken::Forged));
}

#[test]
fn a_token_of_somebody_elses_making_is_refused() {
    let hs256 = Header::new(Algorithm::HS256);
    assert_eq!(verified(&forged(&hs256, ACCESS_KEY, |_| {})), Ok(access()));
    assert_eq!(verified(&forged(&hs256, REFRESH_KEY, |_| {})), Err(InvalidToken::Forged));
    let hs512 = Header::new(Algorithm::HS512);
    assert_eq!(verified(&forged(&hs512, ACCESS_KEY, |_| {})), Err(InvalidToken::Forged));
}

#[test]
fn a_token_without_a_signature_is_refused() {
    // {"alg":"none","typ":"JWT"} and {"alg":"None"}, before the claims of a good token.
    for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIn0"] {
        let token = signed();
        let claims = token.split('.').nth(1).unwrap();
        for signature in ["", token.rsplit('.').next().unwrap()] {
            let unsigned = format!("{header}.{claims}.{signature}");
            assert_eq!(verified(&unsigned), Err(InvalidToken::Forged));
        }
    }
}

#[test]
fn a_token_lacking_a_claim_or_for_another_use_is_refused() {
    let hs256 = Header::new(Algorithm::HS256);
    for claim in ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "typ", "tenant", "role", "sid"] {
        let lacking = forged(&hs256, ACCESS_KEY, |claims| {
            claims.as_object_mut().unwrap().remove(claim);
        });
        assert_eq!(verified(&lacking), Err(InvalidToken::Forged), "{claim}");
    }
    for (claim, value) in [
        ("iss", json!("mallory")),
        ("aud", json!(["another-service"])),
        ("typ", json!("refresh")),
        ("role", json!("root")),
        ("exp", json!("tomorrow")),
    ] {
        let changed = forged(&hs256, ACCESS_KEY, |claims| claims[claim] = value);
        assert_eq!(verified(&changed), Err(InvalidToken::Forged), "{claim}");
    }
}

#[test]
fn nonsense_is_refused() {
    for text in ["", ".", "..", "a.b.c", "é.é.é", &"a".repeat(100_000), &signed()[1..]] {
        assert_eq!(verified(text), Err(InvalidToken::Forged));
    }
}
