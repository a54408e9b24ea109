//! Walking the tree of a commit. Sizes are looked up before anything is unpacked.

use super::gather::{Entry, Gather, Seen, Verdict};
use super::{Limits, Read};
use gix::ObjectId;
use gix::objs::tree::{EntryKind, EntryRef};

/// Bytes of one tree object: more than 20,000 names of 255 bytes.
pub(crate) const MAX_TREE: u64 = 6 * 1024 * 1024;

/// Reads the catalog in a tree. An error is an object that the mirror lacks or cannot unpack.
pub(crate) fn read_tree(repository: &gix::Repository, tree: ObjectId, limits: Limits) -> gix::Result<Read> {
    let mut gather = Gather::new(limits);
    walk(repository, tree, "", &mut gather)?;
    Ok(gather.finish())
}

fn walk(repository: &gix::Repository, id: ObjectId, path: &str, gather: &mut Gather) -> gix::Result<()> {
    if repository.find_header(id)?.size() > MAX_TREE {
        gather.unreadable(path, "the folder holds too many names");
        return Ok(());
    }
    let tree = repository.find_tree(id)?;
    let mut seen = Seen::default();
    for entry in tree.decode()?.entries {
        if gather.is_full() {
            break;
        }
        visit(repository, path, entry, &mut seen, gather)?;
    }
    Ok(())
}

fn visit(
    repository: &gix::Repository,
    parent: &str,
    entry: EntryRef<'_>,
    seen: &mut Seen,
    gather: &mut Gather,
) -> gix::Result<()> {
    let kind = match entry.mode.kind() {
        EntryKind::Tree => Entry::Folder,
        EntryKind::Blob | EntryKind::BlobExecutable => Entry::File,
        EntryKind::Link => Entry::Symlink,
        EntryKind::Commit => Entry::Submodule,
    };
    match gather.admit(parent, entry.filename, kind, seen) {
        Verdict::Skip => Ok(()),
        Verdict::Enter(path) => walk(repository, entry.oid.to_owned(), &path, gather),
        Verdict::Take(path) => take(repository, entry.oid.to_owned(), path, gather),
    }
}

fn take(repository: &gix::Repository, id: ObjectId, path: String, gather: &mut Gather) -> gix::Result<()> {
    if gather.has_room(&path, repository.find_header(id)?.size()) {
        gather.take(path, repository.find_blob(id)?.detach().data);
    }
    Ok(())
}
