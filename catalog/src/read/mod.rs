//! From files to text by path. Folder and commit are walked by one set of rules.

mod folder;
mod gather;
mod layout;
mod name;
mod revision;
mod tree;

pub use folder::{ReadError, read_folder};
pub use revision::{RevisionError, read_revision};
pub(crate) use tree::{MAX_TREE, read_tree};

use policy::catalog::Sources;
use policy::diagnostic::Diagnostic;

/// What a catalog may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files together.
    pub total: u64,
    /// Files and folders, whether they are read or not.
    pub entries: usize,
    /// Folders within folders.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 1024 * 1024, total: 64 * 1024 * 1024, entries: 20_000, depth: 16 }
    }
}

/// What reading came to. The files may be used only where nothing of severity error was found.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The files of the catalog, by path.
    pub sources: Sources,
    /// What was refused, by path, with its remedy.
    pub diagnostics: Vec<Diagnostic>,
}
