//! The worked example of docs/changing-an-event.md, which quotes it.

use serde_json::json;

use super::*;
use crate::codec::STORED;

// example: begin
const STEPS: &[(&str, u16, Upcast)] = &[
    ("message_queued", 1, put_body_into_content),
    ("message_queued", 2, tell_who_chose_the_priority),
];

/// Version 2 can hold more than text: `body` became `content`.
fn put_body_into_content(mut data: Value) -> Value {
    let body = data["body"].take();
    if let Value::Object(fields) = &mut data {
        fields.remove("body");
        fields.insert("content".to_owned(), json!({ "kind": "text", "text": body }));
    }
    data
}

/// Version 3 tells who chose the priority. Nobody was asked before, so it was the client or the default; what an
/// old event cannot tell is said to be unknown, never guessed.
fn tell_who_chose_the_priority(mut data: Value) -> Value {
    data["priority_chosen_by"] = json!("unknown");
    data
}

#[test]
fn an_old_message_reads_as_a_new_one() {
    let stored = json!({ "to": "+6281234567890", "body": "Hello", "priority": "normal" });
    let newest = to_newest(STEPS, "message_queued", 1, 3, stored.to_string()).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&newest).unwrap(),
        json!({
            "to": "+6281234567890",
            "content": { "kind": "text", "text": "Hello" },
            "priority": "normal",
            "priority_chosen_by": "unknown",
        })
    );
}
// example: end

#[test]
fn a_step_that_is_missing_is_an_error_and_not_a_guess() {
    let read = to_newest(&STEPS[1..], "message_queued", 1, 3, "{}".to_owned());
    assert!(matches!(read, Err(DecodeError::NoUpcast(1))));
    let newer = to_newest(STEPS, "message_queued", 4, 3, "{}".to_owned());
    assert!(matches!(newer, Err(DecodeError::TooNew { found: 4, newest: 3 })));
}

#[test]
fn every_shape_that_is_not_the_newest_has_a_step_and_no_other_has() {
    for (name, newest) in STORED {
        for version in 1..*newest {
            let steps = super::STEPS.iter().filter(|(of, from, _)| of == name && *from == version);
            assert_eq!(steps.count(), 1, "{name} {version} needs one step to the next version");
        }
    }
    let older: u16 = STORED.iter().map(|(_, newest)| newest - 1).sum();
    assert_eq!(super::STEPS.len(), usize::from(older), "a step leads on from no stored shape");
}

#[test]
fn the_guide_quotes_this_example() {
    let (_, rest) = include_str!("tests.rs").split_once("// example: begin\n").unwrap();
    let (example, _) = rest.split_once("// example: end").unwrap();
    let guide = include_str!("../../../../docs/changing-an-event.md");
    assert!(guide.contains(example.trim_end()), "docs/changing-an-event.md quotes another example");
}
