//! One route: who may call it, what it is answered from, where it is reached, and what handles it.

use axum::routing::MethodRouter;
use domain::access::Permission;
use http::Method;
use projections::projector::Projection;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{PathItem, RefOr};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; and every process answers it, even one that works for the others.
    Operational,
    /// Whoever signs what it tells.
    Signed,
    /// Everybody.
    Open,
    /// Everybody who is signed in: it is about themselves.
    SignedIn,
    /// Those who have the permission.
    Needs(Permission),
}

impl Access {
    /// The permission's word, or one that says why none is needed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Signed => "signed",
            Self::Open => "open",
            Self::SignedIn => "signed_in",
            Self::Needs(permission) => permission.as_str(),
        }
    }
}

/// One route.
#[derive(Clone)]
pub struct Route {
    access: Access,
    view: Option<&'static dyn Projection>,
    body_bytes_max: Option<usize>,
    method: Method,
    path: String,
    operation: Operation,
    handler: MethodRouter<App>,
}

/// Everybody may ask, every process.
pub(super) fn operational(described: UtoipaMethodRouter<App>) -> Route {
    Route::new(Access::Operational, described)
}

/// Whoever signs may call.
pub(super) fn signed(described: UtoipaMethodRouter<App>) -> Route {
    Route::new(Access::Signed, described)
}

/// Everybody may call.
pub(super) fn open(described: UtoipaMethodRouter<App>) -> Route {
    Route::new(Access::Open, described)
}

/// Whoever is signed in may call.
pub(super) fn signed_in(described: UtoipaMethodRouter<App>) -> Route {
    Route::new(Access::SignedIn, described)
}

/// Those with the permission may call.
pub(super) fn needs(permission: Permission, described: UtoipaMethodRouter<App>) -> Route {
    Route::new(Access::Needs(permission), described)
}

impl Route {
    /// # Panics
    ///
    /// Where more is described than one handler: each line of the table is one route.
    fn new(access: Access, (_, paths, handler): UtoipaMethodRouter<App>) -> Self {
        let mut described = paths.paths.into_iter().flat_map(|(path, item)| {
            operations(item).map(move |(method, operation)| (method, path.clone(), operation))
        });
        let (Some((method, path, operation)), None) = (described.next(), described.next()) else {
            panic!("a line of the table of routes is one handler with one method and one path");
        };
        Self { access, view: None, body_bytes_max: None, method, path, operation, handler }
    }

    /// Answered from this view, once it has come as far as the client asks.
    pub(super) fn reads(self, view: &'static dyn Projection) -> Self {
        Self { view: Some(view), ..self }
    }

    /// Takes larger bodies than others.
    pub(super) fn takes(self, body_bytes_max: usize) -> Self {
        Self { body_bytes_max: Some(body_bytes_max), ..self }
    }

    /// Who may call it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The view it is answered from, if it is answered from one.
    pub fn view(&self) -> Option<&'static dyn Projection> {
        self.view
    }

    /// The largest body it takes, if that is another than all take.
    pub fn body_bytes_max(&self) -> Option<usize> {
        self.body_bytes_max
    }

    /// The method it is reached by.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Where it is reached, with names in braces.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its description, as the handler has it.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Whether it reads anything from the query.
    pub fn takes_query(&self) -> bool {
        let mut parameters = self.operation.parameters.iter().flatten();
        parameters.any(|parameter| {
            matches!(parameter, RefOr::T(named) if named.parameter_in == ParameterIn::Query)
        })
    }

    /// Whether it is called without a token.
    pub fn is_for_anybody(&self) -> bool {
        !matches!(self.access, Access::SignedIn | Access::Needs(_))
    }

    /// What handles it, not yet guarded.
    pub fn handler(&self) -> MethodRouter<App> {
        self.handler.clone()
    }
}

/// The operations of a path, by the methods the API has.
fn operations(item: PathItem) -> impl Iterator<Item = (Method, Operation)> {
    let all = [
        (Method::GET, item.get),
        (Method::POST, item.post),
        (Method::PUT, item.put),
        (Method::PATCH, item.patch),
        (Method::DELETE, item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation?)))
}
