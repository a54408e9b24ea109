//! Who the agent is: its key (on disk before anybody hears of it), its certificate, and whom it trusts.

mod credentials;
pub mod enroll;
mod files;
pub mod join;
pub mod renew;
mod trust;

pub use credentials::Credentials;
pub use files::{Files, Joined};
pub use trust::{TrustFault, Trusted};

use certs::ca::AuthoritiesError;
use certs::ca::ChainError;
use certs::connect::ConnectError;
use certs::identity::{IdentityError, SpiffeId};
use certs::key::KeyError;
use certs::tls::{IdentityFault, TlsError};
use service::fault::FileError;
use std::path::PathBuf;

/// Why the agent has no identity, or cannot get one.
#[derive(Debug, thiserror::Error)]
pub enum IdentityProblem {
    /// Nobody has joined here.
    #[error("{0} holds no identity: run `writ-spoke join STRING` first")]
    NotJoined(PathBuf),
    /// Somebody joined here already, with another string.
    #[error("this agent has joined as {cluster} already; to join anew, give it an empty data folder")]
    JoinedAlready {
        /// As which cluster.
        cluster: String,
    },
    /// A file of ours is not what we wrote.
    #[error("{0} cannot be understood; join anew with an empty data folder")]
    Corrupt(PathBuf),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Keys.
    #[error(
        "the agent's key identity/key.pem cannot be used: restore it, or join anew with a string from `writ cluster invite --replace`"
    )]
    Key(#[from] KeyError),
    /// The trust documents.
    #[error(transparent)]
    Trust(#[from] TrustFault),
    /// The trust domain.
    #[error("the trust document's domain is refused; ask those who run the hub")]
    Domain(#[from] IdentityError),
    /// Its authorities.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// TLS.
    #[error(
        "TLS cannot be set up with identity/cert.pem and identity/key.pem; if they were damaged, join anew with a string from `writ cluster invite --replace`"
    )]
    Tls(#[from] TlsError),
    /// No hub answered.
    #[error("no hub could be reached")]
    Connect(#[from] ConnectError),
    /// A hub answered no.
    #[error("the hub refused: {0}")]
    Refused(String),
    /// The registered key counts no longer.
    #[error("this agent's identity was revoked, or another agent has joined in its place")]
    Revoked,
    /// A hub could not answer.
    #[error("the hub could not answer: {0}")]
    Unavailable(String),
    /// What the hub gave is no certificate for this key.
    #[error("the certificate that the hub gave is refused")]
    Certificate(#[from] IdentityFault),
    /// Not even a chain.
    #[error("the certificate that the hub gave is refused")]
    Chain(#[from] ChainError),
    /// A certificate for somebody else.
    #[error("the hub gave a certificate for {0}, which is not who this agent is")]
    Misdirected(SpiffeId),
}

impl IdentityProblem {
    /// Whether the other side is simply not there.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Unavailable(_) | Self::Trust(TrustFault::Fetch(_)))
    }
}
