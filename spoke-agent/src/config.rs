//! `SpokeConfig`: everything the agent is told, checked as a whole before anything starts.

mod lifeline;

use crate::target::choice::Choice;
use lifeline::LifelineSpec;
use policy::access::Lifeline;
use policy::diagnostic::{Code, Diagnostic};
use policy::document::{self, Doc};
use policy::name::Namespace;
use policy::time::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use service::config::{self, ConfigError, File, at_least};
use service::listen::Address;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The `spec` of a SpokeConfig.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    /// The agent's own folder: identity, bundle, last good objects.
    data: PathBuf,
    /// Where policy becomes objects.
    target: TargetSpec,
    /// The local listener: probes and status.
    #[serde(default = "local")]
    local: Address,
    /// How often everything is looked at although nothing was heard.
    #[serde(default = "slow_scan")]
    slow_scan: Span,
    /// How long objects stay in a namespace that no longer matches.
    #[serde(default = "linger")]
    linger: Span,
    /// How long a new version may take to work.
    #[serde(default = "health")]
    health: Span,
    /// How long the repair of an object that somebody else keeps changing back may have to wait before that is told.
    #[serde(default = "contested")]
    contested: Span,
    /// Of whom one must keep cluster-admin.
    #[serde(default)]
    lifeline: LifelineSpec,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetSpec {
    /// A directory of YAML.
    directory: Option<PathBuf>,
    /// A cluster behind a kube-apiserver.
    kube: Option<KubeSpec>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KubeSpec {
    /// The file that says where the cluster is and who the agent is there; without it, the cluster that it runs in.
    kubeconfig: Option<PathBuf>,
    /// The agent's own namespace.
    #[serde(default = "Namespace::of_writ")]
    namespace: Namespace,
}

/// Where the target stands in the file.
const TARGET: &str = "/spec/target";
const DIRECTORY: &str = "/spec/target/directory";
/// Looking without a pause would leave no time for anything else.
const LEAST_SCAN: Span = Span::new(Duration::from_secs(1));

fn local() -> Address {
    Address(SocketAddr::from(([127, 0, 0, 1], 9445)))
}

const fn slow_scan() -> Span {
    Span::new(Duration::from_secs(600))
}

const fn linger() -> Span {
    Span::new(Duration::from_secs(24 * 3600))
}

const fn health() -> Span {
    Span::new(Duration::from_secs(60))
}

const fn contested() -> Span {
    Span::new(Duration::from_secs(60))
}

/// A checked configuration, with paths that this process can open.
#[derive(Debug, Clone)]
pub struct Config {
    /// The agent's own folder.
    pub data: PathBuf,
    /// Where policy becomes objects.
    pub target: Choice,
    /// The local listener.
    pub local: SocketAddr,
    /// How often everything is looked at.
    pub slow_scan: Duration,
    /// How long objects linger.
    pub linger: Duration,
    /// How long a new version may take to work.
    pub health: Duration,
    /// How long a repair may have to wait before its unit is Contested.
    pub contested: Duration,
    /// Of whom one must keep cluster-admin.
    pub lifeline: Lifeline,
}

impl Config {
    /// Loads the file.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault of the file in its place.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path, |file| {
            document::config(&file.name, &file.text, "SpokeConfig", |doc, spec| Self::of(doc, &spec, file))
        })
    }

    /// Loads the file for an agent that shall run: its target directory must be there.
    ///
    /// # Errors
    /// As [`Config::load`]; a target directory that is missing is a fault of the file too.
    pub fn load_with_target(path: &Path) -> Result<Self, ConfigError> {
        config::load(path, |file| {
            document::config(&file.name, &file.text, "SpokeConfig", |doc, spec| {
                let config = Self::of(doc, &spec, file)?;
                config.missing_target(doc).map_or(Ok(config), |fault| Err(vec![fault]))
            })
        })
    }

    fn of(doc: &Doc, spec: &Spec, file: &File) -> Result<Self, Vec<Diagnostic>> {
        let scan = at_least(doc, "/spec/slowScan", spec.slow_scan, LEAST_SCAN, slow_scan());
        let fight = at_least(doc, "/spec/contested", spec.contested, LEAST_SCAN, contested());
        let mut found: Vec<_> = scan.into_iter().chain(fight).chain(spec.lifeline.faults(doc)).collect();
        let data = file.folder_at(doc, "/spec/data", &spec.data).map_err(|fault| found.push(fault));
        let target = choice(doc, &spec.target, file).map_err(|fault| found.push(fault));
        let (Ok(data), Ok(target), true) = (data, target, found.is_empty()) else {
            found.sort();
            return Err(found);
        };
        if matches!(&target, Choice::Directory(directory) if is_one_folder(&data, directory)) {
            let fault = doc.error(Code::Duplicate, DIRECTORY, "the target directory is the agent's own folder `data`");
            return Err(vec![
                fault.help("give the agent a folder beside the cluster's: what stands in either is its own"),
            ]);
        }
        Ok(Self {
            data,
            target,
            local: spec.local.0,
            slow_scan: spec.slow_scan.get(),
            linger: spec.linger.get(),
            health: spec.health.get(),
            contested: spec.contested.get(),
            lifeline: spec.lifeline.lifeline(),
        })
    }

    fn missing_target(&self, doc: &Doc) -> Option<Diagnostic> {
        let missing = |at: &str, what: &str, path: &Path| {
            let fault = doc.error(Code::UnknownReference, at, format!("there is no {what} `{}`", path.display()));
            fault.help("make it, or name another")
        };
        match &self.target {
            Choice::Directory(directory) if !directory.is_dir() => {
                Some(missing(DIRECTORY, "target directory", directory))
            }
            Choice::Kube { kubeconfig: Some(path), .. } if !path.is_file() => {
                Some(missing("/spec/target/kube/kubeconfig", "kubeconfig", path))
            }
            Choice::Directory(_) | Choice::Kube { .. } => None,
        }
    }
}

