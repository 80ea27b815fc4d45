//! What a client accepts (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

/// Whether the client names exactly this media type, and not only `*/*`.
pub fn names(headers: &HeaderMap, media_type: &str) -> bool {
    ranges(headers).any(|range| range.matches_exactly(media_type) && range.quality > 0)
}

/// The best of `offers` for the client; of equally good ones the first.
pub fn choose<'a>(headers: &HeaderMap, offers: &[&'a str]) -> Option<&'a str> {
    let mut best = None;
    for offer in offers {
        let quality = quality_of(headers, offer);
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, *offer));
        }
    }
    best.map(|(_, offer)| offer)
}

/// The quality of the most specific range that matches; everything is welcome to who asks for nothing.
fn quality_of(headers: &HeaderMap, media_type: &str) -> u16 {
    if !headers.contains_key(header::ACCEPT) {
        return Range::QUALITY_MAX;
    }
    let matching = ranges(headers).filter(|range| range.matches(media_type));
    matching
        .max_by_key(|range| (range.specificity(), range.quality))
        .map_or(0, |range| range.quality)
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let values =
        headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(Range::parse)
}

/// One media range of an Accept header; the quality in thousandths.
struct Range<'a> {
    essence: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    const QUALITY_MAX: u16 = 1_000;

    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let quality = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(Self::QUALITY_MAX, thousandths);
        Self { essence, quality }
    }

    fn matches_exactly(&self, media_type: &str) -> bool {
        self.essence.eq_ignore_ascii_case(media_type)
    }

    fn matches(&self, media_type: &str) -> bool {
        let kind = |text: &'a str| text.strip_suffix("/*");
        let is_of_kind = kind(self.essence).is_some_and(|kind| {
            media_type.split('/').next().is_some_and(|own| own.eq_ignore_ascii_case(kind))
        });
        self.essence == "*/*" || is_of_kind || self.matches_exactly(media_type)
    }

    fn specificity(&self) -> u8 {
        match self.essence {
            "*/*" => 0,
            kind if kind.ends_with("/*") => 1,
            _ => 2,
        }
    }
}

/// `0.75` as 750; nonsense as 0, so that it never wins.
fn thousandths(text: &str) -> u16 {
    let quality = text.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    quality.map_or(0, |quality| (quality * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const OFFERS: [&str; 3] = ["image/png", "image/svg+xml", "application/json"];

    fn chosen(accept: &'static str) -> Option<&'static str> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        choose(&headers, &OFFERS)
    }

    #[test]
    fn the_first_offer_goes_to_who_does_not_care() {
        assert_eq!(choose(&HeaderMap::new(), &OFFERS), Some("image/png"));
        assert_eq!(chosen("*/*"), Some("image/png"));
        assert_eq!(chosen("image/*"), Some("image/png"));
    }

    #[test]
    fn quality_and_precision_decide() {
        assert_eq!(chosen("application/json"), Some("application/json"));
        assert_eq!(chosen("image/png;q=0.1, image/svg+xml;q=0.9"), Some("image/svg+xml"));
        assert_eq!(chosen("image/*;q=0.2, application/json;q=0.1"), Some("image/png"));
        assert_eq!(chosen("image/png;q=0, image/*"), Some("image/svg+xml"));
    }

    #[test]
    fn there_may_be_nothing_to_offer() {
        assert_eq!(chosen("text/html"), None);
        assert_eq!(chosen("*/*;q=0"), None);
        assert_eq!(chosen("nonsense;;q=x,,"), None);
    }

    #[test]
    fn a_type_is_named_only_by_itself() {
        let accept =
            |text| HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(text))]);
        assert!(names(&accept("application/problem+json, */*"), "application/problem+json"));
        assert!(!names(&accept("*/*"), "application/problem+json"));
        assert!(!names(&accept("application/problem+json;q=0"), "application/problem+json"));
    }
}
