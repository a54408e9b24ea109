//! One part of a control plane: how it is started, and its process while it runs.

use super::Part;
use crate::lab::process::Process;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A part.
pub(crate) struct Server {
    /// Which.
    pub(crate) part: Part,
    name: &'static str,
    call: Command,
    log: PathBuf,
    process: Option<Process>,
}

impl Server {
    /// A part that does not run yet; its program is `binaries/name`, its log `folder/name.log`.
    pub(crate) fn new(part: Part, name: &'static str, binaries: &Path, folder: &Path, flags: &[String]) -> Self {
        let mut call = Command::new(binaries.join(name));
        call.args(flags);
        Self { part, name, call, log: folder.join(name).with_extension("log"), process: None }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Starts it, in place of a process that may run.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.process = None;
        self.process = Some(Process::spawn(self.name, &self.call, &self.log)?);
        Ok(())
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.process.take().with_context(|| format!("{} does not run", self.name))?.kill()
    }

    /// Its process id, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Waits for something of it, if it was started and not killed.
    pub(crate) fn until(&mut self, what: &str, look: impl FnMut() -> Result<()>) -> Result<()> {
        self.process.as_mut().map_or(Ok(()), |process| process.until(what, look))
    }

    /// Fails when it has ended by itself.
    pub(crate) fn running(&mut self) -> Result<()> {
        self.process.as_mut().map_or(Ok(()), Process::running)
    }
}
