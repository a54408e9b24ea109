//! What can go wrong with a request, and what that means for a write.

use super::served::Resource;
use crate::target::{Refusal, TargetError};
use http::StatusCode;
use kube::core::Status;
use kube::core::response::StatusDetails;
use kube::runtime::watcher;
use policy::object::ObjectId;
use std::time::Duration;

/// A request that did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The server answered, and refused.
    #[error("{}", said(.0, .1))]
    Refused(StatusCode, Box<Status>, Option<Duration>),
    /// The server could not be asked.
    #[error("{0}")]
    Unreachable(String),
    /// It took too long.
    #[error("the API server did not answer in time")]
    Slow,
    /// It is not asked at all for a while, because of this.
    #[error("{0}")]
    Away(String),
    /// What it answered cannot be understood.
    #[error("the API server's answer cannot be understood: {0}")]
    Nonsense(String),
}

fn said(code: &StatusCode, status: &Status) -> String {
    match (*code, status.message.as_str()) {
        (StatusCode::UNAUTHORIZED, _) => {
            "the API server does not take the agent's credentials (Unauthorized): they have \
            ended, or are of another cluster; replace them in the kubeconfig, which is read again by itself"
                .to_owned()
        }
        (code, "") => format!("the API server answered {code}"),
        // What is told stands in one line.
        (_, message) => message.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// A conflict with another field manager, one field of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// The field, as the server names it: `.spec.replicas`.
    pub(super) field: String,
    /// What the server says of it: `conflict with "kubectl" using v1`.
    pub(super) by: String,
}

impl Fault {
    pub(super) fn code(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(code, ..) => Some(*code),
            _ => None,
        }
    }

    /// Whether the server was not there to answer.
    pub(super) const fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Slow | Self::Away(_))
    }

    pub(super) fn is(&self, code: StatusCode) -> bool {
        self.code() == Some(code)
    }

    /// How long the server asks to wait, where it does.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_, _, wait) => *wait,
            _ => None,
        }
    }

    /// Whether a write may have been done all the same, or may be done yet.
    pub(super) fn leaves_open(&self) -> bool {
        match self {
            Self::Refused(code, ..) => code.is_server_error() || *code == StatusCode::REQUEST_TIMEOUT,
            Self::Unreachable(_) | Self::Slow | Self::Nonsense(_) => true,
            Self::Away(_) => false,
        }
    }

    /// Whether the server says that this very object is not there, as against its kind.
    pub(super) fn is_absence_of(&self, id: &ObjectId, resource: &Resource) -> bool {
        let Self::Refused(StatusCode::NOT_FOUND, status, _) = self else { return false };
        let names = |details: &StatusDetails| details.name == id.name && details.kind == resource.plural;
        status.details.as_ref().is_some_and(names)
    }

    /// The fields that other managers hold; empty for any other fault.
    pub(super) fn taken(&self) -> Vec<Taken> {
        let Self::Refused(StatusCode::CONFLICT, status, _) = self else { return Vec::new() };
        let causes = status.details.iter().flat_map(|details| &details.causes);
        causes
            .filter(|cause| cause.reason == "FieldManagerConflict")
            .map(|cause| Taken { field: cause.field.clone(), by: cause.message.clone() })
            .collect()
    }

    /// What it means for the write of an object.
    pub(super) fn refusal(self, id: &ObjectId, resource: &Resource) -> Refusal {
        let gone = self.is_absence_of(id, resource);
        let id = Box::new(id.clone());
        match &self {
            _ if gone => Refusal::Changed { id },
            Self::Refused(StatusCode::NOT_FOUND, status, _) if names_a_namespace(status) => Refusal::NoNamespace { id },
            Self::Refused(StatusCode::NOT_FOUND, ..) => {
                Refusal::NotServed { id, api: Box::new(resource.kind.api.clone()) }
            }
            Self::Refused(StatusCode::CONFLICT, ..) if self.taken().is_empty() => Refusal::Changed { id },
            Self::Refused(code, ..) if code.is_client_error() && !is_of_the_request(*code) => {
                Refusal::Rejected { id, message: self.to_string() }
            }
            _ => Refusal::Unwritable { id, why: service::exit::chain(&self) },
        }
    }
}

