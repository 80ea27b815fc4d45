//! The demo's settings: the environment's, with secrets made up where there are none.

use crate::settings::{SettingError, Settings};

use crate::ambient::random_secret;

/// Settings in which no secret is missing.
pub(crate) fn make_up(
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Settings, Vec<SettingError>> {
    let secrets = ["JWT_SECRET", "JWT_REFRESH_SECRET", "WAHA_WEBHOOK_SECRET", "SECRETS_KEY"]
        .map(|name| (name, random_secret()));
    Settings::read(|name| {
        let made_up = || secrets.iter().find(|(secret, _)| *secret == name).map(|(_, v)| v.clone());
        match name {
            // The walkthrough tells what happens; of the log, only what is wrong is of interest.
            "LOG_LEVEL" => environment(name).or_else(|| Some("warn".to_owned())),
            _ => environment(name).or_else(made_up),
        }
    })
}
