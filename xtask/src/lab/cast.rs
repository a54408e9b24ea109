//! The cast: one hub, its operator, its catalog, and one spoke per cluster.

use super::process::Process;
use super::{Options, binaries, files};
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

/// One spoke and its cluster.
pub struct Spoke {
    /// Its cluster's name.
    pub name: String,
    /// The cluster: a directory target.
    pub directory: PathBuf,
    /// The string it joined with.
    pub join: String,
    /// Its folder: `spoke.yaml`, `data/`, `cluster/`, `log`.
    pub home: PathBuf,
    local: String,
    process: Option<Process>,
}

/// Everything that runs.
pub struct Cast {
    // Processes before the folder they use: fields are dropped in order.
    /// The spokes, by name order.
    pub spokes: Vec<Spoke>,
    hub: Process,
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
        let mut cast = Self { spokes: Vec::new(), hub, addresses, repository, folder };
        cast.pin_ports()?;
        hub_at(cast.address("spokes")?.parse()?)?;
        let seeds = tools::root().join(&options.seeds);
        let declared = cast.declared()?;
        for name in declared.iter().take(options.spokes) {
            cast.enroll(name, &seeds)?;
        }
        Ok(cast)
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

    fn address(&self, listener: &str) -> Result<&str> {
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

    fn enroll(&mut self, name: &str, seeds: &Path) -> Result<()> {
        let seed = seeds.join(name);
        if !seed.is_dir() {
            bail!("there is no {}: a cluster's directory begins with a copy of it", seed.display());
        }
        files::copy(&seed, &self.home(name).join("cluster"))?;
        self.join(name, "directory: cluster")
    }

    /// Has a spoke join that enforces in a real cluster.
    ///
    /// # Errors
    /// When it cannot join, or does not start.
    pub fn enroll_kube(&mut self, name: &str, kubeconfig: &Path) -> Result<()> {
        self.join(name, &format!("kube: {{kubeconfig: '{}'}}", kubeconfig.display()))
    }

    fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join("spokes").join(name)
    }

    fn join(&mut self, name: &str, target: &str) -> Result<()> {
        let home = self.home(name);
        let (config, directory) = (home.join("spoke.yaml"), home.join("cluster"));
        files::write(&config, &spoke_config(target))?;
        let join = self.writ(&["cluster", "invite", name, "--output", "join"])?.trim().to_owned();
        tools::stdout(Command::new(binaries::path("writ-spoke")?).args(["join", &join, "--config"]).arg(&config))?;
        let (process, addresses) = start_spoke(name, &home)?;
        let local = addresses.get("local").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.spokes.push(Spoke { name: name.to_owned(), directory, join, home, local, process: Some(process) });
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

    fn operator(&self) -> PathBuf {
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
        let spoke = self.spokes.iter_mut().find(|spoke| spoke.name == name).context("no such spoke")?;
        spoke.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Starts a spoke that was killed.
    pub fn run_spoke(&mut self, name: &str) -> Result<()> {
        let spoke = self.spokes.iter_mut().find(|spoke| spoke.name == name).context("no such spoke")?;
        let (process, addresses) = start_spoke(name, &spoke.home)?;
        spoke.local = addresses.get("local").and_then(Value::as_str).unwrap_or_default().to_owned();
        spoke.process = Some(process);
        Ok(())
    }

    /// Joins again with a string, into a new data folder.
    pub fn join_elsewhere(&self, join: &str) -> Result<Output> {
        let home = self.folder.path().join("elsewhere");
        let config = home.join("spoke.yaml");
        files::copy(&self.spokes.first().context("no spoke")?.directory, &home.join("cluster"))?;
        files::write(&config, &spoke_config("directory: cluster"))?;
        tools::output(Command::new(binaries::path("writ-spoke")?).args(["join", join, "--config"]).arg(&config))
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

impl Spoke {
    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    fn describe(&self) -> Value {
        json!({"name": self.name, "pid": self.pid(), "config": self.home.join("spoke.yaml"),
            "data": self.home.join("data"), "directory": self.directory, "local": format!("http://{}", self.local)})
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

fn spoke_config(target: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n  data: data\n  target: {{{target}}}\n  \
         local: 127.0.0.1:0\n"
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

/// The call that runs the spoke of a folder.
pub fn spoke_command(home: &Path) -> Result<Command> {
    let mut command = Command::new(binaries::path("writ-spoke")?);
    command.arg("run").arg("--config").arg(home.join("spoke.yaml"));
    Ok(command)
}

fn start_spoke(name: &str, home: &Path) -> Result<(Process, Value)> {
    let command = spoke_command(home)?;
    Process::start(&format!("writ-spoke of {name}"), command, &home.join("log"), &home.join("ready.json"))
}
