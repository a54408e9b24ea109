//! How far a rule goes: audit < warn < enforce.

use serde::{Deserialize, Serialize};
use std::fmt;

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

impl Mode {
    /// As catalogs and heads write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_it_is_written() {
        for mode in [Mode::Audit, Mode::Warn, Mode::Enforce] {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        }
    }
}
