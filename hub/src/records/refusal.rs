//! A refused revision with its diagnostics. An observation of git: nothing has changed by it.

use super::{Only, Record};
use jiff::Timestamp;
use policy::diagnostic::Diagnostic;
use policy::name::RegionName;
use serde::{Deserialize, Serialize};

/// The newest revision that was not accepted as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The commit.
    pub revision: String,
    /// Only these regions' folders were refused; empty: the whole commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionName>,
    /// Why, at most [`Refusal::MOST`].
    pub diagnostics: Vec<Diagnostic>,
    /// How many there were.
    pub count: usize,
    /// When.
    pub at: Timestamp,
}

impl Refusal {
    /// How many diagnostics are kept.
    pub const MOST: usize = 100;
}

impl Record for Refusal {
    const NAME: &'static str = "refusal";
    type Id = Only;
}
