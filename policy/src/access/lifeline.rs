//! The lifeline: subjects of whom one must always hold cluster-admin. No plan may take it from the last of them.

use super::binding::{Binding, Bindings, GROUP, Subject};
use crate::mode::Mode;
use crate::object::ObjectId;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::plan::{Expects, Plan, Step, UnitPlan};
use crate::resolve::{Want, Wants};
use std::collections::{BTreeMap, BTreeSet};

/// The role that may do everything; its binding in the cluster is what counts.
const ROLE: &str = "cluster-admin";
const BINDING: &str = "ClusterRoleBinding";

/// Who must keep cluster-admin; nobody: nothing is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifeline(BTreeSet<Subject>);

/// Those of the lifeline who hold cluster-admin, by binding.
type Holders<'a> = BTreeMap<&'a ObjectId, BTreeSet<&'a Subject>>;

impl FromIterator<Subject> for Lifeline {
    fn from_iter<T: IntoIterator<Item = Subject>>(subjects: T) -> Self {
        Self(subjects.into_iter().collect())
    }
}

impl Lifeline {
    /// Whether it must be known who holds cluster-admin before the plan is carried out.
    #[must_use]
    pub fn asks(&self, plan: &Plan) -> bool {
        !self.0.is_empty() && plan.units.values().flat_map(steps).any(takes)
    }

    /// Has units keep what stands whose plan would take cluster-admin from the last of the lifeline; says which those are:
    /// with them the plan must be made anew. `bindings`: none, where nobody can look at them.
    ///
    /// What another unit is to give counts once it stands.
    pub fn hold(&self, wants: &mut Wants, plan: &Plan, bindings: Option<&Bindings>) -> BTreeSet<UnitId> {
        let refused = self.refused(plan, bindings);
        let held = refused.keys().cloned().collect();
        // Only what is enforced has steps that could cut it.
        let keep = |(unit, outcome)| (unit, Want::Keep { outcome, mode: Mode::Enforce });
        wants.extend(refused.into_iter().map(keep));
        held
    }

    /// Takes all writes out of units whose plan would still cut it: what stood last may lack them too, so that a repair
    /// would take it just as well. Says which those are.
    pub fn stop(&self, plan: &mut Plan, bindings: Option<&Bindings>) -> BTreeSet<UnitId> {
        let refused = self.refused(plan, bindings);
        let stopped = refused.keys().cloned().collect();
        for (unit, outcome) in refused {
            let (transaction, removes, held) = (None, Vec::new(), None);
            plan.units.insert(unit, UnitPlan { transaction, outcome, removes, held, gives_up: None, again: None });
        }
        stopped
    }

    fn refused(&self, plan: &Plan, bindings: Option<&Bindings>) -> BTreeMap<UnitId, Outcome> {
        match bindings {
            _ if !self.asks(plan) => BTreeMap::new(),
            Some(bindings) => self.cut(plan, bindings),
            None => unknown(plan),
        }
    }

    /// The units that would cut it.
    fn cut(&self, plan: &Plan, bindings: &Bindings) -> BTreeMap<UnitId, Outcome> {
        let before: Holders<'_> = bindings.iter().map(|(id, binding)| (id, self.held(id, binding))).collect();
        let after: BTreeMap<&UnitId, Holders<'_>> =
            plan.units.iter().map(|(unit, plan)| (unit, self.left(plan))).collect();
        let takers = after.iter().filter(|(_, left)| {
            left.iter().any(|(id, left)| before.get(id).is_some_and(|before| !before.is_subset(left)))
        });
        let last = takers.filter(|(unit, left)| {
            let standing = before.iter().filter(|(id, _)| !left.contains_key(*id));
            let sure = standing.map(|(id, before)| surely(id, before, unit, &after));
            sure.chain(left.values().cloned()).all(|holders| holders.is_empty())
        });
        last.map(|(unit, left)| ((*unit).clone(), self.refusal(left, &before))).collect()
    }

    /// Those who hold cluster-admin by a binding.
    fn held(&self, id: &ObjectId, binding: &Binding) -> BTreeSet<&Subject> {
        let gives = id.kind == BINDING && binding.role.kind == "ClusterRole" && binding.role.name == ROLE;
        let is_held = |subject: &&Subject| binding.subjects.iter().any(|holder| subject.is_among(holder));
        self.0.iter().filter(|_| gives).filter(is_held).collect()
    }

    /// Who holds it by the bindings that the unit's plan writes or deletes, once it is carried out.
    fn left<'a>(&'a self, plan: &'a UnitPlan) -> Holders<'a> {
        let mut left = Holders::new();
        for step in steps(plan).filter(|step| is_cluster_binding(step.id())) {
            let holders = match step {
                Step::Apply { object, .. } => {
                    Binding::read(object.tree()).map(|binding| self.held(object.id(), &binding)).unwrap_or_default()
                }
                Step::Delete { .. } => BTreeSet::new(),
                Step::Claim(_) | Step::Release { .. } | Step::Forget(_) => continue,
            };
            left.insert(step.id(), holders);
        }
        left
    }

