//! A cluster from outside: what stands in it, and what somebody changes by hand.
//!
//! An object is named as the directory target names its file: `NAMESPACE/KIND.GROUP.NAME.yaml`, `_cluster` for what belongs
//! to no namespace.

use crate::lab::kubectl::Kubectl;
use crate::lab::{Cast, files};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The kinds that the example writes, and those that a person may care about beside them.
const KINDS: &str = "configmaps,limitranges,resourcequotas,services,networkpolicies.networking.k8s.io,\
                     priorityclasses.scheduling.k8s.io,namespaces";
/// Made and kept by Kubernetes or by the agent for itself.
const OTHERS: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "writ-system"];

/// One cluster.
#[derive(Debug, Clone)]
pub enum Cluster {
    /// A directory of YAML.
    Directory(PathBuf),
    /// A kube-apiserver.
    Kube(Kubectl),
}

impl Cluster {
    /// Every object of a person's concern, by its name, without what servers note beside it.
    ///
    /// # Errors
    /// When the cluster cannot be read.
    pub fn objects(&self) -> Result<BTreeMap<String, Value>> {
        match self {
            Self::Directory(root) => all_files(&root.join("objects")),
            Self::Kube(kubectl) => {
                let list = kubectl.json(&["get", KINDS, "--all-namespaces", "--output", "json"])?;
                let items = list.get("items").and_then(Value::as_array).context("a list has items")?;
                let named = items.iter().filter_map(|item| Some((name(item)?, without_notes(item.clone()))));
                Ok(named.collect())
            }
        }
    }

    /// One object; none where nothing stands.
    ///
    /// # Errors
    /// When the cluster cannot be read.
    pub fn object(&self, name: &str) -> Result<Option<Value>> {
        match self {
            Self::Directory(root) => {
                let path = root.join("objects").join(name);
                if path.exists() { parse(&path).map(Some) } else { Ok(None) }
            }
            Self::Kube(kubectl) => {
                let arguments = [&["get", "--ignore-not-found", "--output", "json"], &*place(name)?].concat();
                let text = kubectl.run(&arguments)?;
                if text.trim().is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
            }
        }
    }

    /// Changes one text of an object by hand.
    ///
    /// # Errors
    /// When the object does not stand, or cannot be written.
    pub fn tamper(&self, name: &str, pointer: &str, (old, new): (&str, &str)) -> Result<()> {
        match self {
            Self::Directory(root) => {
                let path = root.join("objects").join(name);
                Ok(fs::write(&path, fs::read_to_string(&path)?.replace(old, new))?)
            }
            Self::Kube(kubectl) => {
                let patch = json!([{"op": "test", "path": pointer, "value": old},
                    {"op": "replace", "path": pointer, "value": new}]);
                let patch = patch.to_string();
                let arguments = [&["patch", "--type", "json", "--patch", &patch], &*place(name)?].concat();
                kubectl.run(&arguments).map(drop)
            }
        }
    }

    /// Gives the cluster what its operators say: a file of Overrides or LocalConstraints.
    ///
    /// # Errors
    /// When it cannot be given.
    pub fn say(&self, folder: &str, file: &Path) -> Result<()> {
        match self {
            Self::Directory(root) => {
                let folder = root.join(folder);
                fs::create_dir_all(&folder)?;
                let name = file.file_name().context("a file has a name")?;
                files::write_atomically(&folder.join(name), &fs::read_to_string(file)?)
            }
            Self::Kube(kubectl) => kubectl.run(&["apply", "--filename", &file.display().to_string()]).map(drop),
        }
    }

    /// Takes back what [`Cluster::say`] gave.
    ///
    /// # Errors
    /// When it is not there, or cannot be taken back.
    pub fn unsay(&self, folder: &str, file: &Path) -> Result<()> {
        match self {
            Self::Directory(root) => {
                let name = file.file_name().context("a file has a name")?;
                Ok(fs::remove_file(root.join(folder).join(name))?)
            }
            Self::Kube(kubectl) => kubectl.run(&["delete", "--filename", &file.display().to_string()]).map(drop),
        }
    }

