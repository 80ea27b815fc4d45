//! How mail is sent.

use commands::mail::Lifetimes;
use commands::mail::post::Post;
use secrecy::SecretString;

use super::reader::{Noted, Reader};
use super::table::{self, Setting};
use super::{duration, http, waha};

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Where it is handed over; none: no mail is sent.
    pub server: Option<MailServer>,
    /// Where links lead, without a slash at the end.
    pub link_url: String,
    /// How long they are good.
    pub lifetimes: Lifetimes,
    /// How many may be asked for.
    pub limits: MailLimits,
}

/// Where mail is handed over, and who it is from.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// `smtp://` or `smtps://`, with credentials in it.
    pub url: SecretString,
    /// The sender.
    pub from: String,
}

/// How many mails may be asked for in an hour.
#[derive(Debug, Clone, Copy)]
pub struct MailLimits {
    /// For one address of mail.
    pub per_hour: u32,
    /// From one IP address.
    pub per_address_and_hour: u32,
}

impl MailSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let server = server(reader);
        let link_url = match reader.optional(&table::MAIL_LINK_URL, waha::parse_url) {
            Ok(None) => waha::public_url(reader),
            read => read.and_then(|url| url.ok_or(Noted)),
        };
        let mut time = |setting: &Setting| reader.required(setting, duration::parse);
        let password_reset = time(&table::MAIL_RESET_LIFETIME);
        let email_verification = time(&table::MAIL_VERIFICATION_LIFETIME);
        let invitation = time(&table::MAIL_INVITATION_LIFETIME);
        let mut rate = |setting: &Setting| reader.number(setting, 1..=http::RATE_MAX);
        let per_hour = rate(&table::MAIL_RATE_LIMIT_PER_HOUR);
        let per_address_and_hour = rate(&table::MAIL_ADDRESS_RATE_LIMIT_PER_HOUR);
        Ok(Self {
            server: server?,
            link_url: link_url?.as_str().trim_end_matches('/').to_owned(),
            lifetimes: Lifetimes {
                password_reset: password_reset?,
                email_verification: email_verification?,
                invitation: invitation?,
            },
            limits: MailLimits { per_hour: per_hour?, per_address_and_hour: per_address_and_hour? },
        })
    }
}

fn server(reader: &mut Reader<'_>) -> Result<Option<MailServer>, Noted> {
    const ANYBODY: &str = "nobody@localhost.test";
    let is_sound = |text: &str| Post::new(&text.into(), ANYBODY).is_ok();
    let url = reader.optional(&table::SMTP_URL, |text| is_sound(text).then(|| text.to_owned()))?;
    let Some(url) = url else { return Ok(None) };
    let url = SecretString::from(url);
    let from = reader.required(&table::MAIL_FROM, |from| {
        Post::new(&url, from).is_ok().then(|| from.to_owned())
    })?;
    Ok(Some(MailServer { url, from }))
}
