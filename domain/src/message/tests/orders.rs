//! WhatsApp's news comes in any order, before the send's own answer or after, and more than once.

use proptest::prelude::*;

use super::doubt::{Finding, Verdict};
use super::*;

/// News of one attempt: WAHA's answer, an echo, what WhatsApp acknowledges or refuses.
fn news() -> impl Strategy<Value = Command> {
    prop_oneof![
        2 => Just(confirm(1)),
        2 => Just(acknowledge(Ack::Pending)),
        2 => Just(acknowledge(Ack::Server)),
        1 => Just(acknowledge(Ack::Device)),
        1 => Just(acknowledge(Ack::Read)),
        1 => Just(acknowledge(Ack::Played)),
        1 => Just(acknowledge(Ack::Error)),
    ]
}

/// The same news in two orders, each told at least once in both.
fn orders() -> impl Strategy<Value = (Vec<Command>, Vec<Command>)> {
    proptest::collection::vec(news(), 1..6).prop_flat_map(|news| {
        let order = || {
            let repeats = proptest::collection::vec(proptest::sample::select(news.clone()), 0..4);
            let news = news.clone();
            repeats
                .prop_flat_map(move |repeats| Just([news.clone(), repeats].concat()).prop_shuffle())
        };
        (order(), order())
    })
}

/// How the message answers whatever may be asked of it next: two that answer alike are in the same state.
fn answers(message: &Message) -> Vec<Result<Vec<Event>, Rejection>> {
    let look = |finding| Command::RecordLook { attempt: 1, finding, policy: SETTLING, now: now() };
    let asked = [
        start(),
        confirm(1),
        refuse(1, RefusalKind::Unreachable),
        lose_sight_of(1),
        look(Finding::Absent),
        Command::Settle { verdict: Verdict::Failed, now: now() },
        Command::ReportAckOverdue { attempt: 1, now: now() },
        give_up(DeadLetterReason::SessionDeleted),
        expire(),
        redrive(),
        discard(),
    ];
    let acks = [Ack::Error, Ack::Pending, Ack::Server, Ack::Device, Ack::Read, Ack::Played];
    asked.into_iter().chain(acks.map(acknowledge)).map(|command| message.decide(command)).collect()
}

fn told(message: Message, news: Vec<Command>) -> Message {
    news.into_iter().fold(message, |message, command| {
        let decided = message.decide(command).unwrap_or_default();
        decided.iter().fold(message, Message::evolve)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_order_news_comes_in_and_however_often_the_message_ends_in_the_same_state(
        (one, other) in orders(),
        is_in_doubt: bool,
    ) {
        let history = if is_in_doubt {
            vec![queued(), started(1), unknown(1)]
        } else {
            vec![queued(), started(1)]
        };
        let (one, other) = (told(given(&history), one), told(given(&history), other));
        prop_assert_eq!(answers(&one), answers(&other));
    }

    #[test]
    fn what_was_seen_of_it_is_the_furthest_that_was_told((news, _) in orders()) {
        let sent = [queued(), started(1), answered(1)];
        let furthest = news.iter().filter_map(|command| match command {
            Command::Acknowledge { ack, .. } => Some(*ack),
            _ => None,
        }).max().unwrap_or(Ack::Pending);
        let message = told(given(&sent), news.clone());
        for ack in [Ack::Device, Ack::Read, Ack::Played] {
            let is_news = message.decide(acknowledge(ack)) != Ok(vec![]);
            prop_assert_eq!(is_news, ack > furthest);
        }
    }
}
