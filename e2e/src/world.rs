//! A hub, and one real cluster with an agent in it: where tests of the kube target take place.

use crate::kube::Kube;
use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::ControlPlane;
use xtask::lab::{Cast, Options, binaries};
use xtask::{demo, tools, wait};

/// The cluster of most tests: at mode enforce.
pub const NAME: &str = "eu-1";

/// The agent's own namespace.
pub const OWN: &str = "writ-system";

/// Everything that takes part.
pub struct World {
    // The agent before the cluster that it works in: fields are dropped in order.
    /// The hub and the agent.
    pub cast: Cast,
    /// The test's own way into the cluster, as its administrator.
    pub kube: Kube,
    /// The cluster.
    pub plane: ControlPlane,
    /// Its name in the catalog.
    pub name: &'static str,
}

impl World {
    /// The world of cluster [`NAME`], whose agent may do what `writ-spoke install` lets it.
    ///
    /// # Errors
    /// When anything does not start.
    pub fn start() -> Result<Self> {
        let mut world = Self::without_agent(NAME)?;
        let agent = xtask::lab::kube::install(&world.plane)?;
        world.join(&agent)?;
        Ok(world)
    }

    /// The world of a cluster that no agent has come to yet, but where one may.
    ///
    /// # Errors
    /// When anything does not start.
    pub fn without_agent(name: &'static str) -> Result<Self> {
        let world = Self::bare(name)?;
        let mut install = Command::new(binaries::path("writ-spoke")?);
        tools::stdout(install.arg("install").arg("--kubeconfig").arg(world.plane.kubeconfig()))?;
        Ok(world)
    }

    /// The world of a cluster that knows nothing of Writ, with the namespaces that the example has there.
    ///
    /// # Errors
    /// When anything does not start.
    pub fn bare(name: &'static str) -> Result<Self> {
        crate::build();
        let (plane, cast) = thread::scope(|scope| {
            let cast = scope.spawn(|| Cast::start(&hub_alone()));
            (ControlPlane::start(), cast.join())
        });
        let (plane, cast) = (plane?, cast.ok().context("starting the hub panicked")??);
        let kube = Kube::of(&plane.kubeconfig())?;
        let world = Self { cast, kube, plane, name };
        let seeds = tools::root().join("examples/clusters").join(name).join("objects/_cluster");
        for seed in std::fs::read_dir(seeds)? {
            let seed: Value = serde_yaml::from_str(&std::fs::read_to_string(seed?.path())?)?;
            world.apply(&world.everywhere::<Namespace>(), seed)?;
        }
        Ok(world)
    }

    /// Has the agent join and run as the person of a kubeconfig.
    ///
    /// # Errors
    /// When it cannot join, or does not start.
    pub fn join(&mut self, kubeconfig: &Path) -> Result<()> {
        self.cast.enroll_kube(self.name, &self.plane, kubeconfig)
    }

    /// Gives the agent settings, as lines of its configuration's `spec`, and starts it anew.
    ///
    /// # Errors
    /// When it does not start.
    pub fn set(&mut self, settings: &[&str]) -> Result<()> {
        let config = self.cast.spoke(self.name)?.home.join("spoke.yaml");
        let lines: String = settings.iter().map(|setting| format!("  {setting}\n")).collect();
        let text = std::fs::read_to_string(&config)? + &lines;
        std::fs::write(&config, text)?;
        self.cast.crash_spoke(self.name)
    }

    /// Ends everything.
    ///
    /// # Errors
    /// When a part of the control plane had ended by itself.
    pub fn end(self) -> Result<()> {
        drop(self.cast);
        self.plane.end()
    }

