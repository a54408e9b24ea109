//! Namespaces of a real cluster: what comes with them and goes with them, and what is not Writ's to take.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ResourceQuota};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};
use std::time::Duration;
use writ_e2e::world::{NAME, World};
use xtask::lab::cast::PATIENCE;
use xtask::lab::files;
use xtask::wait;

/// A rule of examples/acme that holds in every namespace of a team.
const RULE: &str = "ResourceGuard/team-quota";
/// Long before the slow scan.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The uid of the quota that the rule makes in a namespace.
fn quota(world: &World, namespace: &str) -> Result<String> {
    let all = world.kube.wait(world.within::<ResourceQuota>(namespace).list(&ListParams::default()))?.items;
    let one = all.first().with_context(|| format!("no quota in {namespace}"))?;
    ensure!(one.metadata.deletion_timestamp.is_none(), "it is being deleted");
    one.uid().context("an object has a uid")
}

fn team(world: &World, namespace: &str, on: bool) -> Result<()> {
    world.namespace(namespace, &if on { json!({"team": "novel"}) } else { json!({}) })
}

#[test]
fn inv32_a_flapping_label_deletes_nothing_but_rbac() -> Result<()> {
    // An agent that may also write access.
    let mut world = World::without_agent(NAME)?;
    let admin = world.plane.kubeconfig();
    world.join(&admin)?;
    world.applied()?;
    team(&world, "novel", true)?;
    let uid = wait::until("a new namespace gets its objects at once", AT_ONCE, || quota(&world, "novel"))?;
    for _ in 0..3 {
        team(&world, "novel", false)?;
        world.becomes(RULE, Some("novel"), "Lingering", "objects stay until")?;
        team(&world, "novel", true)?;
        world.applied()?;
        ensure!(quota(&world, "novel")? == uid, "it was made anew");
    }
    // Faster than anybody looks.
    for flap in 0..20 {
        team(&world, "novel", flap % 2 == 1)?;
    }
    world.applied()?;
    ensure!(quota(&world, "novel")? == uid, "it was made anew");
    access_leaves_at_once(&world)?;
    ensure!(quota(&world, "novel")? == uid, "it left too");
    a_namespace_that_ends_is_no_fault(&world)?;
    world.end()
}

/// Whether anybody holds a role by a rule in the namespace.
fn bindings(world: &World) -> Result<usize> {
    let all = world.kube.wait(world.within::<RoleBinding>("novel").list(&ListParams::default()))?.items;
    Ok(all.iter().filter(|binding| binding.labels().contains_key("writ.dev/owned")).count())
}

fn bound(world: &World, what: &str, count: usize) -> Result<()> {
    wait::until(what, AT_ONCE, || {
        let found = bindings(world)?;
        ensure!(found == count, "{found} bindings");
        Ok(())
    })
}

fn access_leaves_at_once(world: &World) -> Result<()> {
    let grant = json!({"name": "viewers", "subjects": {"groups": ["auditors"]}, "clusterRole": "view"});
    let spec = json!({"rationale": "A test of access.", "controls": [], "risk": "low", "mode": "enforce",
        "scope": {"clusters": {}, "namespaces": {"matchLabels": {"team": "novel"}}}, "grants": [grant]});
    let rule = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "AccessControl", "metadata": {"name": "view"},
        "spec": spec});
    files::write(&world.cast.repository.join("intents/platform/view.yaml"), &rule.to_string())?;
    world.publish("Auditors may look")?;
    bound(world, "auditors are bound", 1)?;
    team(world, "novel", false)?;
    bound(world, "they are no longer", 0)?;
    world.becomes(RULE, Some("novel"), "Lingering", "objects stay until")?;
    team(world, "novel", true)?;
    bound(world, "they are again", 1)
}

