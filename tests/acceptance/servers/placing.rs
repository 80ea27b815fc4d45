//! A new session goes to the server with the most room, and none is given more than it takes.

use acceptance::setup::Setup;
use futures::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use super::pair::{Pair, SECOND};

#[sqlx::test(migrations = "../migrations")]
async fn a_session_is_placed_where_most_room_is_and_is_made_and_used_there(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 2).await;
    pair.change("default", json!({ "capacity": 1 })).await.expect(200);
    let first = pair.tenant.new_session("first").await;
    pair.tenant.session_becomes(&first, "WORKING").await;
    assert_eq!(pair.place_of(&first.id).await, SECOND);
    assert!(pair.second.session_status(&first.waha_name).is_some());
    assert!(pair.stage.waha.session_status(&first.waha_name).is_none());

    let id = pair.tenant.send_text(&first, "through the second server").await;
    pair.tenant.message_becomes(&id, "read").await;
    assert_eq!((pair.second.ledger().len(), pair.stage.waha.ledger().len()), (1, 0));
    assert_eq!(pair.server(SECOND).await["sessions"], 1);
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn many_that_are_placed_at_once_overfill_no_server(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 3).await;
    pair.change("default", json!({ "capacity": 2 })).await.expect(200);
    let make = |n: usize| {
        let tenant = pair.tenant.clone();
        async move { tenant.post("/sessions", &json!({ "name": format!("s{n}") })).await }
    };
    let made = join_all((0..8).map(make)).await;
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 5);
    for refused in made.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.status, refused.codes()), (409, vec!["WAHA_SERVER_NO_ROOM"]));
    }
    assert_eq!(pair.server("default").await["sessions"], 2);
    assert_eq!(pair.server(SECOND).await["sessions"], 3);

    // A session that is deleted makes room.
    let id = made.iter().find(|answer| answer.status == 201).unwrap().text("id");
    pair.tenant.delete(&format!("/sessions/{id}")).await.expect(204);
    pair.tenant.post("/sessions", &json!({ "name": "late" })).await.expect(201);
    pair.stop().await;
}
