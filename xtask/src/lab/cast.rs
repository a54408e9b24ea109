//! The cast: one hub, its operator, its catalog, and one spoke per cluster.

use super::cluster::Cluster;
use super::control_plane::ControlPlane;
use super::kubectl::Kubectl;
use super::process::Process;
use super::spoke::{Spoke, join_command};
use super::{Options, binaries, files, kube};
use crate::{tools, wait};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// How long a step of the cast may take on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that runs.
pub struct Cast {
    // Processes before the folder they use: fields are dropped in order.
    /// The spokes, by name order.
    pub spokes: Vec<Spoke>,
    hub: Process,
    planes: Vec<ControlPlane>,
    addresses: Value,
    /// The catalog's working copy and repository.
    pub repository: PathBuf,
    folder: TempDir,
}

impl Cast {
    /// Starts the hub, declares nothing by hand: clusters come from the catalog, spokes join by invitation.
    ///
    /// # Errors
    /// When a process does not start, or the catalog is not taken up.
    pub fn start(options: &Options) -> Result<Self> {
        Self::start_with(options, |_| Ok(()))
    }

    /// As [`Cast::start`]; `hub_at` is told where the hub listens for spokes before the first of them joins.
    ///
    /// # Errors
    /// When a process does not start, or the catalog is not taken up.
    pub fn start_with(options: &Options, hub_at: impl FnOnce(SocketAddr) -> Result<()>) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("writ-lab-").tempdir().context("cannot make a temporary folder")?;
        let repository = catalog(&tools::root().join(&options.catalog), folder.path())?;
        let config = folder.path().join("hub/hub.yaml");
        files::write(&config, &hub_config(&repository, &options.set))?;
        tools::stdout(Command::new(binaries::path("writ-hub")?).arg("init").arg("--config").arg(&config))?;
        let (hub, addresses) = start_hub(folder.path())?;
        let mut cast = Self { spokes: Vec::new(), hub, planes: Vec::new(), addresses, repository, folder };
        cast.pin_ports()?;
        hub_at(cast.address("spokes")?.parse()?)?;
        let seeds = tools::root().join(&options.seeds);
        let declared = cast.declared()?;
        for name in declared.iter().take(options.spokes) {
            let seed = seeds.join(name);
            if !seed.is_dir() {
                bail!("there is no {}: a cluster begins with what stands there", seed.display());
            }
            if options.kube { cast.enroll_new_kube(name, &seed)? } else { cast.enroll(name, &seed)? }
        }
        Ok(cast)
    }

    /// Ends everything in good order.
    ///
    /// # Errors
    /// When a server had ended by itself.
    pub fn end(mut self) -> Result<()> {
        self.spokes.clear();
        self.planes.drain(..).try_for_each(ControlPlane::end)
    }

    /// A hub that stops and starts again must be found where it was: its first, random ports stay.
    fn pin_ports(&self) -> Result<()> {
        let path = self.hub_config();
        let mut text = std::fs::read_to_string(&path)?;
        for listener in ["spokes", "people", "probes"] {
            let address = self.address(listener)?;
            text = text.replace(&format!("{listener}: 127.0.0.1:0"), &format!("{listener}: {address}"));
        }
        files::write(&path, &text)
    }

    /// The hub's folder: `hub.yaml`, `data/`, `log`.
    #[must_use]
    pub fn hub_home(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    fn hub_config(&self) -> PathBuf {
        self.hub_home().join("hub.yaml")
    }

    /// Where the hub listens: `spokes`, `people` or `probes`.
    pub(crate) fn address(&self, listener: &str) -> Result<&str> {
        self.addresses
            .get(listener)
            .and_then(Value::as_str)
            .with_context(|| format!("the hub has no listener {listener}"))
    }

    /// The clusters that the catalog declares, once the hub has taken it up.
    fn declared(&self) -> Result<Vec<String>> {
        wait::until("the hub takes up the catalog", PATIENCE, || {
            let list = self.writ_json(&["cluster", "list"])?;
            let items = list.get("items").and_then(Value::as_array).context("a list has items")?;
            let names: Vec<String> =
                items.iter().filter_map(|c| Some(c.pointer("/metadata/name")?.as_str()?.to_owned())).collect();
            if names.is_empty() { bail!("no cluster yet") } else { Ok(names) }
        })
    }

    fn enroll(&mut self, name: &str, seed: &Path) -> Result<()> {
        let directory = self.home(name).join("cluster");
        files::copy(seed, &directory)?;
        self.join(name, Cluster::Directory(directory), "directory: cluster")
    }

    fn enroll_new_kube(&mut self, name: &str, seed: &Path) -> Result<()> {
        let plane = ControlPlane::start().with_context(|| format!("the control plane of {name}"))?;
        let begun = kube::seed(&plane, seed).and_then(|()| kube::install(&plane));
        let joined = begun.and_then(|agent| self.enroll_kube(name, &plane, &agent));
        self.planes.push(plane);
        joined
    }

    /// Has a spoke join that enforces in a real cluster, as the person of the kubeconfig `agent`.
    ///
    /// # Errors
    /// When it cannot join, or does not start.
    pub fn enroll_kube(&mut self, name: &str, plane: &ControlPlane, agent: &Path) -> Result<()> {
        let cluster = Cluster::Kube(Kubectl::of(&plane.kubeconfig())?);
        self.join(name, cluster, &format!("kube: {{kubeconfig: '{}'}}", agent.display()))
    }

    fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join("spokes").join(name)
    }

    fn join(&mut self, name: &str, cluster: Cluster, target: &str) -> Result<()> {
        let join = self.writ(&["cluster", "invite", name, "--output", "join"])?.trim().to_owned();
        self.spokes.push(Spoke::join(name, self.home(name), join, (cluster, target))?);
        Ok(())
    }

    /// `writ` against this hub: its standard output, or an error.
    pub fn writ(&self, arguments: &[&str]) -> Result<String> {
        tools::stdout(&mut self.writ_command(arguments)?)
    }

    /// `writ` against this hub, with `--output json`.
    pub fn writ_json(&self, arguments: &[&str]) -> Result<Value> {
        let text = tools::stdout(self.writ_command(arguments)?.args(["--output", "json"]))?;
        serde_json::from_str(&text).context("`writ --output json` printed what is not JSON")
    }

    /// `writ` against this hub, whatever its exit code.
    pub fn writ_output(&self, arguments: &[&str]) -> Result<Output> {
        tools::output(&mut self.writ_command(arguments)?)
    }

    fn writ_command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(binaries::path("writ")?);
        command.env("WRIT_HUB", self.people_url()?).env("WRIT_IDENTITY", self.operator()).args(arguments);
        Ok(command)
    }

    fn people_url(&self) -> Result<String> {
        Ok(format!("https://{}", self.address("people")?))
    }

    /// The folder of the first operator's certificate.
    pub(crate) fn operator(&self) -> PathBuf {
        self.hub_home().join("data/operator")
    }

    /// The spoke of a cluster.
    pub fn spoke(&self, name: &str) -> Result<&Spoke> {
        self.spokes.iter().find(|spoke| spoke.name == name).with_context(|| format!("no spoke named {name}"))
    }

    /// Commits what stands in the catalog's working copy, and gives the commit's id.
    pub fn commit(&self, message: &str) -> Result<String> {
        files::git(&self.repository, &["add", "--all"])?;
        files::git(&self.repository, &["commit", "--quiet", "--message", message])?;
        self.commit_id()
    }

    /// The commit that the catalog's branch is at.
    pub fn commit_id(&self) -> Result<String> {
        files::git(&self.repository, &["rev-parse", "HEAD"])
    }

    /// Puts the catalog's working copy back to an earlier commit's files.
    pub fn restore(&self, commit: &str) -> Result<()> {
        files::git(&self.repository, &["read-tree", "-u", "--reset", commit]).map(drop)
    }

    /// The hub's process id.
    #[must_use]
    pub fn hub_pid(&self) -> u32 {
        self.hub.pid()
    }

    /// Kills the hub as a crash would.
    pub fn kill_hub(&mut self) -> Result<()> {
        self.hub.kill()
    }

    /// Ends the hub in good order.
    pub fn stop_hub(&mut self) -> Result<()> {
        self.hub.stop()
    }

    /// Starts the hub again.
    pub fn start_hub(&mut self) -> Result<()> {
        (self.hub, self.addresses) = start_hub(self.folder.path())?;
        Ok(())
    }

    /// Kills a spoke as a crash would, and starts it again.
    pub fn crash_spoke(&mut self, name: &str) -> Result<()> {
        self.kill_spoke(name)?;
        self.run_spoke(name)
    }

    /// Kills a spoke as a crash would.
    pub fn kill_spoke(&mut self, name: &str) -> Result<()> {
        self.spoke_mut(name)?.kill()
    }

    /// Starts a spoke that was killed.
    pub fn run_spoke(&mut self, name: &str) -> Result<()> {
        self.spoke_mut(name)?.start()
    }

    fn spoke_mut(&mut self, name: &str) -> Result<&mut Spoke> {
        self.spokes.iter_mut().find(|spoke| spoke.name == name).with_context(|| format!("no spoke named {name}"))
    }

    /// Joins again with a string, into a new data folder, for the same cluster.
    pub fn join_elsewhere(&self, join: &str) -> Result<Output> {
        let (spoke, home) = (self.spokes.first().context("no spoke")?, self.folder.path().join("elsewhere"));
        let config = home.join("spoke.yaml");
        files::write(&config, &std::fs::read_to_string(spoke.home.join("spoke.yaml"))?)?;
        if let Cluster::Directory(directory) = &spoke.cluster {
            files::copy(directory, &home.join("cluster"))?;
        }
        tools::output(&mut join_command(&config, join)?)
    }

    /// Where everything is, for tests and people.
    pub fn describe(&self) -> Value {
        let people = self.people_url().unwrap_or_default();
        let clusters: Vec<Value> = self.spokes.iter().map(Spoke::describe).collect();
        json!({
            "hub": {"pid": self.hub.pid(), "config": self.hub_config(), "data": self.hub_home().join("data"),
                "people": people, "spokes": self.addresses.get("spokes"), "probes": self.addresses.get("probes")},
            "operator": self.operator(),
            "catalog": {"repository": self.repository, "ref": "main"},
            "clusters": clusters,
            "env": {"WRIT_HUB": people, "WRIT_IDENTITY": self.operator()},
        })
    }
}

/// A repository is used as it is; a folder is committed to a new one.
fn catalog(from: &Path, folder: &Path) -> Result<PathBuf> {
    if from.join(".git").exists() {
        return Ok(from.to_owned());
    }
    let repository = folder.join("catalog");
    files::commit_folder(from, &repository)?;
    Ok(repository)
}

fn hub_config(repository: &Path, set: &[(String, String)]) -> String {
    let settings: String = set.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec:\n  data: data\n  trustDomain: acme.example\n  \
         catalog: {{repository: '{}', ref: main, interval: 30s}}\n  \
         listeners:\n    spokes: 127.0.0.1:0\n    people: 127.0.0.1:0\n    probes: 127.0.0.1:0\n{settings}",
        repository.display()
    )
}

/// The call that runs the hub of a folder.
pub fn hub_command(home: &Path) -> Result<Command> {
    let mut command = Command::new(binaries::path("writ-hub")?);
    command.arg("serve").arg("--config").arg(home.join("hub.yaml"));
    Ok(command)
}

fn start_hub(folder: &Path) -> Result<(Process, Value)> {
    let home = folder.join("hub");
    let command = hub_command(&home)?;
    Process::start("writ-hub", command, &home.join("log"), &home.join("ready.json"))
}
