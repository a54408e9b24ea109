//! Plans carried out on a cluster of memory: what the planner promises of every round.

use super::inventory::{Inventory, Row, State, Uid, Version};
use super::{Expects, Move, Plan, Step, Transaction, Undo, fields, plan};
use crate::bundle::entry::Own;
use crate::name::RuleName;
use crate::object::{Object, ObjectId};
use crate::resolve::{Settings, Wants};
use crate::seen::{Observed, Seen};
use crate::time::TrustedTime;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A cluster of memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cluster {
    pub(crate) seen: Seen,
    pub(crate) writes: u64,
}

impl Cluster {
    /// Somebody else writes an object.
    pub(crate) fn put(&mut self, tree: Value) {
        let object = Object::try_from(tree).unwrap();
        self.write(object.id().clone(), object);
    }

    pub(crate) fn tree(&self, id: &str) -> Option<&Value> {
        let mut objects = self.seen.objects.iter();
        objects.find(|(found, _)| found.to_string() == id).map(|(_, observed)| observed.object.tree())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.seen.objects.keys().map(ToString::to_string).collect()
    }

    pub(crate) fn inventory(&self) -> &Inventory {
        &self.seen.inventory
    }

    pub(crate) fn plan(&self, wants: &Wants, now: TrustedTime) -> Plan {
        self.plan_with(wants, &BTreeSet::new(), now)
    }

    /// The same, where some of the rules are a region's.
    pub(crate) fn plan_with(&self, wants: &Wants, regional: &BTreeSet<RuleName>, now: TrustedTime) -> Plan {
        plan(wants, regional, &self.seen, &Settings::default(), now)
    }

    /// Carries out a plan; returns how many steps that took.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> usize {
        let transactions: Vec<_> = plan.units.values().filter_map(|unit| unit.transaction.as_ref()).collect();
        for transaction in &transactions {
            self.carry_out_first(transaction, usize::MAX);
        }
        plan.expired.iter().for_each(|id| drop(self.seen.inventory.remove(id)));
        self.collect();
        transactions.iter().map(|transaction| transaction.moves.len()).sum::<usize>() + plan.expired.len()
    }

    /// Carries out the first moves of a transaction, as if cut off then: all claims, all writes, then what ends.
    pub(crate) fn carry_out_first(&mut self, transaction: &Transaction, count: usize) {
        for step in &transaction.moves {
            if let Step::Apply { object, .. } = &step.step {
                self.seen.good.insert(object.digest(), object.clone());
            }
        }
        let moves = in_order(transaction);
        moves.iter().take(count).for_each(|step| self.step(&step.step));
        if count > moves.len() {
            for (id, trial_since) in &transaction.ends {
                let row = self.seen.inventory.get_mut(id).unwrap();
                *row = Arc::new(Row::clone(row).ended(*trial_since));
            }
        }
    }

    /// Takes back the first moves of a transaction, last first.
    pub(crate) fn take_back(&mut self, transaction: &Transaction, count: usize) {
        for undo in in_order(transaction).into_iter().take(count).rev().flat_map(|step| &step.undo) {
            self.undo(undo);
        }
    }

    /// Copies that no row names are removed.
    pub(crate) fn collect(&mut self) {
        let named: BTreeSet<_> = self.seen.inventory.values().flat_map(|row| row.copies()).collect();
        self.seen.good.retain(|digest, _| named.contains(digest));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Claim(row) => drop(self.seen.inventory.insert(row.id.clone(), Arc::new(row.clone()))),
            Step::Apply { object, own, expects, .. } => self.apply(object, *own, expects),
            Step::Release { object, after, .. } => {
                let left = fields::taken_from(self.seen.objects[object.id()].object.tree(), object.tree());
                self.write(object.id().clone(), Object::try_from(left).unwrap());
                self.seen.inventory.insert(after.id.clone(), Arc::new(after.clone()));
            }
            Step::Delete { id, uid, version, after } => {
                let row = &self.seen.inventory[id];
                assert!(
                    matches!(&row.state, State::Owned { uid: owned } if owned == uid),
                    "deletes only what is owned"
                );
                let found = self.seen.objects.remove(id).unwrap();
                assert_eq!((&found.uid, &found.version), (uid, version));
                self.seen.inventory.insert(id.clone(), Arc::new(after.clone()));
            }
            Step::Forget(id) => drop(self.seen.inventory.remove(id)),
        }
    }

    fn apply(&mut self, object: &Object, own: Own, expects: &Expects) {
        let id = object.id();
        let found = self.seen.objects.get(id);
        match expects {
            Expects::Absent => assert!(found.is_none(), "{id} must be absent"),
            Expects::At(version) => assert_eq!(found.map(|found| &found.version), Some(version)),
        }
        assert!(self.seen.inventory.get(id).is_some_and(|row| row.live()), "the row of {id} comes first");
        let written = match (own, found) {
            (Own::Fields, Some(found)) => fields::laid_over(found.object.tree(), object.tree()),
            _ => object.tree().clone(),
        };
        self.write(id.clone(), Object::try_from(written).unwrap());
        self.record(id);
    }

    fn undo(&mut self, undo: &Undo) {
        match undo {
            Undo::Withdraw(id) => drop(self.seen.objects.remove(id)),
            Undo::Restore { before, .. } => {
                self.write(before.id().clone(), before.clone());
                self.record(before.id());
            }
            Undo::Row(id, Some(row)) => drop(self.seen.inventory.insert(id.clone(), Arc::new((**row).clone()))),
            Undo::Row(id, None) => drop(self.seen.inventory.remove(id)),
        }
    }

    /// A claimed row becomes owned once its object stands.
    fn record(&mut self, id: &ObjectId) {
        let uid = self.seen.objects[id].uid.clone();
        if let Some(row) = self.seen.inventory.get_mut(id).filter(|row| row.state == State::Claimed) {
            Arc::make_mut(row).state = State::Owned { uid };
        }
    }

    fn write(&mut self, id: ObjectId, object: Object) {
        self.writes += 1;
        let fresh = Uid(format!("uid-{}", self.writes).into());
        let uid = self.seen.objects.get(&id).map_or(fresh, |found| found.uid.clone());
        let version = Version(self.writes.to_string().into());
        self.seen
            .objects
            .insert(id, Observed { object, as_applied: None, drifted: None, terminating: false, uid, version });
    }
}

/// Moves as they are carried out: all claims come first.
fn in_order(transaction: &Transaction) -> Vec<&Move> {
    let (claims, writes): (Vec<_>, Vec<_>) =
        transaction.moves.iter().partition(|step| matches!(step.step, Step::Claim(_)));
    claims.into_iter().chain(writes).collect()
}
