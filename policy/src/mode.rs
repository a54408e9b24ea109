//! How far a rule goes: audit < warn < enforce.

use serde::{Deserialize, Serialize};

/// The mode of a rule, a rule set, a cluster or the brake. Who wins is always the least of those in play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Planned and compared; findings only.
    Audit,
    /// As audit, and tells people: events, admission warnings.
    Warn,
    /// Applied, kept and repaired; denied at admission.
    Enforce,
}
