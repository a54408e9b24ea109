//! Why the hub did not do what it was asked.

use crate::store::{Class, StoreError};
use policy::digest::Digest;
use policy::name::ClusterName;

/// A request that was not carried out; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such cluster.
    #[error("the catalog declares no cluster `{0}`; add clusters/{0}.yaml and commit it, or check the spelling")]
    UnknownCluster(ClusterName),
    /// The cluster has a spoke.
    #[error("`{0}` has joined already; invite it with --replace if its spoke was lost")]
    AlreadyJoined(ClusterName),
    /// Nothing to revoke.
    #[error("`{0}` has nothing to revoke: it has not joined, and no join string of it waits")]
    NotJoined(ClusterName),
    /// A token that gives nothing. Which of the reasons it was is not told to the caller.
    #[error("the join token is unknown, used or expired; ask for a new one with `writ cluster invite`")]
    TokenRefused,
    /// A key that was registered before.
    #[error("this public key was registered before; remove the spoke's identity folder and join again")]
    KeyTaken,
    /// A restored hub.
    #[error("this hub was restored from a backup and admits nobody until an operator releases the hold {0}")]
    Restored(Digest),
    /// No such hold.
    #[error("there is no hold {0}; `writ hold list` shows those that wait")]
    UnknownHold(Digest),
    /// A hold that has lapsed.
    #[error("the hold {0} no longer holds: what waited is not wanted any more, so there is nothing to release")]
    NoLongerHolds(Digest),
    /// Nothing is published, so there is nothing to pin.
    #[error("nothing is published yet, so there is nothing to pin")]
    NothingPublished,
    /// There is no pin.
    #[error("there is no pin")]
    NotPinned,
    /// A revision that cannot be pinned.
    #[error("the revision `{revision}` cannot be pinned: {why}")]
    RevisionRefused {
        /// Which.
        revision: String,
        /// Why.
        why: String,
    },
    /// The catalog could not be read.
    #[error("the catalog could not be read")]
    Catalog(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A head could not be signed.
    #[error("the heads could not be signed")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A value without a canonical form: a fault of ours.
    #[error("what was compiled has no canonical form")]
    Canonical(#[from] policy::canonical::NotCanonical),
    /// The hub is stopping.
    #[error("the hub is stopping")]
    Stopping,
}

impl HubError {
    /// Whether trying again is of no use: the store can no longer be read or written.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Store(fault) if matches!(fault.class(), Class::Terminal))
    }

    /// The metric label.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Store(error) => error.kind(),
            Self::UnknownCluster(_) => "unknown_cluster",
            Self::AlreadyJoined(_) => "already_joined",
            Self::NotJoined(_) => "not_joined",
            Self::TokenRefused => "token_refused",
            Self::KeyTaken => "key_taken",
            Self::Restored(_) => "restored",
            Self::UnknownHold(_) => "unknown_hold",
            Self::NoLongerHolds(_) => "no_longer_holds",
            Self::NothingPublished => "nothing_published",
            Self::NotPinned => "not_pinned",
            Self::RevisionRefused { .. } => "revision_refused",
            Self::Catalog(_) => "catalog",
            Self::Sign(_) => "sign",
            Self::Canonical(_) => "canonical",
            Self::Stopping => "stopping",
        }
    }
}
