//! Takes settings out of the environment one by one and remembers what was wrong with each.

use std::fmt;
use std::ops::RangeInclusive;

use secrecy::SecretString;

use super::secret;
use super::table::Setting;

/// What is wrong with one setting, and how to put it right. Never shows a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// The environment variable.
    pub name: &'static str,
    /// What is wrong; completes the name.
    pub problem: String,
    /// What to set it to.
    pub fix: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, problem, fix } = self;
        write!(formatter, "{name} {problem}\n    set it to {fix}")
    }
}

impl std::error::Error for SettingError {}

/// Something is wrong, and has been noted: it is told together with everything else that is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted;

/// Reads settings.
pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<SettingError>,
}

impl<'a> Reader<'a> {
    /// What `take` makes of the settings, or all their errors.
    pub(super) fn read<T>(
        lookup: &'a dyn Fn(&str) -> Option<String>,
        take: impl FnOnce(&mut Self) -> Result<T, Noted>,
    ) -> Result<T, Vec<SettingError>> {
        let mut reader = Self { lookup, errors: Vec::new() };
        match take(&mut reader) {
            Ok(value) if reader.errors.is_empty() => Ok(value),
            _ => Err(reader.errors),
        }
    }

    /// The text of a setting, unless there is none; an empty one counts as none.
    pub(super) fn text(&self, setting: &Setting) -> Option<String> {
        let text = (self.lookup)(setting.name).map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty()).or_else(|| setting.default.map(str::to_owned))
    }

    /// A setting that must be there.
    pub(super) fn required<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Noted> {
        if self.text(setting).is_none() {
            return self.refuse(setting, "is not set".to_owned());
        }
        self.optional(setting, parse)?.ok_or(Noted)
    }

    /// A setting that may be left out.
    pub(super) fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Noted> {
        let Some(text) = self.text(setting) else { return Ok(None) };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None if setting.is_secret => self.refuse(setting, "cannot be read".to_owned()),
            None => self.refuse(setting, format!("cannot be {text:?}")),
        }
    }

    /// A whole number within a range.
    pub(super) fn number<T>(
        &mut self,
        setting: &Setting,
        range: RangeInclusive<T>,
    ) -> Result<T, Noted>
    where
        T: std::str::FromStr + PartialOrd,
    {
        self.required(setting, |text| text.parse().ok().filter(|number| range.contains(number)))
    }

    /// A secret that must be there, long enough and not copied from an example.
    pub(super) fn secret(
        &mut self,
        setting: &Setting,
        bytes_min: usize,
    ) -> Result<SecretString, Noted> {
        let text = self.required(setting, |text| Some(text.to_owned()))?;
        match secret::weakness(&text, bytes_min) {
            None => Ok(text.into()),
            Some(weakness) => self.refuse(setting, weakness),
        }
    }

    /// Notes an error.
    pub(super) fn refuse<T>(&mut self, setting: &Setting, problem: String) -> Result<T, Noted> {
        self.errors.push(SettingError { name: setting.name, problem, fix: setting.expects });
        Err(Noted)
    }
}
