//! Whose an object is: only what is ours is written or removed.

use super::{cluster, config, per_namespace, round};
use crate::bundle::entry::{Body, Entry, Own, Template};
use crate::bundle::fixture::{objects, rule};
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use crate::plan::simulation::Cluster;
use serde_json::{Value, json};

#[test]
fn inv29_what_is_not_ours_is_neither_written_nor_deleted() {
    let mut cluster = cluster(&[("shop", "web")]);
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}});
    cluster.put(foreign.clone());
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), config("two", 2)])];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::NameTaken], 0));
    assert_eq!(cluster.names(), ["ConfigMap shop/one"]);
    assert_eq!(round(&mut cluster, &[], 0), (vec![], 0));
    assert_eq!(cluster.tree("ConfigMap shop/one"), Some(&foreign));
}

#[test]
fn inv29_an_object_made_anew_by_somebody_else_is_not_ours() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    round(&mut cluster, &entries, 0);
    let ours = cluster.seen.objects.pop_first().unwrap().1.object;
    cluster.put(ours.tree().clone());
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert_eq!(cluster.names(), ["ConfigMap shop/one"]);
}

#[test]
fn inv29_namespaces_are_disowned_and_never_deleted() {
    let mut cluster = cluster(&[]);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ops"}});
    let entries = [rule("a", Mode::Enforce, None, objects(false, &[namespace]))];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 2));
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert_eq!(cluster.names(), ["Namespace ops"]);
    assert_eq!(cluster.inventory().values().filter(|row| row.live()).count(), 0);
}

#[test]
fn an_object_is_taken_over_only_where_the_intent_says_so() {
    let mut cluster = cluster(&[("shop", "web")]);
    cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}}));
    let template = Template { adopt: true, ..Template::whole(config("one", 1), true) };
    let body = Body::Objects { templates: vec![template], slots: Vec::new() };
    let entries = [rule("a", Mode::Enforce, Some(&[("team", "web")]), body)];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 2));
    assert_eq!(cluster.tree("ConfigMap shop/one").unwrap()["data"]["value"], "1");
    assert_eq!(round(&mut cluster, &entries, 0).1, 0);
}

#[test]
fn a_renamed_rule_hands_its_objects_over() {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &[per_namespace("old", Mode::Enforce, &[config("one", 1)])], 0);
    let uid = cluster.seen.objects.values().next().unwrap().uid.clone();
    let renamed = [per_namespace("new", Mode::Enforce, &[config("one", 1)])];
    assert_eq!(round(&mut cluster, &renamed, 0).0, [OutcomeCode::Applied, OutcomeCode::Removed]);
    assert_eq!(cluster.seen.objects.values().next().unwrap().uid, uid);
    assert_eq!(round(&mut cluster, &renamed, 0), (vec![OutcomeCode::Applied], 0));
}

#[test]
fn two_rules_never_write_one_object() {
    let mut cluster = cluster(&[("shop", "web")]);
    let both = ["a", "b"].map(|name| per_namespace(name, Mode::Enforce, &[config("one", 1)]));
    assert_eq!(round(&mut cluster, &both, 0).0, [OutcomeCode::Applied, OutcomeCode::NameTaken]);
    assert_eq!(round(&mut cluster, &both, 0), (vec![OutcomeCode::Applied, OutcomeCode::NameTaken], 0));
}

fn own_fields(name: &str, tree: Value) -> Entry {
    let template = Template { own: Own::Fields, ..Template::whole(tree, true) };
    rule(name, Mode::Enforce, Some(&[("team", "web")]), Body::Objects { templates: vec![template], slots: Vec::new() })
}

#[test]
fn fields_are_laid_over_what_others_own_and_released() {
    let mut cluster = cluster(&[("shop", "web")]);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"tier": "core"}}});
    let entries = [own_fields("a", namespace)];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Failed], 0));
    let before =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "web"}}});
    cluster.put(before.clone());
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 2));
    assert_eq!(cluster.tree("Namespace shop").unwrap()["metadata"]["labels"], json!({"team": "web", "tier": "core"}));
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 0));
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert_eq!(cluster.tree("Namespace shop"), Some(&before));
}

/// The same of a region.
fn of_region(mut entry: Entry) -> Entry {
    entry.envelope.region = Some("eu".parse().unwrap());
    entry
}

/// A Namespace's label, owned as a field.
fn tier(name: &str, tier: &str) -> Entry {
    own_fields(name, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"tier": tier}}}))
}

#[test]
fn inv26_a_region_takes_no_field_of_the_baseline_whoever_is_there_first() {
    let mut cluster = cluster(&[("shop", "web")]);
    cluster.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    let (region, baseline) = (of_region(tier("a", "lax")), tier("b", "strict"));
    let stands = |cluster: &Cluster| cluster.tree("Namespace shop").unwrap()["metadata"]["labels"]["tier"].clone();
    // Whoever is named first has it where nobody stands above the other.
    let mut alike = cluster.clone();
    let two = [tier("a", "lax"), baseline.clone()];
    assert_eq!(round(&mut alike, &two, 0).0, [OutcomeCode::Applied, OutcomeCode::NameTaken]);
    assert_eq!(stands(&alike), "lax");
    let both = [region.clone(), baseline];
    let expected = [OutcomeCode::NameTaken, OutcomeCode::Applied];
    let mut fresh = cluster.clone();
    assert_eq!(round(&mut fresh, &both, 0).0, expected);
    assert_eq!(stands(&fresh), "strict");
    assert_eq!(round(&mut cluster, &[region], 0).0, [OutcomeCode::Applied]);
    assert_eq!(stands(&cluster), "lax");
    assert_eq!(round(&mut cluster, &both, 1).0, expected);
    assert_eq!(stands(&cluster), "strict", "also where the region was there first");
    assert_eq!(round(&mut cluster, &both, 2), (expected.to_vec(), 0));
}
