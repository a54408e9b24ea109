//! Every route, with the Cedar action that it is. What is not here does not exist.

use super::action::Action;
use super::handle;
#[cfg(test)]
use super::resource::Resource;
use super::router::Shared;
use axum::routing::{MethodRouter, delete, get, post, put};
use http::Method;
use proto::rest::path;

/// What the path of a route names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nothing: the whole fleet.
    Fleet,
    /// A cluster, by its name.
    Cluster,
    /// A hold, by its digest: of one cluster, or of the fleet.
    Hold,
}

impl Subject {
    /// Whether a route of this subject can be about `resource`.
    #[cfg(test)]
    pub(crate) const fn may_be(self, resource: &Resource) -> bool {
        match self {
            Self::Fleet => matches!(resource, Resource::Fleet),
            Self::Cluster => matches!(resource, Resource::Cluster { .. }),
            Self::Hold => true,
        }
    }
}

/// One route.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, as axum matches it.
    pub path: &'static str,
    /// What Cedar calls it.
    pub action: Action,
    /// What the path names.
    pub subject: Subject,
    /// Answers it, once it is permitted.
    pub(crate) handler: fn() -> MethodRouter<Shared>,
}

/// Every route.
pub const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: path::STATUS,
        action: Action::ReadStatus,
        subject: Subject::Fleet,
        handler: || get(handle::status::read),
    },
    Route {
        method: Method::GET,
        path: path::CLUSTERS,
        action: Action::ReadClusters,
        subject: Subject::Fleet,
        handler: || get(handle::clusters::list),
    },
    Route {
        method: Method::GET,
        path: path::CLUSTER,
        action: Action::ReadCluster,
        subject: Subject::Cluster,
        handler: || get(handle::clusters::read),
    },
    Route {
        method: Method::GET,
        path: path::EXPLAIN,
        action: Action::ReadCluster,
        subject: Subject::Cluster,
        handler: || get(handle::clusters::explain),
    },
    Route {
        method: Method::POST,
        path: path::INVITE,
        action: Action::Invite,
        subject: Subject::Cluster,
        handler: || post(handle::clusters::invite),
    },
    Route {
        method: Method::POST,
        path: path::REVOKE,
        action: Action::Revoke,
        subject: Subject::Cluster,
        handler: || post(handle::clusters::revoke),
    },
    Route {
        method: Method::POST,
        path: path::REFRESH,
        action: Action::Publish,
        subject: Subject::Fleet,
        handler: || post(handle::catalog::refresh),
    },
    Route {
        method: Method::GET,
        path: path::PIN,
        action: Action::ReadPin,
        subject: Subject::Fleet,
        handler: || get(handle::pin::read),
    },
    Route {
        method: Method::PUT,
        path: path::PIN,
        action: Action::Pin,
        subject: Subject::Fleet,
        handler: || put(handle::pin::pin),
    },
    Route {
        method: Method::DELETE,
        path: path::PIN,
        action: Action::Pin,
        subject: Subject::Fleet,
        handler: || delete(handle::pin::unpin),
    },
    Route {
        method: Method::GET,
        path: path::HOLDS,
        action: Action::ReadHolds,
        subject: Subject::Fleet,
        handler: || get(handle::holds::list),
    },
    Route {
        method: Method::GET,
        path: path::HOLD,
        action: Action::ReadHold,
        subject: Subject::Hold,
        handler: || get(handle::holds::read),
    },
    Route {
        method: Method::POST,
        path: path::RELEASE,
        action: Action::Release,
        subject: Subject::Hold,
        handler: || post(handle::holds::release),
    },
];
