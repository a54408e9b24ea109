//! What each kind says of itself. Kinds that kstatus knows follow its rules; where they differ, the rule says why.

use super::Health::{self, Ailing, Well};
use serde_json::Value;

/// How an object of a kind is, once its controller has seen it.
pub(super) type Rule = fn(&Value) -> Health;

/// The kinds of Kubernetes that say how they are.
pub(super) const TABLE: &[(&str, &str, Rule)] = &[
    ("", "PersistentVolumeClaim", claim),
    ("", "Pod", pod),
    ("", "ReplicationController", replica_set),
    ("apiextensions.k8s.io", "CustomResourceDefinition", definition),
    ("apiregistration.k8s.io", "APIService", by_conditions),
    ("apps", "DaemonSet", daemon_set),
    ("apps", "Deployment", deployment),
    ("apps", "ReplicaSet", replica_set),
    ("apps", "StatefulSet", stateful_set),
    ("batch", "Job", job),
];

/// A condition of an object.
pub(super) struct Condition<'a>(&'a Value);

impl Condition<'_> {
    fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn holds(&self) -> bool {
        self.text("status") == "True"
    }

    /// What it says for people, or else its reason, or else `otherwise`.
    pub(super) fn says(&self, otherwise: &str) -> String {
        let words = [self.text("message"), self.text("reason"), otherwise];
        words.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    }
}

/// The condition of that name, if the object has it.
pub(super) fn condition<'a>(object: &'a Value, name: &str) -> Option<Condition<'a>> {
    let all = object.pointer("/status/conditions").and_then(Value::as_array);
    let found = all?.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(name));
    found.map(Condition)
}

fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn is_true(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// Custom resources, and whatever else follows the conventions: the first of these conditions that there is counts.
/// Without any of them an object is well. (kstatus reads Ready only.)
pub(super) fn by_conditions(object: &Value) -> Health {
    let found =
        ["Ready", "Available", "Established"].into_iter().find_map(|name| Some((name, condition(object, name)?)));
    match found {
        Some((name, found)) if !found.holds() => Ailing(found.says(&format!("it is not {name}"))),
        _ => Well,
    }
}

/// Whether its controller has looked at it at all.
fn unseen(object: &Value) -> Option<Health> {
    number(object, "/status/observedGeneration")
        .is_none()
        .then(|| Ailing("its controller has not seen it yet".to_owned()))
}

/// The first count that is below `wanted`.
fn short_of(object: &Value, wanted: i64, counts: &[(&str, &str)]) -> Option<Health> {
    counts.iter().find_map(|(field, word)| {
        let count = object.pointer("/status").and_then(|status| status.get(field)).and_then(Value::as_i64).unwrap_or(0);
        let said = condition(object, "Available").map(|c| format!(": {}", c.says(""))).unwrap_or_default();
        (count < wanted).then(|| Ailing(format!("{count} of {wanted} replicas are {word}{said}")))
    })
}

/// More replicas than wanted: those of the version before have not ended.
fn too_many(object: &Value, wanted: i64) -> Option<Health> {
    let count = number(object, "/status/replicas").unwrap_or(0);
    (count > wanted).then(|| Ailing(format!("{} replicas have not ended yet", count - wanted)))
}

/// A replica that could not be made, and why.
fn failing(object: &Value) -> Option<Health> {
    condition(object, "ReplicaFailure").filter(Condition::holds).map(|c| Ailing(c.says("replicas cannot be made")))
}

fn replicas(object: &Value) -> i64 {
    number(object, "/spec/replicas").unwrap_or(1)
}

/// One that is paused does nothing, as it was told.
fn deployment(object: &Value) -> Health {
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    if is_true(object, "/spec/paused") {
        return Well;
    }
    let progress = condition(object, "Progressing").filter(|c| c.text("reason") == "ProgressDeadlineExceeded");
    let late = progress.map(|c| Ailing(c.says("it made no progress in time")));
    let wanted = replicas(object);
    let counts = [
        ("replicas", "made"),
        ("updatedReplicas", "of this version"),
        ("readyReplicas", "ready"),
        ("availableReplicas", "available"),
    ];
    let ailing = failing(object).or(late).or_else(|| short_of(object, wanted, &counts));
    let ailing = ailing.or_else(|| too_many(object, wanted));
    let available = || match condition(object, "Available") {
        Some(available) if available.holds() => Well,
        Some(available) => Ailing(available.says("it is not available")),
        None => Ailing("it is not available yet".to_owned()),
    };
    ailing.unwrap_or_else(available)
}

fn replica_set(object: &Value) -> Health {
    let wanted = replicas(object);
    let counts = [("fullyLabeledReplicas", "made"), ("readyReplicas", "ready"), ("availableReplicas", "available")];
    let ailing = unseen(object).or_else(|| failing(object)).or_else(|| short_of(object, wanted, &counts));
    ailing.or_else(|| too_many(object, wanted)).unwrap_or(Well)
}

fn stateful_set(object: &Value) -> Health {
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Well;
    }
    let wanted = replicas(object);
    let made = short_of(object, wanted, &[("replicas", "made"), ("readyReplicas", "ready")]);
    if let Some(ailing) = made.or_else(|| too_many(object, wanted)) {
        return ailing;
    }
    match number(object, "/spec/updateStrategy/rollingUpdate/partition").filter(|partition| *partition > 0) {
        Some(partition) => {
            short_of(object, wanted - partition, &[("updatedReplicas", "of this version")]).unwrap_or(Well)
        }
        None if text(object, "/status/currentRevision") != text(object, "/status/updateRevision") => {
            Ailing("its update is not finished".to_owned())
        }
        None => short_of(object, wanted, &[("currentReplicas", "of this version")]).unwrap_or(Well),
    }
}

