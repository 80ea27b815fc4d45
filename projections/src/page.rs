//! Lists, a page at a time and newest first: by number, as people leaf, or by cursor, as programs read on.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::storable_time;

/// Rows on a page unless asked otherwise.
pub const LIMIT_DEFAULT: u32 = 20;
/// Most rows on a page.
pub const LIMIT_MAX: u32 = 100;
/// How deep pages may be numbered: what comes after is read by cursor, which costs the same at any depth.
pub const OFFSET_MAX: u32 = 10_000;
/// How far rows are counted.
pub const TOTAL_MAX: i64 = 10_000;

/// Which rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    start: Start,
    limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Offset(u32),
    After(Cursor),
}

/// Why there is no such page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPage {
    /// The limit is nought or too large.
    #[error("must be 1 to {LIMIT_MAX}")]
    Limit,
    /// The number is nought.
    #[error("must be 1 or more")]
    Number,
    /// The page lies too deep.
    #[error("lies beyond the first {OFFSET_MAX} entries: read on with the cursor")]
    TooDeep,
}

impl Page {
    /// The page of this number, the first being 1.
    pub fn numbered(number: u32, limit: u32) -> Result<Self, InvalidPage> {
        let limit = checked(limit)?;
        let before = number.checked_sub(1).ok_or(InvalidPage::Number)?;
        let offset = before.checked_mul(limit).filter(|offset| *offset <= OFFSET_MAX);
        Ok(Self { start: Start::Offset(offset.ok_or(InvalidPage::TooDeep)?), limit })
    }

    /// The page after the row the cursor names.
    pub fn after(cursor: Cursor, limit: u32) -> Result<Self, InvalidPage> {
        Ok(Self { start: Start::After(cursor), limit: checked(limit)? })
    }

    /// Ends a query whose conditions are written: order, and one row more than the page, to see whether there
    /// are more. `time` and `id` are the columns of the order.
    pub(crate) fn push(self, query: &mut QueryBuilder<Postgres>, time: &'static str) {
        if let Start::After(Cursor { at, id }) = self.start {
            query.push(format_args!(" and ({time}, id) < ("));
            query.push_bind(at).push(", ").push_bind(id).push(")");
        }
        query.push(format_args!(" order by {time} desc, id desc limit {}", self.limit + 1));
        if let Start::Offset(offset) = self.start {
            query.push(format_args!(" offset {offset}"));
        }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { start: Start::Offset(0), limit: LIMIT_DEFAULT }
    }
}

fn checked(limit: u32) -> Result<u32, InvalidPage> {
    if (1..=LIMIT_MAX).contains(&limit) { Ok(limit) } else { Err(InvalidPage::Limit) }
}

/// A row's place in a list. Written as text it means nothing to anybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: DateTime<Utc>,
    id: Uuid,
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a cursor as an earlier answer gave it")]
pub struct InvalidCursor;

impl Cursor {
    pub(crate) const fn new(at: DateTime<Utc>, id: Uuid) -> Self {
        Self { at, id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}{:032x}", self.at.timestamp_micros(), self.id.as_u128())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() != 48 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidCursor);
        }
        let micros = u64::from_str_radix(&text[..16], 16).map_err(|_| InvalidCursor)?;
        let id = u128::from_str_radix(&text[16..], 16).map_err(|_| InvalidCursor)?;
        let at = DateTime::from_timestamp_micros(micros.cast_signed()).ok_or(InvalidCursor)?;
        let is_storable = storable_time(at) == at;
        if is_storable { Ok(Self { at, id: Uuid::from_u128(id) }) } else { Err(InvalidCursor) }
    }
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<Row> {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many there are on all pages, counted up to [`TOTAL_MAX`].
    pub total: i64,
    /// Whether there are more than counted.
    pub total_capped: bool,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<Cursor>,
}

impl<Row: for<'row> FromRow<'row, PgRow> + Send + Unpin> Listing<Row> {
    /// Reads a page, the newest by this column first; `push_selection` writes from where and which.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        page: Page,
        time: &'static str,
        push_selection: impl Fn(&mut QueryBuilder<Postgres>),
        place: impl Fn(&Row) -> Cursor,
    ) -> Result<Self, sqlx::Error> {
        let mut rows = QueryBuilder::new("select * ");
        push_selection(&mut rows);
        page.push(&mut rows, time);
        let rows = rows.build_query_as().fetch_all(&mut *connection).await?;
        let mut count = QueryBuilder::new("");
        push_count(&mut count, push_selection);
        let counted = count.build_query_scalar().fetch_one(connection).await?;
        Ok(Self::new(page, rows, counted, place))
    }
}

impl<Row> Listing<Row> {
    /// A page, made of what its query found and of what [`push_count`]'s query counted.
    pub(crate) fn new(
        page: Page,
        mut rows: Vec<Row>,
        counted: i64,
        place: impl Fn(&Row) -> Cursor,
    ) -> Self {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if has_more { rows.last().map(place) } else { None };
        let (total, total_capped) = (counted.min(TOTAL_MAX), counted > TOTAL_MAX);
        Self { rows, total, total_capped, next_cursor }
    }
}

/// Writes a query that counts rows as far as they are counted; `push_selection` writes which.
pub(crate) fn push_count(
    query: &mut QueryBuilder<Postgres>,
    push_selection: impl FnOnce(&mut QueryBuilder<Postgres>),
) {
    query.push("select count(*) from (select 1 ");
    push_selection(query);
    query.push(format_args!(" limit {}) as counted", TOTAL_MAX + 1));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_are_numbered_up_to_a_depth_and_limited_in_length() {
        assert_eq!(Page::numbered(1, LIMIT_DEFAULT), Ok(Page::default()));
        assert!(Page::numbered(101, 100).is_ok());
        assert_eq!(Page::numbered(102, 100), Err(InvalidPage::TooDeep));
        assert_eq!(Page::numbered(u32::MAX, 100), Err(InvalidPage::TooDeep));
        assert_eq!(Page::numbered(0, 20), Err(InvalidPage::Number));
        assert_eq!(Page::numbered(1, 0), Err(InvalidPage::Limit));
        assert_eq!(Page::numbered(1, 101), Err(InvalidPage::Limit));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "abc", &"g".repeat(48), &"f".repeat(47), &format!("7{}", "f".repeat(47))] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_a_cursor_agree(
            micros in -60_000_000_000_000_000..250_000_000_000_000_000_i64,
            id: u128,
        ) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor::new(at, Uuid::from_u128(id));
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn no_text_makes_parsing_a_cursor_panic(text in ".{0,60}") {
            let _ = text.parse::<Cursor>();
        }
    }
}
