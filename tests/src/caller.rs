//! Somebody who calls the API, signed in or not.

use std::net::IpAddr;
use std::time::Duration;

use domain::id::TenantId;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::directory::Account;

/// Longer than any answer takes.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Somebody who calls the API.
#[derive(Debug, Clone)]
pub struct Caller {
    http: Client,
    url: String,
    token: Option<String>,
    account: Option<Account>,
}

impl Caller {
    /// Somebody not signed in.
    pub fn nobody(url: impl Into<String>) -> Self {
        let http = Client::builder().timeout(TIMEOUT).no_proxy().build().unwrap();
        Self { http, url: url.into(), token: None, account: None }
    }

    /// The same caller with an access token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same caller at another address.
    #[must_use]
    pub fn at(&self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self.clone() }
    }

    /// The same caller, who comes from another address of this machine and calls themselves something.
    #[must_use]
    pub fn from(&self, address: IpAddr, user_agent: &str) -> Self {
        let http = Client::builder().timeout(TIMEOUT).no_proxy();
        let http = http.local_address(address).user_agent(user_agent).build().unwrap();
        Self { http, ..self.clone() }
    }

    /// The same caller, signed in.
    pub async fn sign_in(&self, account: &Account) -> Self {
        let answer = self.post("/auth/login", &account.login()).await.expect(200);
        let signed_in = self.with_token(answer.text("accessToken"));
        Self { account: Some(account.clone()), ..signed_in }
    }

    /// The account of somebody signed in.
    pub fn account(&self) -> &Account {
        self.account.as_ref().expect("nobody has no account")
    }

    /// The tenant of somebody signed in.
    pub fn tenant_id(&self) -> TenantId {
        self.account().tenant_id
    }

    /// The access token of somebody signed in.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("nobody has no token")
    }

    /// Where the API is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `GET path`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `POST path` without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// `DELETE path`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// `GET path` from a view that has come as far as this answer's event.
    pub async fn get_after(&self, answer: &Answer, path: &str) -> Answer {
        let position = answer.header("x-event-position").expect("the answer has no position");
        self.send(self.request(Method::GET, path).header("X-Read-After", position)).await
    }

    /// A request to be made otherwise.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Makes a request and reads its answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// Makes a request that may fail to reach anybody.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        Ok(Answer::read(request.send().await?).await)
    }
}

impl Account {
    /// The body of a sign-in.
    pub fn login(&self) -> Value {
        json!({ "email": self.email, "password": crate::directory::PASSWORD })
    }
}
