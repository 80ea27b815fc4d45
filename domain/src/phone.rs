//! Phone numbers in E.164 form.

use std::fmt;
use std::str::FromStr;

use phonenumber::country;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A phone number in E.164 form: `+`, then 7 to 15 digits.
///
/// International numbers are checked for form only: number plans change faster than metadata, and
/// whether a number is on WhatsApp is WhatsApp's to say. National numbers need a country and are
/// checked against its plan.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// An ISO 3166-1 alpha-2 country, such as `ID`, used to read national numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Country(country::Id);

/// Why a text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Not `+` and 7 to 15 digits.
    #[error("must be in international format: + and the country code, 7 to 15 digits in all")]
    NotInternational,
    /// National, and the tenant has no default country.
    #[error(
        "has no country code, and the tenant has no default country: write it as +<country code><number>"
    )]
    NoCountry,
    /// National, and not a number of the country.
    #[error("is not a phone number in {0}: write it as +<country code><number>")]
    NotInCountry(Country),
}

/// The text is not a country code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 3166-1 country code of two letters, such as ID or DE")]
pub struct InvalidCountry;

const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;
/// Longest text worth reading: fifteen digits and generous separators.
const TEXT_MAX: usize = 40;

impl PhoneNumber {
    /// Reads a number in international form, or in the national form of `default_country`.
    pub fn parse(text: &str, default_country: Option<Country>) -> Result<Self, InvalidPhone> {
        let text = text.trim();
        if text.starts_with('+') {
            return Self::from_str(text);
        }
        if text.len() > TEXT_MAX {
            return Err(InvalidPhone::NotInternational);
        }
        let country = default_country.ok_or(InvalidPhone::NoCountry)?;
        phonenumber::parse(Some(country.0), text)
            .ok()
            .filter(phonenumber::is_valid)
            .map(|number| Self(number.format().mode(phonenumber::Mode::E164).to_string()))
            .ok_or(InvalidPhone::NotInCountry(country))
    }

    /// The number with its leading `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone, as WhatsApp writes them.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The country the number belongs to, where its code tells.
    pub fn country(&self) -> Option<Country> {
        phonenumber::parse(None, &self.0).ok()?.country().id().map(Country)
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidPhone;

    fn from_str(text: &str) -> Result<Self, InvalidPhone> {
        let rest = text.trim().strip_prefix('+').ok_or(InvalidPhone::NotInternational)?;
        let is_separator = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '/');
        if rest.len() > TEXT_MAX || !rest.chars().all(|c| c.is_ascii_digit() || is_separator(c)) {
            return Err(InvalidPhone::NotInternational);
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        if digits.starts_with('0') || !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
            return Err(InvalidPhone::NotInternational);
        }
        Ok(Self(format!("+{digits}")))
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        text.to_ascii_uppercase().parse().map(Self).map_err(|_| InvalidCountry)
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_ref())
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhone;

    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl TryFrom<String> for Country {
    type Error = InvalidCountry;

    fn try_from(text: String) -> Result<Self, InvalidCountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_international_number_is_kept_without_its_separators() {
        assert_eq!("+62 812-3456-7890".parse::<PhoneNumber>().unwrap().as_str(), "+6281234567890");
    }

    #[test]
    fn a_national_number_takes_the_default_country() {
        let country = Some("ID".parse().unwrap());
        assert_eq!(
            PhoneNumber::parse("0812 3456 7890", country).unwrap().as_str(),
            "+6281234567890"
        );
        assert_eq!(PhoneNumber::parse("0812 3456 7890", None), Err(InvalidPhone::NoCountry));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "+", "+0123456789", "+123456", "+1234567890123456", "+12345abc", "+١٢٣٤٥٦٧٨"]
        {
            assert_eq!(text.parse::<PhoneNumber>(), Err(InvalidPhone::NotInternational), "{text}");
        }
        assert!(PhoneNumber::parse("12", Some("ID".parse().unwrap())).is_err());
    }

    #[test]
    fn the_country_is_told_from_the_code() {
        assert_eq!(
            "+6281234567890".parse::<PhoneNumber>().unwrap().country().unwrap().to_string(),
            "ID"
        );
    }

    proptest! {
        #[test]
        fn printing_and_parsing_agree(digits in "[1-9][0-9]{6,14}") {
            let number: PhoneNumber = format!("+{digits}").parse().unwrap();
            prop_assert_eq!(number.to_string().parse::<PhoneNumber>(), Ok(number));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = PhoneNumber::parse(&text, Some("ID".parse().unwrap()));
        }
    }
}
