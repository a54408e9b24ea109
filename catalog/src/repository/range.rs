//! What changed between two commits, and who signed it.

use super::budget::{Budget, PATHS};
use super::commit::{Commit, CommitId};
use super::diff::{self, Fault};
use super::history::History;
use super::mirror::{FOLLOWED, Repository, RepositoryError};
use super::refname::RefName;
use crate::signers::Signed;
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::TagRefIter;
use std::collections::BTreeSet;

/// The most that is compared: a range beyond it is not judged, and so not taken up.
const COMMITS: usize = 5_000;
const HISTORY: usize = 500_000;

/// Why a range cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// History was rewritten, or turned back.
    #[error("commit {to} does not descend from {from}, which was accepted last")]
    Rewritten {
        /// What was accepted.
        from: CommitId,
        /// What was fetched.
        to: CommitId,
    },
    /// Too much.
    #[error("more has changed since {from} than is judged at once: {COMMITS} commits, {PATHS} paths over all of them")]
    TooLarge {
        /// What was accepted.
        from: CommitId,
    },
    /// The mirror.
    #[error(transparent)]
    Mirror(#[from] RepositoryError),
}

/// One commit of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub commit: Commit,
    /// Its signature.
    pub signed: Option<Signed>,
    /// What it changes itself. Of a merge: only what it decides, beyond what follows from its two sides and where they
    /// parted.
    pub paths: BTreeSet<String>,
}

/// A range so far, with what is known of its history, and what it may still cost.
struct Range<'r> {
    repository: &'r gix::Repository,
    history: History,
    budget: Budget,
}

impl Repository {
    /// The commits from `from` (without it) to `to`, each with what it changes.
    ///
    /// # Errors
    /// [`RangeError`] where `to` does not descend from `from`, or too much lies between.
    pub fn range(&self, from: CommitId, to: CommitId) -> Result<Vec<Link>, RangeError> {
        self.range_within(from, to, Budget::default())
    }

