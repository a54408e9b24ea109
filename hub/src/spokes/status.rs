//! The hub's refusals as gRPC statuses.

use crate::error::HubError;
use tonic::Status;

/// What a spoke is told. What failed inside the hub stays in its log.
pub(crate) fn status(error: &HubError) -> Status {
    let told = error.to_string();
    match error {
        HubError::TokenRefused => Status::permission_denied(told),
        HubError::UnknownCluster(_) | HubError::AlreadyJoined(_) | HubError::Restored(_) => {
            Status::failed_precondition(told)
        }
        HubError::KeyTaken => Status::already_exists(told),
        error => {
            tracing::error!(error = error as &dyn std::error::Error, kind = error.kind(), "a call failed");
            Status::unavailable("the hub cannot do this now; try again")
        }
    }
}
