//! What Heliograph needs goes away and comes back; nobody restarts anything (D7, X1).

mod database;
mod waha;
