//! Which messages are listed, and how they are leafed through.

use chrono::{DateTime, Utc};
use domain::id::{SessionId, TenantId};
use domain::message::content::ContentKind;
use domain::message::event::{Event, Queued, Received};
use domain::whatsapp::{ChatId, WahaMessageId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::messages::filter::MessageFilter;
use crate::messages::status::{Direction, MessageStatus};
use crate::page::Page;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, at, message, moment, queue, queued, settle};

/// The numbers of the listed messages, in order.
async fn listed(pool: &PgPool, filter: MessageFilter) -> Vec<u128> {
    numbers(pool, TENANT, &filter).await
}

async fn numbers(pool: &PgPool, tenant: TenantId, filter: &MessageFilter) -> Vec<u128> {
    let models = ReadModels::new(pool.clone());
    let listing = models.list_messages(tenant, filter, Page::default()).await.unwrap();
    assert_eq!(listing.total, i64::try_from(listing.rows.len()).unwrap());
    listing.rows.iter().map(|row| row.id.as_u128()).collect()
}

fn received(from: Option<&str>, body: &str, time: DateTime<Utc>) -> Event {
    Event::Received(Box::new(Received {
        session_id: SessionId(Uuid::from_u128(0x6)),
        chat_id: ChatId("group@g.us".into()),
        from: from.map(|from| from.parse().unwrap()),
        from_lid: None,
        body: body.into(),
        kind: ContentKind::Document,
        waha_message_id: WahaMessageId("3EB0".into()),
        at: time,
    }))
}

/// 1: to Indonesia; 2: to Germany, delivered, with a reference; 3: from a number; 4: from a group.
async fn four_messages(pool: &PgPool) {
    let log = MemoryLog::new();
    queue(&log, TENANT, 1);
    let second = Queued {
        to: "+4915112345678".parse().unwrap(),
        body: "100% of Ihre Bestellung".to_owned().try_into().unwrap(),
        client_reference: Some("order-2".to_owned().try_into().unwrap()),
        ..queued(2)
    };
    log.record(message(TENANT, 2), Event::Queued(second));
    log.record(message(TENANT, 2), Event::Delivered(moment(9)));
    log.record(message(TENANT, 3), received(Some("+6281234567890"), "Order received?", at(3)));
    log.record(message(TENANT, 4), received(None, "Hello", at(4)));
    queue(&log, STRANGER, 1);
    settle(&log, pool).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_newest_first_and_of_one_tenant(pool: PgPool) {
    four_messages(&pool).await;
    assert_eq!(listed(&pool, MessageFilter::default()).await, [4, 3, 2, 1]);
    assert_eq!(numbers(&pool, STRANGER, &MessageFilter::default()).await, [1]);
}

#[sqlx::test(migrations = "../migrations")]
async fn each_filter_narrows_the_list(pool: PgPool) {
    four_messages(&pool).await;
    let all = MessageFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let session_id = Some(SessionId(Uuid::from_u128(0x6)));
    let cases: [(MessageFilter, &[u128]); 11] = [
        (MessageFilter { session_id, ..all() }, &[4, 3]),
        (MessageFilter { direction: Some(Direction::Outbound), ..all() }, &[2, 1]),
        (MessageFilter { status: Some(MessageStatus::Queued), ..all() }, &[1]),
        (MessageFilter { status: Some(MessageStatus::Held), ..all() }, &[]),
        (MessageFilter { kind: Some(ContentKind::Document), ..all() }, &[4, 3]),
        (MessageFilter { to: text("+4915112345678"), ..all() }, &[2]),
        (MessageFilter { from: text("group@g.us"), ..all() }, &[4]),
        (MessageFilter { from_date: Some(at(2)), to_date: Some(at(4)), ..all() }, &[3, 2]),
        (MessageFilter { client_reference: text("order-2"), ..all() }, &[2]),
        (MessageFilter { client_reference: text("\0"), ..all() }, &[]),
        (
            MessageFilter {
                status: Some(MessageStatus::Delivered),
                direction: Some(Direction::Outbound),
                ..all()
            },
            &[2],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(listed(&pool, filter.clone()).await, expected, "{filter:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_search_finds_parts_of_the_text_and_of_the_number_literally(pool: PgPool) {
    four_messages(&pool).await;
    let cases: [(&str, &[u128]); 8] = [
        ("ORDER", &[3, 1]),
        ("234567", &[3, 2, 1]),
        ("+62812", &[3, 1]),
        ("group@", &[4]),
        ("100%", &[2]),
        ("1%O", &[]),
        ("_rder", &[]),
        ("e\0", &[]),
    ];
    for (search, expected) in cases {
        let filter = MessageFilter { search: Some(search.to_owned()), ..Default::default() };
        assert_eq!(listed(&pool, filter).await, expected, "{search}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn reading_on_by_cursor_shows_every_message_once_though_new_ones_come(pool: PgPool) {
    let log = MemoryLog::new();
    for number in 1..=7 {
        queue(&log, TENANT, number);
    }
    // Created in the same moment: the id decides.
    log.record(message(TENANT, 90), Event::Queued(queued(4)));
    settle(&log, &pool).await;
    let models = ReadModels::new(pool.clone());

    let mut seen = Vec::new();
    let mut page = Page::numbered(1, 3).unwrap();
    loop {
        let listing = models.list_messages(TENANT, &MessageFilter::default(), page).await.unwrap();
        seen.extend(listing.rows.iter().map(|row| row.id.as_u128()));
        let Some(cursor) = listing.next_cursor else { break };
        page = Page::after(cursor.to_string().parse().unwrap(), 3).unwrap();
        queue(&log, TENANT, u8::try_from(100 + seen.len()).unwrap());
        settle(&log, &pool).await;
    }
    assert_eq!(seen, [7, 6, 5, 90, 4, 3, 2, 1]);

    let second = Page::numbered(2, 4).unwrap();
    let listing = models.list_messages(TENANT, &MessageFilter::default(), second).await.unwrap();
    assert_eq!(listing.total, 10);
    assert!(!listing.total_capped && listing.rows.len() == 4 && listing.next_cursor.is_some());
}
