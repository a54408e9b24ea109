//! The disk under an agent is full: nothing new is taken up, what is in force is enforced and repaired all the same, and
//! once there is room again everything follows by itself.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;
use writ_e2e::faults::FullDisk;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::wait;

const TELEMETRY: &str = "intents/observability/telemetry.yaml";

#[test]
fn a_full_disk_keeps_what_is_in_force_and_new_bundles_follow_once_there_is_room() -> Result<()> {
    let world = World::start()?;
    world.applied()?;
    let pid = world.cast.spoke(world.name)?.pid().context("the agent runs")?;
    let full = FullDisk::under(pid)?;
    world.change(TELEMETRY, "compression: zstd", "compression: gzip")?;
    wait::until("it says that the disk is full", PATIENCE, || {
        let status = world.status()?.to_string();
        ensure!(status.contains("the disk is full"), "{status}");
        Ok(())
    })?;
    world.has("observability", "otel", "compression", "zstd")?;
    world.edit(&world.within::<ConfigMap>("observability"), "otel", &json!({"data": {"compression": "none"}}))?;
    world.gets("observability", "otel", "compression", "zstd")?;
    drop(full);
    world.gets("observability", "otel", "compression", "gzip")?;
    world.applied()?;
    ensure!(world.cast.spoke(world.name)?.pid() == Some(pid), "another process");
    world.end()
}
