//! A real cluster as a target: the same rules, by server-side apply.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ResourceQuota};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use writ_e2e::kube::Kube;
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::ControlPlane;
use xtask::lab::{Cast, Options};
use xtask::{demo, wait};

const NAME: &str = "eu-1";

struct World {
    cast: Cast,
    kube: Kube,
    plane: ControlPlane,
}

/// A hub, and one spoke in a cluster with the namespaces that the example has there.
fn world() -> Result<World> {
    let plane = ControlPlane::start()?;
    let kube = Kube::of(&plane.kubeconfig())?;
    let namespaces: Api<Namespace> = Api::all(kube.client());
    let seeds = xtask::tools::root().join("examples/clusters").join(NAME).join("objects/_cluster");
    for seed in std::fs::read_dir(seeds)? {
        let seed: Value = serde_yaml::from_str(&std::fs::read_to_string(seed?.path())?)?;
        let name = seed.pointer("/metadata/name").and_then(Value::as_str).context("a seed has a name")?.to_owned();
        kube.wait(namespaces.patch(&name, &PatchParams::apply("platform").force(), &Patch::Apply(seed)))?;
    }
    let own = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "writ-system"}});
    kube.wait(namespaces.patch("writ-system", &PatchParams::apply("platform"), &Patch::Apply(own)))?;
    let lab = Options {
        catalog: "examples/acme".into(),
        spokes: 0,
        seeds: "examples/clusters".into(),
        set: Vec::new(),
        ready_file: None,
    };
    let mut cast = Cast::start(&lab)?;
    cast.enroll_kube(NAME, &plane.kubeconfig())?;
    Ok(World { cast, kube, plane })
}

impl World {
    fn config_map(&self, namespace: &str, name: &str) -> Result<ConfigMap> {
        let maps: Api<ConfigMap> = Api::namespaced(self.kube.client(), namespace);
        Ok(self.kube.wait(maps.get(name))?)
    }

    /// Waits until every unit of the cluster is as it should be.
    fn applied(&self) -> Result<()> {
        wait::until("every unit is applied", PATIENCE, || {
            let shown = self.cast.writ_json(&["cluster", "show", NAME])?;
            let units = shown.pointer("/status/units").and_then(Value::as_object).context("no report yet")?;
            ensure!(units.keys().eq(["Applied"]), "{units:?}");
            Ok(())
        })
    }

    fn otel(&self, key: &str) -> Result<String> {
        let map = self.config_map("observability", "otel")?;
        map.data.and_then(|data| data.get(key).cloned()).with_context(|| format!("no {key}"))
    }
}

fn version(map: &ConfigMap) -> Option<String> {
    map.metadata.resource_version.clone()
}

#[test]
fn a_cluster_holds_what_its_bundle_says_and_nothing_is_written_twice() -> Result<()> {
    let mut world = world()?;
    world.applied()?;
    ensure!(world.otel("compression")? == "zstd");

    let quotas: Api<ResourceQuota> = Api::namespaced(world.kube.client(), "shop");
    ensure!(!world.kube.wait(quotas.list(&Default::default()))?.items.is_empty(), "no quota in shop");

    // Drift is repaired, and what others add stays.
    let maps: Api<ConfigMap> = Api::namespaced(world.kube.client(), "observability");
    let drift = json!({"metadata": {"labels": {"theirs": "x"}}, "data": {"compression": "none"}});
    world.kube.wait(maps.patch("otel", &PatchParams::default(), &Patch::Merge(drift)))?;
    wait::until("drift is repaired", PATIENCE, || {
        ensure!(world.otel("compression")? == "zstd", "not yet");
        Ok(())
    })?;
    let labels = world.config_map("observability", "otel")?.metadata.labels.unwrap_or_default();
    ensure!(labels.get("theirs").map(String::as_str) == Some("x"), "{labels:?}");
    world.kube.wait(maps.delete("otel", &DeleteParams::default()))?;
    wait::until("a deleted object comes back", PATIENCE, || world.otel("compression").map(drop))?;

    // A restart writes nothing.
    world.applied()?;
    let before = version(&world.config_map("observability", "otel")?);
    world.cast.crash_spoke(NAME)?;
    world.applied()?;
    ensure!(version(&world.config_map("observability", "otel")?) == before, "a restart wrote an object");

    // A commit changes it.
    demo::edit(&world.cast, "intents/observability/telemetry.yaml", "compression: zstd", "compression: gzip")?;
    world.cast.commit("Another compression")?;
    world.cast.writ(&["catalog", "refresh"])?;
    wait::until("the commit arrives", PATIENCE, || {
        ensure!(world.otel("compression")? == "gzip", "not yet");
        Ok(())
    })?;
    drop(world.cast);
    world.plane.end()
}
