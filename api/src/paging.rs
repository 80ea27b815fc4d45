//! Which page of a list is asked for, and which was answered.

use std::borrow::Cow;

use projections::page::{Cursor, InvalidPage, LIMIT_DEFAULT, LIMIT_MAX, Listing, Page};
use serde::Serialize;

use crate::extract::field::Text;
use crate::extract::{Fields, FromFields, Noted};
use crate::problem::{Code, Detail};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A page by its number, or the one after a cursor.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    page: Page,
    /// None for the page after a cursor.
    number: Option<u32>,
    limit: u32,
}

/// Where in a list an answer is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageMeta")]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The page's number; none if it was asked for by cursor.
    page: Option<u32>,
    limit: u32,
    /// How many entries there are on all pages, as far as they are counted.
    total: i64,
    /// Whether there are more than counted.
    total_capped: bool,
    /// Leads to the next page; none at the end.
    next_cursor: Option<String>,
}

impl Paging {
    /// Which rows.
    pub fn page(&self) -> Page {
        self.page
    }

    /// Where the answer is.
    pub fn meta<Row>(&self, listing: &Listing<Row>) -> Meta {
        Meta {
            page: self.number,
            limit: self.limit,
            total: listing.total,
            total_capped: listing.total_capped,
            next_cursor: listing.next_cursor.map(|cursor| cursor.to_string()),
        }
    }
}

impl JsonSchema for Paging {
    fn schema_name() -> Cow<'static, str> {
        "Paging".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "properties": {
            "page": {
                "type": "integer", "minimum": 1, "default": 1,
                "description": "The page by its number, while it is among the first entries; the cursor goes on from there.",
            },
            "limit": {
                "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT,
                "description": "Entries on a page.",
            },
            "cursor": {
                "type": "string", "pattern": "^[0-9a-f]{48}$",
                "description": "The nextCursor of an answer: the page after it. Goes before a number.",
            },
        } })
    }
}

impl FromFields for Paging {
    /// Where both are given, the cursor counts: it is what the last answer gave.
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let limit = fields.number("limit", 1..=u64::from(LIMIT_MAX));
        let number = fields.number("page", 1..=u64::from(u32::MAX));
        let cursor = cursor(fields);
        let (limit, number) = (narrow(limit?, LIMIT_DEFAULT), narrow(number?, 1));
        let page = match cursor? {
            Some(cursor) => Page::after(cursor, limit).map(|page| (page, None)),
            None => Page::numbered(number, limit).map(|page| (page, Some(number))),
        };
        match page {
            Ok((page, number)) => Ok(Self { page, number, limit }),
            Err(error) => fields.refuse(refusal(error)),
        }
    }
}

fn cursor(fields: &mut Fields) -> Result<Option<Cursor>, Noted> {
    let Some(Text(text)) = fields.optional("cursor")? else { return Ok(None) };
    match text.parse() {
        Ok(cursor) => Ok(Some(cursor)),
        Err(error) => {
            let detail = Detail::new(Code::ValidInvalidFormat, format!("{error}"));
            fields.refuse(detail.on("cursor").by("CURSOR"))
        }
    }
}

/// A number known to fit.
fn narrow(number: Option<u64>, default: u32) -> u32 {
    number.map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

fn refusal(error: InvalidPage) -> Detail {
    let field = match error {
        InvalidPage::Limit => "limit",
        InvalidPage::Number | InvalidPage::TooDeep => "page",
    };
    Detail::new(Code::ValidOutOfRange, error.to_string()).on(field).by("RANGE")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn read(limit: &str, page: &str, cursor: &str) -> Result<Paging, String> {
        let values = [("limit", limit), ("page", page), ("cursor", cursor)];
        let given = values.into_iter().filter(|(_, value)| !value.is_empty());
        let values: Map<_, _> =
            given.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        Fields::read::<Paging>(values).map_err(|problem| {
            problem
                .details()
                .filter_map(|detail| detail.field.clone())
                .collect::<Vec<_>>()
                .join(" ")
        })
    }

    #[test]
    fn the_first_page_is_the_default() {
        let paging = read("", "", "").unwrap();
        assert_eq!((paging.number, paging.limit), (Some(1), LIMIT_DEFAULT));
    }

    #[test]
    fn a_cursor_goes_before_a_number() {
        let cursor = "0".repeat(48);
        assert_eq!(read("5", "7", &cursor).unwrap().number, None);
    }

    #[test]
    fn what_is_no_page_is_refused_by_name() {
        assert_eq!(read("0", "0", "abc").unwrap_err(), "limit page cursor");
        assert_eq!(read("101", "", "").unwrap_err(), "limit");
        assert_eq!(read("100", "4294967295", "").unwrap_err(), "page");
    }
}
