//! What is wanted while no bundle is in force: the last good state stays.

use super::{Resolved, Want};
use crate::mode::Mode;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::seen::Seen;
use crate::time::TrustedTime;
use std::collections::BTreeMap;

/// Every unit that has rows keeps its last good version. The least mode wins here too: the cluster's, as the newest head
/// says (none: no head is known), what operators cap, and the one under which each unit was last planned. Pure.
#[must_use]
pub fn without_bundle(seen: &Seen, cluster: Option<Mode>, now: TrustedTime) -> Resolved {
    let mut modes: BTreeMap<UnitId, Mode> = BTreeMap::new();
    for row in seen.inventory.values().filter(|row| row.live()) {
        let mode = modes.entry(row.unit()).or_insert(cluster.unwrap_or(Mode::Enforce));
        *mode = row.mode.min(*mode);
        if let Some(cap) = seen.local.cap(&row.rule, now.get()) {
            *mode = cap.min(*mode);
        }
    }
    let wants = modes.into_iter().map(|(unit, mode)| (unit, Want::Keep { outcome: waiting(), mode })).collect();
    let again = seen.local.brakes.ends().filter(|at| *at > now.get()).min();
    Resolved { wants, again, ..Resolved::default() }
}

fn waiting() -> Outcome {
    Outcome::new(OutcomeCode::Unsupported, "Unsupported").saying("no bundle is in force; waiting for the hub")
}
