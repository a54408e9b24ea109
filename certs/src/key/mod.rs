//! Keys: P-256 for certificates, Ed25519 for what is signed and kept, and their files.

mod file;
mod leaf_key;
mod public_key;
mod signer;

pub use file::{FileError, read_text, write_new, write_new_private};
pub use leaf_key::{KeyError, LeafKey};
pub use public_key::{NotAPublicKey, PublicKey};
pub(crate) use signer::envelope;
pub use signer::{FileSigner, SignError, Signer};
