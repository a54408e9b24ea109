//! Who calls, as handlers see them. Only the gate makes one, from the TLS session; nothing in a request can.

use crate::store::Actor;
use axum::extract::FromRequestParts;
use certs::identity::PersonName;
use http::request::Parts;
use proto::rest::problem::{Problem, Reason};

use super::problem::Answer;

/// A person whose request was permitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller(Actor);

impl Caller {
    pub(super) fn new(person: &PersonName) -> Self {
        Self(Actor::Person(person.as_str().to_owned()))
    }

    /// For the audit log.
    pub(crate) const fn actor(&self) -> &Actor {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Answer> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::new(Reason::Internal, "the request passed no gate").into())
    }
}