/// Something in it keeps the namespace from ending for a while.
fn a_namespace_that_ends_is_no_fault(world: &World) -> Result<()> {
    world.applied()?;
    let maps = world.within::<ConfigMap>("novel");
    let stuck = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stuck",
        "finalizers": ["example.com/wait"]}});
    world.apply(&maps, stuck)?;
    let namespaces = world.everywhere::<Namespace>();
    world.kube.wait(namespaces.delete("novel", &DeleteParams::default()))?;
    world.becomes(RULE, Some("novel"), "Removing", "NamespaceTerminating")?;
    world.condition("Degraded", false, "")?;
    world.edit(&maps, "stuck", &json!({"metadata": {"finalizers": null}}))?;
    wait::until("the namespace is gone", PATIENCE, || {
        ensure!(world.kube.wait(namespaces.get_opt("novel"))?.is_none(), "it is there");
        Ok(())
    })?;
    world.applied()
}

#[test]
fn inv29_what_is_not_ours_survives_the_rule_that_touched_it() -> Result<()> {
    let world = World::start()?;
    world.applied()?;
    a_namespace_keeps_all_but_our_labels(&world)?;
    a_copy_of_our_marks_makes_nothing_ours(&world)?;
    world.end()
}

fn a_namespace_keeps_all_but_our_labels(world: &World) -> Result<()> {
    let namespaces = world.everywhere::<Namespace>();
    let labels = || {
        let found = world.kube.wait(namespaces.get("payments"))?;
        Ok::<_, anyhow::Error>((found.metadata.labels.unwrap_or_default(), found.metadata.uid))
    };
    let data_class = "acme.example/data-class";
    let theirs = json!({"metadata": {"labels": {"theirs": "x"}, "finalizers": ["example.com/theirs"]}});
    world.edit(&namespaces, "payments", &theirs)?;
    let content = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ledger"}, "data": {"k": "v"}});
    world.apply(&world.within::<ConfigMap>("payments"), content)?;
    let before = world.version("payments", "ledger")?;
    let (ours, uid) = labels()?;
    ensure!(ours.contains_key(data_class), "{ours:?}");
    std::fs::remove_file(world.cast.repository.join("rulesets/payments.yaml"))?;
    std::fs::remove_file(world.cast.repository.join("intents/payments/cardholder-data.yaml"))?;
    world.publish("Remove a rule of fields")?;
    wait::until("our labels are released", PATIENCE, || {
        let (left, found) = labels()?;
        ensure!(!left.contains_key(data_class) && !left.keys().any(|key| key.starts_with("pod-security")), "{left:?}");
        ensure!(left.get("theirs").is_some_and(|value| value == "x") && left.len() > 1 && found == uid, "{left:?}");
        Ok(())
    })?;
    let namespace = world.kube.wait(namespaces.get("payments"))?;
    ensure!(namespace.finalizers() == ["example.com/theirs"], "{:?}", namespace.finalizers());
    ensure!(world.version("payments", "ledger")? == before, "its contents were touched");
    world.edit(&namespaces, "payments", &json!({"metadata": {"finalizers": null}})).map(drop)
}

fn a_copy_of_our_marks_makes_nothing_ours(world: &World) -> Result<()> {
    let maps = world.within::<ConfigMap>("observability");
    let ours = world.config_map("observability", "otel")?;
    let marks: Value = json!({"name": "copied", "labels": ours.labels(), "annotations": ours.annotations()});
    ensure!(marks.to_string().contains("writ.dev/owned") && marks.to_string().contains("writ.dev/rule"), "{marks}");
    let copy = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": marks, "data": ours.data});
    let before = world.apply(&maps, copy)?.resource_version();
    std::fs::remove_file(world.cast.repository.join("intents/observability/telemetry.yaml"))?;
    world.change("rulesets/baseline.yaml", "  - ConfigTemplate/telemetry\n", "")?;
    wait::until("ours leaves", PATIENCE, || {
        ensure!(world.kube.wait(maps.get_opt("otel"))?.is_none(), "it is there");
        Ok(())
    })?;
    // What is removed is told in one round.
    world.applied()?;
    let log = std::fs::read_to_string(world.cast.spoke(world.name)?.home.join("log"))?;
    let told = |line: &&str| line.contains("ConfigTemplate/telemetry") && line.contains("Removed");
    ensure!(log.lines().filter(told).count() == 1, "{log}");
    ensure!(world.kube.wait(maps.get("copied"))?.resource_version() == before, "the copy was touched");
    Ok(())
}
