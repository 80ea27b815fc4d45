//! One person under two names: a phone number, and the id WhatsApp hides it behind (`@lid`).
//!
//! WhatsApp may deliver one message under both, and tells the one beside the other only now and then (#1564, #1627). What
//! was told once is remembered: a [`Link`]. Invariant: a person's messages have the identity of their number as soon
//! as it is known, and one that came under the hidden id before is found under that.

use crate::id::{MessageId, SessionId};
use crate::message::event::Received;
use crate::phone::PhoneNumber;
use crate::ports::waha::Arrival;
use crate::whatsapp::ChatId;

/// A number, and the id that hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The hidden id.
    pub lid: ChatId,
    /// The number.
    pub phone: PhoneNumber,
}

impl Link {
    /// The one an arrival tells, if it tells both.
    pub fn told_by(arrival: &Arrival) -> Option<Self> {
        Some(Self { lid: arrival.from_lid.clone()?, phone: arrival.from.clone()? })
    }

    /// The same of a message in the log. Before hidden ids were kept, only a chat's name told one.
    pub fn learnt_from(received: &Received) -> Option<Self> {
        let of_chat = || received.chat_id.is_hidden().then(|| received.chat_id.clone());
        let lid = received.from_lid.clone().or_else(of_chat)?;
        Some(Self { lid, phone: received.from.clone()? })
    }
}

impl Arrival {
    /// Whether half of its sender's link is missing where it matters: the number of a hidden sender is shown, and in
    /// a group both names may identify one message.
    pub fn lacks_link(&self) -> bool {
        match (&self.from, &self.from_lid) {
            (None, Some(_)) => true,
            (Some(_), None) => self.participant.is_some(),
            _ => false,
        }
    }

    /// With what is known of its sender.
    #[must_use]
    pub fn linked(mut self, link: Link) -> Self {
        self.from = self.from.or(Some(link.phone));
        self.from_lid = self.from_lid.or(Some(link.lid));
        self
    }

    /// Its identity, and the one it has if it was received when its sender's number was not known.
    pub fn identities(&self, session: SessionId) -> (MessageId, Option<MessageId>) {
        let of = |who: Option<&str>| MessageId::of_inbound(session, &self.waha_message_id.0, who);
        let Some(participant) = &self.participant else { return (of(None), None) };
        let Some(phone) = &self.from else { return (of(Some(participant)), None) };
        let hidden = self.from_lid.as_ref().map(|lid| of(Some(&lid.0)));
        (of(Some(&ChatId::from(phone).0)), hidden)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::message::content::ContentKind;
    use crate::whatsapp::WahaMessageId;

    const SESSION_ID: SessionId = SessionId(Uuid::from_u128(8));
    const PHONE: &str = "6281234567890@c.us";
    const LID: &str = "222222222222222@lid";

    fn link() -> Link {
        Link { lid: ChatId(LID.to_owned()), phone: "+6281234567890".parse().unwrap() }
    }

    /// One message of a group, as it is told under one name or both.
    fn arrival(participant: &str, phone: bool, lid: bool) -> Arrival {
        Arrival {
            waha_message_id: WahaMessageId("AAAA".to_owned()),
            participant: Some(participant.to_owned()),
            chat_id: ChatId("120363@g.us".to_owned()),
            from: phone.then(|| link().phone),
            from_lid: lid.then(|| link().lid),
            body: "Hi".to_owned(),
            kind: ContentKind::Text,
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_message_under_both_names_is_one_message() {
        let plain = arrival(PHONE, true, false).identities(SESSION_ID);
        let both = arrival(LID, true, true).identities(SESSION_ID);
        let hidden = arrival(LID, false, true).identities(SESSION_ID);
        assert_eq!(both.0, plain.0);
        assert_eq!(both.1, Some(hidden.0));
        assert_ne!(hidden.0, plain.0, "nothing tells that they are one");
        for half in [arrival(PHONE, true, false), arrival(LID, false, true)] {
            assert!(half.lacks_link());
            assert_eq!(half.linked(link()).identities(SESSION_ID), both);
        }
    }

    #[test]
    fn a_chat_of_two_needs_no_name() {
        let direct = |phone, lid| Arrival { participant: None, ..arrival(LID, phone, lid) };
        let ids = [(true, false), (false, true), (true, true)]
            .map(|(phone, lid)| direct(phone, lid).identities(SESSION_ID));
        assert_eq!(ids, [ids[0]; 3]);
        assert!(direct(false, true).lacks_link() && !direct(true, false).lacks_link());
    }

    #[test]
    fn an_arrival_that_tells_both_names_tells_the_link() {
        assert_eq!(Link::told_by(&arrival(LID, true, true)), Some(link()));
        assert_eq!(Link::told_by(&arrival(LID, false, true)), None);
        assert_eq!(Link::told_by(&arrival(PHONE, true, false)), None);
    }
}
