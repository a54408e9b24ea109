//! The law of slots, over all kinds: `fill(translate(spec), slot, v) == translate(spec with field = v)`.

use super::probe::{probe, probe_all};
use super::{Bounds, By, Form, Overridable, Refused, fill};
use crate::bundle::entry::Template;
use crate::kinds;
use crate::kinds::kind::Intent;
use crate::kinds::translator::Sight;
use proptest::prelude::*;
use serde_json::{Value, json};

fn overridable(field: &str) -> Overridable {
    Overridable { field: field.parse().unwrap(), by: By::Region, bounds: Bounds::default() }
}

fn translate(kind: &str, spec: &Value) -> Option<Vec<Template>> {
    let translator = kinds::row(kind)?.translator?;
    let name = "sample".parse().ok()?;
    translator.translate(&Intent { name: &name, namespaced: true, spec }, Sight::Best).ok()
}

fn quantity() -> impl Strategy<Value = String> {
    "[1-9][0-9]{0,5}(m|Ki|Mi|Gi|k|M)?"
}

fn guard() -> impl Strategy<Value = (Value, Vec<&'static str>)> {
    (prop::array::uniform5(quantity()), any::<bool>()).prop_map(|([cpu, pods, request, default, max], contained)| {
        let mut spec = json!({"quota": {"requests.cpu": cpu, "pods": pods}});
        let mut fields = vec!["spec.quota[requests.cpu]", "spec.quota[pods]"];
        if contained {
            spec["containers"] =
                json!({"defaultRequest": {"cpu": request}, "default": {"memory": default}, "max": {"memory": max}});
            fields.extend([
                "spec.containers.defaultRequest.cpu",
                "spec.containers.default[memory]",
                "spec.containers.max.memory",
            ]);
        }
        (spec, fields)
    })
}

fn value() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        "[ -~]{0,12}".prop_map(|text| ("string", json!(text))),
        any::<i64>().prop_map(|number| ("integer", json!(number))),
        any::<bool>().prop_map(|value| ("boolean", json!(value))),
        prop::collection::vec("[a-z]{1,5}", 0..4).prop_map(|items| ("array", json!(items))),
        prop::collection::btree_map("[a-z]{1,5}", any::<u8>(), 0..4).prop_map(|map| ("object", json!(map))),
    ]
}

fn template() -> impl Strategy<Value = (Value, Vec<&'static str>)> {
    (value(), value(), 0..4_usize).prop_map(|((first_type, first), (second_type, second), copies)| {
        let manifest = |index: usize| {
            json!({"manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("c{index}")},
                "data": {"a/b": {"$param": "first"}, "other": [1, {"$param": "second"}, {"deep": {"$param": "first"}}]}}})
        };
        let spec = json!({
            "parameters": [
                {"name": "first", "type": first_type, "default": first},
                {"name": "second", "type": second_type, "default": second},
            ],
            "objects": (0..=copies).map(manifest).collect::<Vec<_>>(),
        });
        (spec, vec!["spec.parameters[first].default", "spec.parameters[second].default"])
    })
}

fn segmentation() -> impl Strategy<Value = (Value, Vec<&'static str>)> {
    let cidrs = || prop::collection::vec("10\\.[0-9]{1,2}\\.0\\.0/16", 0..4);
    (cidrs(), cidrs(), cidrs(), "[a-z]{1,8}", any::<bool>()).prop_map(|(callers, called, apiserver, app, widen)| {
        let spec = json!({
            "ownPolicies": if widen { "widen" } else { "narrow" },
            "segments": [
                {"name": "web", "pods": {"matchLabels": {"app": app}},
                    "ingress": {"cidrs": callers, "ports": [443]}, "egress": {"cidrs": called}},
                {"name": "db", "pods": {"matchLabels": {"app": "db"}}},
            ],
            "flows": [
                {"from": ["web"], "to": ["db", {"cidr": "192.0.2.0/24"}], "ports": [{"port": 5432, "protocol": "UDP"}]},
                {"from": ["web"], "to": ["db"], "ports": [{"name": "sql"}]},
            ],
            "system": {"dns": {}, "apiserver": {"cidrs": apiserver}},
        });
        let fields = vec![
            "spec.segments[web].ingress.cidrs",
            "spec.segments[web].egress.cidrs",
            "spec.segments[web].pods.matchLabels.app",
            "spec.flows[#0].to[#1].cidr",
            "spec.flows[#1].ports[#0].name",
            "spec.system.apiserver.cidrs",
        ];
        (spec, fields)
    })
}

fn access() -> impl Strategy<Value = (Value, Vec<&'static str>)> {
    let names = || prop::collection::vec("[a-z]{1,8}", 0..4);
    (names(), names(), names(), names()).prop_map(|(users, groups, verbs, named)| {
        let spec = json!({"grants": [
            {"name": "a", "clusterRole": "view", "subjects": {
                "users": users, "groups": groups, "serviceAccounts": [{"name": "ci"}, {"name": "ci", "namespace": "build"}],
            }},
            {"name": "b", "subjects": {"users": []}, "rules": [
                {"verbs": verbs, "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": named},
            ]},
        ]});
        let fields = vec![
            "spec.grants[a].subjects.users",
            "spec.grants[a].subjects.groups",
            "spec.grants[a].subjects.serviceAccounts[#1].namespace",
            "spec.grants[b].rules[#0].resourceNames",
        ];
        (spec, fields)
    })
}

fn any_kind() -> impl Strategy<Value = (&'static str, Value, Vec<&'static str>)> {
    prop_oneof![
        guard().prop_map(|(spec, fields)| ("ResourceGuard", spec, fields)),
        access().prop_map(|(spec, fields)| ("AccessControl", spec, fields)),
        template().prop_map(|(spec, fields)| ("ConfigTemplate", spec, fields)),
        segmentation().prop_map(|(spec, fields)| ("NetworkSegmentation", spec, fields)),
    ]
}

