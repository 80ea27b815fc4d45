mod listing;
mod plans;
mod standing;
