//! One spoke: its folder, its cluster, and its process.

use super::cluster::Cluster;
use super::process::Process;
use super::{binaries, files};
use crate::tools;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One spoke and its cluster.
pub struct Spoke {
    /// Its cluster's name.
    pub name: String,
    /// The cluster.
    pub cluster: Cluster,
    /// The string it joined with.
    pub join: String,
    /// Its folder: `spoke.yaml`, `data/`, `log`, and `cluster/` where the cluster is a directory.
    pub home: PathBuf,
    /// Where its local listener is.
    pub local: String,
    process: Option<Process>,
}

impl Spoke {
    /// Joins with a string, for the cluster that the text `target` says, and starts.
    pub(super) fn join(name: &str, home: PathBuf, join: String, (cluster, target): (Cluster, &str)) -> Result<Self> {
        let config = home.join("spoke.yaml");
        files::write(&config, &spoke_config(target))?;
        tools::stdout(&mut join_command(&config, &join)?)?;
        let (name, local) = (name.to_owned(), String::new());
        let mut spoke = Self { name, cluster, join, home, local, process: None };
        spoke.start()?;
        Ok(spoke)
    }

    pub(super) fn start(&mut self) -> Result<()> {
        let (name, command) = (format!("writ-spoke of {}", self.name), spoke_command(&self.home)?);
        let (process, addresses) =
            Process::start(&name, command, &self.home.join("log"), &self.home.join("ready.json"))?;
        self.local = addresses.get("local").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.process = Some(process);
        Ok(())
    }

    pub(super) fn kill(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Its cluster, a directory.
    ///
    /// # Errors
    /// When it is none.
    pub fn directory(&self) -> Result<&Path> {
        match &self.cluster {
            Cluster::Directory(directory) => Ok(directory),
            Cluster::Kube(_) => bail!("{} is no directory", self.name),
        }
    }

    pub(super) fn describe(&self) -> Value {
        let (kind, place) = self.cluster.describe();
        json!({"name": self.name, "pid": self.pid(), "config": self.home.join("spoke.yaml"),
            "data": self.home.join("data"), kind: place, "local": format!("http://{}", self.local)})
    }
}

fn spoke_config(target: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n  data: data\n  target: {{{target}}}\n  \
         local: 127.0.0.1:0\n"
    )
}

/// The call that joins with a string.
pub(super) fn join_command(config: &Path, join: &str) -> Result<Command> {
    let mut command = Command::new(binaries::path("writ-spoke")?);
    command.args(["join", join, "--config"]).arg(config);
    Ok(command)
}

/// The call that runs the spoke of a folder.
pub fn spoke_command(home: &Path) -> Result<Command> {
    let mut command = Command::new(binaries::path("writ-spoke")?);
    command.arg("run").arg("--config").arg(home.join("spoke.yaml"));
    // As docs/operations.md has it run.
    command.env("MALLOC_ARENA_MAX", "1");
    Ok(command)
}