    fn refusal(&self, left: &Holders<'_>, before: &Holders<'_>) -> Outcome {
        let taken = left.keys().filter_map(|id| Some((*id, before.get(id)?))).find(|(_, holders)| !holders.is_empty());
        let who: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        let message = format!(
            "nobody of the lifeline ({}) would hold {ROLE} any more; give it to one of them by another binding first, or \
             change spec.lifeline of the agent's configuration",
            who.join(", ")
        );
        let outcome = refused(message);
        taken.map_or(outcome.clone(), |(id, _)| outcome.about(id))
    }
}

/// Who holds it by a binding, whatever becomes of the plans of other units.
fn surely<'a>(
    id: &ObjectId,
    before: &BTreeSet<&'a Subject>,
    unit: &UnitId,
    after: &BTreeMap<&UnitId, Holders<'a>>,
) -> BTreeSet<&'a Subject> {
    let others = after.iter().filter(|(other, _)| **other != unit).filter_map(|(_, left)| left.get(id));
    others.fold(before.clone(), |sure, left| sure.intersection(left).copied().collect())
}

fn unknown(plan: &Plan) -> BTreeMap<UnitId, Outcome> {
    let takers = plan.units.iter().filter(|(_, plan)| steps(plan).any(takes));
    let message = format!("who else holds {ROLE} cannot be seen, and somebody of the lifeline must keep it");
    takers.map(|(unit, _)| (unit.clone(), refused(message.clone()))).collect()
}

fn refused(message: String) -> Outcome {
    Outcome::new(OutcomeCode::Failed, "Lifeline").saying(message)
}

fn steps(plan: &UnitPlan) -> impl Iterator<Item = &Step> {
    plan.transaction.iter().flat_map(|transaction| &transaction.moves).map(|step| &step.step)
}

fn is_cluster_binding(id: &ObjectId) -> bool {
    id.group == GROUP && id.kind == BINDING
}

/// Whether a step may take a role of the cluster from somebody.
fn takes(step: &Step) -> bool {
    is_cluster_binding(step.id()) && matches!(step, Step::Delete { .. } | Step::Apply { expects: Expects::At(_), .. })
}

#[cfg(test)]
mod tests {
    use super::super::binding::tests::{binding, observed};
    use super::*;
    use crate::bundle::entry::Own;
    use crate::digest::Digest;
    use crate::object::Object;
    use crate::plan::inventory::{Row, Uid, Version};
    use crate::plan::{Ends, Move, Transaction};
    use serde_json::{Value, json};

    fn lifeline(groups: &[&str]) -> Lifeline {
        groups.iter().map(|name| Subject::Group { name: (*name).to_owned() }).collect()
    }

    fn admin(name: &str, groups: &[&str]) -> Value {
        binding(&format!("ClusterRoleBinding {name}"), ROLE, groups)
    }

    fn object(tree: &Value) -> Object {
        Object::try_from(tree.clone()).unwrap()
    }

    fn write(tree: &Value, expects: Expects) -> Step {
        let rule = "AccessControl/a".parse().unwrap();
        Step::Apply { object: object(tree), own: Own::Whole, rule, expects, adopt: false }
    }

    fn change(tree: &Value) -> Step {
        write(tree, Expects::At(Version("1".into())))
    }

    fn delete(tree: &Value) -> Step {
        let object = object(tree);
        let row = json!({"id": object.id(), "api": object.api(), "rule": "AccessControl/a", "own": "whole",
            "digest": Digest::of(b"x"), "since": "2026-11-21T03:00:00Z", "state": {"state": "claimed"}});
        let after: Row = serde_json::from_value(row).unwrap();
        let (uid, version) = (Uid("u".into()), Version("1".into()));
        Step::Delete { id: object.id().clone(), uid, version, after }
    }

    /// A plan of units `AccessControl/NAME`, and what is wanted of them.
    fn plan(units: &[(&str, &[Step])]) -> (Wants, Plan) {
        let (mut wants, mut plan) = (Wants::new(), Plan::default());
        for (name, steps) in units {
            let unit = UnitId { rule: format!("AccessControl/{name}").parse().unwrap(), namespace: None };
            let moves = steps.iter().map(|step| Move { step: step.clone(), undo: Vec::new() }).collect();
            let transaction = Some(Transaction { moves, becomes: Digest::of(b"x"), ends: Ends::new() });
            let outcome = Outcome::new(OutcomeCode::Applied, "AsWanted");
            let (removes, held, gives_up, again) = (Vec::new(), None, None, None);
            plan.units.insert(unit.clone(), UnitPlan { transaction, outcome, removes, held, gives_up, again });
            wants.insert(unit, Want::Have(Vec::new()));
        }
        (wants, plan)
    }

