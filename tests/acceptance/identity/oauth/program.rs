//! A program that OAuth2 knows, as its author would write it: a form, HTTP Basic, PKCE.

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What nobody but the program knows of one request for consent (RFC 7636).
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Nobody listens there; the browser would.
pub(super) const BACK: &str = "http://127.0.0.1:9/back";

/// A registered client.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) id: String,
    pub(super) secret: Option<String>,
    pub(super) caller: Caller,
}

pub(super) fn challenge() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// A form, as a body or a query.
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("http://x/", pairs).unwrap().query().unwrap_or("").to_owned()
}

pub(super) async fn post(caller: &Caller, path: &str, pairs: &[(&str, &str)]) -> Answer {
    caller.send(request(caller, path, pairs)).await
}

fn request(caller: &Caller, path: &str, pairs: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let form_type = "application/x-www-form-urlencoded";
    caller.request(Method::POST, path).header("Content-Type", form_type).body(form(pairs))
}

impl Program {
    pub(super) async fn register(by: &Caller, nobody: &Caller, body: &Value) -> Self {
        let made = by.post("/oauth/clients", body).await.expect(201);
        let secret = made.data()["clientSecret"].as_str().map(str::to_owned);
        Self { id: made.text("id"), secret, caller: nobody.clone() }
    }

    /// One that acts on its own.
    pub(super) async fn on_its_own(by: &Caller, nobody: &Caller, scopes: &[&str]) -> Self {
        let body =
            json!({ "name": "Robot", "grantTypes": ["client_credentials"], "scopes": scopes });
        Self::register(by, nobody, &body).await
    }

    /// One on users' devices.
    pub(super) async fn on_devices(by: &Caller, nobody: &Caller, scopes: &[&str]) -> Self {
        let body = json!({
            "name": "Pocket <b>shop</b>", "kind": "public", "grantTypes": ["authorization_code"],
            "redirectUris": ["http://127.0.0.1/back"], "scopes": scopes,
        });
        Self::register(by, nobody, &body).await
    }

    /// At another process.
    pub(super) fn at(&self, url: String) -> Self {
        Self { caller: self.caller.at(url), ..self.clone() }
    }

    /// Asks for tokens, by HTTP Basic if it has a secret.
    pub(super) async fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        self.ask("/oauth/token", pairs).await
    }

    /// Gives a token back.
    pub(super) async fn give_back(&self, token: &str) -> Answer {
        self.ask("/oauth/revoke", &[("token", token)]).await
    }

    /// Asks what a token is.
    pub(super) async fn introspect(&self, token: &str) -> Answer {
        self.ask("/oauth/introspect", &[("token", token)]).await
    }

    async fn ask(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let Some(secret) = &self.secret else {
            let pairs = [pairs, &[("client_id", self.id.as_str())]].concat();
            return post(&self.caller, path, &pairs).await;
        };
        let request = request(&self.caller, path, pairs);
        self.caller.send(request.basic_auth(&self.id, Some(secret))).await
    }

    pub(super) async fn spend(&self, code: &str) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(&pairs).await
    }

    pub(super) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}

/// Holds an answer to RFC 6749, section 5.2.
pub(super) fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)), "{answer:?}");
    assert!(answer.body["error_description"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
