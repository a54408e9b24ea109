//! Who wins, and how a unit leaves: the two tables of docs/precedence.md, walked in full.

mod doc;
mod leaving;
mod play;
mod values;
mod walk;

use crate::bundle::companion::Waiver;
use crate::bundle::entry::Own;
use crate::bundle::fixture::at;
use crate::catalog::RegionalOverride;
use crate::digest::Digest;
use crate::document::parse;
use crate::local::Local;
use crate::mode::Mode;
use crate::object::{ApiVersion, Identity, ObjectId};
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::plan::becomes;
use crate::plan::inventory::{Row, State, Uid};
use crate::resolve::{Resolved, Want};
use crate::seen::{NamespaceSeen, Seen};
use play::{Levels, MODES, OVERRIDE, OVERRULE, PLAIN, Place, Play, RULE, TEAMS, Won};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn unit() -> UnitId {
    UnitId { rule: RULE.parse().unwrap(), namespace: Some("shop".parse().unwrap()) }
}

/// The row of the rule's object, as it was enforced.
fn row() -> Row {
    let unit = unit();
    let (group, kind) = (String::new(), "ResourceQuota".to_owned());
    let id = Identity { group, kind, namespace: unit.namespace.clone(), name: "writ-quota".to_owned() };
    Row {
        id: ObjectId::from(id),
        api: ApiVersion::from("v1".to_owned()),
        rule: unit.rule,
        unit: unit.namespace,
        own: Own::Whole,
        digest: Digest::of(b"good"),
        since: at(0),
        leaving: None,
        mode: Mode::Enforce,
        written: None,
        replaces: None,
        trial_since: None,
        going_back: false,
        state: State::Owned { uid: Uid("u".into()) },
    }
}

/// That whatever the rule comes to by these values was refused before.
fn refused(values: &[&'static str]) -> BTreeMap<UnitId, BTreeMap<Digest, Outcome>> {
    let digest = |value: &&'static str| {
        let resolved = Play { local: Some(value), ..PLAIN }.resolved();
        becomes(resolved.wants.values().next().unwrap().desired())
    };
    let outcome = Outcome::new(OutcomeCode::RolledBack, "Rejected");
    BTreeMap::from([(unit(), values.iter().map(|value| (digest(value), outcome.clone())).collect())])
}

fn waiver(rule: &str, until: i64) -> Waiver {
    Waiver {
        rule: rule.parse().unwrap(),
        namespaces: None,
        requested_by: "ada".to_owned(),
        reason: "a migration".to_owned(),
        from: None,
        until: at(until),
    }
}

fn regional(value: &str) -> RegionalOverride {
    let text = format!(
        "apiVersion: writ.dev/v1alpha1\nkind: Override\nmetadata: {{name: pods}}\nspec: {{rule: {RULE}, field: \"spec.quota[pods]\", \
         value: \"{value}\", reason: because}}\n"
    );
    let doc = parse("regions/eu/overrides/pods.yaml", &text).0.remove(0);
    let spec = serde_json::from_value(doc.value["spec"].clone()).unwrap();
    RegionalOverride { spec, digest: Digest::of(value.as_bytes()), doc: Arc::new(doc) }
}

fn document(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "writ.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn overridden(name: &str, field: &str, value: &str) -> Value {
    document("Override", name, &json!({"rule": RULE, "field": field, "value": value, "reason": "because"}))
}

fn namespaces(team: &str) -> BTreeMap<crate::name::Namespace, NamespaceSeen> {
    let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
    BTreeMap::from([("shop".parse().unwrap(), NamespaceSeen { labels, terminating: false })])
}

fn seen(local: Local) -> Seen {
    Seen { namespaces: Arc::new(namespaces("web")), local: Arc::new(local), ..Seen::default() }
}

fn pods(want: &Want) -> Option<String> {
    Some(want.desired().first()?.object.tree()["spec"]["hard"]["pods"].as_str().unwrap().to_owned())
}

fn won(resolved: &Resolved) -> Won {
    assert_eq!(resolved.wants.len(), 1, "{resolved:?}");
    let want = resolved.wants.values().next().unwrap();
    match want {
        Want::Have(_) => Won::Have(pods(want).unwrap()),
        Want::Show(_, mode) => Won::Show(pods(want), *mode),
        Want::Keep { outcome, mode } => Won::Kept(outcome.code, *mode),
        Want::Disown(_) => Won::Disowned,
        Want::Waive(_) => Won::Waived,
        Want::Gone { why, after } => Won::Gone(*why, *after),
    }
}

/// Each of `all` with each of these.
fn each<T: Copy>(all: Vec<Play>, values: &[T], set: impl Fn(&mut Play, T)) -> Vec<Play> {
    let with = |play: Play| {
        let set = &set;
        values.iter().map(move |value| {
            let mut play = play;
            set(&mut play, *value);
            play
        })
    };
    all.into_iter().flat_map(with).collect()
}
