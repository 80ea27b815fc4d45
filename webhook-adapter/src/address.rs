//! WhatsApp's addresses: whose they are, and the phone number in them.
//!
//! ```text
//! N@c.us              a person          N@s.whatsapp.net    the same, as engines write it
//! N@lid               a hidden person   N@g.us              a group
//! N@newsletter        a channel         status@broadcast    everybody's status
//! +N                  a person, as the older webhook format writes it
//! ```

use domain::phone::PhoneNumber;
use domain::whatsapp::ChatId;

/// Longest address kept.
const CHARACTERS_MAX: usize = 256;

/// The chat, in the one form the rest of Heliograph knows: people as `N@c.us`.
///
/// WAHA's documentation asks to convert `N@s.whatsapp.net` and never to send to it.
pub(crate) fn chat(address: &str) -> Option<ChatId> {
    if let Some(number) = phone(address) {
        return Some(ChatId::from(&number));
    }
    if let Some(lid) = hidden(address) {
        return Some(lid);
    }
    let address: String = address.chars().filter(|c| !c.is_control()).collect();
    let is_sound = (1..=CHARACTERS_MAX).contains(&address.chars().count());
    is_sound.then_some(ChatId(address))
}

/// The phone number in an address; hidden people, groups and channels have none.
pub(crate) fn phone(address: &str) -> Option<PhoneNumber> {
    let Some((user, server)) = address.split_once('@') else {
        return address.parse().ok();
    };
    if !matches!(server, "c.us" | "s.whatsapp.net") {
        return None;
    }
    // Engines name the device, too: `79990000001:12@s.whatsapp.net`.
    let digits =
        user.split(':').next().filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    format!("+{digits}").parse().ok()
}

/// The hidden id in an address, without the device that engines name, too: `222222222222222:12@lid`.
pub(crate) fn hidden(address: &str) -> Option<ChatId> {
    let user = address.strip_suffix("@lid")?.split(':').next()?;
    let is_sound =
        (1..=CHARACTERS_MAX).contains(&user.len()) && user.bytes().all(|b| b.is_ascii_digit());
    is_sound.then(|| ChatId(format!("{user}@lid")))
}

/// Whether several people write in the chat, so that a message's sender is its participant.
pub(crate) fn has_participants(chat: &ChatId) -> bool {
    chat.0.ends_with("@g.us") || chat.0.ends_with("@broadcast")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_one_form() {
        for address in [
            "6281234567890@c.us",
            "6281234567890@s.whatsapp.net",
            "6281234567890:3@s.whatsapp.net",
            "+6281234567890",
        ] {
            assert_eq!(chat(address), Some(ChatId("6281234567890@c.us".to_owned())), "{address}");
            assert_eq!(phone(address).unwrap().as_str(), "+6281234567890", "{address}");
        }
    }

    #[test]
    fn others_are_kept_as_they_are_and_have_no_number() {
        for address in [
            "222222222222222@lid",
            "120363000000000000@g.us",
            "status@broadcast",
            "@c.us",
            "x@c.us",
        ] {
            assert_eq!(chat(address), Some(ChatId(address.to_owned())), "{address}");
            assert_eq!(phone(address), None, "{address}");
        }
    }

    #[test]
    fn nothing_and_too_much_are_no_chat() {
        assert_eq!(chat(""), None);
        assert_eq!(chat("\0"), None);
        assert_eq!(chat(&"1".repeat(CHARACTERS_MAX + 1)), None);
    }
}
