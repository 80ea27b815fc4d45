//! Numbers are read as the tenant's country writes them (M7).

use acceptance::installation::Installation;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn national_and_international_numbers_are_understood_and_others_named(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for text in ["0812-3456-7890", "+62 812 3456 7890", "+62(812)3456.7890", "081234567890"] {
        let encoded = text.replace('+', "%2B").replace(' ', "%20");
        let formatted = tenant.get(&format!("/messages/format-phone/{encoded}")).await.expect(200);
        assert_eq!(
            formatted.data(),
            &json!({
                "phone": "+6281234567890", "country": "ID", "chatId": "6281234567890@c.us",
            }),
            "{text}"
        );
        let id = tenant.send_to(&session, text, "hello").await;
        assert_eq!(tenant.message_becomes(&id, "read").await["to"], "+6281234567890", "{text}");
    }
    for text in ["12", "+12", "+1234567890123456", "+62812abc", "nobody", "+0123456789"] {
        let encoded = text.replace('+', "%2B");
        let refused = tenant.get(&format!("/messages/format-phone/{encoded}")).await.expect(400);
        assert_eq!(refused.fields(), ["phone"], "{text}");
        let body = json!({ "sessionId": session.id, "to": text, "body": "x" });
        let refused = tenant.post("/messages/send", &body).await.expect(400);
        assert_eq!(refused.fields(), ["to"], "{text}");
    }
    assert_eq!(stage.waha.ledger().len(), 4);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_text_is_cleaned_and_has_a_length(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "bell\u{7} nul\0 line\r\nbreak\ttab é 😀").await;
    let cleaned = "bell nul line\nbreak\ttab é 😀";
    assert_eq!(tenant.message_becomes(&id, "read").await["body"], cleaned);
    assert_eq!(stage.waha.ledger()[0].text, cleaned);

    let longest = "é".repeat(4_096);
    let id = tenant.send_text(&session, &longest).await;
    assert_eq!(tenant.message_becomes(&id, "read").await["body"], longest);
    for (body, code) in [
        (json!("é".repeat(4_097)), "VALID_INVALID_FORMAT"),
        (json!(""), "VALID_INVALID_FORMAT"),
        (json!(" \n\t\0"), "VALID_INVALID_FORMAT"),
        (json!(null), "VALID_REQUIRED_FIELD"),
        (json!(17), "VALID_INVALID_TYPE"),
    ] {
        let message = json!({ "sessionId": session.id, "to": "+6281234567890", "body": body });
        let refused = tenant.post("/messages/send", &message).await.expect(400);
        assert_eq!((refused.fields(), refused.codes()), (vec!["body"], vec![code]));
    }
    stage.stop().await;
}
