//! When steps are taken: those of one turn side by side, those of an earlier turn before.

use super::{Move, Step, Transaction};
use crate::kube_kinds::{Closes, Order, Row, Stage};
use std::cmp::Reverse;

/// The turn of a write. Writes go from namespaces to workloads, and what leaves goes last, backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// An object is written: its kind's stage, and how much it closes of what others of the stage open.
    Write(Stage, Closes),
    /// An object leaves.
    Leave(Reverse<Stage>),
}

impl Step {
    /// The turn of the step; none where it writes a row alone.
    #[must_use]
    pub fn turn(&self) -> Option<Turn> {
        let leave = |id| Some(Turn::Leave(Reverse(Row::of(id).stage)));
        match self {
            Self::Apply { object, .. } => {
                let (stage, closes) = Order::of(object).place();
                Some(Turn::Write(stage, closes))
            }
            Self::Release { object, .. } => leave(object.id()),
            Self::Delete { id, .. } => leave(id),
            Self::Claim(_) | Self::Forget(_) => None,
        }
    }
}

impl Transaction {
    /// The turn of its earliest write; none where it writes rows alone.
    #[must_use]
    pub fn turn(&self) -> Option<Turn> {
        self.moves.iter().filter_map(|step| step.step.turn()).min()
    }
}

/// `moves` in groups, in their order: what is in one group may be done side by side. Network policies leave one by one,
/// those that close first: a removal does not say how much it opens.
pub fn side_by_side<'m>(moves: &'m [&'m Move]) -> impl Iterator<Item = &'m [&'m Move]> {
    let alone = |turn: &Option<Turn>| *turn == Some(Turn::Leave(Reverse(Stage::Network)));
    moves.chunk_by(move |one, next| {
        let turn = one.step.turn();
        turn == next.step.turn() && !alone(&turn)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::entry::Own;
    use crate::object::Object;
    use crate::plan::{Expects, inventory};
    use serde_json::{Value, json};

    fn object(api: &str, kind: &str, name: &str) -> Object {
        let spec = json!({"ingress": if name == "open" { json!([{}]) } else { json!([]) }});
        let metadata = json!({"name": name, "namespace": "shop"});
        Object::try_from(json!({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})).unwrap()
    }

    fn write(object: Object) -> Move {
        let rule = "ConfigTemplate/a".parse().unwrap();
        let step = Step::Apply { object, own: Own::Whole, rule, expects: Expects::Absent, adopt: false };
        Move { step, undo: Vec::new() }
    }

    fn forget(object: &Object) -> Move {
        Move { step: Step::Forget(object.id().clone()), undo: Vec::new() }
    }

    fn delete(object: &Object) -> Move {
        let (uid, version) = (inventory::Uid("u".into()), inventory::Version("1".into()));
        let after: inventory::Row = serde_json::from_value::<inventory::Row>(row(object)).unwrap();
        Move { step: Step::Delete { id: object.id().clone(), uid, version, after }, undo: Vec::new() }
    }

    fn row(object: &Object) -> Value {
        let digest = crate::digest::Digest::of(b"x");
        json!({"id": object.id(), "api": object.api(), "rule": "ConfigTemplate/a", "own": "whole", "digest": digest,
            "since": "2026-11-21T03:00:00Z", "state": {"state": "claimed"}})
    }

    #[test]
    fn what_opens_goes_before_what_closes_and_removal_backwards() {
        let policy = |name| object("networking.k8s.io/v1", "NetworkPolicy", name);
        let (limits, quota) = (object("v1", "LimitRange", "l"), object("v1", "ResourceQuota", "q"));
        let mut steps = [delete(&limits), delete(&quota), write(policy("deny")), write(policy("open")), write(quota)];
        steps.sort_by_key(|step| step.step.turn());
        let name = |step: &Move| match &step.step {
            Step::Apply { object, .. } => format!("+{}", object.id().name),
            Step::Delete { id, .. } => format!("-{}", id.name),
            _ => String::new(),
        };
        assert_eq!(steps.iter().map(name).collect::<Vec<_>>(), ["+q", "+open", "+deny", "-q", "-l"]);
    }

    #[test]
    fn only_neighbours_of_one_turn_are_done_side_by_side() {
        let (a, b, role) =
            (object("v1", "ConfigMap", "a"), object("v1", "ConfigMap", "b"), object("v1", "Secret", "r"));
        let quota = object("v1", "ResourceQuota", "q");
        let moves = [delete(&quota), write(quota), write(a.clone()), write(b), write(role), forget(&a)];
        let groups: Vec<usize> = side_by_side(&moves.iter().collect::<Vec<_>>()).map(<[_]>::len).collect();
        assert_eq!(groups, [1, 1, 3, 1]);
        let turn = Transaction {
            moves: moves.to_vec(),
            becomes: crate::digest::Digest::of(b"x"),
            ends: crate::plan::Ends::new(),
        }
        .turn();
        assert_eq!(turn, Some(Turn::Write(Stage::Quotas, Closes::default())));
    }

    #[test]
    fn network_policies_leave_one_by_one() {
        let policy = |name| delete(&object("networking.k8s.io/v1", "NetworkPolicy", name));
        let moves = [
            policy("deny"),
            policy("open"),
            delete(&object("v1", "ConfigMap", "a")),
            delete(&object("v1", "Secret", "b")),
        ];
        let groups: Vec<usize> = side_by_side(&moves.iter().collect::<Vec<_>>()).map(<[_]>::len).collect();
        assert_eq!(groups, [1, 1, 2]);
    }
}
