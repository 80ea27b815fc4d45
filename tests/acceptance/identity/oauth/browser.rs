//! The browser of a user whom a program sends here: it shows the page, brings the form back, and stops before it leaves.

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::directory::{Account, PASSWORD};
use reqwest::{Method, Url};

use super::program::{BACK, Program, challenge, form};

/// A request as a program sends the browser here with it.
pub(super) fn request(program: &Program) -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", program.id.clone()),
        ("redirect_uri", BACK.to_owned()),
        ("state", "a state & more".to_owned()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

pub(super) fn changed(
    pairs: &[(&'static str, String)],
    name: &'static str,
    value: &str,
) -> Vec<(&'static str, String)> {
    let rest = pairs.iter().filter(|(other, _)| *other != name).cloned();
    let changed = (!value.is_empty()).then(|| (name, value.to_owned()));
    rest.chain(changed).collect()
}

pub(super) fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    pairs.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub(super) async fn ask(nobody: &Caller, pairs: &[(&'static str, String)]) -> Answer {
    no_redirects(nobody, &format!("/oauth/authorize?{}", form(&borrowed(pairs))), None).await
}

/// The browser's form, as the page makes it: everything hidden comes back.
pub(super) async fn decide(
    nobody: &Caller,
    pairs: &[(&'static str, String)],
    account: &Account,
    password: &str,
    decision: &str,
) -> Answer {
    let page = ask(nobody, pairs).await.expect(200);
    let typed = [("email", account.email.as_str()), ("password", password), ("decision", decision)];
    submit(nobody, &page, &typed).await
}

/// Fills in the form of a page, and sends it.
pub(super) async fn submit(nobody: &Caller, page: &Answer, typed: &[(&str, &str)]) -> Answer {
    let unseen = hidden(&html(page));
    let mut pairs: Vec<_> =
        unseen.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.extend(typed);
    no_redirects(nobody, "/oauth/authorize", Some(form(&pairs))).await
}

pub(super) fn html(page: &Answer) -> String {
    String::from_utf8_lossy(&page.bytes).into_owned()
}

fn hidden(html: &str) -> Vec<(String, String)> {
    let between = |text: &str, from: &str| {
        let rest = text.split_once(from).unwrap().1;
        rest.split_once('"').unwrap().0.replace("&amp;", "&").replace("&lt;", "<")
    };
    let inputs = html.split("<input type=\"hidden\" ").skip(1);
    inputs.map(|input| (between(input, "name=\""), between(input, "value=\""))).collect()
}

/// A browser that stops before it leaves.
async fn no_redirects(nobody: &Caller, path: &str, body: Option<String>) -> Answer {
    let policy = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().redirect(policy).no_proxy().build().unwrap();
    let url = format!("{}{path}", nobody.url());
    let request = match body {
        Some(body) => http
            .request(Method::POST, url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin")
            .body(body),
        None => http.get(url),
    };
    nobody.send(request).await
}

/// Where the browser is sent, and with what.
pub(super) fn sent_back(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 303, "{answer:?}");
    let url = Url::parse(answer.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(BACK), "{url}");
    url.query_pairs().into_owned().collect()
}

pub(super) fn of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

pub(super) async fn code(nobody: &Caller, program: &Program, account: &Account) -> String {
    let answer = decide(nobody, &request(program), account, PASSWORD, "allow").await;
    of(&sent_back(&answer), "code").unwrap().to_owned()
}
