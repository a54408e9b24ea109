//! One long-running process of the lab: killed when dropped.

use super::files;
use crate::wait;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server with a ready file.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with `--ready-file` and waits for its addresses. Its output goes to `log`.
    pub(crate) fn start(name: &str, mut command: Command, log: &Path, ready: &Path) -> Result<(Self, Value)> {
        files::forget(ready)?;
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot open {}", log.display()))?;
        let errors = output.try_clone()?;
        command.arg("--ready-file").arg(ready).stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut process = Self { name: name.to_owned(), child, log: log.to_owned() };
        let addresses = process.ready(ready)?;
        Ok((process, addresses))
    }

    fn ready(&mut self, ready: &Path) -> Result<Value> {
        let (name, log) = (self.name.clone(), self.log.clone());
        // Only the inner result may fail early: a process that has ended will never be ready.
        wait::until(&format!("{name} is ready (see {})", log.display()), Duration::from_secs(60), || {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Err(anyhow::anyhow!("{name} ended with {status}:\n{}", files::tail(&log))));
            }
            let text = std::fs::read_to_string(ready).context("no ready file yet")?;
            Ok(Ok(serde_json::from_str(&text)?))
        })?
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as a crash would (SIGKILL), and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.with_context(|| format!("{} has no process id", self.name))?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = wait::until(&format!("{} ends", self.name), Duration::from_secs(30), || {
            self.child.try_wait()?.context("still running")
        })?;
        if !status.success() {
            bail!("{} ended with {status}:\n{}", self.name, files::tail(&self.log));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; either way nothing is left behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
