//! Drift on a real cluster: who changed what is told, it is repaired, and a fight with somebody else stays bounded.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use writ_e2e::kube::Kube;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::{demo, wait};

const TELEMETRY: &str = "intents/observability/telemetry.yaml";
const RULE: &str = "ConfigTemplate/telemetry";

#[test]
fn drift_is_told_with_its_author_and_a_fight_costs_few_writes() -> Result<()> {
    let mut world = World::start()?;
    world.set(&["contested: 2s"])?;
    let second = "objects:\n  - manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: otel-second, \
                  namespace: observability}, data: {compression: zstd}}\n";
    demo::edit(&world.cast, TELEMETRY, "objects:\n", second)?;
    world.publish("A second object in one unit")?;
    world.gets("observability", "otel-second", "compression", "zstd")?;
    an_edit_is_told(&world)?;
    a_deletion_has_no_author(&world)?;
    a_fight_is_bounded(&world)?;
    world.end()
}

fn maps(world: &World) -> Api<ConfigMap> {
    world.within("observability")
}

fn an_edit_is_told(world: &World) -> Result<()> {
    let fields = json!({"metadata": {"labels": {"theirs": "x"}}, "data": {"compression": "none"}});
    world.edit_as("kubectl-edit", &maps(world), "otel", &fields)?;
    world.gets("observability", "otel", "compression", "zstd")?;
    let outcome = world.becomes(RULE, None, "Applied", "ConfigMap observability/otel was repaired at")?;
    let text = |field: &str| outcome.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure!(text("by") == "kubectl-edit (Update)" && text("reason") == "Repaired", "{outcome}");
    ensure!(text("message").contains(": data.compression differed since 20"), "{outcome}");
    wait::until("the hub knows too", PATIENCE, || {
        let shown = world.cast.writ_json(&["cluster", "show", world.name])?;
        let findings = shown.pointer("/status/findings").and_then(Value::as_array).context("no findings")?;
        let by = findings.iter().filter_map(|finding| finding.get("by")?.as_str());
        ensure!(by.eq(["kubectl-edit (Update)"]), "{findings:?}");
        Ok(())
    })
}

fn a_deletion_has_no_author(world: &World) -> Result<()> {
    world.kube.wait(maps(world).delete("otel-second", &DeleteParams::default()))?;
    world.gets("observability", "otel-second", "compression", "zstd")?;
    let outcome = world.becomes(RULE, None, "Applied", "it was removed")?;
    ensure!(outcome.get("by").is_none() && outcome.to_string().contains("otel-second"), "{outcome}");
    Ok(())
}

/// Somebody else who wants another value, and writes it whenever it is not so.
fn hostile(kubeconfig: &std::path::Path, stop: &AtomicBool, repairs: &AtomicUsize) -> Result<()> {
    let kube = Kube::of(kubeconfig)?;
    let maps: Api<ConfigMap> = Api::namespaced(kube.client(), "observability");
    let who = PatchParams { field_manager: Some("hostile".to_owned()), ..PatchParams::default() };
    let theirs = json!({"data": {"compression": "theirs"}});
    while !stop.load(Ordering::Relaxed) {
        let found = kube.wait(maps.get("otel"))?.data.unwrap_or_default();
        if found.get("compression").is_some_and(|value| value == "zstd") {
            repairs.fetch_add(1, Ordering::Relaxed);
            kube.wait(maps.patch("otel", &who, &Patch::Merge(&theirs)))?;
        }
    }
    Ok(())
}

fn a_fight_is_bounded(world: &World) -> Result<()> {
    let (stop, repairs, fought) = (AtomicBool::new(false), AtomicUsize::new(0), wait::stopwatch());
    let kubeconfig = world.plane.kubeconfig();
    thread::scope(|scope| {
        let fight = scope.spawn(|| hostile(&kubeconfig, &stop, &repairs));
        let seen = others_proceed(world);
        stop.store(true, Ordering::Relaxed);
        fight.join().ok().context("the hostile writer panicked")??;
        seen
    })?;
    // It takes six until a wait is longer than what counts as contested; from then on there is less than one in 2 s.
    let (repairs, most) = (repairs.into_inner(), 12 + usize::try_from(fought().as_secs())?);
    ensure!((6..=most).contains(&repairs), "{repairs} repairs, of {most}");
    world.gets("observability", "otel", "compression", "zstd")?;
    world.becomes(RULE, None, "Applied", "hostile (Update)").map(drop)
}

fn others_proceed(world: &World) -> Result<()> {
    let outcome = world.becomes(RULE, None, "Contested", "changed back again and again by hostile")?;
    ensure!(outcome.get("by") == Some(&json!("hostile (Update)")), "{outcome}");
    // While the fight goes on, another object of that unit is repaired, and what else is wanted is applied.
    let drift = json!({"data": {"compression": "none"}});
    world.edit(&maps(world), "otel-second", &drift)?;
    world.gets("observability", "otel-second", "compression", "zstd")?;
    demo::edit(&world.cast, TELEMETRY, "compression: zstd}", "compression: gzip}")?;
    world.publish("Another value for the second object")?;
    world.gets("observability", "otel-second", "compression", "gzip")?;
    let counts = world.counts()?;
    ensure!(counts.get("Contested") == Some(&1) && counts.len() == 2, "{counts:?}");
    world.becomes(RULE, None, "Contested", "hostile").map(drop)
}
