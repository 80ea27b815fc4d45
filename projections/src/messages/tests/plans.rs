//! That no question a tenant can ask makes PostgreSQL read the whole table.

use domain::id::{SessionId, TenantId};
use domain::message::content::ContentKind;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::messages::filter::MessageFilter;
use crate::messages::list;
use crate::messages::status::{Direction, MessageStatus};
use crate::page::{Cursor, Page};
use crate::testing::at;

const SEARCH: &str = "message_texts_search";
const TENANT: TenantId = TenantId(Uuid::from_u128(1));

/// 20,000 messages of eight tenants.
async fn fill(pool: &PgPool) {
    sqlx::raw_sql(
        "insert into messages (tenant_id, id, session_id, direction, recipient, body, type, status,
             priority, attempts, client_reference, metadata, created_at, failed_at, dead_letter_reason,
             position_first, position_second)
         select lpad(to_hex(n % 8), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid,
             lpad(to_hex(n % 40), 32, '0')::uuid, 'outbound', '+62812' || 1000000 + n,
             'Order ' || md5(n::text) || ' is on its way', 'text',
             case when n % 100 = 1 then 'failed' else 'read' end, 'normal', 1, 'order-' || n, '{}',
             '2026-11-20T10:00:00Z'::timestamptz - n * interval '1 minute',
             case when n % 100 = 1 then '2026-11-20T10:00:00Z'::timestamptz - n * interval '1 minute' end,
             case when n % 100 = 1 then 'refused' end, n, 1
         from generate_series(0, 19999) as n",
    )
    .execute(pool)
    .await
    .unwrap();
    sqlx::raw_sql(
        "insert into message_texts (tenant_id, message_id, text)
         select tenant_id, id, body || E'\\x1f' || recipient from messages",
    )
    .execute(pool)
    .await
    .unwrap();
    sqlx::raw_sql("vacuum analyze messages, message_texts").execute(pool).await.unwrap();
}

async fn plan(connection: &mut PgConnection, mut query: QueryBuilder<Postgres>) -> String {
    let lines: Vec<String> = query.build_query_scalar().fetch_all(connection).await.unwrap();
    lines.join("\n")
}

#[sqlx::test(migrations = "../migrations")]
async fn no_list_and_no_search_reads_the_whole_table(pool: PgPool) {
    fill(&pool).await;
    let mut reader = pool.begin().await.unwrap();
    sqlx::query(
        "select set_config('role', 'heliograph_reader', true),
             set_config('heliograph.tenant_id', $1, true)",
    )
    .bind(TENANT.to_string())
    .execute(&mut *reader)
    .await
    .unwrap();

    let all = MessageFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let session_id = Some(SessionId(Uuid::from_u128(1)));
    // Each filter and the index it must use; `messages_` is any: what suits best depends on the rows.
    let cases = [
        (all(), "messages_newest"),
        (MessageFilter { session_id, ..all() }, "messages_by_session"),
        (MessageFilter { status: Some(MessageStatus::Failed), ..all() }, "messages_by_status"),
        (MessageFilter { direction: Some(Direction::Inbound), ..all() }, "messages_"),
        (MessageFilter { kind: Some(ContentKind::Image), ..all() }, "messages_"),
        (MessageFilter { to: text("+628121000001"), ..all() }, "messages_by_recipient"),
        (MessageFilter { from: text("+628121000001"), ..all() }, "messages_by_sender"),
        (MessageFilter { client_reference: text("order-1"), ..all() }, "messages_by_reference"),
        (MessageFilter { from_date: Some(at(-9_000)), ..all() }, "messages_newest"),
        (MessageFilter { search: text("c4ca4238"), ..all() }, SEARCH),
        (MessageFilter { search: text("+62812100000"), ..all() }, SEARCH),
        (MessageFilter { search: text("is on"), ..all() }, "messages_"),
        (MessageFilter { search: text("i"), ..all() }, "messages_"),
    ];
    // By its text, not only by its tenant: see the view in the migration.
    let searches_text = |plan: &str| {
        plan.lines().any(|line| line.contains("Index Cond") && line.contains("text ~~*"))
    };
    let page = Page::after(Cursor::new(at(0), Uuid::nil()), 20).unwrap();
    for (filter, index) in cases {
        for page in [Page::default(), page] {
            let mut rows = QueryBuilder::new("explain ");
            list::push_rows(&mut rows, TENANT, &filter, page);
            let plan = plan(&mut reader, rows).await;
            assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{filter:?}\n{plan}");
            assert!(index != SEARCH || searches_text(&plan), "{filter:?}\n{plan}");
        }
        let mut count = QueryBuilder::new("explain ");
        list::push_count(&mut count, TENANT, &filter);
        let plan = plan(&mut reader, count).await;
        assert!(plan.contains("messages_") && !plan.contains("Seq Scan"), "{filter:?}\n{plan}");
    }
}