fn daemon_set(object: &Value) -> Health {
    let Some(wanted) = number(object, "/status/desiredNumberScheduled").filter(|_| unseen(object).is_none()) else {
        return Ailing("its controller has not seen it yet".to_owned());
    };
    let updates = text(object, "/spec/updateStrategy/type") != "OnDelete";
    let updated = updates.then(|| short_of(object, wanted, &[("updatedNumberScheduled", "of this version")]));
    let counts = [("currentNumberScheduled", "scheduled"), ("numberAvailable", "available"), ("numberReady", "ready")];
    short_of(object, wanted, &counts).or_else(|| updated.flatten()).unwrap_or(Well)
}

fn pod(object: &Value) -> Health {
    let ready = condition(object, "Ready");
    match text(object, "/status/phase") {
        "Succeeded" => Well,
        "Running" if ready.as_ref().is_some_and(Condition::holds) => Well,
        "Failed" => Ailing("it failed".to_owned()),
        phase => {
            let scheduled = condition(object, "PodScheduled").filter(|scheduled| !scheduled.holds());
            let said = scheduled.or(ready).map(|condition| condition.says("")).unwrap_or_default();
            Ailing(format!("it is {phase}: {said}"))
        }
    }
}

/// A job that has begun is well: how long it takes is its own business.
fn job(object: &Value) -> Health {
    let done = condition(object, "Complete").is_some_and(|complete| complete.holds());
    let begun = object.pointer("/status/startTime").is_some() || is_true(object, "/spec/suspend");
    if done || begun { Well } else { Ailing("it has not started".to_owned()) }
}

/// A claim may wait for the first who uses it, so only one that lost its volume ails. (kstatus waits for every claim.)
fn claim(object: &Value) -> Health {
    if text(object, "/status/phase") == "Lost" { Ailing("its volume is lost".to_owned()) } else { Well }
}

fn definition(object: &Value) -> Health {
    let refused = condition(object, "NamesAccepted").filter(|accepted| !accepted.holds());
    if let Some(refused) = refused {
        return Ailing(refused.says("its names are taken"));
    }
    match condition(object, "Established") {
        Some(established) if established.holds() => Well,
        established => {
            let otherwise = "it is not established yet";
            Ailing(established.map_or_else(|| otherwise.to_owned(), |found| found.says(otherwise)))
        }
    }
}
