//! What each document of the cluster's operators is answered: whether it counts, and why not.

use crate::agent::Force;
use crate::reconcile::Round;
use crate::target::Verdict;
use policy::name::RuleName;
use policy::object::ObjectId;
use policy::outcome::Note;
use policy::report::{Truth, shorten};
use proto::resources;
use std::collections::BTreeMap;

/// Every document once.
pub(super) fn verdicts(force: &Force, round: &Round) -> BTreeMap<ObjectId, Verdict> {
    let local = &round.local;
    let documents = local.overrides.values().map(|one| one.id.clone()).chain(local.constraints.keys().map(id));
    let fine = if force.bundle.is_some() {
        verdict(Truth::True, "Counts", "")
    } else {
        verdict(Truth::Unknown, "NoBundle", "no bundle is in force, so nobody can say yet")
    };
    let mut all: BTreeMap<ObjectId, Verdict> = documents.map(|id| (id, fine.clone())).collect();
    for note in round.notes.iter().chain(&local.faulty) {
        if let Some(object) = note.object.as_ref().filter(|object| object.group == resources::GROUP) {
            // Of several things to say about one document, the worst is said.
            let said = of(note);
            if all.get(object).is_none_or(|before| before.status != Truth::False) {
                all.insert(object.clone(), said);
            }
        }
    }
    all
}

fn id(constraint: &RuleName) -> ObjectId {
    policy::local::id(constraint.kind(), constraint.name())
}

fn of(Note { reason, message, .. }: &Note) -> Verdict {
    let truth = if reason.is_harmless() { Truth::True } else { Truth::False };
    verdict(truth, reason.as_str(), message)
}

fn verdict(status: Truth, reason: &str, message: &str) -> Verdict {
    let mut message = message.to_owned();
    shorten(&mut message);
    Verdict { status, reason: reason.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::local::{Local, OVERRIDE};
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn every_document_is_answered() {
        let mut local = Local::default();
        let document = |kind: &str, name: &str, spec: serde_json::Value| json!({"apiVersion": "writ.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
        let given = json!({"rule": "ResourceGuard/q", "field": "spec.quota[pods]", "value": "5", "reason": "small"});
        local.take(&document(OVERRIDE, "a", given)).unwrap();
        local.take(&document(OVERRIDE, "b", json!({}))).unwrap();
        local
            .take(&document("LocalConstraint", "c", json!({"policy": "forbid(principal, action, resource);"})))
            .unwrap();
        let round = Round { local: Arc::new(local), ..Round::default() };
        let all = verdicts(&Force::default(), &round);
        let said: Vec<_> = all.iter().map(|(id, verdict)| (id.name.as_str(), verdict.reason.as_str())).collect();
        assert_eq!(said, [("c", "NoBundle"), ("a", "NoBundle"), ("b", "Malformed")]);
    }
}
