//! What goes wrong with a file, as a sentence: what, where, what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What was being done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Reading it.
    Read,
    /// Writing it.
    Write,
    /// Creating it, where it must not exist.
    Create,
    /// Creating a folder.
    CreateFolder,
    /// Removing it.
    Remove,
    /// Locking it.
    Lock,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Create => "create",
            Self::CreateFolder => "create the folder",
            Self::Remove => "remove",
            Self::Lock => "lock",
        })
    }
}

/// Why it failed. Also a metric label, through [`Reason::label`].
#[derive(Debug)]
pub enum Reason {
    /// No space, no inodes, or a quota is used up.
    Full,
    /// Neither the file nor, for a write, its folder is there.
    Missing,
    /// This user may not.
    Permission,
    /// It exists and must not be overwritten.
    Exists,
    /// A folder stands where a file is wanted, or the other way round.
    WrongType,
    /// The file system is mounted read-only.
    ReadOnly,
    /// More bytes than this are refused.
    TooLarge(u64),
    /// Not UTF-8 text.
    NotText,
    /// Another process holds it.
    Held,
    /// Anything else.
    Other(io::Error),
}

impl Reason {
    /// One word for metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Missing => "missing",
            Self::Permission => "permission",
            Self::Exists => "exists",
            Self::WrongType => "wrong_type",
            Self::ReadOnly => "read_only",
            Self::TooLarge(_) => "too_large",
            Self::NotText => "not_text",
            Self::Held => "held",
            Self::Other(_) => "other",
        }
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => Self::WrongType,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::WouldBlock => Self::Held,
            _ => Self::Other(error),
        }
    }
}

/// A file operation that failed.
#[derive(Debug)]
pub struct FileError {
    /// What was being done.
    pub act: Act,
    /// To which path.
    pub path: PathBuf,
    /// Why it failed.
    pub reason: Reason,
}

impl FileError {
    /// Says what was done to which path and what the system answered.
    #[must_use]
    pub fn new(act: Act, path: &Path, reason: impl Into<Reason>) -> Self {
        Self { act, path: path.to_owned(), reason: reason.into() }
    }

    /// Whether the file, or its folder, is simply not there.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self.reason, Reason::Missing)
    }

    fn remedy(&self) -> String {
        let creates = matches!(self.act, Act::Write | Act::Create | Act::CreateFolder);
        match &self.reason {
            Reason::Full => "the disk is full; free some space and try again".into(),
            Reason::Missing if creates => "its folder does not exist; create it first".into(),
            Reason::Missing => "it does not exist; check the path".into(),
            Reason::Permission => "permission denied; give this user access to it".into(),
            Reason::Exists => "it exists already and is never overwritten; move it away first".into(),
            Reason::WrongType => "a folder stands where a file is expected, or a file where a folder is".into(),
            Reason::ReadOnly => "the file system is read-only; mount it writable or choose another path".into(),
            Reason::TooLarge(limit) => format!("it is larger than the limit of {limit} bytes"),
            Reason::NotText => "it is not UTF-8 text".into(),
            Reason::Held => "another process holds it; stop that process first".into(),
            Reason::Other(_) => "the system refused".into(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.act, self.path.display(), self.remedy())
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Other(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_sentence() {
        let error = FileError::new(Act::Write, Path::new("/data/head"), io::Error::from_raw_os_error(28));
        assert_eq!(error.to_string(), "cannot write `/data/head`: the disk is full; free some space and try again");
    }

    #[test]
    fn only_what_has_no_words_keeps_its_source() {
        let known = FileError::new(Act::Read, Path::new("x"), io::Error::from(io::ErrorKind::NotFound));
        assert!(std::error::Error::source(&known).is_none());
        let odd = FileError::new(Act::Read, Path::new("x"), io::Error::from_raw_os_error(5));
        assert!(std::error::Error::source(&odd).is_some());
    }
}
