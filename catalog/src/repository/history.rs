//! Who descends from whom, told from parents alone: dates are whatever a commit claims.

use gix::ObjectId;
use std::collections::{BTreeSet, HashMap, HashSet};

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

    fn ancestors(&self, id: ObjectId) -> HashSet<ObjectId> {
        let (mut seen, mut next) = (HashSet::new(), vec![id]);
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(self.parents(id));
            }
        }
        seen
    }

    /// All commits that are no ancestors of `from`, nor `from` itself.
    pub(super) fn since(&self, from: ObjectId) -> BTreeSet<ObjectId> {
        let before = self.ancestors(from);
        self.parents.keys().filter(|id| !before.contains(*id)).copied().collect()
    }

    /// The newest common ancestors of two commits: those of which no other common ancestor descends.
    pub(super) fn bases(&self, one: ObjectId, other: ObjectId) -> BTreeSet<ObjectId> {
        let (ones, others) = (self.ancestors(one), self.ancestors(other));
        let common: HashSet<ObjectId> = ones.intersection(&others).copied().collect();
        let older: HashSet<ObjectId> = common.iter().flat_map(|id| self.parents(*id)).copied().collect();
        common.difference(&older).copied().collect()
    }
}