    /// The objects of a kind in a namespace.
    pub fn within<K>(&self, namespace: &str) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.kube.client(), namespace)
    }

    /// The objects of a kind in the whole cluster.
    pub fn everywhere<K: kube::Resource>(&self) -> Api<K>
    where
        K::DynamicType: Default,
    {
        Api::all(self.kube.client())
    }

    /// Makes or changes an object, as somebody who is not Writ.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn apply<K: Clone + DeserializeOwned + Debug>(&self, api: &Api<K>, object: Value) -> Result<K> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).context("an object has a name")?.to_owned();
        Ok(self.kube.wait(api.patch(&name, &PatchParams::apply("platform").force(), &Patch::Apply(object)))?)
    }

    /// Changes some fields of an object, as `kubectl edit` would.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn edit<K: Clone + DeserializeOwned + Debug>(&self, api: &Api<K>, name: &str, fields: &Value) -> Result<K> {
        Ok(self.kube.wait(api.patch(name, &PatchParams::default(), &Patch::Merge(fields)))?)
    }

    /// Changes some fields of an object, as the field manager `who`.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn edit_as<K>(&self, who: &str, api: &Api<K>, name: &str, fields: &Value) -> Result<K>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        let who = PatchParams { field_manager: Some(who.to_owned()), ..PatchParams::default() };
        Ok(self.kube.wait(api.patch(name, &who, &Patch::Merge(fields)))?)
    }

    /// Makes a namespace, or gives one these labels.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn namespace(&self, name: &str, labels: &Value) -> Result<()> {
        let metadata = json!({"name": name, "labels": labels});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        self.apply(&self.everywhere::<Namespace>(), namespace).map(drop)
    }

    /// A ConfigMap.
    ///
    /// # Errors
    /// When it is not there.
    pub fn config_map(&self, namespace: &str, name: &str) -> Result<ConfigMap> {
        Ok(self.kube.wait(self.within::<ConfigMap>(namespace).get(name))?)
    }

    /// The version of a ConfigMap.
    ///
    /// # Errors
    /// When it is not there.
    pub fn version(&self, namespace: &str, name: &str) -> Result<String> {
        self.config_map(namespace, name)?.metadata.resource_version.context("an object has a version")
    }

    /// A ConfigMap has a value.
    ///
    /// # Errors
    /// When it has another, or is not there.
    pub fn has(&self, namespace: &str, name: &str, key: &str, value: &str) -> Result<()> {
        let data = self.config_map(namespace, name)?.data.unwrap_or_default();
        ensure!(data.get(key).is_some_and(|found| found == value), "{namespace}/{name} has {data:?}");
        Ok(())
    }

    /// Waits until a ConfigMap has a value.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn gets(&self, namespace: &str, name: &str, key: &str, value: &str) -> Result<()> {
        let what = format!("{namespace}/{name} has {key}: {value}");
        wait::until(&what, PATIENCE, || self.has(namespace, name, key, value))
    }

    /// Replaces a text in a file of the catalog, and publishes that.
    ///
    /// # Errors
    /// When the file does not hold the text once, or the hub refuses it.
    pub fn change(&self, file: &str, from: &str, to: &str) -> Result<()> {
        demo::edit(&self.cast, file, from, to)?;
        self.publish(&format!("Change {file}"))
    }

    /// Commits what stands in the catalog's working copy, and has the hub take it up.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub fn publish(&self, message: &str) -> Result<()> {
        self.cast.commit(message)?;
        self.cast.writ(&["catalog", "refresh"]).map(drop)
    }

    /// What the hub has heard of the cluster: how many units have which outcome.
    ///
    /// # Errors
    /// Before the first report.
    pub fn counts(&self) -> Result<BTreeMap<String, u64>> {
        let shown = self.cast.writ_json(&["cluster", "show", self.name])?;
        let units = shown.pointer("/status/units").context("no report yet")?;
        Ok(serde_json::from_value(units.clone())?)
    }

    /// Waits until the agent that runs now has made a round, and every unit of the cluster is as it should be.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn applied(&self) -> Result<()> {
        wait::until("every unit is applied", PATIENCE, || self.is_applied())
    }

    /// The agent that runs now has made a round, and every unit of the cluster is as it should be.
    ///
    /// # Errors
    /// When one is not.
    pub fn is_applied(&self) -> Result<()> {
        let status = self.status()?;
        ensure!(status.get("agent") == Some(&json!({"runs": true})), "{:?}", status.get("agent"));
        let counts = status.pointer("/status/counts").and_then(Value::as_object).context("no counts")?;
        let all = counts.len() == 1 && counts.contains_key("Applied");
        ensure!(all, "{counts:?}: {:?}", status.pointer("/status/units"));
        Ok(())
    }

    /// `writ-spoke` with the agent's configuration, whatever its exit code.
    ///
    /// # Errors
    /// When it cannot be called.
    pub fn spoke(&self, arguments: &[&str]) -> Result<Output> {
        let config = self.cast.spoke(self.name)?.home.join("spoke.yaml");
        tools::output(Command::new(binaries::path("writ-spoke")?).args(arguments).arg("--config").arg(config))
    }

    /// What the agent says of itself: `writ-spoke status`.
    ///
    /// # Errors
    /// When it has nothing to tell.
    pub fn status(&self) -> Result<Value> {
        let said = self.spoke(&["status", "--output", "json"])?;
        ensure!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        serde_json::from_slice(&said.stdout).context("`writ-spoke status --output json` printed what is not JSON")
    }

    /// Asks a probe of the agent: the status line of its answer, and the text.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn probe(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.cast.spoke(self.name)?.local)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The outcome of a unit that is not Applied; of those of several namespaces, one.
    ///
    /// # Errors
    /// When the agent names no such unit.
    pub fn outcome(&self, rule: &str, namespace: Option<&str>) -> Result<Value> {
        let status = self.status()?;
        let units = status.pointer("/status/units").and_then(Value::as_array).into_iter().flatten();
        let is_it = |unit: &&Value| {
            let text = |at| unit.pointer(at).and_then(Value::as_str);
            text("/unit/rule") == Some(rule) && (namespace.is_none() || text("/unit/namespace") == namespace)
        };
        let unit = units.clone().find(is_it).with_context(|| format!("{rule} is not among {units:?}"))?;
        unit.get("outcome").cloned().context("a unit has an outcome")
    }

    /// Waits until a unit has an outcome with this code, whose reason or message says `text`.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn becomes(&self, rule: &str, namespace: Option<&str>, code: &str, text: &str) -> Result<Value> {
        wait::until(&format!("{rule} is {code}: {text}"), PATIENCE, || {
            let outcome = self.outcome(rule, namespace)?;
            let is_code = outcome.get("code").and_then(Value::as_str) == Some(code);
            ensure!(is_code && outcome.to_string().contains(text), "{outcome}");
            Ok(outcome)
        })
    }

    /// Waits until a condition of the agent is as said, and its message holds `text`.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn condition(&self, kind: &str, holds: bool, text: &str) -> Result<()> {
        wait::until(&format!("{kind} is {holds}: {text}"), PATIENCE, || {
            let status = self.status()?;
            let all = status.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
            let is_it = |condition: &&Value| condition.get("type").and_then(Value::as_str) == Some(kind);
            let Some(condition) = all.clone().find(is_it) else { bail!("no condition {kind}: {status}") };
            let said = condition.get("message").and_then(Value::as_str).unwrap_or_default();
            let truth = if holds { "True" } else { "False" };
            ensure!(condition.get("status") == Some(&json!(truth)) && said.contains(text), "{condition}");
            Ok(())
        })
    }
}

/// The catalog of examples/acme, without spokes.
fn hub_alone() -> Options {
    Options { spokes: 0, ..Options::default() }
}
