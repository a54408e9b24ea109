//! Problems as HTTP answers, and what of the hub's errors people are told.

use crate::error::HubError;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use proto::rest::problem::{MEDIA_TYPE, Problem, Reason};

/// A problem that answers a request.
#[derive(Debug, Clone)]
pub(crate) struct Answer(pub(super) Problem);

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<HubError> for Answer {
    fn from(error: HubError) -> Self {
        (&error).into()
    }
}

impl From<&HubError> for Answer {
    fn from(error: &HubError) -> Self {
        let reason = reason(error);
        if reason == Reason::Internal {
            tracing::error!(kind = error.kind(), error = service::exit::chain(error), "a request failed");
        }
        Problem::new(reason, service::exit::chain(error)).into()
    }
}

const fn reason(error: &HubError) -> Reason {
    match error {
        HubError::UnknownCluster(_) | HubError::UnknownHold(_) => Reason::NotFound,
        HubError::AlreadyJoined(_)
        | HubError::NotJoined(_)
        | HubError::KeyTaken
        | HubError::NoLongerHolds(_)
        | HubError::NothingPublished
        | HubError::NotPinned => Reason::Conflict,
        HubError::TokenRefused => Reason::Unauthorised,
        HubError::Restored(_) => Reason::Held,
        HubError::RevisionRefused { .. } => Reason::Refused,
        HubError::Catalog(_) | HubError::Stopping => Reason::Unavailable,
        HubError::Store(error) => match error.class() {
            crate::store::Class::Retryable => Reason::Unavailable,
            crate::store::Class::Terminal => Reason::Internal,
        },
        HubError::Sign(_) | HubError::Canonical(_) => Reason::Internal,
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self.0)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        // The outermost layer names the request in it.
        response.extensions_mut().insert(self);
        response
    }
}
