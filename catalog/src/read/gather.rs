//! The rules of a walk, whatever is walked: what is taken, what is refused, and when it is too much.

use super::name::{BadName, case_key, check, printable};
use super::{Limits, Read, layout};
use crate::signers::Signers;
use policy::catalog::stray;
use policy::diagnostic::{Code, Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    File,
    Folder,
    Symlink,
    Submodule,
    /// A FIFO, socket or device.
    Special,
}

/// What the walk does with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Passed over, or refused with a diagnostic.
    Skip,
    /// Read this file.
    Take(String),
    /// Walk this folder.
    Enter(String),
}

/// The names of one folder, to find those that differ by case only.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<String, String>);

/// A walk so far.
#[derive(Debug)]
pub(super) struct Gather {
    limits: Limits,
    read: Read,
    /// The folders at the root in which a file was found that is told of.
    strays: BTreeSet<String>,
    entries: usize,
    bytes: u64,
    full: bool,
}

impl Gather {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, read: Read::default(), strays: BTreeSet::new(), entries: 0, bytes: 0, full: false }
    }

    /// Whether a limit of the whole catalog has been passed: the walk ends.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// How many entries may still come.
    pub(super) const fn room(&self) -> usize {
        self.limits.entries.saturating_sub(self.entries)
    }

    /// Judges one entry of the folder at `parent` (empty: the root).
    pub(super) fn admit(&mut self, parent: &str, name: &[u8], entry: Entry, seen: &mut Seen) -> Verdict {
        if !self.count() {
            return Verdict::Skip;
        }
        if !layout::is_ours(parent) {
            return self.foreign(parent, name, entry);
        }
        let name = match check(name) {
            Ok(name) if layout::is_hidden(name) => return Verdict::Skip,
            Ok(name) => name,
            Err(fault) => return self.bad_name(parent, name, fault),
        };
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
        if let Some(other) = seen.0.insert(case_key(name), name.to_owned()) {
            return self.one_file_for_two(&path, &other);
        }
        self.by_kind(path, entry)
    }

    fn by_kind(&mut self, path: String, entry: Entry) -> Verdict {
        match entry {
            Entry::File if layout::is_read(&path) => Verdict::Take(path),
            Entry::File => self.stray(&path),
            Entry::Folder => self.enter(path),
            Entry::Symlink => self.refuse(&path, "a symbolic link", "commit the file itself in its place"),
            Entry::Submodule => self.refuse(&path, "a submodule", "commit its files in its place"),
            Entry::Special => self.refuse(&path, "no regular file", "remove it: only files and folders are read"),
        }
    }

    /// An entry of a folder that no catalog has: only looked through for what could be taken for a rule in force.
    fn foreign(&mut self, parent: &str, name: &[u8], entry: Entry) -> Verdict {
        let name = printable(name);
        let top = parent.split('/').next().unwrap_or_default();
        if layout::is_hidden(&name) || self.strays.contains(top) {
            return Verdict::Skip;
        }
        let path = format!("{parent}/{name}");
        match entry {
            Entry::Folder => self.enter(path),
            Entry::Submodule => Verdict::Skip,
            Entry::File | Entry::Symlink | Entry::Special => self.stray(&path),
        }
    }

    /// Tells of a file that is not read, where that needs telling; of a folder that no catalog has, once.
    fn stray(&mut self, path: &str) -> Verdict {
        if let Some(diagnostic) = stray(path) {
            self.strays.extend(path.split_once('/').map(|(top, _)| top.to_owned()));
            self.read.diagnostics.push(diagnostic);
        }
        Verdict::Skip
    }

    /// Whether a file of this size may be read; an oversized one is told here.
    pub(super) fn has_room(&mut self, path: &str, size: u64) -> bool {
        if size > self.limits.file {
            let message = format!("the file has {size} bytes; a file of a catalog has at most {}", self.limits.file);
            self.push(Code::TooLarge, path, message, "split it, or keep it outside the catalog");
            return false;
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.total {
            self.overflow(format!("the catalog has more than {} bytes", self.limits.total));
        }
        !self.full
    }

    /// Takes in a file's bytes.
    pub(super) fn take(&mut self, path: String, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.read.sources.insert(path, text.into());
            }
            Err(_) => {
                let code = if path.ends_with(".cedar") { Code::CedarSyntax } else { Code::YamlInvalid };
                self.push(code, &path, "the file is not UTF-8 text".into(), "save it as UTF-8");
            }
        }
    }

    /// Tells of something that could not be read, or changed while it was.
    pub(super) fn unreadable(&mut self, path: &str, why: &str) {
        let message = format!("cannot be read: {why}");
        self.push(Code::PathRefused, path, message, "check that it exists, stays as it is, and may be read");
    }

    /// What was gathered, in the order of paths, whatever order the walk had.
    pub(super) fn finish(mut self) -> Read {
        self.read.diagnostics.extend(Signers::read(&self.read.sources).1);
        self.read.diagnostics.sort();
        self.read
    }

    fn count(&mut self) -> bool {
        self.entries += 1;
        if self.entries > self.limits.entries && !self.full {
            self.overflow(format!("the catalog has more than {} files and folders", self.limits.entries));
        }
        !self.full
    }

    fn enter(&mut self, path: String) -> Verdict {
        if path.split('/').count() <= self.limits.depth {
            return Verdict::Enter(path);
        }
        let message = format!("folders are nested deeper than {}", self.limits.depth);
        self.push(Code::TooLarge, &path, message, "move it further up");
        Verdict::Skip
    }

    fn bad_name(&mut self, parent: &str, name: &[u8], fault: BadName) -> Verdict {
        let name = printable(name);
        let path = if parent.is_empty() { name } else { format!("{parent}/{name}") };
        self.push(Code::PathRefused, &path, fault.message().into(), "rename it");
        Verdict::Skip
    }

    fn one_file_for_two(&mut self, path: &str, other: &str) -> Verdict {
        let message = format!("the name differs from that of `{other}` by case only: one file on some systems");
        self.push(Code::PathRefused, path, message, "rename one of them");
        Verdict::Skip
    }

    fn refuse(&mut self, path: &str, what: &str, help: &str) -> Verdict {
        self.push(Code::PathRefused, path, format!("is {what}, which a catalog may not hold"), help);
        Verdict::Skip
    }

    fn overflow(&mut self, message: String) {
        self.full = true;
        self.push(Code::TooLarge, "writ.yaml", message, "split the catalog, or remove what is not used");
    }

    fn push(&mut self, code: Code, path: &str, message: String, help: &str) {
        self.read.diagnostics.push(Diagnostic::error(code, path, Span::START, message).help(help));
    }
}
