//! Faults from outside: a process killed at its k-th durable system call, stopped, continued.

use anyhow::{Context, Result};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use xtask::wait;

/// System calls that make something durable, or make it disappear.
const DURABLE: &str = "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat";

/// A process that dies when it is about to make its `k`-th durable system call.
#[derive(Debug)]
pub struct Doomed(Child);

impl Doomed {
    /// Starts `command` under strace, which injects the SIGKILL before the call takes place.
    ///
    /// # Errors
    /// When strace is not there or cannot trace.
    pub fn start(command: &Command, k: u32, log: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={DURABLE}")]);
        strace.args(["-e", &format!("inject={DURABLE}:signal=SIGKILL:when={k}")]);
        strace.arg(command.get_program()).args(command.get_args());
        strace.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(Self(strace.spawn().context("strace is needed to inject faults; install the package strace")?))
    }

    /// Whether it has died of the fault already.
    ///
    /// # Errors
    /// When it ended in another way.
    pub fn died(&mut self) -> Result<bool> {
        self.0.try_wait()?.map_or(Ok(false), |status| killed(status).map(|()| true))
    }

    /// Waits until it has died of the fault, or `done` holds; tells which. Then it is gone either way.
    ///
    /// # Errors
    /// When neither happens in time.
    pub fn until(mut self, limit: Duration, mut done: impl FnMut() -> Result<()>) -> Result<bool> {
        wait::until("the fault strikes, or the work is done", limit, || {
            if self.died()? { Ok(true) } else { done().map(|()| false) }
        })
    }
}

fn killed(status: ExitStatus) -> Result<()> {
    let killed = status.signal() == Some(9) || status.code() == Some(137);
    killed.then_some(()).with_context(|| format!("it ended by itself: {status}"))
}

impl Drop for Doomed {
    fn drop(&mut self) {
        // strace forwards nothing when it is killed, so the traced process is killed by its group below.
        drop(signal_children(self.0.id()));
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Kills the children of a process (the one that strace started).
fn signal_children(parent: u32) -> Result<()> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
    for pid in children.split_whitespace() {
        signal(pid.parse()?, rustix::process::Signal::KILL)?;
    }
    Ok(())
}

/// Sends a signal to a process.
///
/// # Errors
/// When there is no such process.
pub fn signal(pid: u32, signal: rustix::process::Signal) -> Result<()> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid)?).context("no process id")?;
    Ok(rustix::process::kill_process(pid, signal)?)
}
