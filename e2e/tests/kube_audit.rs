//! A cluster in use, at mode audit: Writ tells what it would do, and touches nothing; then a commit raises the mode.

use anyhow::{Result, ensure};
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams};
use kube::discovery::{Discovery, verbs};
use std::collections::BTreeMap;
use std::time::Duration;
use writ_e2e::world::{OWN, World};
use xtask::lab::cast::PATIENCE;
use xtask::tools;
use xtask::wait;

const NAME: &str = "us-lab";
/// What the control plane writes of itself, whoever is there.
const ITS_OWN: [&str; 3] = ["Lease", "Event", "APIService"];

/// Every object of the cluster with its version, but for what is Writ's: its namespace's objects, its resources, events.
fn everything(world: &World) -> Result<BTreeMap<String, String>> {
    let client = world.kube.client();
    let mut found = BTreeMap::new();
    let served = world.kube.wait(Discovery::new(client.clone()).run())?;
    for (resource, capabilities) in served.groups().flat_map(|group| group.recommended_resources()) {
        let is_ours = resource.group == "writ.dev" || ITS_OWN.contains(&resource.kind.as_str());
        if is_ours || !capabilities.supports_operation(verbs::LIST) {
            continue;
        }
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        for object in world.kube.wait(api.list_metadata(&ListParams::default()))?.items {
            let namespace = object.namespace().unwrap_or_default();
            if namespace != OWN {
                let name = format!("{} {namespace}/{}", resource.kind, object.name_any());
                found.insert(name, object.resource_version().unwrap_or_default());
            }
        }
    }
    Ok(found)
}

/// The same, once the control plane's own controllers have come to rest.
fn at_rest(world: &World) -> Result<BTreeMap<String, String>> {
    wait::until("the control plane is at rest", PATIENCE, || {
        let before = everything(world)?;
        wait::throughout("it is not", Duration::from_millis(500), || Ok(()))?;
        let after = everything(world)?;
        ensure!(before == after, "not at rest yet");
        Ok(after)
    })
}

#[test]
fn inv34_at_audit_nothing_is_written_and_everything_is_told_until_a_commit_raises_the_mode() -> Result<()> {
    let mut world = World::without_agent(NAME)?;
    let seed = tools::root().join("examples/clusters").join(NAME).join("objects/shop/ConfigMap..registry.yaml");
    let foreign = serde_yaml::from_str(&std::fs::read_to_string(seed)?)?;
    world.apply(&world.within::<k8s_openapi::api::core::v1::ConfigMap>("shop"), foreign)?;
    let before = at_rest(&world)?;
    let kubeconfig = world.plane.kubeconfig();
    world.join(&kubeconfig)?;
    world.becomes("ConfigTemplate/telemetry", None, "WouldApply", "")?;
    world.becomes("ConfigTemplate/registry", Some("shop"), "NameTaken", "ConfigMap shop/registry")?;
    let all: u64 = wait::until("the hub has heard of all units", PATIENCE, || {
        let counts = world.counts()?;
        ensure!(counts.keys().eq(["NameTaken", "WouldApply"]), "{counts:?}");
        Ok(counts.values().sum())
    })?;
    // Drift of others wakes rounds, which write as little.
    world.namespace("probe", &serde_json::json!({}))?;
    let after = at_rest(&world)?;
    let changed: Vec<_> = after
        .iter()
        .filter(|(name, version)| before.get(*name) != Some(version) && !name.contains("probe"))
        .chain(before.iter().filter(|(name, _)| !after.contains_key(*name)))
        .collect();
    ensure!(changed.is_empty(), "written at audit: {changed:?}");

    world.change("clusters/us/us-lab.yaml", "mode: audit", "mode: enforce")?;
    world.gets("observability", "otel", "compression", "zstd")?;
    world.becomes("ConfigTemplate/registry", Some("shop"), "NameTaken", "ConfigMap shop/registry")?;
    wait::until("all but the name that is taken is applied", PATIENCE, || {
        let counts = world.counts()?;
        ensure!(counts.keys().eq(["Applied", "NameTaken"]), "{counts:?}");
        ensure!(counts.values().sum::<u64>() == all, "{counts:?}, {all} before");
        Ok(())
    })?;
    world.has("shop", "registry", "mirror", "old-registry.lab.acme.example")?;
    world.end()
}
