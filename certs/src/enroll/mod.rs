//! Becoming a member: the join string, its token, the proof of possession, and the trust document that pins it all.

mod document;
mod exporter;
mod invitation;
mod proof;
mod token;

pub use document::{DocumentError, first, next};
pub use exporter::Exporter;
pub use invitation::{Invitation, InvitationError};
pub use proof::{Proof, ProofError, Proven};
pub use token::{JoinToken, NotAToken};
