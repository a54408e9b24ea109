//! Identities: the SPIFFE URI and the leaf certificate that carries it.

mod leaf;
mod spiffe;

pub use leaf::{Leaf, LeafError, Serial};
pub use spiffe::{IdentityError, PersonName, SpiffeId, TrustDomain};
