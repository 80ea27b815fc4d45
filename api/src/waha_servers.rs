//! WAHA servers, for those who run the installation: registered, listed, drained, removed.
//!
//! A change is answered once whoever places sessions and sends messages knows of it.

pub mod list;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::executor::CommandError;
use commands::moving::MoveError;
use commands::session_keys::placing::PlacingError;
use commands::waha_servers::RegistryError;
use domain::id::SessionId;
use domain::stream::Position;
use domain::waha_server::name::{ServerName, ServerUrl};
use domain::waha_server::{Capacity, Rejection, ServerState};
use http::StatusCode;
use secrecy::SecretString;
use serde::Serialize;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{located, success};
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Json, Noted};
use crate::mount::Mount;
use crate::openapi::answers::{Created, NoContent, Success};
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Detail, Problem};
use crate::read_your_write::At;
use crate::request_id::RequestId;
use schemars::JsonSchema;

/// More sessions than any server runs.
pub const CAPACITY_MAX: u64 = 100_000;

/// A server to be registered.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RegisterWahaServer")]
pub struct Register {
    /// Its name here: lower-case letters, digits or hyphens.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{0,39}$"))]
    name: ServerName,
    /// Where it is.
    #[schemars(length(max = 300), extend("format" = "uri", "examples" = ["http://waha-2:3000"]))]
    url: ServerUrl,
    /// How many sessions it takes; 0 is for any number.
    #[schemars(with = "Option<u32>", range(max = 100_000))]
    capacity: Capacity,
    /// What it is called with: visible ASCII characters.
    #[schemars(with = "String", length(min = 1))]
    api_key: SecretString,
}

/// What of a server is to be changed.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ChangeWahaServer")]
pub struct Change {
    /// Where it is.
    #[schemars(length(max = 300), extend("format" = "uri", "examples" = ["http://waha-2:3000"]))]
    url: Option<ServerUrl>,
    /// How many sessions it takes; 0 is for any number.
    #[schemars(with = "Option<u32>", range(max = 100_000))]
    capacity: Option<Capacity>,
    /// What it is called with: visible ASCII characters.
    #[schemars(with = "Option<String>", length(min = 1))]
    api_key: Option<SecretString>,
}

/// How a server is drained.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DrainWahaServer")]
pub struct Drain {
    /// Whether the sessions it has go elsewhere.
    #[schemars(rename = "move", default)]
    move_sessions: bool,
    /// Whether their pairings go with them; else they are to be paired anew.
    #[schemars(default)]
    keep_pairing: bool,
}

/// A session that was moved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MovedSession {
    session_id: SessionId,
    waha_server: ServerName,
}

/// What came of draining.
#[derive(Debug, Serialize, JsonSchema)]
struct Drained {
    server: list::Server,
    moved: Vec<MovedSession>,
}

impl FromFields for Register {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let name = fields.required("name");
        let url = fields.required("url");
        let api_key = fields.required("apiKey");
        let capacity = fields.number("capacity", 0..=CAPACITY_MAX);
        let capacity = capacity?.map_or(Capacity::default(), as_capacity);
        Ok(Self { name: name?, url: url?, capacity, api_key: api_key? })
    }
}

impl FromFields for Change {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let url = fields.optional("url");
        let api_key = fields.optional("apiKey");
        let capacity = fields.number("capacity", 0..=CAPACITY_MAX);
        Ok(Self { url: url?, capacity: capacity?.map(as_capacity), api_key: api_key? })
    }
}

impl FromFields for Drain {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let move_sessions = fields.optional::<bool>("move");
        let keep_pairing = fields.optional::<bool>("keepPairing");
        Ok(Self {
            move_sessions: move_sessions?.unwrap_or(false),
            keep_pairing: keep_pairing?.unwrap_or(false),
        })
    }
}

/// 0 is for any number.
pub(crate) fn as_capacity(sessions: u64) -> Capacity {
    Capacity(u32::try_from(sessions).ok().filter(|sessions| *sessions > 0))
}

refusals! {
    /// There is no such server.
    ServerUnknown: WahaServerNotFound;
    /// Why a server is not registered.
    NotRegistered: WahaServerAlreadyExists, WahaServerNamedBySettings, WahaServerNotFound;
    /// Why nothing is done to a server.
    ServerRefused: WahaServerNotFound, WahaServerNamedBySettings;
    /// Why a server is not removed.
    NotRemoved: WahaServerNotFound, WahaServerNamedBySettings, WahaServerHasSessions;
    /// Why a server is not drained.
    NotDrained: WahaServerNotFound, WahaServerNamedBySettings, WahaServerNoRoom, WahaServerNotActive, WahaServerFull,
        SessionNotFound, SessionDeleted;
}

/// Registers a WAHA server.
#[utoipa::path(
    post, path = "/admin/waha-servers", tag = "WAHA servers", operation_id = "registerWahaServer",
    params(Json<Register>),
    responses(At<Created<list::Server>>, NotRegistered)
)]
pub async fn register(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    mount: Mount,
    Json(Register { name, url, capacity, api_key }): Json<Register>,
) -> Result<Response, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let registered =
        app.waha_servers.register(name.clone(), url, capacity, &api_key, metadata).await;
    let position = registered?;
    let server = known(&app, &name, position).await?;
    let location = mount.path(&format!("/admin/waha-servers/{name}"));
    Ok(At(position, located(StatusCode::CREATED, &location, server)).into_response())
}

