//! Units on a real cluster: all of their objects or none, and only what works.

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, ResourceQuota};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};
use std::time::Duration;
use writ_e2e::kube::Kube;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::lab::files;
use xtask::wait;

const TELEMETRY: &str = "intents/observability/telemetry.yaml";

/// Writes a rule of these objects into the catalog's working copy.
fn write_rule(world: &World, name: &str, manifests: &[Value]) -> Result<()> {
    let objects: Vec<Value> = manifests.iter().map(|manifest| json!({"manifest": manifest})).collect();
    let spec = json!({"rationale": "A test of transactions.", "controls": [], "risk": "low", "mode": "enforce",
        "scope": {"clusters": {}}, "objects": objects});
    let rule =
        json!({"apiVersion": "writ.dev/v1alpha1", "kind": "ConfigTemplate", "metadata": {"name": name}, "spec": spec});
    files::write(&world.cast.repository.join(format!("intents/observability/{name}.yaml")), &rule.to_string())
}

fn rule(world: &World, name: &str, manifests: &[Value]) -> Result<()> {
    write_rule(world, name, manifests)?;
    world.publish(&format!("{name}: {} objects", manifests.len()))
}

fn map(namespace: &str, name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
        "data": {"value": value}})
}

fn absent(world: &World, namespace: &str, name: &str) -> Result<()> {
    let found = world.kube.wait(world.within::<ConfigMap>(namespace).get_opt(name))?;
    ensure!(found.is_none(), "{name} is there");
    Ok(())
}

/// Lets so many ConfigMaps be in the namespace `tight`, and waits until that is counted.
fn allow(world: &World, count: usize) -> Result<()> {
    let quotas = world.within::<ResourceQuota>("tight");
    let hard = json!({"count/configmaps": count.to_string()});
    let quota =
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "maps"}, "spec": {"hard": hard}});
    world.apply(&quotas, quota)?;
    wait::until("the quota is counted", PATIENCE, || {
        let status = world.kube.wait(quotas.get("maps"))?.status.unwrap_or_default();
        let hard = status.hard.unwrap_or_default().get("count/configmaps").map(|count| count.0.clone());
        ensure!(hard == Some(count.to_string()) && status.used.is_some(), "{hard:?}");
        Ok(())
    })
}

#[test]
fn inv26_what_a_server_refuses_in_the_middle_is_taken_back_as_a_whole() -> Result<()> {
    let world = World::start()?;
    world.applied()?;
    world.namespace("tight", &json!({}))?;
    wait::until("the namespace has its own ConfigMap", PATIENCE, || {
        world.config_map("tight", "kube-root-ca.crt").map(drop)
    })?;
    a_first_version_vanishes(&world)?;
    the_version_before_comes_back(&world)?;
    what_only_the_server_knows_is_told(&world)?;
    an_applied_quota_refuses(&world)?;
    world.end()
}

/// One of two fits: each passes the dry-run alone, and the second is refused when the first is there.
fn a_first_version_vanishes(world: &World) -> Result<()> {
    allow(world, 2)?;
    rule(world, "maps", &[map("tight", "a", "1"), map("tight", "b", "1")])?;
    let outcome = world.becomes("ConfigTemplate/maps", None, "RolledBack", "exceeded quota: maps")?;
    ensure!(outcome.get("reason") == Some(&json!("Rejected")), "{outcome}");
    absent(world, "tight", "a")?;
    allow(world, 4)?;
    world.gets("tight", "b", "value", "1")?;
    world.has("tight", "a", "value", "1")
}

fn the_version_before_comes_back(world: &World) -> Result<()> {
    let all = ["a", "b", "c", "d"].map(|name| map("tight", name, "2"));
    write_rule(world, "maps", &all)?;
    world.change(TELEMETRY, "compression: zstd", "compression: gzip")?;
    world.becomes("ConfigTemplate/maps", None, "RolledBack", "exceeded quota: maps")?;
    for name in ["a", "b"] {
        world.has("tight", name, "value", "1")?;
    }
    absent(world, "tight", "c")?;
    world.gets("observability", "otel", "compression", "gzip")?;
    // It is tried once.
    let before = world.version("tight", "a")?;
    wait::throughout("nothing is tried again", Duration::from_secs(3), || {
        ensure!(world.version("tight", "a")? == before, "it was written");
        Ok(())
    })?;
    // What stands is repaired meanwhile.
    world.edit(&world.within::<ConfigMap>("tight"), "a", &json!({"data": {"value": "theirs"}}))?;
    world.gets("tight", "a", "value", "1")?;
    allow(world, 6)?;
    wait::until("it is tried again within a while", PATIENCE, || {
        ["a", "b", "c", "d"].iter().try_for_each(|name| world.has("tight", name, "value", "2"))
    })
}

