//! Several WAHA servers: sessions are placed on one, listed by server, drained and moved (D10).

mod administering;
mod moving;
mod pair;
mod placing;
mod standing;
