//! What a veto does to objects that stand: they are left as they are, and are ours no longer (invariant 29).

use super::have::planned;
use super::inventory::{Row, State};
use super::round::{Round, Standing};
use super::{UnitPlan, moves};
use crate::outcome::{Outcome, UnitId};

/// Plans a unit that a constraint vetoes: rows are written and no object is.
pub(super) fn disown(round: &Round<'_>, unit: &UnitId, outcome: &Outcome) -> UnitPlan {
    let (mut steps, mut again) = (Vec::new(), None);
    for row in round.rows(unit) {
        match round.standing_of(row) {
            Standing::Ours(observed) => {
                let state = State::Disowned { uid: observed.uid.clone(), at: round.now };
                let after = Row { state, since: round.now, leaving: None, ..row.clone() }.ended(None);
                steps.push(moves::claim(after, Some(row)));
            }
            // A write that nobody answered may be done yet: what it makes is disowned then.
            Standing::Absent if row.may_be_made_until(round.now).is_some() => {
                again = again.max(row.may_be_made_until(round.now));
            }
            Standing::Absent | Standing::Disowned(_) | Standing::Foreign(_) => steps.push(moves::forget(row)),
        }
    }
    UnitPlan { again, ..planned(steps, &[], outcome.clone()) }
}