    /// Which units are held, in a cluster with these bindings.
    fn held(lifeline: &Lifeline, bindings: Option<&[Value]>, units: &[(&str, &[Step])]) -> Vec<String> {
        let (mut wants, plan) = plan(units);
        let bindings = bindings.map(observed);
        let held = lifeline.hold(&mut wants, &plan, bindings.as_ref());
        let kept = wants.into_iter().filter(|(_, want)| matches!(want, Want::Keep { .. }));
        let kept: Vec<_> = kept.map(|(unit, _)| unit.rule.name().to_string()).collect();
        assert_eq!(held.len(), kept.len());
        kept
    }

    #[test]
    fn the_last_of_the_lifeline_keeps_what_it_has() {
        let ours = admin("ours", &["sre"]);
        let line = lifeline(&["sre", "duty"]);
        let (taken, given) = ([delete(&ours)], [change(&admin("ours", &["others"]))]);
        for steps in [taken.as_slice(), &given] {
            let only = Some(std::slice::from_ref(&ours));
            assert_eq!(held(&line, only, &[("a", steps)]), ["a"]);
            assert_eq!(held(&line, None, &[("a", steps)]), ["a"], "nobody can look");
            assert!(held(&lifeline(&[]), only, &[("a", steps)]).is_empty(), "nobody asked for it");
            let theirs = admin("theirs", &["duty"]);
            assert!(held(&line, Some(&[ours.clone(), theirs]), &[("a", steps)]).is_empty(), "another of it stays");
        }
        let (mut wants, plan) = plan(&[("a", &taken)]);
        assert_eq!(line.hold(&mut wants, &plan, Some(&observed(&[ours]))).len(), 1);
        let Some(Want::Keep { outcome, mode: Mode::Enforce }) = wants.into_values().next() else { panic!("not kept") };
        assert_eq!((outcome.code, outcome.reason.as_str()), (OutcomeCode::Failed, "Lifeline"));
        assert!(outcome.message.contains("group duty, group sre"), "{}", outcome.message);
        assert!(outcome.object.unwrap().to_string().contains("ours"));
    }

    #[test]
    fn what_would_cut_it_by_a_repair_writes_nothing() {
        let line = lifeline(&["sre"]);
        let ours = admin("ours", &["others", "sre"]);
        let (_, mut repair) = plan(&[("a", &[change(&admin("ours", &["others"]))]), ("b", &[])]);
        assert_eq!(line.stop(&mut repair, Some(&observed(&[ours]))).len(), 1);
        let told: Vec<_> = repair.units.values().map(|unit| (unit.transaction.is_some(), unit.outcome.code)).collect();
        assert_eq!(told, [(false, OutcomeCode::Failed), (true, OutcomeCode::Applied)]);
    }

    #[test]
    fn what_gives_and_takes_nothing_of_it_passes() {
        let line = lifeline(&["sre"]);
        let ours = admin("ours", &["sre", "more"]);
        let others = [admin("others", &["others"]), binding("ClusterRoleBinding view", "view", &["sre"])];
        let all = [&others[..], std::slice::from_ref(&ours)].concat();
        let passes = |steps: &[Step], why: &str| assert!(held(&line, Some(&all), &[("a", steps)]).is_empty(), "{why}");
        passes(&[delete(&others[0])], "it gave the lifeline nothing");
        passes(&[delete(&others[1])], "another role");
        passes(&[change(&admin("ours", &["sre"]))], "it keeps the role");
        passes(&[write(&admin("new", &["x"]), Expects::Absent)], "it only gives");
        passes(&[write(&admin("new", &["sre"]), Expects::Absent), delete(&ours)], "the same unit gives it first");
        assert!(held(&line, Some(&others), &[("a", &[delete(&others[0])])]).is_empty(), "nobody had it before");
    }

    #[test]
    fn what_another_unit_gives_counts_once_it_stands_and_what_it_takes_at_once() {
        let line = lifeline(&["sre"]);
        let (one, two) = (admin("one", &["sre"]), admin("two", &["sre"]));
        let both = [one.clone(), two.clone()];
        let gives = [write(&two, Expects::Absent)];
        assert_eq!(held(&line, Some(&both[..1]), &[("a", &[delete(&one)]), ("b", &gives)]), ["a"]);
        assert!(held(&line, Some(&both), &[("a", &[delete(&one)])]).is_empty());
        assert_eq!(held(&line, Some(&both), &[("a", &[delete(&one)]), ("b", &[delete(&two)])]), ["a", "b"]);
        let narrowed = [change(&admin("two", &["sre"]))];
        assert!(held(&line, Some(&both), &[("a", &[delete(&one)]), ("b", &narrowed)]).is_empty());
    }
}
