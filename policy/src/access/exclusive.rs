//! Roles that only one rule gives: whatever else binds them there is foreign.

use super::binding::{Binding, Bindings, Role, is_binding};
use crate::name::{Namespace, RuleName};
use crate::object::{Object, ObjectId};
use crate::outcome::{Note, NoteCode, NoteReason};
use crate::plan::inventory::Inventory;
use crate::plan::marks::EXCLUSIVE;
use crate::resolve::{Want, Wants};
use std::collections::{BTreeMap, BTreeSet};

/// So many subjects of a binding are named.
const NAMED: usize = 3;

/// A rule, and the namespace in which it alone gives a role; none: the whole cluster.
type Place = (RuleName, Option<Namespace>);

/// The roles that rules give alone, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusive(BTreeMap<Role, BTreeSet<Place>>);

impl Exclusive {
    /// Of what is wanted, or would be in another mode.
    #[must_use]
    pub fn of(wants: &Wants) -> Self {
        let mut roles: BTreeMap<Role, BTreeSet<Place>> = BTreeMap::new();
        for (unit, want) in wants {
            let objects = Want::desired(want).iter().map(|desired| &desired.object);
            for object in objects.filter(|object| is_exclusive(object)) {
                if let Some(Binding { role, .. }) = Binding::read(object.tree()) {
                    let place = (unit.rule.clone(), object.id().namespace.clone());
                    roles.entry(role).or_default().insert(place);
                }
            }
        }
        Self(roles)
    }

    /// Whether there are none: then nobody need look at bindings for them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bindings that contradict it, those of other rules among them. A binding of the cluster gives its role in every
    /// namespace, and is told once for each rule; one of a namespace contradicts only what is exclusive there.
    #[must_use]
    pub fn foreign(&self, bindings: &Bindings, inventory: &Inventory) -> Vec<Note> {
        let of = |id: &ObjectId| inventory.get(id).filter(|row| row.live()).map(|row| &row.rule);
        let all = bindings.iter().filter(|(_, binding)| !binding.subjects.is_empty());
        let mut notes: Vec<_> =
            all.flat_map(|(object, binding)| self.contradicted(object, binding, of(object))).collect();
        notes.sort();
        notes
    }

    /// What a binding contradicts that is `of` a rule; none: of somebody else.
    fn contradicted(&self, object: &ObjectId, binding: &Binding, of: Option<&RuleName>) -> Vec<Note> {
        let namespace = object.namespace.as_ref();
        let places = self.0.get(&binding.role).into_iter().flatten();
        let here = places.filter(|(_, exclusive)| namespace.is_none() || exclusive.as_ref() == namespace);
        let rules: BTreeSet<&RuleName> = here.map(|(rule, _)| rule).filter(|rule| of != Some(*rule)).collect();
        rules.into_iter().map(|rule| note(rule, object, binding)).collect()
    }
}

fn note(rule: &RuleName, object: &ObjectId, binding: &Binding) -> Note {
    let Binding { role, subjects, of_kubernetes, by } = binding;
    let named: Vec<String> = subjects.iter().take(NAMED).map(ToString::to_string).collect();
    let more = subjects.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (reason, origin) = match by {
        _ if *of_kubernetes => (NoteReason::OfKubernetes, "; it is one of Kubernetes' own".to_owned()),
        Some(by) => (NoteReason::Foreign, format!("; written by {by}")),
        None => (NoteReason::Foreign, String::new()),
    };
    let message =
        format!("it gives {role} to {}{more}, and this rule alone may give it there{origin}", named.join(", "));
    Note {
        code: NoteCode::ForeignBinding,
        reason,
        rule: rule.clone(),
        namespace: object.namespace.clone(),
        object: Some(object.clone()),
        message,
    }
}

fn is_exclusive(object: &Object) -> bool {
    let marked = || object.tree().pointer("/metadata/annotations").is_some_and(|marks| marks.get(EXCLUSIVE).is_some());
    is_binding(object.id()) && marked()
}

#[cfg(test)]
mod tests {
    use super::super::binding::tests::{binding, observed};
    use super::*;
    use crate::bundle::entry::Own;
    use crate::mode::Mode;
    use crate::outcome::UnitId;
    use crate::resolve::Desired;
    use serde_json::{Value, json};
    use std::sync::Arc;

