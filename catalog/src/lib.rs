//! Reading a catalog, from a working copy or from a commit: path-safe, with limits, and the same files either way.
//!
//! [`read_folder`] serves `writ catalog …`; [`Repository`] is the hub's bare mirror: [`Repository::fetch`] brings one
//! ref, [`Repository::read`] the files of a commit. What comes out is text by path; what it means is
//! [`policy::catalog`]'s to say. All of it blocks: call it from a blocking thread.

mod read;
mod repository;
mod signers;

pub use read::{Limits, Read, ReadError, RevisionError, read_folder, read_revision};
pub use repository::{
    Commit, CommitId, FetchError, FetchOptions, Link, Location, LocationError, NotACommitId, RangeError, RefName,
    RefNameError, Repository, RepositoryError,
};
pub use signers::{Anonymous, Signed, Signers};
