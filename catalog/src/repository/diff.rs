//! The paths at which two trees differ.

use crate::read::MAX_TREE;
use gix::ObjectId;
use gix::objs::tree::EntryKind;
use std::collections::{BTreeMap, BTreeSet};

/// The deepest that folders are compared.
const DEPTH: usize = 64;

/// What differs, as far as it may be told.
pub(super) struct Diff<'r> {
    repository: &'r gix::Repository,
    limit: usize,
    /// The paths, files only.
    pub(super) paths: BTreeSet<String>,
    /// Whether there was more than may be told.
    pub(super) overflowed: bool,
}

/// One folder's entries; a file's kind is told apart from a link's and a submodule's, not from an executable's.
type Folder = BTreeMap<Vec<u8>, (EntryKind, ObjectId)>;

impl<'r> Diff<'r> {
    /// The files at which the trees differ, those in folders of one side among them; none: the empty tree.
    pub(super) fn between(
        repository: &'r gix::Repository,
        one: Option<ObjectId>,
        other: Option<ObjectId>,
        limit: usize,
    ) -> gix::Result<Self> {
        let mut diff = Self { repository, limit, paths: BTreeSet::new(), overflowed: false };
        diff.trees(one, other, "", 0)?;
        Ok(diff)
    }

    fn trees(&mut self, one: Option<ObjectId>, other: Option<ObjectId>, at: &str, depth: usize) -> gix::Result<()> {
        if one == other || self.overflowed {
            return Ok(());
        }
        if depth > DEPTH {
            self.overflowed = true;
            return Ok(());
        }
        let (ones, others) = (self.folder(one)?, self.folder(other)?);
        let names: BTreeSet<&Vec<u8>> = ones.keys().chain(others.keys()).collect();
        for name in names {
            let (here, there) = (ones.get(name), others.get(name));
            if here != there {
                let name = String::from_utf8_lossy(name);
                let path = if at.is_empty() { name.into_owned() } else { format!("{at}/{name}") };
                self.entries(here.copied(), there.copied(), &path, depth)?;
            }
        }
        Ok(())
    }

    /// A folder on one side and a file on the other are two things: all that is in the one, and the other.
    fn entries(
        &mut self,
        here: Option<(EntryKind, ObjectId)>,
        there: Option<(EntryKind, ObjectId)>,
        path: &str,
        depth: usize,
    ) -> gix::Result<()> {
        let tree = |entry: Option<(EntryKind, ObjectId)>| entry.filter(|(kind, _)| *kind == EntryKind::Tree);
        let file = |entry: Option<(EntryKind, ObjectId)>| entry.filter(|(kind, _)| *kind != EntryKind::Tree);
        if file(here) != file(there) {
            self.overflowed |= self.paths.len() >= self.limit;
            self.paths.insert(path.to_owned());
        }
        self.trees(tree(here).map(|(_, id)| id), tree(there).map(|(_, id)| id), path, depth + 1)
    }

    fn folder(&mut self, id: Option<ObjectId>) -> gix::Result<Folder> {
        let Some(id) = id else { return Ok(Folder::new()) };
        if self.repository.find_header(id)?.size() > MAX_TREE {
            self.overflowed = true;
            return Ok(Folder::new());
        }
        let tree = self.repository.find_tree(id)?;
        let entries = tree.decode()?.entries.into_iter();
        let kind = |kind| if kind == EntryKind::BlobExecutable { EntryKind::Blob } else { kind };
        Ok(entries.map(|entry| (entry.filename.to_vec(), (kind(entry.mode.kind()), entry.oid.to_owned()))).collect())
    }
}
