//! `writ-spoke leave`: what stays, what goes, and that nobody empties a cluster by mistake.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::ListParams;
use serde_json::json;
use std::process::Command;
use writ_e2e::world::{NAME, OWN, World};
use xtask::lab::kubectl::Kubectl;
use xtask::lab::{self, binaries};
use xtask::tools;

/// The exit code, and all that was said.
fn leave(world: &World, arguments: &[&str]) -> Result<(Option<i32>, String)> {
    let config = world.cast.spoke(NAME)?.home.join("spoke.yaml");
    let mut leave = Command::new(binaries::path("writ-spoke")?);
    let done = leave.arg("leave").arg("--config").arg(config).args(arguments).output()?;
    let said = [done.stdout, done.stderr].concat();
    Ok((done.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// Nothing of the agent's own stands in the cluster any more.
fn is_forgotten(world: &World) -> Result<()> {
    let pages = ListParams::default().labels("writ.dev/inventory");
    let pages = world.kube.wait(world.within::<ConfigMap>(OWN).list(&pages))?;
    ensure!(pages.items.is_empty(), "{} pages of the inventory", pages.items.len());
    let told =
        Kubectl::of(&world.plane.kubeconfig())?.run(&["get", "enforcements,rulestatuses", "--output", "name"])?;
    ensure!(told.trim().is_empty(), "{told}");
    let (code, said) = leave(world, &[])?;
    ensure!(code == Some(2) && said.contains("join"), "{code:?} {said}");
    Ok(())
}

#[test]
fn leaving_keeps_every_object() -> Result<()> {
    let mut world = World::start()?;
    world.applied()?;
    let (code, said) = leave(&world, &[])?;
    ensure!(code == Some(1) && said.contains("another process"), "an agent runs: {code:?} {said}");
    world.cast.kill_spoke(NAME)?;
    let before = world.version("observability", "otel")?;
    let (code, said) = leave(&world, &["--cluster", "us-1"])?;
    ensure!(code == Some(2) && said.contains("not of us-1"), "{code:?} {said}");
    let (code, said) = leave(&world, &[])?;
    ensure!(code == Some(0) && said.contains("stay as they are") && said.contains("left eu-1"), "{said}");
    ensure!(world.version("observability", "otel")? == before, "an object was written");
    is_forgotten(&world)?;
    world.end()
}

#[test]
fn inv29_leaving_removes_only_what_was_made_and_only_for_the_name() -> Result<()> {
    let mut world = World::start()?;
    world.applied()?;
    let marked = world.config_map("observability", "otel")?.metadata;
    let (labels, annotations) = (marked.labels, marked.annotations);
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "theirs", "labels": labels, "annotations": annotations}});
    world.apply(&world.within::<ConfigMap>("observability"), theirs)?;
    world.cast.kill_spoke(NAME)?;
    let (code, said) = leave(&world, &["--remove-objects"])?;
    ensure!(code == Some(2) && said.contains("--cluster"), "{code:?} {said}");

    // What it may not remove stays its own, until it may.
    let mut install = Command::new(binaries::path("writ-spoke")?);
    let install = install.args(["install", "--allow", "network", "--kubeconfig"]).arg(world.plane.kubeconfig());
    tools::stdout(install)?;
    let (code, said) = leave(&world, &["--remove-objects", "--cluster", NAME])?;
    ensure!(code == Some(1) && said.contains("not removed: ConfigTemplate/telemetry: NotPermitted"), "{code:?} {said}");
    ensure!(said.contains("repeat `writ-spoke install` with"), "{said}");
    ensure!(world.config_map("observability", "otel").is_ok() && is_forgotten(&world).is_err(), "given up: {said}");
    lab::kube::install(&world.plane)?;

    // What something holds is not gone, and so nothing is given up.
    let notices = world.within::<ConfigMap>("shop");
    world.edit(&notices, "notice", &json!({"metadata": {"finalizers": ["example.com/hold"]}}))?;
    let (code, said) = leave(&world, &["--remove-objects", "--cluster", NAME])?;
    let why = "ConfigMap shop/notice is being deleted, and something holds it";
    ensure!(code == Some(1) && said.contains(why) && is_forgotten(&world).is_err(), "{code:?} {said}");
    world.edit(&notices, "notice", &json!({"metadata": {"finalizers": null}}))?;
    let (code, said) = leave(&world, &["--remove-objects", "--cluster", NAME])?;
    ensure!(code == Some(0) && said.contains("removed ConfigMap shop/notice"), "{said}");
    ensure!(world.config_map("observability", "otel").is_err(), "it stands");
    world.config_map("observability", "theirs").context("what bears our marks and is not ours")?;
    world.kube.wait(world.everywhere::<Namespace>().get("observability"))?;
    is_forgotten(&world)?;
    world.end()
}
