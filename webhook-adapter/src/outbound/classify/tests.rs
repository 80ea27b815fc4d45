//! The table: every answer, and what it proves.

use proptest::prelude::*;

use super::*;
use crate::outbound::tests::recorded;

fn answered(status: u16, body: &str) -> SendOutcome {
    classify(&Answer::Status { status, body: body.as_bytes().to_vec() })
}

fn replayed(name: &str) -> SendOutcome {
    let (status, body) = recorded(name);
    classify(&Answer::Status { status, body })
}

fn kind(outcome: &SendOutcome) -> Option<RefusalKind> {
    match outcome {
        SendOutcome::Refused { refusal, .. } => Some(refusal.kind),
        SendOutcome::Sent { .. } | SendOutcome::Unknown { .. } => None,
    }
}

#[test]
fn a_201_is_sent_under_the_id_any_engine_reports() {
    let noweb = r#"{"key":{"remoteJid":"1@s.whatsapp.net","fromMe":true,"id":"3EB0AA"},"status":"PENDING"}"#;
    let gows = r#"{"id":"true_1@c.us_3EB0AA","_data":{"Info":{}}}"#;
    let gows_group = r#"{"id":"true_120363@g.us_3EB0AA_2@lid","_data":{"Info":{}}}"#;
    let webjs = r#"{"id":{"fromMe":true,"remote":"1@c.us","id":"3EB0AA","_serialized":"true_1@c.us_3EB0AA"}}"#;
    let serialized_only = r#"{"id":{"_serialized":"true_1@c.us_3EB0AA"}}"#;
    for (body, id) in [
        (noweb, Some("3EB0AA")),
        (gows, Some("3EB0AA")),
        (gows_group, Some("3EB0AA")),
        (webjs, Some("3EB0AA")),
        (serialized_only, Some("3EB0AA")),
        ("", None),
        ("null", None),
        ("OK", None),
        (r#"{"id":7}"#, None),
        (r#"{"key":{"id":"3EB0A"#, None),
    ] {
        let waha_message_id = id.map(|id| WahaMessageId(id.to_owned()));
        assert_eq!(answered(201, body), SendOutcome::Sent { waha_message_id }, "{body}");
    }
}

#[test]
fn recorded_sends_are_sent() {
    for (name, id) in [
        ("70-sendText", "3EB04CBF63D58EFAA8847F"),
        ("72-sendText-badchat", "3EB0B00B139E4F78FAEFA3"),
        ("77-sendPoll", "3EB0B84455357C460FB06C"),
        ("87-sendContactVcard", "3EB0D8132456D1F81F2328"),
    ] {
        let waha_message_id = Some(WahaMessageId(id.to_owned()));
        assert_eq!(replayed(name), SendOutcome::Sent { waha_message_id }, "{name}");
    }
}

#[test]
fn a_session_that_is_not_working_is_refused_with_its_status() {
    for (name, status) in [
        ("11-send-stopped", SessionStatus::Stopped),
        ("30-send-starting", SessionStatus::Starting),
        ("66-send-in-scanqr", SessionStatus::ScanQrCode),
    ] {
        let SendOutcome::Refused { refusal, session_status } = replayed(name) else {
            panic!("{name}")
        };
        assert_eq!(refusal.kind, RefusalKind::SessionNotWorking);
        assert!(refusal.detail.starts_with("WAHA answered 422: Session status is not as expected"));
        assert_eq!(session_status, Some(status), "{name}");
    }
}

#[test]
fn a_status_that_comes_before_the_engine_is_a_refusal() {
    use RefusalKind::{
        Invalid, NotFound, NotSupported, RateLimited, SessionNotWorking, Unauthorized,
    };

    assert_eq!(kind(&replayed("05-nokey")), Some(Unauthorized));
    assert_eq!(kind(&replayed("12-404route")), Some(NotFound));
    assert_eq!(kind(&replayed("42-send-deleted")), Some(NotFound));
    assert_eq!(kind(&replayed("13-create-othername")), Some(Invalid));
    assert_eq!(kind(&replayed("57-sendText-badjson")), Some(Invalid));
    for (status, refusal) in [
        (400, Invalid),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (405, Invalid),
        (409, Invalid),
        (413, Invalid),
        (415, Invalid),
        (422, SessionNotWorking),
        (429, RateLimited),
        (451, Invalid),
        (501, NotSupported),
    ] {
        for body in ["", "null", "<html>", "{}", "{\"unread"] {
            assert_eq!(kind(&answered(status, body)), Some(refusal), "{status} {body}");
        }
    }
}

#[test]
fn whatsapps_own_error_463_is_a_refusal_and_nothing_like_it_is() {
    let failure = |message: &str| serde_json::json!({ "exception": { "message": message } });
    let told = |message: &str| kind(&answered(500, &failure(message).to_string()));
    for message in ["2 UNKNOWN: server returned error 463", "server returned error 463: locked"] {
        assert_eq!(told(message), Some(RefusalKind::ReachOutLocked), "{message}");
    }
    for message in ["server returned error 4630", "server returned error 479", "463", ""] {
        assert_eq!(told(message), None, "{message}");
    }
    let echoed = r#"{"exception":{"message":"x"},"request":{"body":"server returned error 463"}}"#;
    assert_eq!(kind(&answered(500, echoed)), None, "what the request said proves nothing");
    assert_eq!(kind(&answered(502, &failure("server returned error 463").to_string())), None);
}

#[test]
fn no_connection_is_a_refusal() {
    for cause in ["Connection refused", "dns error", "invalid peer certificate", "timed out"] {
        let outcome = classify(&Answer::NotConnected(cause.to_owned()));
        assert_eq!(kind(&outcome), Some(RefusalKind::Unreachable), "{cause}");
    }
}

#[test]
fn whatever_proves_nothing_is_unknown() {
    let statuses =
        [100, 199, 200, 202, 204, 299, 301, 302, 307, 399, 408, 500, 502, 503, 504, 505, 599];
    for status in statuses {
        let outcome = answered(status, r#"{"key":{"id":"3EB0AA"}}"#);
        let SendOutcome::Unknown { detail, .. } = outcome else { panic!("{status}") };
        assert_eq!(detail, format!("WAHA answered {status}"));
    }
    for answer in [Answer::TimedOut, Answer::Broken("connection reset".to_owned())] {
        assert!(matches!(classify(&answer), SendOutcome::Unknown { .. }), "{answer:?}");
    }
}

#[test]
fn an_engine_s_failure_is_the_session_s_and_a_proxy_s_or_a_broken_line_the_server_s() {
    let fault = |outcome| match outcome {
        SendOutcome::Unknown { fault, .. } => Some(fault),
        SendOutcome::Sent { .. } | SendOutcome::Refused { .. } => None,
    };
    assert_eq!(fault(replayed("73-sendText-enginefail")), Some(Fault::Session));
    for status in [500, 502, 503, 504] {
        assert_eq!(fault(answered(status, "<html></html>")), Some(Fault::Server), "{status}");
    }
    assert_eq!(fault(classify(&Answer::Broken("reset".to_owned()))), Some(Fault::Server));
    assert_eq!(fault(classify(&Answer::TimedOut)), Some(Fault::Either));
    assert_eq!(fault(answered(302, "")), Some(Fault::Either));
}

#[test]
fn the_text_that_a_failure_echoes_is_not_in_the_detail() {
    let SendOutcome::Unknown { detail, .. } = replayed("73-sendText-enginefail") else { panic!() };
    assert_eq!(detail, "WAHA answered 500: simulated engine failure");
    assert!(!detail.contains("FAIL"));

    let (_, body) = recorded("73-sendText-enginefail");
    for status in [400, 403, 422, 500, 501] {
        let body = body.clone();
        let outcome = classify(&Answer::Status { status, body });
        let text = format!("{outcome:?}");
        assert!(!text.contains("FAIL") && !text.contains("11111111111"), "{text}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_only_a_201_is_sent(status: u16, body: Vec<u8>) {
        let outcome = classify(&Answer::Status { status, body });
        prop_assert_eq!(matches!(outcome, SendOutcome::Sent { .. }), status == 201);
    }

    #[test]
    fn a_refusal_is_a_4xx_or_501(status: u16, body in "\\{\"(error|message|status)\":\"[a-z ]{0,20}\"\\}") {
        let is_refused = kind(&answered(status, &body)).is_some();
        let may_be = ((400..500).contains(&status) && status != 408) || status == 501;
        prop_assert_eq!(is_refused, may_be);
    }
}
