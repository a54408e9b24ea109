//! Why a unit is wanted as it is: the row of the table that decided, and the modes that were in play.

use crate::mode::Mode;
use serde::{Deserialize, Serialize};

/// What is said to have decided where a unit would have cut the lifeline, whatever the table said of it.
pub const LIFELINE: &str = "lifeline";

/// What decided over one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// The row of the table, by its name in docs/precedence.md.
    pub row: &'static str,
    /// The modes in play, of which the least wins.
    pub modes: Modes,
}

/// The modes in play, by who says them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Modes {
    /// Of the rule with its rule sets, while it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Mode>,
    /// Of a namespace that is gone, as the unit was last planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Mode>,
    /// Of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Mode>,
    /// Of a brake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brake: Option<Mode>,
    /// While the agent may not read what the cluster's operators say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unheard: Option<Mode>,
}

impl Modes {
    /// The mode in force: the least of those in play.
    #[must_use]
    pub fn least(self) -> Mode {
        [self.rule, self.left, self.cluster, self.brake, self.unheard]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Mode::Audit)
    }
}
