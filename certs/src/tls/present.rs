//! The certificate that we present: the newest one, swapped while sessions live (make before break).

use super::provider::provider;
use crate::ca::{Chain, ChainError};
use crate::identity::{Leaf, LeafError, TrustDomain};
use crate::key::{KeyError, LeafKey};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// Why a chain and a key make no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// The leaf.
    #[error("the certificate is refused")]
    Leaf(#[from] LeafError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// They do not belong together.
    #[error("the certificate is not for this key")]
    Mismatch(#[source] rustls::Error),
}

/// A certificate chain with its key, checked to belong together.
#[derive(Clone)]
pub struct Identity {
    leaf: Leaf,
    certified: Arc<CertifiedKey>,
}

impl Identity {
    /// Joins a chain and its key.
    ///
    /// # Errors
    /// [`IdentityFault`] when they do not belong together or the leaf is none of ours.
    pub fn new(chain: &Chain, key: &LeafKey, domain: &TrustDomain) -> Result<Self, IdentityFault> {
        let leaf = Leaf::read(chain.leaf(), domain)?;
        let certified = CertifiedKey::from_der(chain.certificates().to_vec(), key.der(), &provider())
            .map_err(IdentityFault::Mismatch)?;
        Ok(Self { leaf, certified: Arc::new(certified) })
    }

    /// Reads both from PEM files.
    ///
    /// # Errors
    /// [`IdentityFault`] when one cannot be read or they do not belong together.
    pub fn load(certificate: &Path, key: &Path, domain: &TrustDomain) -> Result<Self, IdentityFault> {
        Self::new(&Chain::load(certificate)?, &LeafKey::load(key)?, domain)
    }

    /// What the certificate says.
    #[must_use]
    pub const fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    pub(super) const fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("leaf", &self.leaf).finish_non_exhaustive()
    }
}

/// The newest identity of this process; each new session presents it.
#[derive(Debug, Default)]
pub struct Newest(watch::Sender<Option<Arc<Identity>>>);

impl Newest {
    /// Begins with `identity`.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self(watch::Sender::new(Some(Arc::new(identity))))
    }

    /// From now on new sessions present this one; old sessions live on.
    pub fn put(&self, identity: Identity) {
        self.0.send_replace(Some(Arc::new(identity)));
    }

    /// The newest one.
    #[must_use]
    pub fn get(&self) -> Option<Arc<Identity>> {
        self.0.borrow().clone()
    }

    /// Tells of every identity that is newer than the one at this moment.
    #[must_use]
    pub fn newer(&self) -> watch::Receiver<Option<Arc<Identity>>> {
        self.0.subscribe()
    }
}

impl ResolvesClientCert for Newest {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.get().map(|identity| Arc::clone(identity.certified()))
    }

    fn has_certs(&self) -> bool {
        self.0.borrow().is_some()
    }
}

impl ResolvesServerCert for Newest {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.get().map(|identity| Arc::clone(identity.certified()))
    }
}
