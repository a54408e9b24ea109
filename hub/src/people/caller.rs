//! Who calls and what was judged, as handlers see them. Only the gate makes them, from the TLS session and the store;
//! nothing in a request can.

use crate::records::{Hold, Kept};
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

/// The hold that a request is about, as it stood when its caller was judged; else why it is not there.
#[derive(Debug, Clone)]
pub(crate) struct Judged(pub(super) Result<Kept<Hold>, Answer>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Answer> {
        of_gate(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for Judged {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Answer> {
        of_gate(parts)
    }
}

fn of_gate<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, Answer> {
    let made = parts.extensions.get::<T>().cloned();
    made.ok_or_else(|| Problem::new(Reason::Internal, "the request passed no gate").into())
}
