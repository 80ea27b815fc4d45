//! Why WAHA refused, in its own words and no others.
//!
//! ```text
//! {"message":"Session not found","error":"Not Found","statusCode":404}               most refusals
//! {"message":["config.webhooks.0.url must be a URL address"],"statusCode":400}       a malformed body
//! {"error":"Session status is not as expected…","session":…,"status":"FAILED"}       a session not working
//! {"exception":{"message":…,"stack":…},"request":{"body":…},"version":…}             a failure, status 500
//! {"error":{"code":404,"key":"FILE_NOT_FOUND","message":"File not found"}}           media gone
//! ```
//!
//! Invariant: only those message fields are ever read. The 500 repeats the whole request, with the message's
//! text or a webhook's key in it, which must reach no log and no event.

use serde_json::Value;

/// Longest explanation kept.
pub(super) const CHARACTERS_MAX: usize = 300;

/// `WAHA answered 404: Session not found`, or without words if there are none.
pub(super) fn describe(status: u16, body: &[u8]) -> String {
    let body = serde_json::from_slice(body).unwrap_or(Value::Null);
    match words(&body) {
        Some(words) => format!("WAHA answered {status}: {words}"),
        None => format!("WAHA answered {status}"),
    }
}

/// Whether the body is the one WAHA's 422 has when it waited in vain for a session it does not have:
/// `{"error":"Session \"default\" does not exist","session":"default"}`.
pub(super) fn is_of_missing_session(body: &Value) -> bool {
    body["error"].as_str().is_some_and(|error| error.ends_with("does not exist"))
}

fn words(body: &Value) -> Option<String> {
    let error = &body["error"];
    let told = [&body["exception"]["message"], &body["message"], error, &error["message"]];
    let words = told.into_iter().find_map(text)?;
    Some(words.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect())
}

/// A text, or several.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(texts) => {
            let texts: Option<Vec<&str>> = texts.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join("; "))
        }
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::outbound::tests::recorded;

    #[test]
    fn every_shape_of_refusal_is_put_into_words() {
        for (name, words) in [
            ("05-nokey", "WAHA answered 401: Unauthorized"),
            ("12-404route", "WAHA answered 404: Cannot GET /api/nope"),
            ("42-send-deleted", "WAHA answered 422: Session \"default\" does not exist"),
            ("73-sendText-enginefail", "WAHA answered 500: simulated engine failure"),
        ] {
            let (status, body) = recorded(name);
            assert_eq!(describe(status, &body), words);
        }
        let (status, body) = recorded("20-create-badwebhook");
        let words = describe(status, &body);
        assert!(words.starts_with("WAHA answered 400: config.webhooks.0.url must be"), "{words}");
        let gone = json!({ "error": { "code": 404, "message": "File not found" } });
        assert_eq!(describe(404, gone.to_string().as_bytes()), "WAHA answered 404: File not found");
    }

    #[test]
    fn without_words_there_is_only_the_status() {
        for body in ["", "<html>502</html>", "[]", "{}", r#"{"message":""}"#, r#"{"message":[1]}"#]
        {
            assert_eq!(describe(502, body.as_bytes()), "WAHA answered 502", "{body}");
        }
    }

    #[test]
    fn words_are_cut_and_hold_no_control_characters() {
        let body = json!({ "message": format!("a\0\n{}", "é".repeat(1_000)) }).to_string();
        let words = describe(400, body.as_bytes());
        assert_eq!(words.chars().count(), "WAHA answered 400: ".len() + CHARACTERS_MAX);
        assert!(words.starts_with("WAHA answered 400: aé"), "{words}");
    }
}
