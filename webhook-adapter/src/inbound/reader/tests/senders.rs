//! Who wrote: numbers, hidden ids, groups.

use super::*;

#[test]
fn a_hidden_sender_is_known_by_the_number_beside_the_address() {
    let direct = arrival(recorded("message", "BBBBBBBBBBBBBBBBBBBB"));
    assert_eq!(direct.chat_id.0, "222222222222222@lid");
    assert_eq!(direct.from, Some("+11111111111".parse().unwrap()));

    let payload = json!({
        "id": "false_2@lid_A", "from": "2@lid",
        "_data": { "Info": { "SenderAlt": "11111111111:4@s.whatsapp.net" } },
    });
    let gows = arrival(observe("message", &payload));
    assert_eq!(gows.from, Some("+11111111111".parse().unwrap()));

    let payload = json!({ "id": "false_2:7@lid_A", "from": "2:7@lid", "_data": {} });
    let hidden = arrival(observe("message", &payload));
    assert_eq!((hidden.from, hidden.from_lid), (None, Some(ChatId("2@lid".to_owned()))));
}

#[test]
fn both_names_of_a_sender_are_told_whichever_is_the_address() {
    let group = |participant: &str, other: &str| {
        let payload = json!({
            "id": format!("false_1@g.us_A_{participant}"), "from": "1@g.us", "body": "hi",
            "participant": participant, "_data": { "key": { "participantAlt": other } },
        });
        let arrival = arrival(observe("message", &payload));
        (arrival.from, arrival.from_lid)
    };
    let names = (Some("+11111111111".parse().unwrap()), Some(ChatId("2@lid".to_owned())));
    assert_eq!(group("2@lid", "11111111111@s.whatsapp.net"), names);
    assert_eq!(group("11111111111@c.us", "2:7@lid"), names);
    // What stands beside a group's or a channel's address is nobody's name.
    let payload = json!({
        "id": "false_1@newsletter_A", "from": "1@newsletter",
        "_data": { "key": { "remoteJidAlt": "2@lid" } },
    });
    let channel = arrival(observe("message", &payload));
    assert_eq!((channel.from, channel.from_lid), (None, None));
}

#[test]
fn a_group_message_has_a_participant() {
    let group = arrival(recorded("message", "CCCCCCCCCCCCCCCCCCCC"));
    assert_eq!(group.chat_id.0, "120363000000000000@g.us");
    assert_eq!(group.participant.as_deref(), Some("222222222222222@lid"));
    assert_eq!(group.from, Some("+11111111111".parse().unwrap()));
}
