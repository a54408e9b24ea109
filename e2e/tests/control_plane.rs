//! The control planes that other tests stand on: real, many at once, and gone without a trace.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::Duration;
use tokio::time::timeout;
use writ_e2e::kube::Kube;
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::{ControlPlane, Part};
use xtask::wait;

fn admin(plane: &ControlPlane) -> Result<Kube> {
    Kube::of(&plane.kubeconfig())
}

/// Makes or changes an object as the field manager of this test.
fn apply<K>(kube: &Kube, api: &Api<K>, object: Value) -> Result<K>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send,
{
    let name = object.pointer("/metadata/name").and_then(Value::as_str).context("an object has a name")?.to_owned();
    let manager = PatchParams::apply("writ-e2e");
    Ok(kube.wait(api.patch(&name, &manager, &Patch::Apply(object)))?)
}

fn namespace(kube: &Kube, name: &str) -> Result<()> {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    apply::<Namespace>(kube, &Api::all(kube.client()), object).map(drop)
}

fn note(kube: &Kube, text: &str) -> Result<ConfigMap> {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}, "data": {"text": text}});
    apply(kube, &Api::default_namespaced(kube.client()), object)
}

fn read_note(kube: &Kube) -> Result<ConfigMap> {
    let notes: Api<ConfigMap> = Api::default_namespaced(kube.client());
    Ok(kube.wait(notes.get("note"))?)
}

/// Whether an object is read soon: kube-apiserver asks etcd for it, and waits long for one that is gone.
fn answered(kube: &Kube) -> bool {
    let notes: Api<ConfigMap> = Api::default_namespaced(kube.client());
    kube.wait(async { timeout(Duration::from_secs(2), notes.get("note")).await }).is_ok_and(|answer| answer.is_ok())
}

/// No process has a path of the folder in its command line, and the folder is gone.
fn left_nothing(folder: &Path) -> Result<()> {
    ensure!(!folder.exists(), "{} is still there", folder.display());
    let own = folder.to_str().context("a temporary folder is text")?;
    for process in fs::read_dir("/proc")? {
        // What is no process has no command line, and a process may end while we look.
        let line = fs::read_to_string(process?.path().join("cmdline")).unwrap_or_default();
        ensure!(!line.contains(own), "still running: {}", line.replace('\0', " "));
    }
    Ok(())
}

/// Two, each started by a thread that ends before they do.
fn two() -> Result<[ControlPlane; 2]> {
    thread::scope(|scope| {
        let both = [scope.spawn(ControlPlane::start), scope.spawn(ControlPlane::start)];
        let [left, right] = both.map(|one| one.join().ok().context("starting panicked"));
        Ok([left??, right??])
    })
}

#[test]
fn two_at_once_are_whole_clusters_of_their_own() -> Result<()> {
    let planes = two()?;
    for (plane, text) in planes.iter().zip(["left", "right"]) {
        applies_and_controls(plane, text)?;
    }
    for (plane, text) in planes.iter().zip(["left", "right"]) {
        let found = read_note(&admin(plane)?)?.data.unwrap_or_default();
        ensure!(found.get("text").is_some_and(|found| found == text), "{text} has {found:?}");
        knows_users(plane)?;
    }
    for plane in planes {
        let folder = plane.folder().to_owned();
        plane.end()?;
        left_nothing(&folder)?;
    }
    Ok(())
}

/// Objects are applied with their owner; controllers make what a namespace needs, and finish its deletion.
fn applies_and_controls(plane: &ControlPlane, text: &str) -> Result<()> {
    let kube = &admin(plane)?;
    let applied = note(kube, text)?;
    let managers: Vec<_> = applied.managed_fields().iter().map(|entry| (&entry.manager, &entry.operation)).collect();
    ensure!(managers == [(&Some("writ-e2e".to_owned()), &Some("Apply".to_owned()))], "{managers:?}");

    namespace(kube, "shop")?;
    let accounts: Api<ServiceAccount> = Api::namespaced(kube.client(), "shop");
    wait::until("the namespace gets its service account", PATIENCE, || Ok(kube.wait(accounts.get("default"))?))?;
    let namespaces: Api<Namespace> = Api::all(kube.client());
    kube.wait(namespaces.delete("shop", &DeleteParams::default()))?;
    wait::until("the namespace is gone", PATIENCE, || {
        let found = kube.wait(namespaces.get_opt("shop"))?;
        found.map_or(Ok(()), |left| Err(anyhow::anyhow!("{:?}", left.status)))
    })
}

/// Somebody without a role may read nothing, and is refused as the one who asks.
fn knows_users(plane: &ControlPlane) -> Result<()> {
    let ada = Kube::of(&plane.user("ada", Some("auditors"))?)?;
    let secrets: Api<Secret> = Api::all(ada.client());
    let refused = ada.wait(secrets.list(&ListParams::default())).err().context("ada reads secrets")?.to_string();
    ensure!(refused.contains("\"ada\" cannot list resource \"secrets\""), "{refused}");
    Ok(())
}

#[test]
fn what_was_written_outlives_each_server() -> Result<()> {
    let mut plane = ControlPlane::start()?;
    let kube = admin(&plane)?;
    let uid = note(&kube, "before")?.uid();
    for part in [Part::Apiserver, Part::Etcd] {
        plane.kill(part)?;
        ensure!(!answered(&kube), "read without {part:?}");
        plane.run(part)?;
        let found = read_note(&kube)?;
        ensure!(found.uid() == uid, "another object: {found:?}");
        ensure!(found.data.is_some_and(|data| data.values().eq(["before"])), "changed without {part:?}");
    }
    note(&kube, "after")?;
    plane.end()
}

#[test]
fn one_that_is_left_by_a_panic_leaves_only_its_logs() -> Result<()> {
    let plane = ControlPlane::start()?;
    let (folder, logs) = (plane.folder().to_owned(), plane.kept_logs()?);
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let _plane = plane;
        panic!("a test that fails");
    }));
    ensure!(panicked.is_err(), "no panic");
    left_nothing(&folder)?;
    let log = fs::read_to_string(logs.join("kube-apiserver")).context("the log is not kept")?;
    ensure!(log.contains("Serving securely"), "{log}");
    Ok(fs::remove_dir_all(logs)?)
}
