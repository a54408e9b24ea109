//! Whether a certificate that still holds still stands: who was revoked, or whose key was replaced, does not.

use crate::identity::Leaf;
use std::fmt;
use std::sync::Arc;

/// The rule by which a listener refuses certificates that would verify. Asked at the handshake and at each review of a
/// [`crate::tls::Gate`], so whoever changes what it reads calls [`crate::tls::Gate::review`] afterwards.
#[derive(Clone)]
pub struct Standing(Arc<dyn Fn(&Leaf) -> bool + Send + Sync>);

impl Standing {
    /// By a rule.
    #[must_use]
    pub fn by(rule: impl Fn(&Leaf) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }

    /// Whether `leaf` stands.
    #[must_use]
    pub fn holds(&self, leaf: &Leaf) -> bool {
        (self.0)(leaf)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Standing")
    }
}
