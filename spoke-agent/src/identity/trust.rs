//! Whom the agent trusts: the chain of trust documents, on disk and in memory, from the one that the join string pinned
//! on, extended by what verifies itself.

use crate::files;
use bytes::Bytes;
use certs::ca::{Authorities, AuthoritiesError};
use certs::connect::{ConnectError, fetch_trust};
use certs::tls::{TlsError, Unverified};
use policy::bundle::chain::Chain;
use policy::bundle::trust::TrustError;
use policy::digest::Digest;
use service::atomic::{self, Access};
use service::clock::Clock;
use service::fault::FileError;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const LIMIT: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// Why trust documents are not believed, or cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    /// There is no file.
    #[error("{0} is missing")]
    Missing(PathBuf),
    /// The file is not what we wrote.
    #[error("{path} is not believed")]
    Stored {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: TrustError,
    },
    /// They do not verify.
    #[error("the trust documents are refused")]
    Refused(#[from] TrustError),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// No hub gave them.
    #[error("no hub gave the trust documents")]
    Fetch(#[from] ConnectError),
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
}

/// The chain in force. Clones share one.
#[derive(Debug, Clone)]
pub struct Trusted {
    path: PathBuf,
    chain: Arc<Mutex<Arc<Chain>>>,
}

impl Trusted {
    fn under(data: &Path, chain: Chain) -> Self {
        Self { path: path_under(data), chain: Arc::new(Mutex::new(Arc::new(chain))) }
    }

    /// Loads the chain and verifies it again, from the document that the join string pinned.
    ///
    /// # Errors
    /// [`TrustFault`] names the file when it is missing or not believed; [`Self::pinned`] gets another then.
    pub fn load(data: &Path, anchor: Digest) -> Result<Self, TrustFault> {
        let path = path_under(data);
        let bytes = files::read(&path, LIMIT)?.ok_or_else(|| TrustFault::Missing(path.clone()))?;
        let chain = Chain::from_bytes(&bytes).and_then(|chain| begins_at(chain, anchor));
        Ok(Self::under(data, chain.map_err(|source| TrustFault::Stored { path, source })?))
    }

    /// Begins with the document that a join string pins, fetched over a session that cannot be verified yet.
    ///
    /// # Errors
    /// [`TrustFault`] when no document is the pinned one.
    pub async fn pinned(data: &Path, anchor: Digest, hub: &str, clock: Arc<dyn Clock>) -> Result<Self, TrustFault> {
        let envelopes = fetch_trust(hub, &Unverified::new(clock)?, 0, PATIENCE).await?;
        let chain = Chain::anchored(anchor, &owned(&envelopes))?;
        store(&path_under(data), &chain)?;
        Ok(Self::under(data, chain))
    }

    /// The chain now.
    #[must_use]
    pub fn chain(&self) -> Arc<Chain> {
        Arc::clone(&self.held())
    }

    /// The authorities for transport now.
    ///
    /// # Errors
    /// [`AuthoritiesError`] when the newest document lists none that can be used.
    pub fn authorities(&self) -> Result<Authorities, AuthoritiesError> {
        Authorities::of(self.chain().latest())
    }

    /// Fetches what is newer, before TLS is trusted. Says whether there was anything.
    ///
    /// # Errors
    /// [`TrustFault`]; the chain stays as it was.
    pub async fn refresh(&self, hub: &str, clock: Arc<dyn Clock>) -> Result<bool, TrustFault> {
        let held = self.chain();
        let envelopes = fetch_trust(hub, &Unverified::new(clock)?, held.version(), PATIENCE).await?;
        self.take_up(held.extend(&owned(&envelopes))?)?;
        Ok(self.chain().version() > held.version())
    }

    /// Stores a chain and puts it in force, unless one as new is there: of two that come at once the newer one stays.
    fn take_up(&self, chain: Chain) -> Result<(), FileError> {
        let mut held = self.held();
        if chain.version() > held.version() {
            store(&self.path, &chain)?;
            tracing::info!(version = chain.version(), "trust documents are taken up");
            *held = Arc::new(chain);
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Arc<Chain>> {
        // What is behind the lock is replaced as a whole.
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path_under(data: &Path) -> PathBuf {
    data.join("trust.json")
}

fn store(path: &Path, chain: &Chain) -> Result<(), FileError> {
    atomic::write(path, &chain.to_bytes(), Access::Owner)
}

/// Invariant 16: a file that verifies by itself alone counts for nothing.
fn begins_at(chain: Chain, anchor: Digest) -> Result<Chain, TrustError> {
    if chain.anchor() == anchor { Ok(chain) } else { Err(TrustError::NotPinned(anchor)) }
}

fn owned(envelopes: &[Bytes]) -> Vec<Vec<u8>> {
    envelopes.iter().map(|bytes| bytes.to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use certs::enroll::{first, next};
    use certs::key::{FileSigner, Signer};
    use policy::bundle::trust::{Authority, KeySet, Trust};
    use policy::canonical;

    /// A document of three versions; gives its anchor and envelopes.
    async fn versions() -> (Digest, Vec<Vec<u8>>) {
        let root = FileSigner::generate().unwrap();
        let only = KeySet { threshold: 1, keys: vec![*root.public_key()] };
        let mut trust = Trust {
            version: 1,
            trust_domain: "acme.example".to_owned(),
            root: only.clone(),
            bundles: only.clone(),
            audit: only,
            authorities: vec![Authority(vec![1])],
        };
        let anchor = Digest::of(&canonical::to_vec(&trust).unwrap());
        let mut envelopes = vec![first(&trust, &[&root]).await.unwrap().to_bytes()];
        for version in 2..=3 {
            trust.version = version;
            envelopes.push(next(&trust, &[&root], &[&root]).await.unwrap().to_bytes());
        }
        (anchor, envelopes)
    }

    #[tokio::test]
    async fn of_two_chains_that_come_at_once_the_newer_one_stays() {
        let data = tempfile::tempdir().unwrap();
        let (anchor, envelopes) = versions().await;
        let chain = |versions| Chain::anchored(anchor, &envelopes[..versions]).unwrap();
        let trusted = Trusted::under(data.path(), chain(1));
        trusted.take_up(chain(3)).unwrap();
        trusted.take_up(chain(2)).unwrap();
        assert_eq!(trusted.chain().version(), 3);
        assert_eq!(Trusted::load(data.path(), anchor).unwrap().chain().version(), 3);
    }

    #[tokio::test]
    async fn inv16_a_file_that_verifies_by_itself_alone_is_not_believed() {
        let data = tempfile::tempdir().unwrap();
        let ((anchor, envelopes), (other, _)) = (versions().await, versions().await);
        store(&path_under(data.path()), &Chain::anchored(anchor, &envelopes).unwrap()).unwrap();
        assert!(Trusted::load(data.path(), anchor).is_ok());
        let refused = Trusted::load(data.path(), other);
        assert!(matches!(refused, Err(TrustFault::Stored { source: TrustError::NotPinned(_), .. })), "{refused:?}");
    }
}
