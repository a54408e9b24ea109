//! kubectl, as people use it: the one of the assets, with a kubeconfig and a cache of its own.

use crate::{assets, tools};
use anyhow::{Context, Result};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One person's kubectl.
#[derive(Debug, Clone)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
}

impl Kubectl {
    /// For the person of `kubeconfig`.
    ///
    /// # Errors
    /// When the assets are not built.
    pub fn of(kubeconfig: &Path) -> Result<Self> {
        Ok(Self { program: assets::folder()?.join("kubectl"), kubeconfig: kubeconfig.to_owned() })
    }

    /// The kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A call, to be run by the caller.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.program);
        // What it remembers of a server stays beside the kubeconfig: ports are used again by other servers.
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--cache-dir")
            .arg(self.kubeconfig.with_extension("cache"));
        command.args(arguments);
        command
    }

    /// Its standard output.
    ///
    /// # Errors
    /// With its standard error, unless it exits 0.
    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Result<String> {
        tools::stdout(&mut self.command(arguments))
    }

    /// Its standard output, as JSON; `arguments` must ask for that.
    ///
    /// # Errors
    /// As [`Kubectl::run`], and when it is not JSON.
    pub fn json(&self, arguments: &[impl AsRef<OsStr>]) -> Result<Value> {
        serde_json::from_str(&self.run(arguments)?).context("kubectl printed what is not JSON")
    }

    /// Applies a file, or all files of a folder, by server-side apply as `manager`.
    ///
    /// # Errors
    /// As [`Kubectl::run`].
    pub fn apply(&self, path: &Path, manager: &str) -> Result<()> {
        let arguments = ["apply", "--server-side", "--recursive", "--field-manager", manager, "--filename"];
        tools::stdout(self.command(&arguments).arg(path)).map(drop)
    }
}
