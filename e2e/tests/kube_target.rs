//! A real cluster as a target: the same rules, by server-side apply.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, ResourceQuota};
use kube::api::{DeleteParams, ListParams};
use serde_json::json;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::wait;

const TELEMETRY: &str = "intents/observability/telemetry.yaml";

#[test]
fn a_cluster_holds_what_its_bundle_says_and_nothing_is_written_twice() -> Result<()> {
    let mut world = World::start()?;
    world.applied()?;
    world.has("observability", "otel", "compression", "zstd")?;
    let quotas = world.within::<ResourceQuota>("shop");
    ensure!(!world.kube.wait(quotas.list(&ListParams::default()))?.items.is_empty(), "no quota in shop");

    // Drift is repaired, and what others add stays.
    let maps = world.within::<ConfigMap>("observability");
    let drift = json!({"metadata": {"labels": {"theirs": "x"}}, "data": {"compression": "none"}});
    world.edit(&maps, "otel", &drift)?;
    world.gets("observability", "otel", "compression", "zstd")?;
    let labels = world.config_map("observability", "otel")?.metadata.labels.unwrap_or_default();
    ensure!(labels.get("theirs").map(String::as_str) == Some("x"), "{labels:?}");
    world.kube.wait(maps.delete("otel", &DeleteParams::default()))?;
    wait::until("a deleted object comes back", PATIENCE, || world.config_map("observability", "otel").map(drop))?;

    // A restart writes nothing.
    world.applied()?;
    let before = world.version("observability", "otel")?;
    world.cast.crash_spoke(world.name)?;
    world.applied()?;
    ensure!(world.version("observability", "otel")? == before, "a restart wrote an object");

    world.change(TELEMETRY, "compression: zstd", "compression: gzip")?;
    world.gets("observability", "otel", "compression", "gzip")?;
    world.end()
}
