//! The acceptance tests live in `acceptance/`.
