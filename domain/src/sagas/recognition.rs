//! Whether a message in doubt is among those a chat shows.
//!
//! ```text
//! the id chosen for it is shown                                         Found
//! nobody's message of the same text, from the attempt's time on:
//!     one, and no other that may have been sent has that text           Found   (the engine chose the id)
//!     more, or one that two may claim, or one too early to be sure      Undecidable
//! none, and the list is complete                                        Absent, if WAHA remembers that long
//! ```
//!
//! Invariant: a text alone proves a message only where it can be no other's, and absence is never concluded from a
//! list that was cut off.

use chrono::{DateTime, TimeDelta, Utc};

use crate::message::doubt::{Finding, Sighting};
use crate::ports::waha::{OwnMessage, OwnMessages};
use crate::whatsapp::WahaMessageId;

/// How far WAHA's clock may be from ours for absence to be believed: the chat is listed from this long before.
pub const CLOCKS_APART_MAX: TimeDelta = TimeDelta::hours(1);

/// How long before the attempt a message may be dated and still be taken for it: WAHA tells whole seconds.
const EARLY_MAX: TimeDelta = TimeDelta::seconds(2);

/// The message that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The id chosen for it, if one was.
    pub chosen: Option<&'a WahaMessageId>,
    /// Its text.
    pub body: &'a str,
    /// When the attempt was started.
    pub since: DateTime<Utc>,
    /// Another message of this text and chat may have been sent, too, and its id is not known.
    pub has_rival: bool,
}

/// What the chat says of the message, where `claimed` are other messages' ids.
pub fn recognise(wanted: &Wanted<'_>, seen: &OwnMessages, claimed: &[WahaMessageId]) -> Finding {
    let by_id = |own: &&OwnMessage| wanted.chosen == Some(&own.sighting.waha_message_id);
    if let Some(own) = seen.messages.iter().find(by_id) {
        return Finding::Found(own.sighting.clone());
    }
    let alike: Vec<&Sighting> = seen
        .messages
        .iter()
        .filter(|own| own.body == wanted.body && !claimed.contains(&own.sighting.waha_message_id))
        .map(|own| &own.sighting)
        .collect();
    match alike[..] {
        [] if seen.is_complete => Finding::Absent,
        [] => undecidable("the chat shows more messages than were looked at"),
        [sighting] if !wanted.has_rival && is_in_time(wanted, sighting) => {
            Finding::Found(sighting.clone())
        }
        [_] if wanted.has_rival => {
            undecidable("the chat shows one message of this text, and it may be another's")
        }
        [_] => undecidable("the chat shows a message of this text from before the attempt"),
        _ => undecidable("the chat shows several messages of this text"),
    }
}

/// Whether the sighting may be taken for the message by its time.
pub fn is_in_time(wanted: &Wanted<'_>, sighting: &Sighting) -> bool {
    sighting.at >= wanted.since - EARLY_MAX
}

fn undecidable(reason: &str) -> Finding {
    Finding::Undecidable { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whatsapp::Ack;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn own(id: &str, body: &str, seconds: i64) -> OwnMessage {
        let waha_message_id = WahaMessageId(id.to_owned());
        let sighting = Sighting { waha_message_id, ack: Ack::Server, at: at(seconds) };
        OwnMessage { sighting, body: body.to_owned() }
    }

    fn finding(chosen: Option<&str>, messages: Vec<OwnMessage>, has_rival: bool) -> Finding {
        let chosen = chosen.map(|id| WahaMessageId(id.to_owned()));
        let wanted =
            Wanted { chosen: chosen.as_ref(), body: "Hello", since: at(10_000), has_rival };
        let claimed = [WahaMessageId("OTHERS".to_owned())];
        recognise(&wanted, &OwnMessages { messages, is_complete: true }, &claimed)
    }

    fn is_undecidable(finding: &Finding) -> bool {
        matches!(finding, Finding::Undecidable { .. })
    }

    #[test]
    fn the_chosen_id_is_proof_whatever_else_is_shown() {
        let chosen = own("CHOSEN", "cut o", 9_000);
        let found = Finding::Found(chosen.sighting.clone());
        let messages = vec![own("A", "Hello", 10_001), chosen, own("B", "Hello", 10_002)];
        assert_eq!(finding(Some("CHOSEN"), messages, true), found);
    }

    #[test]
    fn the_one_message_of_this_text_that_is_nobody_elses_is_it() {
        for chosen in [None, Some("THROWN AWAY BY AN OLD WAHA")] {
            let it = own("A", "Hello", 9_999);
            let found = Finding::Found(it.sighting.clone());
            let messages = vec![own("OTHERS", "Hello", 10_003), it, own("B", "Bye", 10_001)];
            assert_eq!(finding(chosen, messages, false), found);
        }
    }

    #[test]
    fn a_text_that_may_be_anothers_decides_nothing() {
        let one = || own("A", "Hello", 10_001);
        assert!(is_undecidable(&finding(None, vec![one()], true)));
        assert!(is_undecidable(&finding(None, vec![one(), own("B", "Hello", 10_002)], false)));
        let early = own("A", "Hello", 10_000 - 3);
        assert!(is_undecidable(&finding(Some("CHOSEN"), vec![early], false)));
    }

    #[test]
    fn what_is_not_shown_is_absent_only_from_a_complete_list() {
        let others = || vec![own("OTHERS", "Hello", 10_001), own("B", "Bye", 10_002)];
        assert_eq!(finding(Some("CHOSEN"), others(), false), Finding::Absent);
        assert_eq!(finding(None, vec![], true), Finding::Absent);
        let wanted = Wanted { chosen: None, body: "Hello", since: at(0), has_rival: false };
        let cut_off = OwnMessages { messages: vec![own("B", "Bye", 1)], is_complete: false };
        assert!(is_undecidable(&recognise(&wanted, &cut_off, &[])));
    }
}
