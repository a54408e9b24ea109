//! The deny-set.

use crate::identity::{Leaf, SpiffeId};
use policy::digest::Digest;
use std::collections::BTreeSet;

/// Who is refused although the certificate still holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked {
    /// Whole identities: whatever certificate speaks for them.
    pub identities: BTreeSet<SpiffeId>,
    /// Keys, by the digest of their SPKI DER: every certificate that was ever issued for them.
    pub keys: BTreeSet<Digest>,
}

impl Revoked {
    /// Whether `leaf` is refused.
    #[must_use]
    pub fn contains(&self, leaf: &Leaf) -> bool {
        self.identities.contains(leaf.id()) || self.keys.contains(&leaf.key())
    }
}
