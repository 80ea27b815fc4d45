//! WhatsApp sessions: one number each, run in WAHA (S1, S2, S4).

mod healing;
mod lifecycle;
mod pairing;
mod suspicion;
mod webhook_configuration;
