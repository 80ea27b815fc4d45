//! Over every recorded webhook, the older format, and nonsense.

mod senders;

use std::collections::BTreeMap;

use domain::message::content::ContentKind;
use domain::ports::waha::Arrival;
use domain::session::Report;
use domain::session::status::SessionStatus;
use domain::whatsapp::{Ack, ChatId, Engine, WahaMessageId};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::inbound::envelope::Envelope;
use crate::inbound::recorded;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn received_at() -> DateTime<Utc> {
    at("2026-11-21T00:10:00Z")
}

fn read(body: &str) -> Observation {
    let received = Envelope::parse(body.as_bytes()).unwrap().into_received(
        body.as_bytes(),
        None,
        received_at(),
    );
    WahaWebhookReader.read(&received)
}

fn observe(event: &str, payload: &Value) -> Observation {
    read(&json!({ "event": event, "session": "s", "payload": payload }).to_string())
}

fn arrival(observation: Observation) -> Arrival {
    let Observation::Arrived(arrival) = observation else { panic!("{observation:?}") };
    *arrival
}

/// The recorded webhook whose body holds `needle`.
fn recorded(event: &str, needle: &str) -> Observation {
    let name = format!("\"event\":\"{event}\"");
    let is_it = |body: &String| body.contains(&name) && body.contains(needle);
    let webhook = recorded::webhooks().into_iter().map(|webhook| webhook.body).find(is_it);
    read(&webhook.unwrap())
}

fn word(observation: &Observation) -> &'static str {
    match observation {
        Observation::Acknowledged { .. } => "acknowledged",
        Observation::Echoed { .. } => "echoed",
        Observation::Arrived(_) => "arrived",
        Observation::SessionSeen(_) => "session seen",
        Observation::Nothing => "nothing",
        Observation::Unrecognised => "unrecognised",
    }
}

#[test]
fn every_recorded_webhook_is_read() {
    let mut counts = BTreeMap::new();
    for webhook in recorded::webhooks() {
        let observation = read(&webhook.body);
        let envelope = Envelope::parse(webhook.body.as_bytes()).unwrap();
        *counts.entry(format!("{} {}", envelope.event, word(&observation))).or_insert(0) += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(what, count)| (what.as_str(), *count)).collect();
    assert_eq!(
        counts,
        [
            ("message arrived", 8),
            ("message.ack acknowledged", 44),
            ("message.any arrived", 8),
            ("message.any echoed", 12),
            ("message.reaction nothing", 4),
            ("message.revoked nothing", 2),
            ("presence.update nothing", 2),
            ("session.status session seen", 8),
        ]
    );
}

#[test]
fn an_acknowledgement_is_of_the_bare_id_at_the_time_of_the_event() {
    assert_eq!(
        recorded("message.ack", "3EB04CBF63D58EFAA8847F"),
        Observation::Acknowledged {
            waha_message_id: WahaMessageId("3EB04CBF63D58EFAA8847F".to_owned()),
            ack: Ack::Server,
            at: at("2026-11-21T00:07:54.724Z"),
        }
    );
    let Observation::Acknowledged { ack, .. } = recorded("message.ack", "3EB0ERR") else {
        panic!()
    };
    assert_eq!(ack, Ack::Error);
}

#[test]
fn a_message_of_ours_among_the_chats_messages_is_an_echo_in_its_chat() {
    let Observation::Echoed { waha_message_id, chat_id, .. } =
        recorded("message.any", "true_11111111111@c.us_3EB04CBF63D58EFAA8847F")
    else {
        panic!()
    };
    assert_eq!(waha_message_id.0, "3EB04CBF63D58EFAA8847F");
    assert_eq!(chat_id, Some(ChatId("11111111111@c.us".to_owned())));
}

#[test]
fn a_message_from_a_person_has_their_number() {
    assert_eq!(
        arrival(recorded("message", "AAAAAAAAAAAAAAAAAAAA")),
        Arrival {
            waha_message_id: WahaMessageId("AAAAAAAAAAAAAAAAAAAA".to_owned()),
            participant: None,
            chat_id: ChatId("11111111111@c.us".to_owned()),
            from: Some("+11111111111".parse().unwrap()),
            from_lid: None,
            body: "Hello!".to_owned(),
            kind: ContentKind::Text,
            at: at("2025-12-17T19:33:20Z"),
        }
    );
}

