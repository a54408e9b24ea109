//! Leaving a cluster for good: first what the inventory lists, where a person wants that, then what the agent keeps of its
//! own in the cluster, and at last its identity.

use crate::apply::{Done, Refusals, Repairs, Tools, apply};
use crate::cache::good::Good;
use crate::guarded::guarded;
use crate::measures::Measures;
use crate::target::{Target, TargetError};
use crate::time::Time;
use jiff::Timestamp;
use policy::access::Lifeline;
use policy::bundle::entry::Own;
use policy::kube_kinds;
use policy::object::ObjectId;
use policy::outcome::{OutcomeCode, UnitId};
use policy::plan::in_question;
use policy::plan::inventory::Row;
use policy::resolve::{Settings, Want, Wants, Why};
use policy::seen::Seen;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Objects that are gone.
    pub removed: Vec<ObjectId>,
    /// Objects that stand as they are and are no longer ours.
    pub stay: Vec<ObjectId>,
    /// Objects of others of which only our fields were taken away.
    pub released: Vec<ObjectId>,
    /// Units whose objects could not be removed, and why. Then nothing was forgotten.
    pub stuck: Vec<(UnitId, String)>,
}

/// Stops owning anything in `target`; with `remove`, deletes what can be deleted before, but not what would cut `lifeline`. May be repeated.
///
/// # Errors
/// [`TargetError`] when the target cannot be read, or what the agent keeps there cannot be removed.
pub async fn leave(
    target: &dyn Target,
    good: &Good,
    time: &Time,
    lifeline: &Lifeline,
    remove: bool,
) -> Result<Left, TargetError> {
    let seen = target.observe().await?.seen;
    let live = seen.inventory.values().map(Arc::as_ref).filter(|row| row.live());
    let (goes, stays): (Vec<&Row>, Vec<&Row>) = live.partition(|row| remove && is_deleted(row));
    let (fields, stays): (Vec<&Row>, Vec<&Row>) = stays.into_iter().partition(|row| remove && row.own == Own::Fields);
    let ids = |rows: &[&Row]| rows.iter().map(|row| row.id.clone()).collect();
    let mut left = Left { removed: ids(&goes), stay: ids(&stays), released: ids(&fields), stuck: Vec::new() };
    if remove {
        let done = empty(target, seen, good, time, lifeline).await?;
        let stuck = done.outcomes.into_iter().filter(|(_, outcome)| outcome.code != OutcomeCode::Removed);
        left.stuck = stuck.map(|(unit, outcome)| (unit, format!("{}: {}", outcome.code, outcome.message))).collect();
        left.stuck.extend(held(target, &left.removed).await?);
        left.stuck.sort();
        left.stuck.dedup();
    }
    if left.stuck.is_empty() {
        target.forget().await?;
    }
    Ok(left)
}

/// What was deleted and stands all the same: its row stays until it is gone.
async fn held(target: &dyn Target, removed: &[ObjectId]) -> Result<Vec<(UnitId, String)>, TargetError> {
    let inventory = target.observe().await?.seen.inventory;
    let rows = removed.iter().filter_map(|id| inventory.get(id)).filter(|row| row.live());
    let why = |row: &Row| format!("{} is being deleted, and something holds it: see its finalizers", row.id);
    Ok(rows.map(|row| (row.unit(), why(row))).collect())
}

/// Fields are released, and what holds other things stays.
fn is_deleted(row: &Row) -> bool {
    row.own == Own::Whole && !kube_kinds::Row::of(&row.id).never_deleted
}

/// A round in which nothing is wanted. No hold: the person who says so has named the cluster.
async fn empty(
    target: &dyn Target,
    mut seen: Seen,
    good: &Good,
    time: &Time,
    lifeline: &Lifeline,
) -> Result<Done, TargetError> {
    let copies = seen.inventory.values().flat_map(|row| row.copies()).collect::<Vec<_>>();
    seen.good = copies.into_iter().filter_map(|digest| Some((digest, good.get(&digest).ok()?))).collect();
    let live = seen.inventory.values().filter(|row| row.live());
    let gone = Want::Gone { why: Why::Commit, after: Timestamp::MIN };
    let mut wants: Wants = live.map(|row| (row.unit(), gone.clone())).collect();
    let looked = target.look(&in_question(&wants, &seen.inventory), &seen).await?;
    (seen.objects, seen.unseen) = (looked.objects, looked.unseen);
    let (settings, now) = (Settings::default(), time.now());
    let plan = guarded(target, lifeline, &mut wants, &BTreeSet::new(), &seen, &settings, now).await.plan;
    let (mut refusals, mut repairs) = (Refusals::default(), Repairs::new(settings.contested));
    let measures = Measures::default();
    let mut tools = Tools {
        target,
        seen: &seen,
        good,
        refusals: &mut refusals,
        repairs: &mut repairs,
        measures: &measures,
        now: now.get(),
        monotonic: time.clock().monotonic(),
        heartbeat: None,
    };
    Ok(apply(&mut tools, plan).await)
}
