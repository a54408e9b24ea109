//! The API server goes away and comes back: the agent lives on, says so, and makes up for what it missed. Nothing in the
//! agent counts how long a server is away, so some seconds show what half a minute or a night would.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::DeleteParams;
use serde_json::json;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::Part;
use xtask::wait;

const TELEMETRY: &str = "intents/observability/telemetry.yaml";

#[test]
fn an_api_server_that_is_away_is_waited_for_and_what_was_missed_is_made_up_for() -> Result<()> {
    let mut world = World::start()?;
    world.applied()?;
    goes_and_comes(&mut world)?;
    is_away_when_the_agent_starts(&mut world)?;
    world.end()
}

/// Under a running agent, while its hub has news.
fn goes_and_comes(world: &mut World) -> Result<()> {
    let pid = world.cast.spoke(world.name)?.pid();
    world.plane.kill(Part::Apiserver)?;
    world.condition("Degraded", true, "does not answer")?;
    world.change(TELEMETRY, "compression: zstd", "compression: gzip")?;
    world.plane.run(Part::Apiserver)?;
    drift(world)?;
    world.gets("observability", "otel", "compression", "gzip")?;
    repaired(world)?;
    world.applied()?;
    wait::until("it says so no longer", PATIENCE, || {
        let status = world.status()?.to_string();
        ensure!(!status.contains("does not answer"), "{status}");
        Ok(())
    })?;
    ensure!(world.cast.spoke(world.name)?.pid() == pid, "another process");
    Ok(())
}

/// Neither its API server nor its hub is there: it waits, and then enforces what it holds.
fn is_away_when_the_agent_starts(world: &mut World) -> Result<()> {
    world.cast.kill_spoke(world.name)?;
    drift(world)?;
    world.cast.stop_hub()?;
    world.plane.kill(Part::Apiserver)?;
    world.cast.run_spoke(world.name)?;
    wait::until("it says what it waits for", PATIENCE, || {
        let ready = world.probe("/readyz")?;
        ensure!(ready.starts_with("HTTP/1.1 503") && ready.ends_with("waiting for the cluster\n"), "{ready}");
        Ok(())
    })?;
    let alive = world.probe("/livez")?;
    ensure!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    let said = world.spoke(&["status"])?;
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    ensure!(said.status.code() == Some(3) && text.starts_with("error: the agent waits for its cluster: "), "{text}");
    let checked = world.spoke(&["check-config"])?;
    ensure!(checked.status.code() == Some(3), "{checked:?}");

    world.plane.run(Part::Apiserver)?;
    repaired(world)?;
    world.gets("observability", "otel", "compression", "gzip")?;
    wait::until("it is ready", PATIENCE, || {
        let ready = world.probe("/readyz")?;
        ensure!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        Ok(())
    })?;
    world.applied()
}

/// Somebody changes one object and removes another.
fn drift(world: &World) -> Result<()> {
    world.edit(&world.within::<ConfigMap>("observability"), "otel", &json!({"data": {"compression": "none"}}))?;
    let notices = world.within::<ConfigMap>("shop");
    world.kube.wait(notices.delete("notice", &DeleteParams::default())).map(drop).context("no notice in shop")
}

fn repaired(world: &World) -> Result<()> {
    wait::until("what was removed is back", PATIENCE, || world.config_map("shop", "notice").map(drop))
}
