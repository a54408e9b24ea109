//! The catalog as the hub last read it.

use super::pin::Pin;
use jiff::Timestamp;
use policy::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What came of reading the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed {
    /// The commit that was read.
    pub revision: String,
    /// What was decided about it.
    pub verdict: Verdict,
    /// The commit that is published now: this one when it was published, else the last accepted one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The pin that it waits for, where that is why it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// What is wrong with it, or worth a look.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
}

/// What was decided about a commit. Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Every cluster's head speaks of it.
    Published,
    /// It has errors; nothing has moved.
    Refused,
    /// It waits for a person: pinned, or held.
    Waiting,
}

impl Verdict {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "Published",
            Self::Refused => "Refused",
            Self::Waiting => "Waiting",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The catalog in [`super::status::Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogStatus {
    /// The repository, without credentials.
    pub repository: String,
    /// The branch or tag that is followed.
    pub r#ref: String,
    /// The commit that is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When that commit was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// What came of the newest reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Refreshed>,
    /// When the repository was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// Why the repository could not be read, when it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// What else kept the newest commit from being judged or published, as a full disk does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}
