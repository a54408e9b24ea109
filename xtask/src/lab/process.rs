//! One long-running process of the lab: killed when dropped, and by the system when this program is killed.

use super::files;
use crate::wait;
use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

/// A server.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    _parent: Parent,
}

/// Keeps the thread alive that started a process. The system ends a process when the very thread that started it ends.
type Parent = Sender<()>;

impl Process {
    /// Starts `command`. Its output is added to `log`.
    pub(crate) fn spawn(name: &str, command: &Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot open {}", log.display()))?;
        let mut command = tied(command);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let (child, parent) = on_own_thread(command)
            .with_context(|| format!("cannot start {name}: is setpriv there, of the package util-linux?"))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned(), _parent: parent })
    }

    /// Starts `command` with `--ready-file` and waits for its addresses. Its output goes to `log`.
    pub(crate) fn start(name: &str, mut command: Command, log: &Path, ready: &Path) -> Result<(Self, Value)> {
        files::forget(ready)?;
        command.arg("--ready-file").arg(ready);
        let mut process = Self::spawn(name, &command, log)?;
        let addresses = process.until("is ready", || {
            let text = std::fs::read_to_string(ready).context("no ready file yet")?;
            Ok(serde_json::from_str(&text)?)
        })?;
        Ok((process, addresses))
    }

    /// Waits until `look` gives a value. A process that has ended is not waited for.
    pub(crate) fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Result<T>) -> Result<T> {
        let awaited = format!("{} {what} (see {})", self.name, self.log.display());
        // Only the inner result may fail early.
        wait::until(&awaited, Duration::from_secs(60), || match self.running() {
            Ok(()) => look().map(Ok),
            Err(ended) => Ok(Err(ended)),
        })?
    }

    /// Fails with the end of its log when it has ended.
    pub(crate) fn running(&mut self) -> Result<()> {
        let status = self.child.try_wait().with_context(|| format!("cannot look after {}", self.name))?;
        status.map_or(Ok(()), |status| Err(anyhow!("{} ended with {status}:\n{}", self.name, files::tail(&self.log))))
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

/// The same program, which the system kills when the thread that starts it ends.
fn tied(command: &Command) -> Command {
    let mut tied = Command::new("setpriv");
    tied.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(name, value),
            None => tied.env_remove(name),
        };
    }
    tied
}

/// Starts a program on a thread that lasts as long as what is given back.
fn on_own_thread(mut command: Command) -> Result<(Child, Parent)> {
    let (tell, told) = mpsc::channel();
    let (parent, end) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        // When nobody waits to be told, nobody keeps `parent` either.
        drop(tell.send(command.spawn()));
        // Nothing is ever sent: this lasts until `parent` is dropped.
        for () in end {}
    })?;
    Ok((told.recv().context("the thread that starts it ended")??, parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn sleeper(folder: &Path) -> Process {
        let process = Process::spawn("sleeper", Command::new("sleep").arg("1000"), &folder.join("log")).unwrap();
        let name = PathBuf::from(format!("/proc/{}/comm", process.pid()));
        wait::until("setpriv has become sleep", Duration::from_secs(30), || {
            (std::fs::read_to_string(&name)? == "sleep\n").then_some(()).context("still setpriv")
        })
        .unwrap();
        process
    }

    #[test]
    fn ends_with_what_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = sleeper(folder.path());
        process._parent = mpsc::channel().0;
        let ended = wait::until("it ends", Duration::from_secs(30), || process.child.try_wait()?.context("it runs"));
        assert_eq!(ended.unwrap().signal(), Some(9));
    }

    #[test]
    fn one_that_has_ended_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut call = Command::new("sh");
        call.args(["-c", "echo no such flag >&2; exit 7"]);
        let mut process = Process::spawn("server", &call, &folder.path().join("log")).unwrap();
        let error = process.until("is ready", || -> Result<()> { bail!("not yet") }).unwrap_err();
        assert_eq!(error.to_string(), "server ended with exit status: 7:\n    no such flag\n");
    }
}
