//! The catalog as it was at a revision of the repository that holds its folder.

use super::{Limits, Read, read_tree};
use gix::bstr::ByteSlice as _;
use std::path::{Path, PathBuf};

/// A revision that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// No repository around the folder.
    #[error("`{0}` lies in no git repository, so there is nothing to compare it with")]
    NoRepository(PathBuf),
    /// No such commit.
    #[error("the repository of `{folder}` has no commit `{revision}`")]
    NoSuchRevision {
        /// Which folder.
        folder: PathBuf,
        /// What was asked for.
        revision: String,
    },
    /// The folder was not there.
    #[error("there is no folder `{folder}` at `{revision}`")]
    NoFolder {
        /// Which folder.
        folder: PathBuf,
        /// Where.
        revision: String,
    },
    /// Something that git said.
    #[error("cannot read the repository of `{folder}`")]
    Unreadable {
        /// Which folder.
        folder: PathBuf,
        /// What git said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads the catalog in `folder`, which lies in the working copy of a repository, as it was at `revision` (anything that
/// names a commit for git).
pub fn read_revision(folder: &Path, revision: &str, limits: Limits) -> Result<Read, RevisionError> {
    let unreadable = |source| RevisionError::Unreadable { folder: folder.to_owned(), source };
    let options = || gix::open::Options::isolated();
    let trust = gix::sec::trust::Mapping { full: options(), reduced: options() };
    let found = gix::ThreadSafeRepository::discover_opts(folder, gix::discover::upwards::Options::default(), trust);
    let repository = found.map_err(|_| RevisionError::NoRepository(folder.to_owned()))?.to_thread_local();
    let within = within(&repository, folder).ok_or_else(|| RevisionError::NoRepository(folder.to_owned()))?;
    let unknown = || RevisionError::NoSuchRevision { folder: folder.to_owned(), revision: revision.to_owned() };
    let object = repository.rev_parse_single(revision.as_bytes().as_bstr()).map_err(|_| unknown())?.object();
    let tree = object.map_err(|_| unknown())?.peel_to_tree().map_err(|_| unknown())?;
    let tree = if within.as_os_str().is_empty() {
        tree.id
    } else {
        let entry = tree.lookup_entry_by_path(&within).map_err(|error| unreadable(error.into()))?;
        let missing = || RevisionError::NoFolder { folder: folder.to_owned(), revision: revision.to_owned() };
        entry.filter(|entry| entry.mode().is_tree()).ok_or_else(missing)?.object_id()
    };
    read_tree(&repository, tree, limits).map_err(|error| unreadable(error.into()))
}

/// The path of the folder in its repository.
fn within(repository: &gix::Repository, folder: &Path) -> Option<PathBuf> {
    let (root, folder) = (repository.workdir()?.canonicalize().ok()?, folder.canonicalize().ok()?);
    folder.strip_prefix(root).ok().map(Path::to_owned)
}
