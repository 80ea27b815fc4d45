//! The one page there is: a user signs in and consents. It needs no script, and loads nothing.
//!
//! It asks for address and password, and once those are right for a code, where the user has a second factor.

use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::access::Permission;
use domain::access::permissions::Permissions;
use http::{HeaderName, HeaderValue, StatusCode, header};
use reqwest::Url;
use sha2::{Digest, Sha256};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;\
color:#1b1b1b;background:#fff}label{display:block;margin:.8rem 0 .2rem}input{width:100%;box-sizing:border-box;\
font:inherit;padding:.5rem;border:1px solid #767676;border-radius:4px}button{font:inherit;padding:.5rem 1rem;\
margin:1.2rem .6rem 0 0}.wrong{border-left:4px solid #b00020;padding-left:.8rem}code{word-break:break-all}";

/// What a user is to show.
pub(super) enum Step {
    /// Their address and their password.
    Password,
    /// A code of their second factor.
    Code {
        /// Says that the password was right.
        challenge: String,
    },
}

/// What a user is asked.
pub(super) struct Question<'a> {
    /// Who asks.
    pub(super) client: &'a str,
    /// For what.
    pub(super) scopes: Permissions,
    /// Where the user goes afterwards.
    pub(super) redirect_uri: &'a str,
    /// What the form brings back unseen.
    pub(super) hidden: &'a [(&'static str, &'a str)],
    /// What they are to show.
    pub(super) step: &'a Step,
    /// The address typed before.
    pub(super) email: &'a str,
    /// Why it is asked again.
    pub(super) wrong: Option<&'a str>,
}

/// The page that asks.
pub(super) fn ask(question: &Question<'_>) -> Response {
    let Question { client, scopes, redirect_uri, hidden, step, email, wrong } = question;
    let client = escaped(client);
    let scopes = scopes.iter().fold(String::new(), |list, scope| {
        list + &format!("<li>{} <code>{}</code></li>", may(scope), scope.as_str())
    });
    let hidden =
        hidden.iter().fold(String::new(), |inputs, (name, value)| inputs + &unseen(name, value));
    let (fields, allow) = match step {
        Step::Password => (password_fields(email), "Sign in and allow"),
        Step::Code { challenge } => (code_fields(challenge), "Allow"),
    };
    let wrong = wrong
        .map(|wrong| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escaped(wrong)))
        .unwrap_or_default();
    let body = format!(
        "<h1>Sign in</h1><p><strong>{client}</strong> asks to act for you. It could:</p><ul>{scopes}</ul>\
         <p>Afterwards you go to <code>{}</code>.</p>{wrong}\
         <form method=\"post\" action=\"authorize\">{hidden}{fields}\
         <button name=\"decision\" value=\"allow\">{allow}</button>\
         <button name=\"decision\" value=\"deny\">Do not allow</button></form>",
        escaped(redirect_uri),
    );
    written(StatusCode::OK, "Sign in", &body, Some(redirect_uri))
}

fn password_fields(email: &str) -> String {
    format!(
        "<label for=\"email\">E-mail address</label>\
         <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" value=\"{}\">\
         <label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\">",
        escaped(email),
    )
}

fn code_fields(challenge: &str) -> String {
    format!(
        "{}<label for=\"code\">Code of your authenticator, or a backup code</label>\
         <input id=\"code\" name=\"code\" autocomplete=\"one-time-code\" autocapitalize=\"off\" autofocus>",
        unseen("mfa_token", challenge),
    )
}

fn unseen(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
}

/// The page for a request that must not lead anywhere.
pub(super) fn stop(what: &str) -> Response {
    let body = format!(
        "<h1>This link is not right</h1><p class=\"wrong\">{}</p><p>Nothing was allowed. Go back to \
         where you came from, and tell them.</p>",
        escaped(what)
    );
    written(StatusCode::BAD_REQUEST, "This link is not right", &body, None)
}

fn written(status: StatusCode, title: &str, body: &str, leads_to: Option<&str>) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>{body}</body></html>"
    );
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_SECURITY_POLICY, policy(leads_to)),
        // The browser then says that the form comes from here.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, Html(page)).into_response()
}

/// Nothing is loaded, nobody frames it, and the form leads here and, by the redirect that follows, to the client.
fn policy(leads_to: Option<&str>) -> HeaderValue {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let leads_to = leads_to.and_then(|uri| Url::parse(uri).ok());
    let leads_to = leads_to.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self' {leads_to}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const fn may(permission: Permission) -> &'static str {
    match permission {
        Permission::SendMessages => "send messages, and settle what became of them",
        Permission::ReadMessages => "read messages",
        Permission::ReadHistory => "read the history of messages",
        Permission::ManageSessions => "make, start, stop and delete WhatsApp sessions",
        Permission::ReadSessions => "see WhatsApp sessions",
        Permission::ManageUsers => "manage users",
        Permission::ManageKeys => "manage API keys and programs",
        Permission::ReadSecurity => "read security events",
        Permission::ManageServers => "manage WAHA servers",
        Permission::ManageTenants => "manage tenants",
        Permission::ManageAddresses => "block addresses",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_stays_text() {
        assert_eq!(
            escaped("<script>\"&'</script>"),
            "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"
        );
    }

    #[test]
    fn the_page_leads_only_here_and_to_the_client() {
        let policy = policy(Some("https://shop.example/back?x=1"));
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("form-action 'self' https://shop.example;"), "{policy}");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    }
}
