//! A query that cannot be meant is refused with 400, and what is wrong is named (M5).

use acceptance::installation::Installation;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_with_a_query_is_named(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let long = "x".repeat(300);
    let long_search = format!("search={long}");
    let paging = [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1e1", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("page=0", "page"),
        ("page=1000000000", "page"),
        ("page=-7", "page"),
        ("page=9223372036854775808", "page"),
        ("cursor=abc", "cursor"),
        ("cursor=%00", "cursor"),
        (&format!("cursor={}", "7f".repeat(24)), "cursor"),
        ("limit=1&limit=2", "limit"),
        ("colour=red", "colour"),
    ];
    let filters = [
        ("sessionId=17", "sessionId"),
        ("direction=sideways", "direction"),
        ("status=lost", "status"),
        ("type=hologram", "type"),
        ("fromDate=yesterday", "fromDate"),
        ("toDate=2026-13-01T00:00:00Z", "toDate"),
        ("fromDate=2026-02-01T00:00:00Z&toDate=2026-01-01T00:00:00Z", "toDate"),
        ("search=a%00b", "search"),
        (long_search.as_str(), "search"),
    ];
    for path in ["/messages", "/sessions", "/dead-letters"] {
        let filters = if path == "/messages" { filters.as_slice() } else { &[] };
        for (query, field) in paging.iter().chain(filters) {
            let refused = tenant.get(&format!("{path}?{query}")).await;
            assert_eq!(refused.status, 400, "{path}?{query}");
            refused.assert_is_problem();
            assert_eq!(refused.fields(), [*field], "{path}?{query}");
        }
    }
    let wrong = "/messages?limit=0&page=0&cursor=x&status=lost&colour=red";
    let mut fields = tenant.get(wrong).await.expect(400).fields().join(" ");
    let mut names: Vec<_> = fields.split(' ').collect();
    names.sort_unstable();
    fields = names.join(" ");
    assert_eq!(fields, "colour cursor limit page status", "everything is told at once");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn statistics_are_told_for_a_sensible_time_only(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    for (query, field) in [
        ("fromDate=2026-02-01T00:00:00Z&toDate=2026-01-01T00:00:00Z", "fromDate"),
        ("fromDate=1999-01-01T00:00:00Z&toDate=2026-01-01T00:00:00Z", "fromDate"),
        ("fromDate=x", "fromDate"),
        ("toDate=%FF", ""),
        ("granularity=hour", "granularity"),
    ] {
        let refused = tenant.get(&format!("/messages/stats?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        refused.assert_is_problem();
        assert_eq!(refused.fields().join(""), field, "{query}");
    }
    stage.stop().await;
}
