//! Who descends from whom, told from parents alone: dates are whatever a commit claims.

use super::budget::{Budget, Spent};
use gix::ObjectId;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::convert::Infallible;

/// All ancestors of one commit, itself among them.
#[derive(Debug)]
pub(super) struct History {
    parents: HashMap<ObjectId, Vec<ObjectId>>,
}

impl History {
    /// Reads the ancestors of `tip`, at most `limit`; none where there are more.
    pub(super) fn read(repository: &gix::Repository, tip: ObjectId, limit: usize) -> gix::Result<Option<Self>> {
        let (mut parents, mut next) = (HashMap::new(), vec![tip]);
        while let Some(id) = next.pop() {
            if parents.contains_key(&id) {
                continue;
            }
            if parents.len() >= limit {
                return Ok(None);
            }
            let of: Vec<ObjectId> = repository.find_commit(id)?.parent_ids().map(gix::Id::detach).collect();
            next.extend(of.iter().filter(|parent| !parents.contains_key(*parent)));
            parents.insert(id, of);
        }
        Ok(Some(Self { parents }))
    }

    /// Whether `id` is the tip or an ancestor of it.
    pub(super) fn has(&self, id: ObjectId) -> bool {
        self.parents.contains_key(&id)
    }

    pub(super) fn parents(&self, id: ObjectId) -> &[ObjectId] {
        self.parents.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// A commit and all of its ancestors, each paid for.
    fn walk<E>(&self, id: ObjectId, mut pay: impl FnMut() -> Result<(), E>) -> Result<HashSet<ObjectId>, E> {
        let (mut seen, mut next) = (HashSet::new(), vec![id]);
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                pay()?;
                next.extend(self.parents(id));
            }
        }
        Ok(seen)
    }

    /// All commits that are no ancestors of `from`, nor `from` itself.
    pub(super) fn since(&self, from: ObjectId) -> BTreeSet<ObjectId> {
        let Ok(before) = self.walk(from, || Ok::<_, Infallible>(()));
        self.parents.keys().filter(|id| !before.contains(*id)).copied().collect()
    }

    /// The newest common ancestors of two commits: those of which no other common ancestor descends.
    pub(super) fn bases(
        &self,
        one: ObjectId,
        other: ObjectId,
        budget: &mut Budget,
    ) -> Result<BTreeSet<ObjectId>, Spent> {
        let mut walk = |from| self.walk(from, || budget.walks());
        let (ones, others) = (walk(one)?, walk(other)?);
        let common: HashSet<ObjectId> = ones.intersection(&others).copied().collect();
        let older: HashSet<ObjectId> = common.iter().flat_map(|id| self.parents(*id)).copied().collect();
        Ok(common.difference(&older).copied().collect())
    }
}
