//! The mirror itself.

use super::commit::{Commit, CommitId};
use super::fetch::{self, FetchError, FetchOptions};
use super::location::Location;
use super::packs;
use super::refname::RefName;
use crate::read::{Limits, Read, read_tree};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// The one ref of the mirror: where the followed ref stood when it was fetched last.
pub(super) const FOLLOWED: &str = "refs/writ/followed";

/// A mirror that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// It cannot be made.
    #[error("cannot make the mirror `{path}`; see that its folder exists, is writable and has space")]
    Create {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It stands there, but is no repository.
    #[error("`{path}` is not a usable repository; delete it: it is a mirror, and the next fetch makes it again")]
    Open {
        /// Where.
        path: PathBuf,
        /// What git said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A commit that was never fetched.
    #[error("the mirror has no commit `{0}`; only what the followed ref has held is there")]
    NoSuchCommit(String),
    /// An object that is damaged or absent.
    #[error("the mirror `{path}` is damaged; delete it: the next fetch makes it again")]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What git said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A bare mirror of one ref. All calls block.
pub struct Repository {
    path: PathBuf,
    inner: RwLock<gix::ThreadSafeRepository>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Repository {
    /// Opens the mirror at `path` (such as `data/catalog.git`), or makes it. No configuration but its own is read.
    pub fn open(path: &Path) -> Result<Self, RepositoryError> {
        if !path.exists() {
            create(path)?;
        }
        Ok(Self { path: path.to_owned(), inner: RwLock::new(opened(path)?) })
    }

    pub(super) fn local(&self) -> gix::Repository {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).to_thread_local()
    }

    /// Opens it anew: an open repository has room for so many packs only, and every fetch brings one.
    fn reopen(&self) -> Result<(), RepositoryError> {
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = opened(&self.path)?;
        Ok(())
    }

    /// Brings the ref into the mirror and says which commit it stands at.
    pub fn fetch(&self, location: &Location, name: &RefName, options: &FetchOptions) -> Result<Commit, FetchError> {
        packs::gather(&self.path, options);
        self.reopen()?;
        fetch::fetch(&self.local(), location, name, options)?;
        let found = self.followed()?.map(|id| self.commit(id)).transpose()?;
        found.ok_or_else(|| FetchError::NoSuchRef { location: location.to_string(), name: name.clone() })
    }

    /// Where the followed ref stood at the last fetch.
    pub fn followed(&self) -> Result<Option<CommitId>, RepositoryError> {
        let repository = self.local();
        let found = repository.try_find_reference(FOLLOWED).map_err(|error| self.damaged(error))?;
        let Some(mut reference) = found else { return Ok(None) };
        let commit = reference.peel_to_commit().map_err(|error| self.damaged(error))?;
        Ok(Some(CommitId(commit.id)))
    }

    /// The commit that a person means: its id, or at least the first seven digits of it.
    pub fn resolve(&self, text: &str) -> Result<CommitId, RepositoryError> {
        let unknown = || RepositoryError::NoSuchCommit(text.escape_debug().take(80).collect());
        if text.len() < 7 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let repository = self.local();
        let id = repository.rev_parse_single(text).map_err(|_| unknown())?.detach();
        repository.find_commit(id).map_err(|_| unknown())?;
        Ok(CommitId(id))
    }

    /// What the audit log tells of a commit.
    pub fn commit(&self, id: CommitId) -> Result<Commit, RepositoryError> {
        let repository = self.local();
        let commit = repository.find_commit(id.0).map_err(|_| RepositoryError::NoSuchCommit(id.to_string()))?;
        Commit::of(&commit).map_err(|error| self.damaged(error))
    }

    /// The files of a commit, and what of it was refused.
    pub fn read(&self, id: CommitId, limits: Limits) -> Result<Read, RepositoryError> {
        let repository = self.local();
        let commit = repository.find_commit(id.0).map_err(|_| RepositoryError::NoSuchCommit(id.to_string()))?;
        let tree = commit.tree_id().map_err(|error| self.damaged(error))?.detach();
        read_tree(&repository, tree, limits).map_err(|error| self.damaged(error))
    }

    pub(super) fn damaged(&self, error: gix::Error) -> RepositoryError {
        RepositoryError::Damaged { path: self.path.clone(), source: error.into() }
    }
}

fn opened(path: &Path) -> Result<gix::ThreadSafeRepository, RepositoryError> {
    options().open(path).map_err(|error| RepositoryError::Open { path: path.to_owned(), source: error.into() })
}

/// Nothing of this machine's or user's git configuration; objects of at most 32 MiB are unpacked, one at a time.
fn options() -> gix::open::Options {
    gix::open::Options::isolated()
        .config_overrides(["gitoxide.objects.allocLimit=33554432", "pack.threads=1"])
        .open_path_as_is(true)
}

/// Made under another name first: a folder with the mirror's name is always a whole one.
fn create(path: &Path) -> Result<(), RepositoryError> {
    let fail = |source| RepositoryError::Create { path: path.to_owned(), source };
    let partial = path.with_extension("partial");
    match fs::remove_dir_all(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error.into())),
        _ => {}
    }
    gix::create::into(&partial, gix::create::Kind::Bare, gix::create::Options::default())
        .map_err(|error| fail(error.into()))?;
    fs::rename(&partial, path).map_err(|error| fail(error.into()))
}