    /// What a rule wants in a unit: an exclusive binding.
    fn wanted(rule: &str, at: &str, role: &str) -> (UnitId, Want) {
        let mut tree = binding(at, role, &["ours"]);
        tree["metadata"]["annotations"] = json!({EXCLUSIVE: "true"});
        let object = Object::try_from(tree).unwrap();
        let unit = UnitId { rule: rule.parse().unwrap(), namespace: object.id().namespace.clone() };
        (unit, Want::Have(vec![Desired { own: Own::Whole, adopt: false, object }]))
    }

    fn told(wants: &Wants, bindings: &[Value], ours: &[ObjectId]) -> Vec<String> {
        let wanted = |id: &ObjectId| {
            let has = |want: &Want| want.desired().iter().any(|desired| desired.object.id() == id);
            wants
                .iter()
                .find(|(_, want)| has(want))
                .map_or("AccessControl/a".to_owned(), |(unit, _)| unit.rule.to_string())
        };
        let row = |id: &ObjectId| {
            let row = json!({"id": id, "api": "rbac.authorization.k8s.io/v1", "rule": wanted(id), "own": "whole",
                "digest": crate::digest::Digest::of(b"x"), "since": "2026-11-21T03:00:00Z",
                "state": {"state": "claimed"}});
            (id.clone(), Arc::new(serde_json::from_value(row).unwrap()))
        };
        let (exclusive, inventory) = (Exclusive::of(wants), ours.iter().map(row).collect());
        let notes = exclusive.foreign(&observed(bindings), &inventory);
        let line = |note: Note| format!("{} {} {}: {}", note.rule, note.reason, note.object.unwrap(), note.message);
        notes.into_iter().map(line).collect()
    }

    /// A binding of `admin` with more metadata.
    fn made(at: &str, more: &Value) -> Value {
        let mut tree = binding(at, "admin", &["them"]);
        tree["metadata"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        tree
    }

    #[test]
    fn whatever_else_binds_the_role_there_is_foreign() {
        let mut wants = Wants::from([
            wanted("AccessControl/a", "RoleBinding shop/ours", "edit"),
            wanted("AccessControl/a", "RoleBinding bank/ours", "edit"),
            wanted("AccessControl/b", "ClusterRoleBinding ours", "admin"),
        ]);
        let all = [
            binding("RoleBinding shop/ours", "edit", &["ours"]),
            binding("RoleBinding shop/theirs", "edit", &["them"]),
            binding("RoleBinding shop/view", "view", &["them"]),
            binding("RoleBinding shop/nobody", "edit", &[]),
            binding("RoleBinding other/theirs", "edit", &["them"]),
            binding("ClusterRoleBinding everywhere", "edit", &["e", "d", "c", "b", "a"]),
            made("ClusterRoleBinding admins", &json!({"managedFields": [{"manager": "helm", "operation": "Apply"}]})),
            made("ClusterRoleBinding default", &json!({"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}})),
            // Of the cluster's role, but in one namespace alone: that is not what `b` has for itself.
            binding("RoleBinding shop/admins", "admin", &["them"]),
        ];
        let ours: Vec<ObjectId> = wants.values().flat_map(Want::desired).map(|one| one.object.id().clone()).collect();
        insta::assert_snapshot!(told(&wants, &all, &ours).join("\n"));
        assert_eq!(told(&wants, &all[..1], &[]).len(), 1, "a name alone makes nothing ours");
        for want in wants.values_mut() {
            *want = Want::Show(want.desired().to_vec(), Mode::Audit);
        }
        assert_eq!(told(&wants, &all[1..], &ours).len(), 4, "a lesser mode finds as much");
    }

    #[test]
    fn what_another_rule_binds_is_foreign_too() {
        let wants = Wants::from([wanted("AccessControl/b", "RoleBinding shop/ours", "edit")]);
        let bindings =
            [binding("RoleBinding shop/ours", "edit", &["ours"]), binding("RoleBinding shop/of-a", "edit", &["them"])];
        let rows: Vec<ObjectId> = observed(&bindings).iter().map(|(id, _)| id.clone()).collect();
        let told = told(&wants, &bindings[1..], &rows);
        assert_eq!(told.len(), 1, "{told:?}");
    }

    #[test]
    fn what_is_not_exclusive_may_be_bound_by_anybody() {
        let object = Object::try_from(binding("RoleBinding shop/ours", "edit", &["ours"])).unwrap();
        let unit = UnitId { rule: "AccessControl/a".parse().unwrap(), namespace: None };
        let wants = Wants::from([(unit, Want::Have(vec![Desired { own: Own::Whole, adopt: false, object }]))]);
        assert!(Exclusive::of(&wants).is_empty());
        assert!(told(&wants, &[binding("RoleBinding shop/theirs", "edit", &["them"])], &[]).is_empty());
    }
}