/// The one target that is named.
fn choice(doc: &Doc, spec: &TargetSpec, file: &File) -> Result<Choice, Diagnostic> {
    match (&spec.directory, &spec.kube) {
        (Some(directory), None) => file.folder_at(doc, DIRECTORY, directory).map(Choice::Directory),
        (None, Some(KubeSpec { kubeconfig, namespace })) => {
            let kubeconfig = kubeconfig.as_ref().map(|path| file.path(path));
            Ok(Choice::Kube { kubeconfig, namespace: namespace.clone() })
        }
        (None, None) => {
            let fault = doc.error(Code::MissingField, TARGET, "no target is named");
            Err(fault.help("write `directory: PATH` for a directory of YAML, or `kube: {}` for a cluster"))
        }
        (Some(_), Some(_)) => {
            let fault = doc.error(Code::Duplicate, TARGET, "an agent has one target, and two are named");
            Err(fault.help("remove `directory` or `kube`; run an agent for each"))
        }
    }
}

/// Whether two paths lead to the same folder, as far as it can be told: what is not there yet is compared by its name.
fn is_one_folder(one: &Path, two: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.components().collect());
    real(one) == real(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(spec: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spoke.yaml");
        std::fs::write(&path, format!("apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n{spec}")).unwrap();
        Config::load(&path)
    }

    #[test]
    fn has_defaults_and_paths_relative_to_the_file() {
        let config = load("  data: data\n  target: {directory: /srv/cluster}\n").unwrap();
        assert!(config.data.ends_with("data") && config.data.is_absolute());
        assert_eq!(config.target, Choice::Directory("/srv/cluster".into()));
        assert_eq!((config.local.port(), config.slow_scan), (9445, Duration::from_secs(600)));
    }

    fn told(spec: &str) -> String {
        load(spec).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_field_is_named_in_its_place_with_the_nearest_one() {
        let error = told("  data: data\n  target: {directory: c}\n  slowScann: 5m\n");
        assert!(error.contains("spoke.yaml:6:3"), "{error}");
        assert!(error.contains("slowScan"), "{error}");
    }

    #[test]
    fn what_makes_no_sense_is_told_in_its_place_with_a_remedy() {
        let cases = [
            ("  data: \"\"\n  target: {directory: c}\n", "4:9: an empty text names no folder", "write the path"),
            ("  data: d\n  target: {directory: \"\"}\n", "5:23: an empty text names no folder", "write the path"),
            ("  data: d\n  target: {directory: ./d/}\n", "5:23: the target directory is the agent's own", "beside"),
            ("  data: .\n  target: {directory: \"./\"}\n", "5:23: the target directory is the agent's own", "beside"),
            ("  data: d\n  target: {directory: c}\n  slowScan: 0s\n", "6:13: `0s` is too short", "at least 1s"),
            ("  data: d\n  target: {directory: c}\n  slowScan: 30\n", "6:13: expected text", "did you mean `30s`?"),
            (
                "  data: d\n  target: {directory: c}\n  lifeline: {groups: [sre, \"system:masters\"]}\n",
                "6:28: `system:masters` may do everything",
                "nothing but their role",
            ),
            ("  data: d\n  target: {directory: c}\n  lifeline: {users: [\" \"]}\n", "6:22: this names nobody", "write"),
            ("  data: d\n  target: {directory: c}\n  local: 18001\n", "6:10: expected text", "write `127.0.0.1:18001`"),
        ];
        for (spec, place, remedy) in cases {
            let error = told(spec);
            assert!(error.contains(&format!("spoke.yaml:{place}")) && error.contains(remedy), "{spec}: {error}");
        }
    }

    #[test]
    fn the_configuration_of_an_agent_in_its_cluster_is_valid() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spoke.yaml");
        let namespace: Namespace = "writ-of-ours".parse().unwrap();
        std::fs::write(&path, proto::install::agent::config(&namespace)).unwrap();
        let config = Config::load_with_target(&path).unwrap();
        assert_eq!(config.target, Choice::Kube { kubeconfig: None, namespace });
        assert!(config.local.ip().is_unspecified(), "the kubelet asks from outside");
    }

    #[test]
    fn an_agent_that_shall_run_needs_its_target_directory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spoke.yaml");
        let text = "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec: {data: d, target: {directory: c}}\n";
        std::fs::write(&path, text).unwrap();
        assert!(Config::load(&path).is_ok());
        let error = Config::load_with_target(&path).unwrap_err().to_string();
        assert!(error.contains("spoke.yaml:3:37: there is no target directory `"), "{error}");
        assert!(error.contains("help: make it"), "{error}");
        std::fs::create_dir(dir.path().join("c")).unwrap();
        assert!(Config::load_with_target(&path).is_ok());
    }
}
