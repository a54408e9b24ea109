//! Overrides that are filled in together: their places stand among one another.

use super::{Memo, Settings, Want, resolve};
use crate::bundle::companion::{Companion, Says};
use crate::bundle::entry::{Body, Template};
use crate::bundle::fixture::{Parts, hour, rule};
use crate::canonical;
use crate::compile::slot::probe::probe_all;
use crate::compile::slot::{Bounds, By, Overridable};
use crate::local::Local;
use crate::mode::Mode;
use crate::outcome::Note;
use crate::seen::Seen;
use serde_json::{Value, json};
use std::sync::Arc;

const PERMIT: &str = r#"permit (principal, action == Writ::Action::"override", resource);"#;

/// A translator whose first template writes two lists one way round, and whose second the other; a text stands behind
/// both.
fn two_ways(spec: &Value) -> Option<Vec<Template>> {
    let (reds, blues) = (spec["reds"].as_array()?, spec["blues"].as_array()?);
    let template = |name: &str, lists: [&Vec<Value>; 2]| {
        let items = lists.into_iter().flatten().chain([&spec["last"]]);
        let data: Vec<Value> = items.map(|item| json!({"is": item})).collect();
        let metadata = json!({"name": name, "namespace": "shop"});
        Template::whole(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}), false)
    };
    Some(vec![template("one", [reds, blues]), template("two", [blues, reds])])
}

fn documents(given: &Value) -> Local {
    let mut local = Local::default();
    for (name, value) in given.as_object().unwrap() {
        let spec = json!({"rule": "ConfigTemplate/otel", "field": format!("spec.{name}"), "value": value, "reason": "because"});
        let metadata = json!({"name": name});
        local
            .take(&json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Override", "metadata": metadata, "spec": spec}))
            .unwrap();
    }
    local
}

/// What a cluster has that overrides these fields of `spec`, and what does not count of them.
fn overridden(spec: &Value, given: &Value) -> (Vec<Value>, Vec<Note>) {
    let field = |name: &str| Overridable {
        field: format!("spec.{name}").parse().unwrap(),
        by: By::Cluster,
        bounds: Bounds::default(),
    };
    let slots = probe_all(&["reds", "blues", "last"].map(field), spec, &two_ways);
    let entry = rule("otel", Mode::Enforce, None, Body::Objects { templates: two_ways(spec).unwrap(), slots });
    let says = Says::Authority { file: "all".to_owned(), policies: PERMIT.to_owned() };
    let companion = Companion { name: "Authority/all".parse().unwrap(), says };
    let bytes = [
        (entry.name.clone(), canonical::to_vec(&entry).unwrap()),
        (companion.name.clone(), canonical::to_vec(&companion).unwrap()),
    ];
    let bundle = Parts::of(bytes.into()).bundle();
    let seen = Seen { local: Arc::new(documents(given)), ..Seen::default() };
    let resolved = resolve(&bundle, &seen, &Settings::default(), hour(10), &mut Memo::default());
    let desired = resolved.wants.values().flat_map(Want::desired);
    (desired.map(|desired| desired.object.tree()["data"].clone()).collect(), resolved.notes)
}

#[test]
fn lists_that_stand_in_two_lists_one_way_and_the_other_are_filled_as_translated() {
    for spec in [
        json!({"reds": ["r"], "blues": ["b", "c"], "last": "z"}),
        json!({"reds": [], "blues": ["b"], "last": "z"}),
        json!({"reds": [], "blues": [], "last": "z"}),
    ] {
        for given in [
            json!({"reds": ["r1", "r2", "r3"], "blues": ["b1"], "last": "y"}),
            json!({"reds": [], "blues": ["b1", "b2", "b3"], "last": "y"}),
            json!({"reds": ["r1"], "blues": [], "last": "y"}),
        ] {
            let wanted = two_ways(&given).unwrap().into_iter();
            let wanted: Vec<Value> = wanted.map(|template| template.manifest["data"].clone()).collect();
            assert_eq!(overridden(&spec, &given), (wanted, vec![]), "{spec} {given}");
        }
    }
}