#[test]
fn both_events_of_one_message_say_the_same() {
    for id in ["AAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCCCCCC"] {
        let (one, other) = (recorded("message", id), recorded("message.any", id));
        assert_eq!(one, other);
        assert_eq!(word(&one), "arrived");
    }
}

#[test]
fn a_session_status_is_reported_with_the_time_of_the_event() {
    let body = json!({
        "id": "evt_1", "timestamp": 1_795_219_674_724_i64, "event": "session.status", "session": "s",
        "me": { "id": "79990000001:7@s.whatsapp.net", "pushName": "Tester" }, "engine": "GOWS",
        "payload": { "name": "s", "status": "WORKING", "statuses": [], "data": null },
    });
    assert_eq!(
        read(&body.to_string()),
        Observation::SessionSeen(Report {
            status: SessionStatus::Working,
            engine: Some(Engine::Gows),
            phone: Some("+79990000001".parse().unwrap()),
            as_of: at("2026-11-21T00:07:54.724Z"),
        })
    );
    let Observation::SessionSeen(report) = observe("session.status", &json!({ "status": "NEW" }))
    else {
        panic!()
    };
    assert_eq!(report.status, SessionStatus::Other("NEW".to_owned()));
    assert_eq!((report.engine, report.phone, report.as_of), (None, None, received_at()));
}

#[test]
fn the_older_format_is_read() {
    let payload = json!({
        "id": "waha_msg_123456", "from": "+1234567890", "to": "+0987654321",
        "body": "Hello", "timestamp": 1_642_248_600_000_i64, "type": "text",
    });
    assert_eq!(
        arrival(observe("message.text", &payload)),
        Arrival {
            waha_message_id: WahaMessageId("waha_msg_123456".to_owned()),
            participant: None,
            chat_id: ChatId("1234567890@c.us".to_owned()),
            from: Some("+1234567890".parse().unwrap()),
            from_lid: None,
            body: "Hello".to_owned(),
            kind: ContentKind::Text,
            at: at("2022-01-15T12:10:00Z"),
        }
    );
    for (status, reached) in [
        ("sent", Ack::Server),
        ("DELIVERED", Ack::Device),
        ("read", Ack::Read),
        ("failed", Ack::Error),
    ] {
        let payload =
            json!({ "id": "waha_msg_1", "status": status, "timestamp": 1_642_248_600_000_i64 });
        assert_eq!(
            observe("message.status", &payload),
            Observation::Acknowledged {
                waha_message_id: WahaMessageId("waha_msg_1".to_owned()),
                ack: reached,
                at: at("2022-01-15T12:10:00Z"),
            }
        );
    }
    let Observation::SessionSeen(report) = observe("session.failed", &json!({})) else { panic!() };
    assert_eq!(report.status, SessionStatus::Failed);
    assert_eq!(observe("session.qr", &json!({})), Observation::Nothing);
    assert_eq!(observe("api.error", &json!({})), Observation::Nothing);
}

#[test]
fn an_acknowledgement_of_somebody_elses_message_changes_nothing() {
    let payload = json!({ "id": "false_1@c.us_A", "fromMe": false, "ack": 3 });
    assert_eq!(observe("message.ack", &payload), Observation::Nothing);
}

#[test]
fn an_object_is_an_id_too() {
    let id = json!({ "fromMe": true, "remote": "1@c.us", "id": "3EB0AA", "_serialized": "true_1@c.us_3EB0AA" });
    for event in ["message.any", "message.ack", "message.ack.group"] {
        assert_eq!(texts(&observe(event, &json!({ "id": id, "ack": 2 }))).last(), Some(&"3EB0AA"));
    }
}

#[test]
fn nul_and_other_control_characters_are_dropped_and_lengths_bounded() {
    let payload = json!({
        "id": "false_120363@g.us_A\0A_2\0@lid", "from": "120363\0@g.us", "participant": "2\0@lid",
        "body": format!("a\0{}", "b".repeat(10_000)),
    });
    let arrival = arrival(observe("message", &payload));
    assert_eq!(arrival.waha_message_id.0, "AA");
    assert_eq!(arrival.participant.as_deref(), Some("2@lid"));
    assert_eq!(arrival.chat_id.0, "120363@g.us");
    assert_eq!(arrival.body.len(), 4_096);
}