    /// The same, at this cost.
    pub(super) fn range_within(&self, from: CommitId, to: CommitId, budget: Budget) -> Result<Vec<Link>, RangeError> {
        let links = |range: &mut Range<'_>| {
            let between = range.history.since(from.0);
            if between.len() > COMMITS {
                return Err(Fault::TooLarge);
            }
            between.into_iter().map(|id| range.link(id)).collect()
        };
        self.with_range(from, to, budget, links)
    }

    /// All paths at which `to` differs from `from`, as [`Repository::range`] otherwise.
    ///
    /// # Errors
    /// [`RangeError`] where `to` does not descend from `from`, or too much lies between.
    pub fn changed(&self, from: CommitId, to: CommitId) -> Result<BTreeSet<String>, RangeError> {
        self.with_range(from, to, Budget::default(), |range| range.diff(Some(from.0), to.0))
    }

    /// Whether `from` is an ancestor of `to`, or `to` itself.
    ///
    /// # Errors
    /// When the mirror is damaged, or history too long to tell.
    pub fn descends(&self, to: CommitId, from: CommitId) -> Result<bool, RangeError> {
        match self.with_range(from, to, Budget::default(), |_| Ok(())) {
            Ok(()) => Ok(true),
            Err(RangeError::Rewritten { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn with_range<T>(
        &self,
        from: CommitId,
        to: CommitId,
        budget: Budget,
        work: impl FnOnce(&mut Range<'_>) -> Result<T, Fault>,
    ) -> Result<T, RangeError> {
        let mut repository = self.local();
        repository.object_cache_size_if_unset(16 * 1024 * 1024);
        let told = |fault| match fault {
            Fault::Git(error) => RangeError::Mirror(self.damaged(error)),
            Fault::TooLarge => RangeError::TooLarge { from },
        };
        let history = History::read(&repository, to.0, HISTORY).map_err(|error| told(error.into()))?;
        let history = history.ok_or(RangeError::TooLarge { from })?;
        if !history.has(from.0) {
            return Err(RangeError::Rewritten { from, to });
        }
        work(&mut Range { repository: &repository, history, budget }).map_err(told)
    }

    /// A commit's own signature.
    ///
    /// # Errors
    /// When the mirror lacks the commit.
    pub fn signature(&self, id: CommitId) -> Result<Option<Signed>, RepositoryError> {
        let repository = self.local();
        let commit = repository.find_commit(id.0).map_err(|_| RepositoryError::NoSuchCommit(id.to_string()))?;
        signed(&commit).map_err(|error| self.damaged(error))
    }

    /// The signature of the annotated tag that was followed to `id`. A tag of another name than the ref's says nothing
    /// of it: whoever can move refs could put any signed tag there.
    ///
    /// # Errors
    /// When the mirror is damaged.
    pub fn tag_signature(&self, id: CommitId, name: &RefName) -> Result<Option<Signed>, RepositoryError> {
        let repository = self.local();
        let found = repository.try_find_reference(FOLLOWED).map_err(|error| self.damaged(error))?;
        let Some(tag) = found.and_then(|found| found.target().try_id().map(ToOwned::to_owned)) else { return Ok(None) };
        let object = repository.find_object(tag).map_err(|error| self.damaged(error))?;
        let Ok(tag) = object.try_into_tag() else { return Ok(None) };
        let target = tag.target_id().map_err(|error| self.damaged(error))?;
        let named = tag.decode().is_ok_and(|tag| name.as_str().strip_prefix("refs/tags/") == tag.name.to_str().ok());
        if !named || target != id.0 {
            return Ok(None);
        }
        let found = TagRefIter::signature(&tag.data);
        Ok(found.map(|(by, of)| Signed { signature: by.data.to_vec(), payload: of.to_bstring().into() }))
    }
}

fn signed(commit: &gix::Commit<'_>) -> gix::Result<Option<Signed>> {
    let found = commit.signature()?;
    Ok(found.map(|(by, of)| Signed { signature: by.to_vec(), payload: of.to_bstring().into() }))
}

impl Range<'_> {
    fn link(&mut self, id: ObjectId) -> Result<Link, Fault> {
        let commit = self.repository.find_commit(id)?;
        let parents = self.history.parents(id).to_vec();
        let paths = match parents.as_slice() {
            [] => self.diff(None, id)?,
            [parent] => self.diff(Some(*parent), id)?,
            [one, other] => self.merged(id, *one, *other)?,
            // Of several at once, nothing is taken to follow.
            several => several.iter().try_fold(BTreeSet::new(), |mut all, parent| {
                all.append(&mut self.diff(Some(*parent), id)?);
                Ok::<_, Fault>(all)
            })?,
        };
        Ok(Link { commit: Commit::of(&commit)?, signed: signed(&commit)?, paths })
    }

    /// What a merge decides: where it has neither side's file, and where it takes one side's though the other has
    /// changed the file since they parted. What only one side has changed follows without it.
    fn merged(&mut self, id: ObjectId, one: ObjectId, other: ObjectId) -> Result<BTreeSet<String>, Fault> {
        let (from_one, from_other) = (self.diff(Some(one), id)?, self.diff(Some(other), id)?);
        let (since_one, since_other) = (self.since_parting(one, other, one)?, self.since_parting(one, other, other)?);
        let decides = |path: &&String| match (from_one.contains(*path), from_other.contains(*path)) {
            (true, true) => true,
            (true, false) => since_one.contains(*path),
            (false, true) => since_other.contains(*path),
            (false, false) => false,
        };
        Ok(from_one.union(&from_other).filter(decides).cloned().collect())
    }

    /// What a side has changed since any of the commits at which the two parted; all it has, if they never were one.
    fn since_parting(&mut self, one: ObjectId, other: ObjectId, side: ObjectId) -> Result<BTreeSet<String>, Fault> {
        let bases = self.history.bases(one, other, &mut self.budget)?;
        if bases.is_empty() {
            return self.diff(None, side);
        }
        bases.into_iter().try_fold(BTreeSet::new(), |mut all, base| {
            all.append(&mut self.diff(Some(base), side)?);
            Ok(all)
        })
    }

    fn diff(&mut self, one: Option<ObjectId>, other: ObjectId) -> Result<BTreeSet<String>, Fault> {
        self.budget.compares()?;
        let tree = |id| Ok::<_, gix::Error>(self.repository.find_commit(id)?.tree_id()?.detach());
        diff::between(self.repository, one.map(tree).transpose()?, Some(tree(other)?), &mut self.budget)
    }
}
