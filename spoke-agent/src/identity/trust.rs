//! Whom the agent trusts: the chain of trust documents, on disk and in memory, extended by what verifies itself.

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
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const LIMIT: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// Why trust documents are not believed, or cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    /// There is no file.
    #[error("{0} is missing: run `writ-spoke join STRING` first")]
    Missing(PathBuf),
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
    chain: Arc<watch::Sender<Arc<Chain>>>,
}

impl Trusted {
    fn path_under(data: &Path) -> PathBuf {
        data.join("trust.json")
    }

    /// Loads the chain and verifies it again.
    ///
    /// # Errors
    /// [`TrustFault`] when it is missing or does not verify.
    pub fn load(data: &Path) -> Result<Self, TrustFault> {
        let path = Self::path_under(data);
        let bytes = files::read(&path, LIMIT)?.ok_or_else(|| TrustFault::Missing(path.clone()))?;
        let chain = Arc::new(Chain::from_bytes(&bytes)?);
        Ok(Self { path, chain: Arc::new(watch::Sender::new(chain)) })
    }

    /// Begins with the document that a join string pins, fetched over a session that cannot be verified yet.
    ///
    /// # Errors
    /// [`TrustFault`] when no document is the pinned one.
    pub async fn pinned(data: &Path, anchor: Digest, hub: &str, clock: Arc<dyn Clock>) -> Result<Self, TrustFault> {
        let envelopes = fetch_trust(hub, &Unverified::new(clock)?, 0, PATIENCE).await?;
        let chain = Arc::new(Chain::anchored(anchor, &owned(&envelopes))?);
        let trusted = Self { path: Self::path_under(data), chain: Arc::new(watch::Sender::new(Arc::clone(&chain))) };
        trusted.store(&chain)?;
        Ok(trusted)
    }

    /// The chain now.
    #[must_use]
    pub fn chain(&self) -> Arc<Chain> {
        Arc::clone(&self.chain.borrow())
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
        let chain = held.extend(&owned(&envelopes))?;
        if chain.version() == held.version() {
            return Ok(false);
        }
        self.store(&chain)?;
        tracing::info!(version = chain.version(), "trust documents are taken up");
        self.chain.send_replace(Arc::new(chain));
        Ok(true)
    }

    fn store(&self, chain: &Chain) -> Result<(), FileError> {
        atomic::write(&self.path, &chain.to_bytes(), Access::Owner)
    }
}

fn owned(envelopes: &[Bytes]) -> Vec<Vec<u8>> {
    envelopes.iter().map(|bytes| bytes.to_vec()).collect()
}