#[test]
fn what_cannot_be_read_is_unrecognised() {
    let long = "A".repeat(300);
    for (event, payload) in [
        ("message", json!(null)),
        ("message", json!([])),
        ("message", json!({ "id": "A" })),
        ("message", json!({ "from": "1@c.us" })),
        ("message", json!({ "id": long, "from": "1@c.us" })),
        ("message", json!({ "id": "A", "from": long })),
        ("message.ack", json!({ "id": "A" })),
        ("message.ack", json!({ "id": "A", "ack": 9 })),
        ("message.ack", json!({ "ack": 1 })),
        ("message.status", json!({ "id": "A", "status": "lost" })),
        ("session.status", json!({})),
        ("session.status", json!({ "status": long })),
        ("session.status", json!({ "status": "A\0" })),
        ("message.new", json!({ "id": "A", "from": "1@c.us" })),
        ("", json!({})),
    ] {
        let body = json!({ "payload": payload }).to_string();
        let received = stored(event, body, received_at());
        assert_eq!(
            WahaWebhookReader.read(&received),
            Observation::Unrecognised,
            "{event} {payload}"
        );
    }
}

const EVENTS: [&str; 10] = [
    "message",
    "message.any",
    "message.text",
    "message.ack",
    "message.ack.group",
    "message.status",
    "session.status",
    "session.failed",
    "call.received",
    "unheard.of",
];

/// Values that look like what the reader looks for, often of the wrong type.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "(true|false)_[0-9]{0,20}@(c.us|g.us|lid)_[A-F0-9]{0,20}(_[0-9]{0,3}@lid)?"
            .prop_map(Value::from),
        "\\+?[0-9]{0,20}(:[0-9])?@?(c.us|g.us|lid|s.whatsapp.net)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let keys = prop_oneof![
            Just("id"),
            Just("from"),
            Just("fromMe"),
            Just("participant"),
            Just("body"),
            Just("ack"),
            Just("status"),
            Just("timestamp"),
            Just("type"),
            Just("media"),
            Just("mimetype"),
            Just("location"),
            Just("vCards"),
            Just("_data"),
            Just("key"),
            Just("remoteJidAlt"),
            Just("payload"),
            Just("me"),
            Just("engine"),
            Just("_serialized"),
        ];
        let keys = keys.prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(keys, inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every text in an observation.
fn texts(observation: &Observation) -> Vec<&str> {
    match observation {
        Observation::Acknowledged { waha_message_id, .. } => vec![&waha_message_id.0],
        Observation::Echoed { waha_message_id, chat_id, .. } => {
            chat_id.iter().map(|chat| &*chat.0).chain([&*waha_message_id.0]).collect()
        }
        Observation::Arrived(arrival) => {
            let mut texts =
                vec![arrival.body.as_str(), &arrival.waha_message_id.0, &arrival.chat_id.0];
            texts.extend(arrival.participant.as_deref());
            texts
        }
        Observation::SessionSeen(report) => vec![report.status.as_str()],
        Observation::Nothing | Observation::Unrecognised => vec![],
    }
}

fn stored(event: &str, body: String, at: DateTime<Utc>) -> Received {
    Received {
        waha_session: "s".to_owned(),
        session_id: None,
        event: event.to_owned(),
        event_id: "evt_1".to_owned(),
        fingerprint: String::new(),
        body,
        at,
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(event in proptest::sample::select(&EVENTS[..]), body in any::<String>()) {
        WahaWebhookReader.read(&stored(event, body, received_at()));
    }

    #[test]
    fn no_json_makes_it_panic_or_lets_a_nul_through(
        event in proptest::sample::select(&EVENTS[..]),
        payload in values(),
        timestamp in values(),
    ) {
        let body = json!({ "payload": payload, "timestamp": timestamp }).to_string();
        let observation = WahaWebhookReader.read(&stored(event, body, received_at()));
        prop_assert!(!texts(&observation).iter().any(|text| text.contains('\0')));
    }

    #[test]
    fn no_clock_makes_it_panic(seconds in -8_000_000_000_000_i64..8_000_000_000_000) {
        let at = DateTime::from_timestamp_secs(seconds).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let body = json!({ "payload": { "status": "WORKING", "timestamp": seconds } }).to_string();
        WahaWebhookReader.read(&stored("session.status", body, at));
    }
}