    pub(super) fn describe(&self) -> (&'static str, &Path) {
        match self {
            Self::Directory(root) => ("directory", root),
            Self::Kube(kubectl) => ("kubeconfig", kubectl.kubeconfig()),
        }
    }
}

fn all_files(root: &Path) -> Result<BTreeMap<String, Value>> {
    let mut found = BTreeMap::new();
    for folder in fs::read_dir(root)? {
        for file in fs::read_dir(folder?.path())? {
            let path = file?.path();
            // The agent replaces files while we look: one that is gone by now is simply not there.
            if let (Ok(object), Ok(name)) = (parse(&path), path.strip_prefix(root)) {
                found.insert(name.display().to_string(), object);
            }
        }
    }
    Ok(found)
}

fn parse(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("{} is not there", path.display()))?;
    serde_yaml::from_str(&text).with_context(|| format!("{} is not YAML", path.display()))
}

/// What kubectl calls an object: its kind, its name, and where it is. The name itself has no dot.
fn place(name: &str) -> Result<Vec<&str>> {
    let parts = || {
        let (namespace, file) = name.split_once('/')?;
        let (kind, object) = file.strip_suffix(".yaml")?.rsplit_once('.')?;
        Some((namespace, kind.trim_end_matches('.'), object))
    };
    let (namespace, kind, object) = parts().with_context(|| format!("{name} names no object"))?;
    let mut place = vec![kind, object];
    if namespace != "_cluster" {
        place.extend(["--namespace", namespace]);
    }
    Ok(place)
}

/// The name of an object of our concern.
fn name(object: &Value) -> Option<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let (kind, name) = (text("/kind")?, text("/metadata/name")?);
    let namespace = text("/metadata/namespace").unwrap_or("_cluster");
    let group = text("/apiVersion")?.rsplit_once('/').map_or("", |(group, _)| group);
    let ours = |name: &str| OTHERS.contains(&name);
    let kept = ours(namespace) || (kind == "Namespace" && ours(name)) || name.starts_with("system-");
    (!kept && name != "kube-root-ca.crt").then(|| format!("{namespace}/{kind}.{group}.{name}.yaml"))
}

fn without_notes(mut object: Value) -> Value {
    if let Some(tree) = object.as_object_mut() {
        tree.remove("status");
        if let Some(metadata) = tree.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
            metadata.remove("resourceVersion");
        }
    }
    object
}

/// One object of a cluster that must stand.
///
/// # Errors
/// When it does not.
pub fn object(cast: &Cast, cluster: &str, name: &str) -> Result<Value> {
    let found = cast.spoke(cluster)?.cluster.object(name)?;
    found.with_context(|| format!("{name} does not stand in {cluster}"))
}

/// Where one object of a directory stands.
///
/// # Errors
/// When the cluster is no directory.
pub fn file(cast: &Cast, cluster: &str, name: &str) -> Result<PathBuf> {
    Ok(cast.spoke(cluster)?.directory()?.join("objects").join(name))
}

/// The text at a JSON pointer of one object.
///
/// # Errors
/// When the object or the text is not there.
pub fn text(cast: &Cast, cluster: &str, name: &str, pointer: &str) -> Result<String> {
    let object = object(cast, cluster, name)?;
    let value = object.pointer(pointer).with_context(|| format!("{name} of {cluster} has no {pointer}"))?;
    Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Fails unless one object says what it should.
///
/// # Errors
/// With what it says.
pub fn expect(cast: &Cast, cluster: &str, name: &str, pointer: &str, wanted: &str) -> Result<()> {
    let found = text(cast, cluster, name, pointer)?;
    if found != wanted {
        bail!("{name} of {cluster} says {found:?} at {pointer}, not {wanted:?}");
    }
    Ok(())
}
