//! The trace a request belongs to (W3C Trace Context): its id is on the request's log lines, and calls made to WAHA
//! within the request go on with it. A header that is not as the standard has it counts as none.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// A trace: 32 hexadecimal digits, and whether it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    id: String,
    flags: String,
}

impl Trace {
    /// The one a request belongs to, if it says so: `00-<trace>-<span>-<flags>`. Later versions may add to that.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(HEADER).into_iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let mut parts = value.to_str().ok()?.split('-');
        let version = hex(parts.next()?, 2).filter(|version| *version != "ff")?;
        let id = hex(parts.next()?, 32).filter(|id| id.contains(|digit| digit != '0'))?;
        hex(parts.next()?, 16).filter(|span| span.contains(|digit| digit != '0'))?;
        let flags = hex(parts.next()?, 2)?;
        let is_whole = version != "00" || parts.next().is_none();
        is_whole.then(|| Self { id: id.to_owned(), flags: flags.to_owned() })
    }

    /// The trace's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is sent on; `span` names this request's part.
    pub fn onwards(&self, span: Uuid) -> Option<HeaderValue> {
        let (_, span) = span.as_u64_pair();
        HeaderValue::from_str(&format!("00-{}-{span:016x}-{}", self.id, self.flags)).ok()
    }
}

/// The text, if it is so many hexadecimal digits in lower case.
fn hex(text: &str, digits: usize) -> Option<&str> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == digits && text.bytes().all(is_digit)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(values: &[&str]) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        Trace::of(&headers)
    }

    #[test]
    fn a_trace_is_read_and_goes_on_under_another_span() {
        let trace = of(&[&format!("00-{ID}-00f067aa0ba902b7-01")]).unwrap();
        assert_eq!(trace.id(), ID);
        let onwards = trace.onwards(Uuid::from_u128(0xabc)).unwrap();
        assert_eq!(onwards, format!("00-{ID}-0000000000000abc-01").as_str());
    }

    #[test]
    fn a_later_version_may_tell_more() {
        assert!(of(&[&format!("cc-{ID}-00f067aa0ba902b7-01-more")]).is_some());
    }

    #[test]
    fn what_is_not_as_the_standard_has_it_is_none() {
        let zeros = "0".repeat(32);
        for wrong in [
            String::new(),
            format!("00-{ID}-00f067aa0ba902b7"),
            format!("00-{ID}-00f067aa0ba902b7-01-more"),
            format!("ff-{ID}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", ID.to_uppercase()),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{ID}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", &ID[1..]),
        ] {
            assert_eq!(of(&[&wrong]), None, "{wrong}");
        }
        let sound = format!("00-{ID}-00f067aa0ba902b7-01");
        assert_eq!(of(&[&sound, &sound]), None);
        assert_eq!(of(&[]), None);
    }
}
