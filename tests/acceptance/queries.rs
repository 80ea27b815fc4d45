//! Lists and numbers, from the views (M5, M6, Q1).

mod filters;
mod limits;
mod paging;
mod read_your_write;
mod stats;
