//! The transport authority: a root that can be kept offline, an issuing intermediate, and the leaves that it issues.

mod authorities;
mod chain;
mod issuer;
mod profile;
mod root;
mod validity;

pub use authorities::{Authorities, AuthoritiesError};
pub use chain::{Chain, ChainError};
pub use issuer::{IssueError, Issuer};
pub use root::Root;
pub use validity::{SKEW, Validity, ValidityError};
