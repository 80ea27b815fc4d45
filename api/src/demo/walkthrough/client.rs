//! A client of the API, as anybody might write one.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        Ok(Self { http, url: url.to_owned(), token: String::new() })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn sign_in(&mut self, email: &str, password: &str) -> Result<(), Failure> {
        let request = json!({ "email": email, "password": password });
        let tokens = self.post("/auth/login", &request).await?;
        tokens["accessToken"].as_str().ok_or("no token was given")?.clone_into(&mut self.token);
        Ok(())
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.data(self.http.post(format!("{}{path}", self.url)).json(body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.data(self.http.get(format!("{}{path}", self.url))).await
    }

    /// What somebody else answers, who knows no token of ours.
    pub(super) async fn fetch(&self, url: &str) -> Result<Value, Failure> {
        Ok(self.http.get(url).send().await?.error_for_status()?.json().await?)
    }

    /// The `data` of a successful answer.
    async fn data(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = request.bearer_auth(&self.token).send().await?;
        let (path, status) = (answer.url().path().to_owned(), answer.status());
        let mut body: Value = answer.json().await?;
        if status.is_success() {
            return Ok(body["data"].take());
        }
        Err(format!("{path} answered {status}: {body}").into())
    }
}
