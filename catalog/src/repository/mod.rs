//! The hub's bare mirror of a catalog's repository. It can be deleted at any time; the next fetch makes it again.

mod budget;
mod commit;
mod diff;
mod fetch;
mod history;
mod https;
mod location;
mod mirror;
mod packs;
mod process;
mod range;
#[cfg(test)]
mod range_law;
#[cfg(test)]
mod range_tests;
mod refname;
mod ssh;
#[cfg(test)]
pub(crate) mod tests;
mod watch;

pub use commit::{Commit, CommitId, NotACommitId};
pub use fetch::{FetchError, FetchOptions};
pub use location::{Location, LocationError};
pub use mirror::{Repository, RepositoryError};
pub use range::{Link, RangeError};
pub use refname::{RefName, RefNameError};
