//! What is said of a commit.

use std::fmt;
use std::str::FromStr;

/// Characters of a subject or an author that are kept.
const LONGEST: usize = 120;

/// A text that is no commit id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a commit id: 40 hexadecimal digits")]
pub struct NotACommitId(String);

/// The id of a commit: the revision of a catalog.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) gix::ObjectId);

impl FromStr for CommitId {
    type Err = NotACommitId;

    fn from_str(text: &str) -> Result<Self, NotACommitId> {
        let wrong = |_| NotACommitId(text.escape_debug().to_string());
        gix::ObjectId::from_hex(text.as_bytes()).map(Self).map_err(|_| wrong(()))
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_hex())
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A commit as the audit log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// `Name <mail>`, at most 120 characters, without control characters. What the commit claims, not who is known.
    pub author: String,
    /// The first line of its message, likewise.
    pub subject: String,
}

impl Commit {
    pub(super) fn of(commit: &gix::Commit<'_>) -> gix::Result<Self> {
        let author = commit.author()?;
        let subject = commit.message_raw()?.to_string();
        Ok(Self {
            id: CommitId(commit.id),
            author: line(&format!("{} <{}>", author.name, author.email)),
            subject: line(subject.trim_start().lines().next().unwrap_or_default()),
        })
    }
}

fn line(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_what_they_print() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(id.parse::<CommitId>().unwrap().to_string(), id);
        for bad in ["", "main", "--help", &id[1..]] {
            assert!(bad.parse::<CommitId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_are_short_and_plain() {
        assert_eq!(line("a\u{1b}[2Jb"), "a[2Jb");
        assert_eq!(line(&"x".repeat(500)).len(), LONGEST);
    }
}
