//! What mails say: a template each, in `letters`, as text; the HTML is made of it.
//!
//! A template's first line is the subject; paragraphs are parted by empty lines. Nothing is fetched from anywhere, and the
//! link's token is the only secret.

use chrono::{DateTime, Utc};
use domain::email::EmailAddress;

use super::Kind;

/// A mail as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// What is put into a template.
pub struct Facts<'a> {
    /// The account's address.
    pub email: &'a EmailAddress,
    /// Where the link leads; empty, if there is none.
    pub link: &'a str,
    /// The token in it.
    pub token: &'a str,
    /// Until when it is good.
    pub until: DateTime<Utc>,
}

impl Letter {
    /// What a mail of this kind says; none of one that is only asked for.
    pub fn of(kind: Kind, facts: &Facts<'_>) -> Option<Self> {
        let template = match kind {
            Kind::ResetAsked | Kind::VerificationAsked => return None,
            Kind::PasswordReset => include_str!("letters/password_reset.txt"),
            Kind::EmailVerification => include_str!("letters/email_verification.txt"),
            Kind::Invitation => include_str!("letters/invitation.txt"),
            Kind::PasswordChanged => include_str!("letters/password_changed.txt"),
            Kind::PasswordRecovered => include_str!("letters/password_recovered.txt"),
            Kind::PasswordSet => include_str!("letters/password_set.txt"),
            Kind::SecondFactorReset => include_str!("letters/second_factor_reset.txt"),
        };
        let (subject, body) = template.split_once("\n\n")?;
        let text = filled(body, facts);
        let html: String = body
            .split("\n\n")
            .map(|paragraph| match paragraph.trim() {
                "{link}" => {
                    let link = escaped(facts.link);
                    format!("<p><a href=\"{link}\">{link}</a></p>\n")
                }
                paragraph => format!("<p>{}</p>\n", escaped(&filled(paragraph, facts))),
            })
            .collect();
        let html = format!("<!doctype html>\n<html lang=\"en\"><body>\n{html}</body></html>\n");
        Some(Self { subject: subject.trim().to_owned(), text, html })
    }
}

fn filled(text: &str, facts: &Facts<'_>) -> String {
    text.replace("{email}", facts.email.as_str())
        .replace("{link}", facts.link)
        .replace("{token}", facts.token)
        .replace("{until}", &facts.until.format("%Y-%m-%d %H:%M UTC").to_string())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 7] = [
        Kind::PasswordReset,
        Kind::EmailVerification,
        Kind::Invitation,
        Kind::PasswordChanged,
        Kind::PasswordRecovered,
        Kind::PasswordSet,
        Kind::SecondFactorReset,
    ];

    fn letter(kind: Kind, email: &str) -> Letter {
        let email = email.parse().unwrap();
        let link = "https://example.com/page?token=t0ken&x=1";
        let until = DateTime::UNIX_EPOCH;
        Letter::of(kind, &Facts { email: &email, link, token: "t0ken", until }).unwrap()
    }

    #[test]
    fn every_letter_names_the_account_and_leaves_nothing_to_be_filled_in() {
        for kind in KINDS {
            let Letter { subject, text, html } = letter(kind, "ada@example.com");
            assert!(!subject.is_empty() && !subject.contains('\n'), "{kind:?}");
            for body in [&text, &html] {
                assert!(body.contains("ada@example.com"), "{kind:?}: {body}");
                assert!(!body.contains('{') && !body.contains('}'), "{kind:?}: {body}");
                let has_link = body.contains("https://example.com/page?token=t0ken");
                assert_eq!(has_link, kind.purpose().is_some(), "{kind:?}: {body}");
            }
            for fetched in ["src=", "url(", "<img", "<link", "<script"] {
                assert!(!html.contains(fetched), "{kind:?}: {html}");
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_no_html() {
        let Letter { text, html, .. } = letter(Kind::PasswordReset, "a\"&'b@example.com");
        assert!(text.contains("a\"&'b@example.com"));
        assert!(html.contains("a&quot;&amp;'b@example.com") && html.contains("t0ken&amp;x=1"));
    }
}
