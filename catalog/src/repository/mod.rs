//! The hub's bare mirror of a catalog's repository. It can be deleted at any time; the next fetch makes it again.

mod commit;
mod fetch;
mod https;
mod location;
mod mirror;
mod packs;
mod process;
mod refname;
mod ssh;
#[cfg(test)]
mod tests;
mod watch;

pub use commit::{Commit, CommitId, NotACommitId};
pub use fetch::{FetchError, FetchOptions};
pub use location::{Location, LocationError};
pub use mirror::{Repository, RepositoryError};
pub use refname::{RefName, RefNameError};
