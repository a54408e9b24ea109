//! `writ-spoke install` on a real API server: what it puts there, and what that lets whom do.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use xtask::lab::binaries;
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::ControlPlane;
use xtask::{assets, wait};

/// Everybody has a kubeconfig of their own.
struct World {
    plane: ControlPlane,
    agent: PathBuf,
}

impl World {
    fn new() -> Result<Self> {
        writ_e2e::build();
        let plane = ControlPlane::start()?;
        let agent = plane.user("system:serviceaccount:writ-system:writ-spoke", Some("system:serviceaccounts"))?;
        Ok(Self { plane, agent })
    }

    fn install(&self, kubeconfig: &Path, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let mut command = Command::new(binaries::path("writ-spoke")?);
        let done = command.arg("install").arg("--kubeconfig").arg(kubeconfig).args(arguments).output()?;
        Ok((done.status.code(), said(&done)))
    }

    /// `kubectl` as somebody, with `input` to read.
    fn kubectl(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Result<Output> {
        let mut command = Command::new(assets::folder()?.join("kubectl"));
        command.arg("--kubeconfig").arg(kubeconfig).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("kubectl does not start")?;
        child.stdin.take().context("kubectl reads nothing")?.write_all(input.as_bytes())?;
        Ok(child.wait_with_output()?)
    }

    fn may(&self, who: &Path, verb: &str, what: &str) -> Result<bool> {
        let namespace = if what == "configmaps/own" { "writ-system" } else { "default" };
        let what = what.trim_end_matches("/own");
        let answer = self.kubectl(who, &["auth", "can-i", verb, what, "-n", namespace], "")?;
        Ok(String::from_utf8_lossy(&answer.stdout).trim() == "yes")
    }

    /// What the server says to an object that it refuses.
    fn refused(&self, object: &Value) -> Result<String> {
        let done = self.kubectl(&self.plane.kubeconfig(), &["apply", "-f", "-"], &object.to_string())?;
        ensure!(!done.status.success(), "it was taken: {object}");
        Ok(said(&done))
    }

    fn taken(&self, object: &Value) -> Result<()> {
        let done = self.kubectl(&self.plane.kubeconfig(), &["apply", "-f", "-"], &object.to_string())?;
        ensure!(done.status.success(), "{}", said(&done));
        Ok(())
    }

    /// Somebody with a cluster role.
    fn with_role(&self, name: &str, role: &str) -> Result<PathBuf> {
        let who = self.plane.user(name, None)?;
        let arguments = ["create", "clusterrolebinding", name, "--clusterrole", role, "--user", name];
        let bound = self.kubectl(&self.plane.kubeconfig(), &arguments, "")?;
        ensure!(bound.status.success(), "{}", said(&bound));
        Ok(who)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn resource(kind: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": "writ.dev/v1alpha1", "kind": kind, "metadata": {"name": name}});
    if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
        object.extend(rest);
    }
    object
}

#[test]
fn an_installation_says_what_it_did_and_may_be_repeated() -> Result<()> {
    let world = World::new()?;
    let admin = world.plane.kubeconfig();

    let nobody = world.plane.user("nobody", None)?;
    let (code, told) = world.install(&nobody, &[])?;
    ensure!(code == Some(1) && told.contains("nobody") && told.contains("namespaces"), "{code:?} {told}");
    let (code, told) = world.install(Path::new("absent.kubeconfig"), &[])?;
    ensure!(code == Some(2) && told.contains("absent.kubeconfig"), "{code:?} {told}");

    let (code, told) = world.install(&admin, &["--namespace", "kube-system"])?;
    ensure!(code == Some(2) && told.contains("name another, such as writ-system"), "{code:?} {told}");

    let (code, told) = world.install(&admin, &[])?;
    ensure!(
        code == Some(0) && told.contains("created   ClusterRole.rbac.authorization.k8s.io writ-operator"),
        "{told}"
    );
    ensure!(told.contains("may write: quota,network,workload,config"), "{told}");
    let (code, told) = world.install(&admin, &["--output", "json"])?;
    let told: Value = serde_json::from_str(&told)?;
    let done = told.get("items").and_then(Value::as_array).context("no items")?;
    ensure!(code == Some(0) && done.len() > 10 && done.iter().all(|item| item["done"] == "unchanged"), "{told}");

    agents_may(&world)?;
    people_may(&world)?;
    schemas_refuse(&world)?;

    // What is no longer allowed is taken away.
    world.install(&admin, &["--allow", "network"])?;
    wait::until("quotas are no longer allowed", PATIENCE, || {
        ensure!(!world.may(&world.agent, "create", "resourcequotas")?, "not yet");
        Ok(())
    })?;
    ensure!(world.may(&world.agent, "create", "networkpolicies")?);

    // The printed manifests are what kubectl takes.
    let printed = Command::new(binaries::path("writ-spoke")?).args(["install", "--output", "yaml"]).output()?;
    let manifests = String::from_utf8(printed.stdout)?;
    let applied = world.kubectl(&admin, &["apply", "--server-side", "--force-conflicts", "-f", "-"], &manifests)?;
    ensure!(applied.status.success(), "{}", said(&applied));
    world.plane.end()
}

/// Least privilege, and enough of it.
fn agents_may(world: &World) -> Result<()> {
    let yes = [
        ("create", "resourcequotas"),
        ("patch", "namespaces"),
        ("delete", "configmaps"),
        ("update", "configmaps/own"),
        ("patch", "enforcements"),
        ("list", "localconstraints"),
        ("create", "deployments.apps"),
    ];
    let no = [
        ("get", "secrets"),
        ("delete", "namespaces"),
        ("create", "rolebindings"),
        ("create", "customresourcedefinitions"),
        ("patch", "localconstraints"),
        ("patch", "validatingwebhookconfigurations"),
    ];
    for (verb, what) in yes {
        ensure!(world.may(&world.agent, verb, what)?, "the agent may not {verb} {what}");
    }
    for (verb, what) in no {
        ensure!(!world.may(&world.agent, verb, what)?, "the agent may {verb} {what}");
    }
    Ok(())
}

/// Roles are aggregated by a controller, a moment later.
fn people_may(world: &World) -> Result<()> {
    let view = world.with_role("viewer", "view")?;
    let edit = world.with_role("editor", "edit")?;
    let operate = world.with_role("operator", "writ-operator")?;
    for who in [&view, &edit, &operate] {
        wait::until("all may be read", PATIENCE, || {
            ensure!(world.may(who, "list", "enforcements.writ.dev")?, "not yet");
            Ok(())
        })?;
    }
    let writes = |who: &Path| -> Result<Vec<&str>> {
        let kinds = ["enforcements", "rulestatuses", "localconstraints", "overrides", "exceptionrequests"];
        let may = kinds.into_iter().map(|kind| Ok(world.may(who, "patch", kind)?.then_some(kind)));
        Ok(may.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    };
    ensure!(writes(&view)?.is_empty(), "{:?}", writes(&view)?);
    ensure!(writes(&edit)? == ["exceptionrequests"], "{:?}", writes(&edit)?);
    let operator = writes(&operate)?;
    ensure!(operator == ["enforcements", "localconstraints", "overrides", "exceptionrequests"], "{operator:?}");
    Ok(())
}

/// A mistake is told when it is made.
fn schemas_refuse(world: &World) -> Result<()> {
    let other = world.refused(&resource("Enforcement", "other", json!({})))?;
    ensure!(other.contains("there is one Enforcement in a cluster, named writ"), "{other}");
    let exception = |spec: Value| resource("ExceptionRequest", "one", json!({"spec": spec}));
    let good = json!({"rule": "Guardrail/host-access", "category": "Waiver", "reason": "a migration",
        "from": "2026-11-21T10:00:00Z", "until": "2026-11-22T10:00:00Z"});
    world.taken(&exception(good.clone()))?;
    let with = |fields: Value| {
        let mut spec = good.clone();
        if let (Some(spec), Value::Object(fields)) = (spec.as_object_mut(), fields) {
            spec.extend(fields);
        }
        exception(spec)
    };
    let object = json!([{"apiVersion": "v1", "kind": "Pod", "name": "p"}]);
    for (bad, why) in [
        (with(json!({"until": "2026-11-21T09:00:00Z"})), "begins before it ends"),
        (with(json!({"objects": object, "workloads": object})), "not both"),
        (with(json!({"category": "Whim"})), "Unsupported value"),
        (with(json!({"rule": "host-access"})), "spec.rule"),
    ] {
        let told = world.refused(&bad)?;
        ensure!(told.contains(why), "{told}");
    }
    for value in [json!("40"), json!(40), json!({"a": [1]})] {
        let spec =
            json!({"rule": "ResourceGuard/team-quota", "field": "spec.quota[pods]", "value": value, "reason": "r"});
        world.taken(&resource("Override", "one", json!({"spec": spec})))?;
    }
    world.taken(&resource(
        "LocalConstraint",
        "one",
        json!({"spec": {"policy": "forbid (principal, action, resource);"}}),
    ))?;
    let empty = world.refused(&resource("LocalConstraint", "two", json!({"spec": {"policy": ""}})))?;
    ensure!(empty.contains("spec.policy"), "{empty}");
    Ok(())
}
