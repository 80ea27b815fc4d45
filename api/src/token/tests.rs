use std::collections::HashMap;

use domain::access::{Permission, Role};
use domain::id::{ClientId, LoginSessionId, TenantId, UserId};
use jsonwebtoken::dangerous::insecure_decode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;

const ACCESS_KEY: &str = "c0ffee5e1f9b8d7a6c5b4a3f2e1d0c9b";
const REFRESH_KEY: &str = "b9c0d1e2f3a4b5c6a7d8b9f1e5eeff0c";
const OTHER: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();

/// Of RFC 8410, section 10.3, and another.
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
const OTHER_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n-----END PRIVATE KEY-----";

/// The settings of the section, with these changes.
fn set(changes: &[(&'static str, &str)]) -> Tokens {
    let sound = [
        ("JWT_SECRET", ACCESS_KEY),
        ("JWT_REFRESH_SECRET", REFRESH_KEY),
        ("JWT_EXPIRES_IN", "60"),
        ("JWT_REFRESH_EXPIRES_IN", "60"),
    ];
    let values: HashMap<&str, &str> = sound.into_iter().chain(changes.iter().copied()).collect();
    let lookup = |name: &str| values.get(name).map(|value| (*value).to_owned());
    Tokens::new(&TokenSettings::read(lookup).unwrap()).unwrap()
}

fn tokens() -> Tokens {
    set(&[])
}

fn access() -> Access {
    Access::User(UserAccess {
        tenant_id: TenantId(Uuid::from_u128(1)),
        user_id: UserId(Uuid::from_u128(2)),
        role: Role::Operator,
        login_session_id: LoginSessionId(Uuid::from_u128(3)),
        delegation: None,
    })
}

fn refresh() -> Refresh {
    Refresh {
        tenant_id: TenantId(Uuid::from_u128(1)),
        user_id: UserId(Uuid::from_u128(2)),
        login_session_id: LoginSessionId(Uuid::from_u128(3)),
        generation: 0,
        delegation: None,
    }
}

fn delegation() -> Delegation {
    let client_id = ClientId(Uuid::from_u128(9));
    Delegation { client_id, scopes: [Permission::ReadMessages].into_iter().collect() }
}

fn header_of(token: &str) -> Header {
    jsonwebtoken::decode_header(token).unwrap()
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
    // Keys of before may be the same.
    let same_key = set(&[("JWT_PREVIOUS_SECRETS", REFRESH_KEY)]);
    let token = same_key.sign_refresh(&refresh(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(same_key.verify_access(&token, NOW), Err(InvalidToken::Forged));
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

#[test]
fn a_key_of_before_verifies_what_it_signed_and_signs_no_more() {
    let old = signed();
    let new = set(&[("JWT_SECRET", OTHER), ("JWT_PREVIOUS_SECRETS", ACCESS_KEY)]);
    assert_eq!(new.verify_access(&old, NOW), Ok(access()));
    let token = new.sign_access(&access(), Uuid::from_u128(4), NOW).unwrap();
    assert_ne!(header_of(&token).kid, header_of(&old).kid);
    assert_eq!(verified(&token), Err(InvalidToken::Forged), "nobody has told the others yet");
    let later = set(&[("JWT_SECRET", OTHER)]);
    assert_eq!(later.verify_access(&old, NOW), Err(InvalidToken::Forged));
}

#[test]
fn a_token_of_before_there_were_key_ids_is_good_still() {
    let plain = Header::new(Algorithm::HS256);
    assert_eq!((plain.kid.as_deref(), plain.typ.as_deref()), (None, Some("JWT")));
    let old = forged(&plain, ACCESS_KEY, |_| {});
    for tokens in [
        tokens(),
        set(&[("JWT_SECRET", OTHER), ("JWT_PREVIOUS_SECRETS", ACCESS_KEY)]),
        set(&[("JWT_PRIVATE_KEY", PRIVATE_KEY)]),
    ] {
        assert_eq!(tokens.verify_access(&old, NOW), Ok(access()));
    }
}

#[test]
fn a_private_key_signs_and_anybody_can_verify_with_the_public_one() {
    let tokens =
        set(&[("JWT_PRIVATE_KEY", PRIVATE_KEY), ("JWT_PREVIOUS_PRIVATE_KEYS", OTHER_PRIVATE_KEY)]);
    let token = tokens.sign_access(&access(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(tokens.verify_access(&token, NOW), Ok(access()));
    let shown = serde_json::to_value(tokens.public_keys()).unwrap();
    let keys = shown["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    // The public key of RFC 8410's example.
    assert_eq!(keys[0]["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    let kind = ["kty", "crv", "use", "alg"].map(|name| keys[0][name].as_str().unwrap());
    assert_eq!(kind, ["OKP", "Ed25519", "sig", "EdDSA"]);
    assert!(keys[0].get("d").is_none(), "the private part is shown to nobody");
    let header = header_of(&token);
    assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::EdDSA, keys[0]["kid"].as_str()));
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));

    let other = set(&[("JWT_PRIVATE_KEY", OTHER_PRIVATE_KEY)]);
    let before = other.sign_access(&access(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(tokens.verify_access(&before, NOW), Ok(access()));
    assert_eq!(other.verify_access(&token, NOW), Err(InvalidToken::Forged));
    assert!(self::tokens().public_keys().keys.is_empty(), "a secret is shown to nobody");
    let refresh_token = tokens.sign_refresh(&refresh(), Uuid::from_u128(4), NOW).unwrap();
    assert_eq!(header_of(&refresh_token).alg, Algorithm::HS256);
}

#[test]
fn a_key_verifies_with_its_own_algorithm_whatever_the_header_says() {
    let tokens = set(&[("JWT_PRIVATE_KEY", PRIVATE_KEY)]);
    let sound = tokens.sign_access(&access(), Uuid::from_u128(4), NOW).unwrap();
    let eddsa = header_of(&sound).kid;
    let hs256 = header_of(&signed()).kid;
    let public = serde_json::to_value(tokens.public_keys()).unwrap();
    let public = public["keys"][0]["x"].as_str().unwrap();
    let with = |kid: Option<&str>, typ: Option<&str>| {
        let (kid, typ) = (kid.map(str::to_owned), typ.map(str::to_owned));
        Header { kid, typ, ..Header::new(Algorithm::HS256) }
    };
    let at = Some("at+jwt");
    let good = forged(&with(hs256.as_deref(), at), ACCESS_KEY, |_| {});
    assert_eq!(tokens.verify_access(&good, NOW), Ok(access()));
    let dpop = with(hs256.as_deref(), Some("dpop+jwt"));
    for (what, token) in [
        ("a key of nobody", forged(&with(Some("nobody"), at), ACCESS_KEY, |_| {})),
        ("another algorithm's key", forged(&with(eddsa.as_deref(), at), ACCESS_KEY, |_| {})),
        // The oldest trick: the public key taken for a secret.
        ("the public key as a secret", forged(&with(eddsa.as_deref(), at), public, |_| {})),
        ("the same without an id", forged(&with(None, at), public, |_| {})),
        ("another kind of token", forged(&dpop, ACCESS_KEY, |_| {})),
    ] {
        assert_eq!(tokens.verify_access(&token, NOW), Err(InvalidToken::Forged), "{what}");
    }
}

#[test]
fn a_token_cut_short_or_too_long_is_refused() {
    let sound = signed();
    for length in 0..sound.len() {
        assert_eq!(verified(&sound[..length]), Err(InvalidToken::Forged), "{length}");
    }
    let huge = forged(&Header::new(Algorithm::HS256), ACCESS_KEY, |claims| {
        claims["padding"] = json!("x".repeat(TOKEN_BYTES_MAX));
    });
    assert_eq!(verified(&huge), Err(InvalidToken::Forged));
}

#[test]
fn a_programs_token_says_which_program_and_what_it_may_do() {
    let tokens = tokens();
    let Access::User(user) = access() else { unreachable!() };
    let own = Access::Client { tenant_id: user.tenant_id, delegation: delegation() };
    let for_user = Access::User(UserAccess { delegation: Some(delegation()), ..user });
    for access in [own, for_user] {
        let token = tokens.sign_access(&access, Uuid::from_u128(4), NOW).unwrap();
        assert_eq!(tokens.verify_access(&token, NOW), Ok(access));
        let claims = insecure_decode::<Value>(&token).unwrap().claims;
        assert_eq!(claims["scope"], "messages:read");
        assert_eq!(claims["iss"], "http://localhost:3000");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 15 * 60);
    }
}

/// A scope that a newer version knows must not turn into everything its user may do.
#[test]
fn what_a_program_may_do_is_never_left_out() {
    let plain = Header::new(Algorithm::HS256);
    let changes: [fn(&mut Value); 6] = [
        |claims| claims["scope"] = json!("messages:read newer:scope"),
        |claims| claims["scope"] = json!(7),
        |claims| claims["scope"] = Value::Null,
        |claims| claims["client_id"] = Value::Null,
        |claims| claims["role"] = Value::Null,
        |claims| claims["sid"] = Value::Null,
    ];
    for change in changes {
        let token = forged(&plain, ACCESS_KEY, |claims| {
            claims["client_id"] = json!(Uuid::from_u128(9));
            claims["scope"] = json!("messages:read");
            change(claims);
        });
        assert_eq!(verified(&token), Err(InvalidToken::Forged));
    }
}
