//! Sends: the engines' own formats, chosen ids, the ledger, the chat.

use serde_json::{Value, json};
use waha_simulator::{Engine, LedgerEntry, Outcome, SessionStatus, SimulatorOptions};

use crate::{
    client::{Client, quick},
    eventually::eventually,
    json_likeness::differences,
};

async fn working(engine: Engine) -> Client {
    let config = json!({ "noweb": { "store": { "enabled": true } } });
    Client::working(SimulatorOptions { engine, ..quick() }, config).await
}

#[tokio::test]
async fn gows_answers_a_serialized_id_and_the_event_of_whatsmeow() {
    let client = working(Engine::Gows).await;
    let (status, body) = client.send_with(json!({ "text": "hi", "id": "3EB0AA" })).await.unwrap();
    assert_eq!((status, &body["id"]), (201, &"true_11111111111@c.us_3EB0AA".into()));
    assert_eq!(body["_data"]["Info"]["ID"], "3EB0AA");
    assert_eq!(body["_data"]["Message"], json!({ "extendedTextMessage": { "text": "hi" } }));
}

#[tokio::test]
async fn webjs_answers_an_object_as_id_and_chooses_it_itself() {
    let client = working(Engine::Webjs).await;
    let (status, body) = client.send_with(json!({ "text": "hi", "id": "3EB0AA" })).await.unwrap();
    let id = client.simulator.ledger().remove(0).message_id.unwrap();
    assert_ne!(id, "3EB0AA");
    let expected = json!({
        "fromMe": true,
        "remote": "11111111111@c.us",
        "id": id,
        "_serialized": format!("true_11111111111@c.us_{id}"),
    });
    assert_eq!((status, &body["id"]), (201, &expected));
    assert_eq!(client.get("/api/default/new-message-id").await.0, 501);
}

#[tokio::test]
async fn noweb_takes_the_id_it_made_before() {
    let client = working(Engine::Noweb).await;
    let (_, made) = client.get("/api/default/new-message-id").await;
    let (_, body) = client.send_with(json!({ "text": "hi", "id": made["id"] })).await.unwrap();
    assert_eq!(body["key"]["id"], made["id"]);
}

#[tokio::test]
async fn the_ledger_keeps_the_order_of_arrival_and_every_refusal() {
    let client = working(Engine::Noweb).await;
    client.send("one").await.unwrap();
    client.send_with(json!({ "session": "other", "text": "two" })).await.unwrap();
    client.send("three").await.unwrap();
    let ledger = client.simulator.ledger();
    let texts: Vec<_> = ledger.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let outcomes: Vec<_> = ledger.iter().map(|entry| entry.outcome.clone()).collect();
    assert_eq!(outcomes, [Outcome::Sent, Outcome::Refused { status: 422 }, Outcome::Sent]);
    let (_, served) = client.get("/simulator/ledger").await;
    assert_eq!(served, serde_json::to_value(&ledger).unwrap());
}

#[tokio::test]
async fn a_send_waits_for_its_session_even_if_its_client_leaves() {
    let options =
        SimulatorOptions { wrong_status_wait: std::time::Duration::from_mins(1), ..quick() };
    let client = Client::start(options).await;
    client.create("default", json!({})).await;
    client.reaches("default", SessionStatus::ScanQrCode).await;
    {
        let send = std::pin::pin!(client.send("late"));
        let noted = eventually("the send is noted", || {
            (!client.simulator.ledger().is_empty()).then_some(())
        });
        tokio::select! {
            _ = send => panic!("answered before the scan"),
            () = noted => {} // and here the client leaves
        }
    }
    client.pair("default").await;
    let sent = || client.simulator.ledger().first().is_some_and(LedgerEntry::is_sent).then_some(());
    eventually("the message is sent all the same", sent).await;
}

#[tokio::test]
async fn a_chat_shows_what_was_said_and_how_far_it_came() {
    let client = working(Engine::Noweb).await;
    client.send("ours").await.unwrap();
    client.simulator.receive("default", "11111111111@c.us", "theirs").unwrap();
    let chat = || client.simulator.chat_messages("default", "11111111111@c.us");
    eventually("the message is read", || (chat().first()?.ack == 3).then_some(())).await;

    let path = "/api/default/chats/11111111111@c.us/messages?limit=10";
    let (status, listed) = client.get(&format!("{path}&sortOrder=asc")).await;
    let bodies: Vec<_> = listed.as_array().unwrap().iter().map(|m| m["body"].clone()).collect();
    assert_eq!((status, bodies), (200, vec!["ours".into(), "theirs".into()]));
    let (_, ours) = client.get(&format!("{path}&filter.fromMe=true")).await;
    assert_eq!(ours.as_array().map(Vec::len), Some(1));

    let id = listed[0]["id"].as_str().unwrap();
    let one = format!("/api/default/chats/11111111111@c.us/messages/{id}");
    let (status, shown) = client.get(&one).await;
    assert_eq!((status, differences(&listed[0], &shown)), (200, vec![]));
    let none = client.get("/api/default/chats/11111111111@c.us/messages/nothing").await;
    assert_eq!(none.0, 404);
}

#[tokio::test]
async fn the_overview_has_the_chat_last_written_in_first_and_its_last_message() {
    let client = working(Engine::Noweb).await;
    for (chat, body) in [("1@c.us", "one"), ("2@c.us", "two"), ("1@c.us", "three")] {
        client.simulator.receive("default", chat, body).unwrap();
    }
    let (status, chats) = client.get("/api/default/chats/overview?limit=10").await;
    let told = |chat: &Value| (chat["id"].clone(), chat["lastMessage"]["body"].clone());
    let told: Vec<_> = chats.as_array().unwrap().iter().map(told).collect();
    let expected = [("1@c.us", "three"), ("2@c.us", "two")];
    assert_eq!((status, told), (200, expected.map(|(id, body)| (id.into(), body.into())).to_vec()));
    let (_, rest) = client.get("/api/default/chats/overview?limit=10&offset=1").await;
    assert_eq!(rest, json!([chats[1]]));
}

#[tokio::test]
async fn noweb_shows_no_chat_without_its_store() {
    let client = Client::working(quick(), json!({})).await;
    let recorded = crate::capture::Exchange::read("86-chats");
    for path in ["/api/default/chats/1@c.us/messages?limit=1", "/api/default/chats/overview"] {
        let (status, body) = client.get(path).await;
        assert_eq!(status, recorded.status);
        assert_eq!(body, serde_json::from_str::<Value>(&recorded.response.body).unwrap());
    }
}
