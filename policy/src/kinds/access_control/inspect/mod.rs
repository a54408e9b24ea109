//! What git alone can tell is wrong with who holds what.

mod roles;
mod subjects;

use super::spec::{Grant, Held, Spec};
use crate::diagnostic::Code;
use crate::kinds::kind::{Fault, Intent};
use std::collections::BTreeSet;

pub(super) fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
    let mut names = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, grant) in intent.spec.grants.iter().enumerate() {
        let place = format!("/grants/{index}");
        if !names.insert(&grant.name) {
            let message = format!("there are two grants `{}`", grant.name);
            faults.push(Fault::new(Code::Duplicate, format!("{place}/name"), message, "rename one of them"));
        }
        faults.extend(subjects::inspect(grant, intent.namespaced, &place));
        match grant.held() {
            Some(held) => {
                faults.extend(roles::inspect(grant, held, intent.namespaced, &place));
                faults.extend(shared(&intent.spec.grants, index, held, &place));
            }
            None => faults.push(no_role(grant, &place)),
        }
    }
    faults
}

fn no_role(grant: &Grant, place: &str) -> Fault {
    let none = grant.cluster_role.is_none() && grant.role.is_none() && grant.rules.is_none();
    let help = "give it one of `clusterRole`, `role` and `rules`";
    if none {
        return Fault::new(Code::MissingField, place, format!("grant `{}` names no role", grant.name), help);
    }
    Fault::new(Code::InvalidValue, place, format!("grant `{}` names several roles", grant.name), help)
}

/// A role that an earlier grant of the same rule gives too, where one of them has it alone.
fn shared(grants: &[Grant], index: usize, held: Held<'_>, place: &str) -> Option<Fault> {
    let same = |other: &&Grant| match (held, other.held()) {
        (Held::ClusterRole(one), Some(Held::ClusterRole(two))) | (Held::Role(one), Some(Held::Role(two))) => one == two,
        _ => false,
    };
    let grant = grants.get(index)?;
    let other = grants.iter().take(index).filter(same).find(|other| other.exclusive || grant.exclusive)?;
    let message =
        format!("the grants `{}` and `{}` give one role, and one of them exclusively", other.name, grant.name);
    Some(Fault::new(Code::Conflict, place, message, "make one grant of the two"))
}
