//! The telephone that shows codes of a second factor (RFC 6238).

use serde_json::json;
use totp_rs::{Builder, Secret, Totp};

use crate::answer::Answer;
use crate::caller::Caller;
use crate::clock;
use crate::directory::PASSWORD;

const STEP_SECONDS: u64 = 30;

/// The telephone that shows codes. A step's code is good once, and the server takes the next step's, too: so there are two
/// codes to be had at once, this step's and the next.
pub struct Authenticator {
    codes: Totp,
    enrolled_at: u64,
    /// What gets in without it.
    pub backup_codes: Vec<String>,
}

impl Authenticator {
    /// Enrolled by somebody who signs in with [`PASSWORD`], and confirmed with this step's code.
    pub async fn enroll(caller: &Caller) -> Self {
        let enrolled = caller.post("/auth/mfa/enroll", &json!({ "password": PASSWORD })).await;
        let mut authenticator = Self::of(&enrolled.expect(200));
        let code = json!({ "code": authenticator.confirming_code() });
        let confirmed = caller.post("/auth/mfa/confirm", &code).await.expect(200);
        let codes = confirmed.data()["backupCodes"].as_array().expect("backup codes");
        let codes = codes.iter().map(|code| code.as_str().expect("a text").to_owned());
        authenticator.backup_codes = codes.collect();
        authenticator
    }

    /// That has scanned what an enrolment answered.
    pub fn of(enrolled: &Answer) -> Self {
        let secret = Secret::try_from_base32(enrolled.text("secret")).expect("base32");
        let codes = Builder::new().with_secret(secret).build().expect("an authenticator");
        Self { codes, enrolled_at: now(), backup_codes: vec![] }
    }

    /// The code of the step it was enrolled in.
    pub fn confirming_code(&self) -> String {
        self.codes.generate(self.enrolled_at).to_string()
    }

    /// The code of the step after that, which is good from at once; or of now, where that is later.
    pub fn code(&self) -> String {
        self.codes.generate(now().max(self.enrolled_at + STEP_SECONDS)).to_string()
    }

    /// A code of no step anywhere near.
    pub fn wrong_code(&self) -> String {
        let near = |code: &String| {
            (0..6).any(|step| {
                let time = now() + STEP_SECONDS * step - 3 * STEP_SECONDS;
                *code == self.codes.generate(time).to_string()
            })
        };
        let mut codes = (0..).map(|n| format!("{n:06}"));
        codes.find(|code| !near(code)).expect("there are a million")
    }
}

fn now() -> u64 {
    clock::now().timestamp().unsigned_abs()
}
