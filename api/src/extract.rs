//! What comes in, read into values or refused by name.
//!
//! A body and a query string are both [`fields::Fields`]: each value is taken out by name, and everything
//! that is wrong with any of them is answered at once, unknown names included.

pub mod described;
pub mod field;
pub mod fields;
pub mod json;
pub mod path;
pub mod query;
mod strict;

#[cfg(test)]
mod tests;

pub use fields::{Fields, FromFields, Noted};
pub use json::Json;
pub use path::{Id, PathId};
pub use query::{NoNames, Query};
