//! Clients that are not who they say: counted in the minute, over all processes.
//!
//! Failures alone are counted, of a client and an address together, and of an address. So a client that shows its secret may
//! ask as often as its tenant may, whoever guesses at it from elsewhere; and who guesses gets no answer any more, not even
//! to a right guess.

use commands::access::counts::Class;
use domain::id::ClientId;

use crate::app::App;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::rate_limit::{Allowance, MINUTE};

/// What is limited, in words.
const COUNTED: &str = "wrong secrets of clients per minute from one address";

/// Refuses a client that is who it says, if too many from its address were not.
pub(super) async fn require_few(
    app: &App,
    provenance: &Provenance,
    client: ClientId,
) -> Result<(), Problem> {
    for (class, key, per_minute) in counted(app, provenance, Some(client)) {
        let left = Allowance::left(app.access.counts(), class, &key, per_minute).await?;
        left.map_err(|allowance| allowance.exceeded_by(COUNTED, app.ambient().now()))?;
    }
    Ok(())
}

/// Counts a failure; refuses it if there were too many. Of a client that is not there as well.
pub(super) async fn count(
    app: &App,
    provenance: &Provenance,
    client: Option<ClientId>,
) -> Result<(), Problem> {
    for (class, key, per_minute) in counted(app, provenance, client) {
        let counts = app.access.counts();
        let left = Allowance::counted(counts, class, &key, per_minute, MINUTE).await?;
        left.map_err(|allowance| allowance.exceeded_by(COUNTED, app.ambient().now()))?;
    }
    Ok(())
}

/// What is counted, under which key, and how often it may be. The address comes first: strangers make up clients.
fn counted(
    app: &App,
    provenance: &Provenance,
    client: Option<ClientId>,
) -> impl Iterator<Item = (Class, String, u32)> {
    let limits = &app.sign_in_limits;
    let address = provenance.address.map(|address| address.to_string()).unwrap_or_default();
    let of_both = client.map(|client| {
        let key = format!("{client} {address}");
        (Class::ClientFailures, key, limits.account_sign_ins_per_minute)
    });
    let of_address = (Class::AddressClientFailures, address, limits.address_sign_ins_per_minute);
    [of_address].into_iter().chain(of_both)
}
