//! What handlers know of their caller. Only [`super::Admission`] makes these, from the TLS session; nothing in a payload
//! can.

use certs::enroll::Exporter;
use policy::name::ClusterName;
use tonic::{Request, Status};

/// The cluster that calls: the only identity that handlers of `Distribution` get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterId(ClusterName);

impl ClusterId {
    pub(super) const fn new(name: ClusterName) -> Self {
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &ClusterName {
        &self.0
    }

    /// Who makes this call.
    pub(crate) fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        request.extensions().get().cloned().ok_or_else(not_admitted)
    }
}

/// The session of a call of `Enrollment`: what a proof must belong to.
#[derive(Debug, Clone)]
pub struct Session(Exporter);

impl Session {
    pub(super) const fn new(exporter: Exporter) -> Self {
        Self(exporter)
    }

    /// The session's exporter.
    #[must_use]
    pub const fn exporter(&self) -> &Exporter {
        &self.0
    }

    /// The session of this call.
    pub(crate) fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        request.extensions().get().cloned().ok_or_else(not_admitted)
    }
}

/// A handler was reached around the layer, which is a fault of ours.
fn not_admitted() -> Status {
    Status::internal("the call did not pass admission")
}
