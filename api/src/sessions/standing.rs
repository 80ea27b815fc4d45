//! How a session stands according to the log itself, in the shape the view has.

use domain::aggregate::Aggregate;
use domain::id::{SessionId, TenantId};
use domain::session::Session;
use domain::stream::StreamName;
use projections::sessions::SessionRow;

use crate::app::App;
use crate::problem::Problem;

/// The session as it is now; none if there is none, or no more.
pub(super) async fn read(
    app: &App,
    tenant: TenantId,
    id: SessionId,
) -> Result<Option<SessionRow>, Problem> {
    let stream = StreamName { category: Session::CATEGORY, tenant, id: id.0 };
    let recorded = app.executor.log().read_stream(stream).await?;
    Ok(SessionRow::of(&recorded))
}
