//! Whether an object works, as far as it says so itself: by the rules of kstatus
//! (sigs.k8s.io/cli-utils/pkg/kstatus, "status" of its README), which read status, conditions and generations alone.

mod rules;
#[cfg(test)]
mod tests;

use crate::kube_kinds::{Reach, Row};
use crate::object::ObjectId;
use rules::Rule;
use serde_json::Value;

/// Whether an object works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It does, or says nothing of it.
    Well,
    /// Not, or not yet: why, for people.
    Ailing(String),
    /// Nobody can say now: why, for people. It neither has shown that it works nor that it does not.
    Unknown(String),
}

/// Whether objects of a kind say how they are. Of kinds that the table of kinds does not know, some may.
#[must_use]
pub fn has_notion(id: &ObjectId) -> bool {
    rule(id).is_some()
}

/// How an object is, read whole.
#[must_use]
pub fn of(id: &ObjectId, object: &Value) -> Health {
    let Some(rule) = rule(id) else { return Health::Well };
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return Health::Ailing("it is being deleted".to_owned());
    }
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    let observed = object.pointer("/status/observedGeneration").and_then(Value::as_i64);
    if observed.is_some() && observed != generation {
        return Health::Ailing("its controller has not seen this version yet".to_owned());
    }
    for (name, holds) in [("Stalled", "it is stalled"), ("Failed", "it failed"), ("Reconciling", "it is reconciling")] {
        if let Some(condition) = rules::condition(object, name).filter(|condition| condition.holds()) {
            return Health::Ailing(condition.says(holds));
        }
    }
    rule(object)
}

fn rule(id: &ObjectId) -> Option<Rule> {
    let own = rules::TABLE.iter().find(|(group, kind, _)| *group == id.group && *kind == id.kind);
    let unknown = Row::of(id).reach == Reach::Unknown;
    own.map(|(_, _, rule)| *rule).or_else(|| unknown.then_some(rules::by_conditions as Rule))
}
