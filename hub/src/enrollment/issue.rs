//! The hub's certificates: those of clusters, and its own.

use crate::hub::Hub;
use bytes::Bytes;
use certs::ca::{Chain, IssueError, Issuer, Validity, ValidityError};
use certs::enroll::Proven;
use certs::identity::SpiffeId;
use certs::key::{KeyError, LeafKey};
use certs::tls::{Identity, IdentityFault};
use policy::name::ClusterName;
use policy::time::Span;
use proto::grpc::Certificate;
use rand::CryptoRng;
use std::sync::{Arc, Mutex, PoisonError};
use tonic::{Response, Status};

/// Why the hub has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The issuer.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The lifetime.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The two do not fit.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
}

/// Gives certificates for registered keys.
pub struct Enroller {
    pub(super) hub: Arc<Hub>,
    issuer: Issuer,
    leaf: Span,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

impl Enroller {
    /// Issues leaves that last `leaf`, with serial numbers from `rng`.
    #[must_use]
    pub fn new(hub: Arc<Hub>, issuer: Issuer, leaf: Span, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self { hub, issuer, leaf, rng: Mutex::new(rng) }
    }

    /// A new key and certificate for the hub itself.
    ///
    /// # Errors
    /// [`EnrollError`] when the issuer cannot.
    pub fn own(&self) -> Result<Identity, EnrollError> {
        let key = LeafKey::generate()?;
        let chain = self.issue(&SpiffeId::Hub, &Proven::own(&key))?;
        Ok(Identity::new(&chain, &key, self.issuer.domain())?)
    }

    /// How long a leaf lasts.
    #[must_use]
    pub const fn leaf(&self) -> Span {
        self.leaf
    }

    pub(super) fn answer(&self, cluster: &ClusterName, key: &Proven) -> Result<Response<Certificate>, Status> {
        let chain = self.issue(&SpiffeId::Cluster(cluster.clone()), key).map_err(|error| {
            tracing::error!(%cluster, error = &error as &dyn std::error::Error, "no certificate was issued");
            Status::unavailable("the hub cannot issue certificates now; try again")
        })?;
        let chain = chain.certificates().iter().map(|der| Bytes::copy_from_slice(der)).collect();
        Ok(Response::new(Certificate { chain }))
    }

    fn issue(&self, id: &SpiffeId, key: &Proven) -> Result<Chain, EnrollError> {
        let validity = Validity::starting(self.hub.clock.wall(), self.leaf.get())?;
        // Nothing panics while it holds the lock, so a poisoned generator is whole.
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.issuer.issue(id, key, validity, &mut *rng)?)
    }
}