/// Changes where a WAHA server is, its key, or how many sessions it takes.
#[utoipa::path(
    patch, path = "/admin/waha-servers/{name}", tag = "WAHA servers", operation_id = "changeWahaServer",
    params(Id<ServerName>, Json<Change>),
    responses(At<Success<list::Server>>, ServerRefused)
)]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(name): Id<ServerName>,
    Json(Change { url, capacity, api_key }): Json<Change>,
) -> Result<Response, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let changed = app.waha_servers.change(&name, url, capacity, api_key.as_ref(), metadata).await;
    let position = changed?;
    Ok(At(position, success(known(&app, &name, position).await?)).into_response())
}

/// Has a WAHA server take new sessions.
#[utoipa::path(
    post, path = "/admin/waha-servers/{name}/activate", tag = "WAHA servers", operation_id = "activateWahaServer",
    params(Id<ServerName>),
    responses(At<Success<list::Server>>, ServerRefused)
)]
pub async fn activate(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(name): Id<ServerName>,
) -> Result<Response, Problem> {
    set_state(&app, &caller, &request_id, &name, ServerState::Active).await
}

/// Marks a WAHA server as down: it is not called.
#[utoipa::path(
    post, path = "/admin/waha-servers/{name}/down", tag = "WAHA servers", operation_id = "markWahaServerDown",
    params(Id<ServerName>),
    responses(At<Success<list::Server>>, ServerRefused)
)]
pub async fn down(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(name): Id<ServerName>,
) -> Result<Response, Problem> {
    set_state(&app, &caller, &request_id, &name, ServerState::Down).await
}

/// Gives a WAHA server no new sessions; those it has go elsewhere, if that is asked.
#[utoipa::path(
    post, path = "/admin/waha-servers/{name}/drain", tag = "WAHA servers", operation_id = "drainWahaServer",
    params(Id<ServerName>, Json<Drain>),
    responses(At<Success<Drained>>, NotDrained)
)]
pub async fn drain(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(name): Id<ServerName>,
    Json(Drain { move_sessions, keep_pairing }): Json<Drain>,
) -> Result<Response, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let drained = app.waha_servers.set_state(&name, ServerState::Draining, metadata.clone()).await;
    let position = drained?;
    known(&app, &name, position).await?;
    let moved = if move_sessions {
        app.mover.move_all(&name, keep_pairing, &metadata).await?
    } else {
        vec![]
    };
    let position = moved.last().map_or(position, |last| last.position);
    let server = known(&app, &name, position).await?;
    let moved = moved
        .into_iter()
        .map(|moved| MovedSession { session_id: moved.session_id, waha_server: moved.server });
    let drained = Drained { server, moved: moved.collect() };
    Ok(At(position, success(drained)).into_response())
}

/// Removes a WAHA server that has no sessions.
#[utoipa::path(
    delete, path = "/admin/waha-servers/{name}", tag = "WAHA servers", operation_id = "removeWahaServer",
    params(Id<ServerName>),
    responses(At<NoContent>, NotRemoved)
)]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(name): Id<ServerName>,
) -> Result<Response, Problem> {
    let position = app.waha_servers.remove(&name, request_id.metadata(caller.actor())).await?;
    app.waha_servers.remembered(position).await?;
    Ok(At(position, StatusCode::NO_CONTENT).into_response())
}

async fn set_state(
    app: &App,
    caller: &Caller,
    request_id: &RequestId,
    name: &ServerName,
    state: ServerState,
) -> Result<Response, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let position = app.waha_servers.set_state(name, state, metadata).await?;
    Ok(At(position, success(known(app, name, position).await?)).into_response())
}

/// The server, once the registry is known as far as this.
async fn known(app: &App, name: &ServerName, position: Position) -> Result<list::Server, Problem> {
    app.waha_servers.remembered(position).await?;
    list::show(app, name).await?.ok_or_else(ServerName::not_found)
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::InvalidKey => {
                let detail = Detail::new(Code::ValidInvalidFormat, error.to_string());
                detail.on("apiKey").by("API_KEY_FORMAT").into()
            }
            RegistryError::HasSessions(_) => {
                Self::new(Code::WahaServerHasSessions, error.to_string())
            }
            RegistryError::Command(error) => error.into(),
            RegistryError::Database(error) => error.into(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let code = match rejection {
            Rejection::Unknown => Code::WahaServerNotFound,
            Rejection::AlreadyRegistered => Code::WahaServerAlreadyExists,
            Rejection::NamedBySettings => Code::WahaServerNamedBySettings,
        };
        Self::new(code, rejection.to_string())
    }
}

impl From<PlacingError> for Problem {
    fn from(error: PlacingError) -> Self {
        let code = match error {
            PlacingError::Database(error) => return error.into(),
            PlacingError::NoSuchSession => return SessionId::not_found(),
            PlacingError::NoRoom => Code::WahaServerNoRoom,
            PlacingError::NoSuchServer(_) => Code::WahaServerNotFound,
            PlacingError::NotActive(..) => Code::WahaServerNotActive,
            PlacingError::Full(_) => Code::WahaServerFull,
        };
        Self::new(code, error.to_string())
    }
}

impl From<MoveError> for Problem {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Placing(error) => error.into(),
            MoveError::Command(CommandError::Rejected(rejection)) => rejection.into(),
            MoveError::Command(error) => error.into(),
        }
    }
}
