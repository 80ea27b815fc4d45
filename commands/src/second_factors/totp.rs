//! Codes of the moment (RFC 6238): HMAC-SHA-1, six digits, steps of 30 seconds, as every authenticator has them.

use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Secret, Totp, TotpError};

/// RFC 4226, section 4: a secret has 160 bits.
pub const SECRET_BYTES: usize = 20;
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;
/// A code of the step before and of the step after is taken, too (RFC 6238, section 5.2).
const SKEW_STEPS: u16 = 1;
/// Who asks for codes, as authenticators show it.
const ISSUER: &str = "Heliograph";

/// One user's codes.
pub(super) struct Codes(Totp);

/// What an authenticator is told, once.
#[derive(Clone)]
pub struct Enrolment {
    /// The secret, in base32, to be typed in.
    pub secret: String,
    /// The same as a URI, to be scanned (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    pub uri: String,
}

impl Codes {
    pub(super) fn of(secret: &[u8]) -> Result<Self, TotpError> {
        let builder = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(SKEW_STEPS)
            .with_secret(Secret::new(secret.into()));
        Ok(Self(builder.build()?))
    }

    /// The step a code is of, if it is of one about now.
    pub(super) fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let step = self.0.check(code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }

    pub(super) fn enrolment(&self, account: &str) -> Enrolment {
        let secret = self.0.secret().to_base32();
        let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
        let uri = format!(
            "otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}&algorithm=SHA1\
             &digits={DIGITS}&period={STEP_SECONDS}"
        );
        Enrolment { secret, uri }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// RFC 6238, appendix B: the last six of the eight digits given there for SHA-1.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let codes = Codes::of(b"12345678901234567890").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
            assert_eq!(codes.step_of(code, now), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_late_and_no_more() {
        let codes = Codes::of(b"12345678901234567890").unwrap();
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let step_of = |seconds: i64| codes.step_of("005924", at(1_234_567_890 + seconds));
        let step = Some(1_234_567_890 / 30);
        assert_eq!([step_of(-30), step_of(0), step_of(30)], [step; 3]);
        assert_eq!([step_of(-60), step_of(60)], [None; 2]);
    }

    #[test]
    fn an_authenticator_is_told_who_asks_and_for_whom() {
        let enrolment = Codes::of(b"12345678901234567890").unwrap().enrolment("ada@example.com");
        assert_eq!(
            enrolment.uri,
            "otpauth://totp/Heliograph:ada%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Heliograph&algorithm=SHA1&digits=6&period=30"
        );
    }
}
