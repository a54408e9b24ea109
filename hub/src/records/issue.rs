//! When heads were last signed. An observation, stored before they are shown: issue times rise over restarts too.

use super::{Only, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The last issue of heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastIssue {
    /// When.
    pub at: Timestamp,
}

impl Record for LastIssue {
    const NAME: &'static str = "issue";
    type Id = Only;
}
