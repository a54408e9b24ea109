//! `writ cluster invite --output manifests | kubectl apply -f -` on a real API server.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::ListParams;
use std::io::Write;
use std::process::{Command, Stdio};
use writ_e2e::world::{NAME, OWN, World};
use xtask::lab::cast::PATIENCE;
use xtask::lab::kubectl::Kubectl;
use xtask::lab::{binaries, files};
use xtask::{tools, wait};

const IMAGE: &str = "registry.example/writ-spoke:test";

#[test]
fn an_invitation_is_all_that_a_cluster_needs() -> Result<()> {
    let world = World::without_agent(NAME)?;
    let refused = world.cast.writ_output(&["cluster", "invite", NAME, "--output", "manifests"])?;
    ensure!(refused.status.code() == Some(2), "manifests without an image: {refused:?}");
    let manifests = world.cast.writ(&["cluster", "invite", NAME, "--output", "manifests", "--image", IMAGE])?;
    let kubectl = Kubectl::of(&world.plane.kubeconfig())?;
    let mut apply = kubectl.command(&["apply", "-f", "-"]);
    let mut applying = apply.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    applying.stdin.take().context("kubectl reads nothing")?.write_all(manifests.as_bytes())?;
    let applied = applying.wait_with_output()?;
    let told = String::from_utf8_lossy(&applied.stdout).into_owned();
    ensure!(applied.status.success() && told.contains("deployment.apps/writ-spoke created"), "{told}");

    // The namespace takes only Pods that are restricted, and takes this one.
    let pods = world.within::<Pod>(OWN);
    let pod = wait::until("the agent gets its Pod", PATIENCE, || {
        let pods = world.kube.wait(pods.list(&ListParams::default()))?;
        pods.items.into_iter().next().context("none yet")
    })?;
    let spec = pod.spec.context("a Pod has a spec")?;
    ensure!(spec.service_account_name.as_deref() == Some("writ-spoke"), "{:?}", spec.service_account_name);
    ensure!(spec.containers.iter().all(|container| container.image.as_deref() == Some(IMAGE)), "{spec:?}");

    // Its first container would do this, each time that the Pod starts.
    let secret = world.kube.wait(world.within::<Secret>(OWN).get("writ-spoke-join"))?;
    let join = secret.data.and_then(|data| data.get("join").cloned()).context("no join string")?;
    let home = tempfile::tempdir()?;
    let config = home.path().join("spoke.yaml");
    let target = format!("target: {{kube: {{kubeconfig: '{}'}}}}", world.plane.kubeconfig().display());
    let text = format!("apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec: {{data: data, {target}}}\n");
    files::write(&config, &text)?;
    for expected in ["joined as eu-1\n", "joined as eu-1 before\n"] {
        let mut spoke = Command::new(binaries::path("writ-spoke")?);
        spoke.env("WRIT_JOIN", String::from_utf8(join.0.clone())?).args(["join", "--config"]).arg(&config);
        let told = tools::stdout(&mut spoke)?;
        ensure!(told == expected, "{told}");
    }
    world.end()
}
