//! Signing trust documents. Verifying them is `policy::bundle::trust`'s.

use crate::key::{SignError, Signer, envelope};
use policy::bundle::dsse::Envelope;
use policy::bundle::trust::{PAYLOAD_TYPE, Trust};
use policy::canonical;

/// Why a trust document was not signed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It has no canonical form.
    #[error("the trust document cannot be written")]
    Form(#[from] canonical::NotCanonical),
    /// A key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// The first version, signed by its own root keys.
///
/// # Errors
/// [`DocumentError`] when a key does not sign.
pub async fn first(trust: &Trust, roots: &[&dyn Signer]) -> Result<Envelope, DocumentError> {
    Ok(envelope(PAYLOAD_TYPE, &canonical::to_vec(trust)?, roots).await?)
}

/// A later version, signed by its own root keys and by those of the version before it.
///
/// # Errors
/// [`DocumentError`] when a key does not sign.
pub async fn next(
    trust: &Trust,
    roots: &[&dyn Signer],
    previous_roots: &[&dyn Signer],
) -> Result<Envelope, DocumentError> {
    first(trust, &[roots, previous_roots].concat()).await
}
