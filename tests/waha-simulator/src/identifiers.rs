//! The ids WAHA makes, in the alphabets WAHA makes them from.

use rand::RngExt;

use crate::clock;

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The id of an event: `evt_` and a lower-case ULID.
pub(crate) fn event_id() -> String {
    format!("evt_{}", ulid())
}

/// The name of a session created without one.
pub(crate) fn session_name() -> String {
    format!("session_{}", ulid())
}

/// The id of one webhook delivery: seventeen characters of base 36.
pub(crate) fn webhook_request_id() -> String {
    random_text(BASE36, 17)
}

/// A message id as the engines choose it: `3EB0` and eighteen hexadecimal digits.
pub(crate) fn message_id() -> String {
    format!("3EB0{}", random_text(HEX, 18))
}

/// The text inside a QR code: a reference and three keys.
pub(crate) fn qr_text() -> String {
    let [reference, noise, identity, secret] = [44, 43, 43, 43].map(|n| random_text(BASE36, n));
    format!("2@{reference},{noise}=,{identity}=,{secret}=")
}

/// A ULID: forty-eight bits of time and eighty of chance, five bits a letter.
fn ulid() -> String {
    let time = u128::try_from(clock::now_ms()).unwrap_or_default() << 80;
    let chance = clock::chance().random::<u128>() >> 48;
    let bits = time | chance;
    (0..26)
        .rev()
        .filter_map(|letter| CROCKFORD.get(((bits >> (letter * 5)) & 31) as usize))
        .map(|letter| char::from(*letter))
        .collect()
}

fn random_text(alphabet: &[u8], length: usize) -> String {
    let mut chance = clock::chance();
    (0..length).map(|_| char::from(alphabet[chance.random_range(0..alphabet.len())])).collect()
}