/// Whether the code says nothing of the object: who asks is not known, or it was asked too slowly, or too often.
const fn is_of_the_request(code: StatusCode) -> bool {
    matches!(code, StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn names_a_namespace(status: &Status) -> bool {
    status.details.as_ref().is_some_and(|details| details.kind == "namespaces")
}

impl From<Fault> for TargetError {
    fn from(fault: Fault) -> Self {
        let why = service::exit::chain(&fault);
        if fault.is_absence() { Self::Away(why) } else { Self::Server(why) }
    }
}

impl From<kube::Error> for Fault {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::from(status),
            // What the connection says of itself.
            kube::Error::Service(error) => Self::Unreachable(service::exit::chain(error.as_ref())),
            kube::Error::SerdeError(error) => Self::Nonsense(error.to_string()),
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<Box<Status>> for Fault {
    fn from(status: Box<Status>) -> Self {
        let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::Refused(code, status, None)
    }
}

impl From<watcher::Error> for Fault {
    fn from(error: watcher::Error) -> Self {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => Self::from(error),
            watcher::Error::WatchError(status) => Self::from(status),
            watcher::Error::NoResourceVersion => Self::Nonsense("a list without a version".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::served::Kind;
    use super::*;
    use policy::object::Identity;
    use serde_json::json;

    fn fault(code: u16, status: serde_json::Value) -> Fault {
        let status: Status = serde_json::from_value(status).unwrap();
        Fault::Refused(StatusCode::from_u16(code).unwrap(), status.boxed(), None)
    }

    fn id() -> ObjectId {
        let namespace = Some("shop".parse().unwrap());
        ObjectId::from(Identity { group: String::new(), kind: "ConfigMap".into(), namespace, name: "otel".into() })
    }

    fn refusal(fault: Fault) -> Refusal {
        let kind = Kind { api: "v1".to_owned().into(), kind: "ConfigMap".into() };
        fault.refusal(&id(), &Resource { kind, plural: "configmaps".into(), namespaced: true })
    }

    #[test]
    fn what_the_server_said_is_told_as_it_said_it() {
        let refused = refusal(fault(422, json!({"message": "spec.hard: Invalid value", "reason": "Invalid"})));
        assert_eq!(refused, Refusal::Rejected { id: Box::new(id()), message: "spec.hard: Invalid value".into() });
        let gone = fault(404, json!({"message": "namespaces \"shop\" not found", "details": {"kind": "namespaces"}}));
        assert!(matches!(refusal(gone), Refusal::NoNamespace { .. }));
        assert!(matches!(refusal(fault(409, json!({}))), Refusal::Changed { .. }));
        for code in [401, 408, 429, 500, 503] {
            assert!(matches!(refusal(fault(code, json!({}))), Refusal::Unwritable { .. }), "{code}");
        }
    }

    #[test]
    fn what_is_not_found_is_the_object_only_where_the_server_names_it() {
        let object = fault(404, json!({"details": {"kind": "configmaps", "name": "otel"}}));
        assert!(matches!(refusal(object), Refusal::Changed { .. }));
        let path = fault(404, json!({"message": "the server could not find the requested resource"}));
        assert!(matches!(refusal(path), Refusal::NotServed { .. }));
        let other = fault(404, json!({"details": {"kind": "widgets", "name": "otel"}}));
        assert!(matches!(refusal(other), Refusal::NotServed { .. }));
    }

    #[test]
    fn a_write_is_open_unless_the_server_surely_did_not_do_it() {
        for code in [408, 500, 503, 504] {
            assert!(fault(code, json!({})).leaves_open(), "{code}");
        }
        for code in [401, 403, 404, 409, 422, 429] {
            assert!(!fault(code, json!({})).leaves_open(), "{code}");
        }
        assert!(Fault::Slow.leaves_open() && Fault::Unreachable(String::new()).leaves_open());
        assert!(!Fault::Away(String::new()).leaves_open(), "it was never sent");
    }

    #[test]
    fn a_conflict_names_the_fields_and_who_has_them() {
        let fault = fault(
            409,
            json!({"message": "Apply failed with 1 conflict", "details": {"causes": [
            {"reason": "FieldManagerConflict", "message": "conflict with \"hpa\" using v1", "field": ".spec.replicas"}]}}),
        );
        let taken = Taken { field: ".spec.replicas".into(), by: "conflict with \"hpa\" using v1".into() };
        assert_eq!(fault.taken(), [taken]);
    }
}
