//! Planning with an eye on who holds which role in the cluster.

use crate::target::Target;
use policy::access::{Exclusive, Lifeline};
use policy::name::RuleName;
use policy::outcome::{Note, UnitId};
use policy::plan::{Plan, plan, unenforced};
use policy::resolve::{Settings, Wants};
use policy::seen::Seen;
use policy::time::TrustedTime;
use std::collections::BTreeSet;

/// A plan that cuts no lifeline, and what else there is to say.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) plan: Plan,
    /// Bindings of others that contradict a rule, and what rules ask for that nothing enforces.
    pub(crate) notes: Vec<Note>,
    /// The units that keep what stands because of the lifeline.
    pub(crate) held: BTreeSet<UnitId>,
    /// That bindings cannot be looked at, for people.
    pub(crate) fault: Option<String>,
}

/// Plans one round. Units that would cut `lifeline` are wanted as they stand instead. Bindings are looked at only where
/// they matter.
pub(crate) async fn guarded(
    target: &dyn Target,
    lifeline: &Lifeline,
    wants: &mut Wants,
    regional: &BTreeSet<RuleName>,
    seen: &Seen,
    settings: &Settings,
    now: TrustedTime,
) -> Guarded {
    let planned = plan(wants, regional, seen, settings, now);
    let mut notes = unenforced::notes(wants);
    let exclusive = Exclusive::of(wants);
    if exclusive.is_empty() && !lifeline.asks(&planned) {
        target.no_bindings().await;
        return Guarded { plan: planned, notes, held: BTreeSet::new(), fault: None };
    }
    let told = |error| format!("bindings of roles cannot be looked at: {}", service::exit::chain(&error));
    let (bindings, fault) = match target.bindings().await {
        Ok(bindings) => (Some(bindings), None),
        Err(error) => (None, Some(told(error))),
    };
    let mut held = lifeline.hold(wants, &planned, bindings.as_ref());
    let mut plan = if held.is_empty() { planned } else { plan(wants, regional, seen, settings, now) };
    held.extend(lifeline.stop(&mut plan, bindings.as_ref()));
    notes.extend(bindings.iter().flat_map(|bindings| exclusive.foreign(bindings, &seen.inventory)));
    Guarded { plan, notes, held, fault }
}