fn what_only_the_server_knows_is_told(world: &World) -> Result<()> {
    let metadata = json!({"name": "z-bad", "namespace": "observability"});
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"no key": "x"}});
    rule(world, "bad", &[map("observability", "a-fine", "1"), bad])?;
    world.becomes("ConfigTemplate/bad", None, "RolledBack", "a valid config key must consist of")?;
    absent(world, "observability", "a-fine")?;
    let counts = world.counts()?;
    ensure!(counts.get("RolledBack") == Some(&1) && counts.len() == 2, "{counts:?}");
    Ok(())
}

/// A quota of the example's ResourceGuard, in a namespace of a team: somebody of that team asks for too much.
fn an_applied_quota_refuses(world: &World) -> Result<()> {
    let quotas = world.within::<ResourceQuota>("shop");
    wait::until("the quota is counted", PATIENCE, || {
        let all = world.kube.wait(quotas.list(&kube::api::ListParams::default()))?.items;
        let counted = all.iter().any(|quota| quota.status.as_ref().is_some_and(|status| status.used.is_some()));
        ensure!(counted, "{all:?}");
        Ok(())
    })?;
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "team"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "User", "name": "ada", "apiGroup": "rbac.authorization.k8s.io"}]});
    world.apply(&world.within::<RoleBinding>("shop"), binding)?;
    let ada = Kube::of(&world.plane.user("ada", None)?)?;
    let pods: Api<Pod> = Api::namespaced(ada.client(), "shop");
    // Two of these are within the quota of 20 CPUs, and a third is not.
    let resources = json!({"requests": {"cpu": "8"}, "limits": {"cpu": "8"}});
    let spec = json!({"containers": [{"name": "c", "image": "i", "resources": resources}]});
    let pod: Pod = serde_json::from_value(json!({"metadata": {"generateName": "large-"}, "spec": spec}))?;
    let create = || ada.wait(pods.create(&PostParams::default(), &pod));
    let made = (0..4).map(|_| create()).take_while(Result::is_ok).count();
    ensure!(made == 2, "{made} were made");
    match create() {
        Err(kube::Error::Api(refused)) if refused.message.contains("exceeded quota") => Ok(()),
        other => bail!("{other:?}"),
    }
}

fn deployment(name: &str, spec: Value) -> Value {
    let mut whole = json!({"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "example.com/web:1"}]}}});
    if let (Some(whole), Value::Object(spec)) = (whole.as_object_mut(), spec) {
        whole.extend(spec);
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "observability"},
        "spec": whole})
}

fn replicas(world: &World, name: &str) -> Result<i32> {
    let found = world.kube.wait(world.within::<Deployment>("observability").get(name))?;
    found.spec.and_then(|spec| spec.replicas).context("a deployment has replicas")
}

/// There are no nodes: what wants a replica never gets one.
#[test]
fn inv26_a_version_that_does_not_work_goes_back_also_over_a_restart() -> Result<()> {
    let mut world = World::start()?;
    world.set(&["health: 6s"])?;
    let version = |value: &str, count: u8| {
        [map("observability", "web-config", value), deployment("web", json!({"replicas": count}))]
    };
    rule(&world, "web", &version("1", 0))?;
    let paused = deployment("paused", json!({"replicas": 1, "paused": true}));
    rule(&world, "paused", &[paused])?;
    wait::until("both stand", PATIENCE, || replicas(&world, "paused").and(replicas(&world, "web")).map(drop))?;
    world.applied()?;

    rule(&world, "web", &version("2", 1))?;
    let waiting = world.becomes("ConfigTemplate/web", None, "Applied", "0 of 1 replicas are ready")?;
    ensure!(waiting.get("reason") == Some(&json!("AwaitingHealth")), "{waiting}");
    world.has("observability", "web-config", "value", "2")?;
    // Meanwhile nothing else waits.
    world.change(TELEMETRY, "compression: zstd", "compression: gzip")?;
    wait::until("others proceed", Duration::from_secs(4), || {
        world.has("observability", "otel", "compression", "gzip")
    })?;
    world.cast.crash_spoke(world.name)?;
    let lost = world.becomes("ConfigTemplate/web", None, "RolledBack", "does not have minimum availability")?;
    ensure!(lost.get("reason") == Some(&json!("Unhealthy")), "{lost}");
    world.has("observability", "web-config", "value", "1")?;
    ensure!(replicas(&world, "web")? == 0, "the replica stays");

    rule(&world, "fresh", &[map("observability", "fresh-config", "1"), deployment("fresh", json!({"replicas": 1}))])?;
    world.gets("observability", "fresh-config", "value", "1")?;
    world.becomes("ConfigTemplate/fresh", None, "RolledBack", "minimum availability")?;
    absent(&world, "observability", "fresh-config")?;
    wait::until("the deployment goes too", PATIENCE, || {
        ensure!(replicas(&world, "fresh").is_err(), "it is there");
        Ok(())
    })?;
    let namespaces = world.everywhere::<Namespace>();
    ensure!(world.kube.wait(namespaces.get_opt("observability"))?.is_some(), "a namespace went");
    world.end()
}
