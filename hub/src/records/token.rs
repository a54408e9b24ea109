//! Join tokens: stored hashed, redeemed by compare-and-delete.

use super::Record;
use jiff::Timestamp;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The SHA-256 of a token. The token itself is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(pub Digest);

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.hex())
    }
}

/// What one token allows: to register one key for one cluster, once, until its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinToken {
    /// For whom.
    pub cluster: ClusterName,
    /// Until when.
    pub expires: Timestamp,
    /// Whether it may take the place of an identity that is not revoked.
    pub replace: bool,
}

impl Record for JoinToken {
    const NAME: &'static str = "token";
    type Id = TokenHash;
}
