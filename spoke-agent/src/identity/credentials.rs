//! What the agent calls hubs with.

use super::{Files, IdentityProblem, Trusted};
use certs::identity::TrustDomain;
use certs::tls::Newest;
use policy::name::ClusterName;
use std::sync::Arc;

/// Whom the agent trusts, and who it is to others.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whom it trusts.
    pub trusted: Trusted,
    /// Its key and certificate on disk.
    pub files: Files,
    /// The newest certificate; none until there is one that can be used.
    pub newest: Arc<Newest>,
}

impl Credentials {
    /// With the certificate on disk. Where that one is of no use, says why: the key alone gets another.
    #[must_use]
    pub fn of(trusted: Trusted, files: Files, cluster: &ClusterName) -> (Self, Option<IdentityProblem>) {
        let credentials = Self { trusted, files, newest: Arc::default() };
        let loaded = credentials.domain().and_then(|domain| credentials.files.identity(cluster, &domain));
        let problem = loaded.map(|identity| credentials.newest.put(identity)).err();
        (credentials, problem)
    }

    /// The trust domain of every identity.
    ///
    /// # Errors
    /// [`IdentityProblem::Domain`] when the trust document names none.
    pub fn domain(&self) -> Result<TrustDomain, IdentityProblem> {
        Ok(self.trusted.chain().trust_domain().parse()?)
    }
}