/// Another value of a slot's form.
fn other(form: Form, text: &str, amount: &str, number: i64, items: &[String]) -> Value {
    match form {
        Form::Text => json!(text),
        Form::Quantity => json!(amount),
        Form::Integer | Form::Number => json!(number),
        Form::Boolean => json!(number % 2 == 0),
        Form::Texts | Form::List => json!(items),
        Form::Map => json!({text: number}),
    }
}

proptest! {
    #[test]
    fn filling_equals_translating(
        (kind, spec, fields) in any_kind(),
        text in "[ -~]{0,12}",
        amount in quantity(),
        number in any::<i64>(),
        items in prop::collection::vec("[a-z]{1,5}", 0..4),
    ) {
        let templates = translate(kind, &spec).unwrap();
        for field in fields {
            let declared = overridable(field);
            let slot = probe(&declared, &spec, &|spec| translate(kind, spec)).unwrap();
            let value = other(slot.form, &text, &amount, number, &items);
            let mut changed = json!({"spec": spec});
            let pointer = declared.field.pointer_in(&changed).unwrap();
            *changed.pointer_mut(&pointer).unwrap() = value.clone();
            prop_assert_eq!(fill(templates.clone(), &[(&slot, &value)]).unwrap(), translate(kind, &changed["spec"]).unwrap());
        }
    }
}

proptest! {
    #[test]
    fn filling_all_together_equals_translating(
        (kind, spec, fields) in any_kind(),
        text in "[ -~]{0,12}",
        amount in quantity(),
        number in any::<i64>(),
        items in prop::collection::vec("[a-z]{1,5}", 0..4),
    ) {
        let translate = |spec: &Value| translate(kind, spec);
        let declared: Vec<_> = fields.iter().map(|field| overridable(field)).collect();
        let slots = probe_all(&declared, &spec, &translate);
        let values: Vec<Value> =
            slots.iter().map(|slot| other(slot.form, &text, &amount, number, &items)).collect();
        let mut changed = json!({"spec": spec});
        for (slot, value) in slots.iter().zip(&values) {
            let pointer = slot.field.pointer_in(&changed).unwrap();
            *changed.pointer_mut(&pointer).unwrap() = value.clone();
        }
        let given: Vec<_> = slots.iter().zip(&values).collect();
        prop_assert_eq!(fill(translate(&spec).unwrap(), &given).unwrap(), translate(&changed["spec"]).unwrap());
    }
}

#[test]
fn every_kind_of_intent_is_under_the_law() {
    let intents: Vec<_> = kinds::TABLE.iter().filter(|row| row.translator.is_some()).map(|row| row.name).collect();
    assert_eq!(
        intents,
        ["AccessControl", "ConfigTemplate", "NetworkSegmentation", "ResourceGuard"],
        "give a new kind a strategy in any_kind"
    );
}

/// A translator that writes a list's items wrapped, among others, and a number derived from the list.
fn policies(spec: &Value) -> Option<Vec<Template>> {
    let wrap = |cidr: &Value| json!({"ipBlock": {"cidr": cidr}});
    let mut to = vec![json!({"podSelector": {}})];
    to.extend(spec["cidrs"].as_array()?.iter().map(wrap));
    to.push(json!({"namespaceSelector": {}}));
    let manifest =
        json!({"kind": "NetworkPolicy", "egress": [{"to": to}], "ports": spec["port"].as_i64()?.checked_add(1)?});
    Some(vec![Template::whole(manifest, true)])
}

#[test]
fn items_of_a_list_are_found_with_their_wrapper() {
    let spec = json!({"cidrs": ["10.0.0.0/8", "10.1.0.0/16"], "port": 1});
    let slot = probe(&overridable("spec.cidrs"), &spec, &policies).unwrap();
    insta::assert_yaml_snapshot!(slot);
    for cidrs in [json!([]), json!(["10.2.0.0/16"]), json!(["a", "b", "c"])] {
        let changed = json!({"cidrs": cidrs, "port": 1});
        assert_eq!(fill(policies(&spec).unwrap(), &[(&slot, &cidrs)]).unwrap(), policies(&changed).unwrap());
    }
}

#[test]
fn a_value_that_lands_changed_or_nowhere_has_no_slot() {
    let spec = json!({"cidrs": [], "port": 1, "unused": "x"});
    for field in ["spec.port", "spec.unused", "spec.absent", "spec"] {
        assert_eq!(probe(&overridable(field), &spec, &policies), None, "{field}");
    }
}

#[test]
fn values_outside_form_or_bounds_are_refused() {
    let spec = json!({"quota": {"pods": "10"}});
    let bounds = Bounds { at_most: Some("50".parse().unwrap()), ..Bounds::default() };
    let declared = Overridable { bounds, ..overridable("spec.quota[pods]") };
    let templates = translate("ResourceGuard", &spec).unwrap();
    let slot = probe(&declared, &spec, &|spec| translate("ResourceGuard", spec)).unwrap();
    let refused = |value: Value| fill(templates.clone(), &[(&slot, &value)]).unwrap_err().to_string();
    assert_eq!(refused(json!("51")), r#"spec.quota[pods] takes a quantity of at most 50, not "51""#);
    assert_eq!(refused(json!(7)), "spec.quota[pods] takes a Kubernetes quantity, not 7");
    assert!(fill(templates.clone(), &[(&slot, &json!("50"))]).is_ok());
    assert_eq!(fill(Vec::new(), &[(&slot, &json!("5"))]), Err(Refused::Foreign("spec.quota[pods]".to_owned())));
}
