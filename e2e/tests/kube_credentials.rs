//! Who the agent is in its cluster: what is wrong with a kubeconfig is said with the right exit code, and credentials that
//! end while it runs are replaced in the file, without a restart.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use writ_e2e::world::{NAME, OWN, World};
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::ControlPlane;
use xtask::lab::kubectl::Kubectl;
use xtask::lab::{binaries, files};
use xtask::{tools, wait};

#[test]
fn what_is_wrong_with_a_kubeconfig_is_said_and_a_replaced_one_is_used_without_a_restart() -> Result<()> {
    let mut world = World::without_agent(NAME)?;
    is_told_before_the_agent_runs(&world)?;
    ends_while_the_agent_runs(&mut world)?;
    world.end()
}

/// The administrator's kubeconfig, but as whoever has this token.
fn with_token(world: &World, token: &str) -> Result<String> {
    let text = fs::read_to_string(world.plane.kubeconfig())?;
    let (cluster, _) = text.split_once("users:\n").context("a kubeconfig has users")?;
    Ok(format!("{cluster}users:\n- name: 'admin'\n  user: {{token: '{token}'}}\n"))
}

/// `writ-spoke` on a configuration with this kubeconfig must end so, and say this.
fn says(folder: &Path, kubeconfig: &str, arguments: &[&str], code: i32, text: &str) -> Result<()> {
    files::write(&folder.join("kubeconfig"), kubeconfig)?;
    let config = folder.join("spoke.yaml");
    files::write(
        &config,
        "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n  data: data\n  \
         target: {kube: {kubeconfig: kubeconfig}}\n  local: 127.0.0.1:0\n",
    )?;
    let mut command = Command::new(binaries::path("writ-spoke")?);
    let done = tools::output(command.args(arguments).arg("--config").arg(config))?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.code() == Some(code) && said.contains(text), "{arguments:?}: {}, {said}", done.status);
    Ok(())
}

fn is_told_before_the_agent_runs(world: &World) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let check = ["check-config"];
    says(folder.path(), "nonsense: [", &check, 2, "kubeconfig cannot be used: ")?;
    let other = fs::read_to_string(world.plane.kubeconfig())?.replace("current-context: lab", "current-context: other");
    says(folder.path(), &other, &check, 2, "kubeconfig cannot be used: ")?;
    says(folder.path(), &other, &["join", "writ1.x"], 2, "the join string is damaged")?;
    let ended = with_token(world, "ended")?;
    says(folder.path(), &ended, &check, 2, "does not take the agent's credentials (Unauthorized)")?;
    // Nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let gone = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         clusters: [{{name: a, cluster: {{server: 'https://{free}'}}}}]\nusers: [{{name: a, user: {{}}}}]\n"
    );
    says(folder.path(), &gone, &check, 3, &format!("https://{free}/ does not answer: "))
}

/// A ServiceAccount that may do everything, and a token of it.
fn account(world: &World, name: &str) -> Result<String> {
    let accounts = world.within::<ServiceAccount>(OWN);
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": OWN}});
    world.apply(&accounts, account)?;
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": name}, "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": OWN}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}});
    world.apply(&world.everywhere::<ClusterRoleBinding>(), binding)?;
    let (how, ask) = (PostParams::default(), TokenRequest::default());
    world
        .kube
        .wait(accounts.create_token_request(name, &how, &ask))?
        .status
        .and_then(|status| status.token)
        .context("no token is given")
}

fn ends_while_the_agent_runs(world: &mut World) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, with_token(world, &account(world, "first")?)?)?;
    world.join(&kubeconfig)?;
    world.applied()?;
    let pid = world.cast.spoke(world.name)?.pid();
    let accounts = world.within::<ServiceAccount>(OWN);
    // A token ends with its account; the server remembers it for some seconds.
    drop(world.kube.wait(accounts.delete("first", &DeleteParams::default()))?);
    world.condition("Degraded", true, "does not take the agent's credentials")?;
    let maps = world.within::<ConfigMap>("observability");
    world.edit(&maps, "otel", &json!({"data": {"compression": "none"}}))?;
    leads_elsewhere(world, &kubeconfig)?;
    fs::write(&kubeconfig, with_token(world, &account(world, "second")?)?)?;
    world.gets("observability", "otel", "compression", "zstd")?;
    world.applied()?;
    world.condition("Degraded", false, "")?;
    ensure!(world.cast.spoke(world.name)?.pid() == pid, "another process");
    Ok(())
}

/// A kubeconfig that leads to another cluster is not followed there.
fn leads_elsewhere(world: &World, kubeconfig: &Path) -> Result<()> {
    let other = ControlPlane::start()?;
    fs::copy(other.kubeconfig(), kubeconfig)?;
    let log = world.cast.spoke(world.name)?.home.join("log");
    wait::until("the agent sees that it is another cluster", PATIENCE, || {
        ensure!(fs::read_to_string(&log)?.contains("is another cluster than the one"), "not yet");
        Ok(())
    })?;
    let list = ["get", "configmaps,namespaces", "--all-namespaces", "--output", "name"];
    let found = Kubectl::of(&other.kubeconfig())?.run(&list)?;
    ensure!(!found.contains("writ-") && !found.contains("otel"), "{found}");
    other.end()
}
