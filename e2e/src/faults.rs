//! Faults from outside: a process killed at its k-th durable system call, stopped, continued.

use anyhow::{Context, Result, anyhow, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use xtask::lab::files;
use xtask::wait;

/// System calls that make something durable, or make it disappear.
const DURABLE: [&str; 7] = ["fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat"];

/// How long, in microseconds, every durable call is stretched: time enough to strike before the next.
const STRETCHED: u32 = 15_000;

/// A process that is killed at its `k`-th durable system call, whichever of its threads makes it.
///
/// strace counts injections per thread, so it only stretches the calls and tells them; the kill comes from here.
#[derive(Debug)]
pub struct Doomed {
    strace: Child,
    calls: PathBuf,
    k: usize,
}

impl Doomed {
    /// Starts `command` under strace. Its output goes to `home/log`.
    ///
    /// # Errors
    /// When strace is not there or cannot trace.
    pub fn start(command: &Command, k: usize, home: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(home.join("log"))?;
        let (calls, durable) = (home.join("calls"), DURABLE.join(","));
        // What an earlier trace told is not to be taken for this one's.
        files::forget(&calls)?;
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(&calls).args(["-e", &format!("trace={durable}")]);
        strace.args(["-e", &format!("inject={durable}:delay_exit={STRETCHED}")]);
        strace.arg(command.get_program()).args(command.get_args());
        strace.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let strace = strace.spawn().context("strace is needed to inject faults; install the package strace")?;
        Ok(Self { strace, calls, k })
    }

    /// Waits until the fault has struck, or `done` holds; tells which. Then the process is gone either way.
    ///
    /// # Errors
    /// When neither happens in time, or the process ends by itself.
    pub fn until(mut self, limit: Duration, mut done: impl FnMut() -> Result<()>) -> Result<bool> {
        wait::until("the fault strikes, or the work is done", limit, || {
            if self.calls_made() >= self.k {
                return Ok(Ok(true));
            }
            if let Some(status) = self.strace.try_wait()? {
                return Ok(Err(anyhow!("the process ended by itself: {status}")));
            }
            done().map(|()| Ok(false))
        })?
    }

    fn calls_made(&self) -> usize {
        // Before the first call there is no file.
        told_calls(&fs::read_to_string(&self.calls).unwrap_or_default())
    }
}

/// How many calls strace has told of. One that another thread interrupts is told in two lines, and signals are told too.
fn told_calls(told: &str) -> usize {
    told.lines().filter(|line| line.contains('(') && !line.contains(" resumed>")).count()
}

impl Drop for Doomed {
    fn drop(&mut self) {
        // strace does not end its process when it is killed, so that one goes first. Both may have ended already.
        drop(kill_children(self.strace.id()));
        drop(self.strace.kill());
        drop(self.strace.wait());
    }
}

fn kill_children(parent: u32) -> Result<()> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
    children.split_whitespace().try_for_each(|pid| signal(pid.parse()?, rustix::process::Signal::KILL))
}

/// Sends a signal to a process.
///
/// # Errors
/// When there is no such process.
pub fn signal(pid: u32, signal: rustix::process::Signal) -> Result<()> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid)?).context("no process id")?;
    Ok(rustix::process::kill_process(pid, signal)?)
}

/// A disk without room, for one process: nothing that it writes can be made durable, until this is dropped.
#[derive(Debug)]
pub struct FullDisk(Child);

impl FullDisk {
    /// Fills the disk under a process that runs.
    ///
    /// # Errors
    /// When strace is not there or cannot trace.
    pub fn under(pid: u32) -> Result<Self> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]);
        strace.args(["-e", "inject=fsync,fdatasync:error=ENOSPC", "-p", &pid.to_string()]).stdin(Stdio::null());
        let strace = strace.spawn().context("strace is needed to inject faults; install the package strace")?;
        let full = Self(strace);
        wait::until("every thread has a full disk", Duration::from_secs(20), || {
            for task in fs::read_dir(format!("/proc/{pid}/task"))? {
                let status = fs::read_to_string(task?.path().join("status"))?;
                ensure!(!status.contains("TracerPid:\t0\n"), "a thread is not traced yet");
            }
            Ok(())
        })?;
        Ok(full)
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        // Asked to end, strace lets go of the process; killed, it would take it along.
        drop(signal(self.0.id(), rustix::process::Signal::TERM));
        drop(self.0.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_counted_once() {
        let told = "10 fsync(15 <unfinished ...>\n\
            11 --- SIGCHLD {si_signo=SIGCHLD, si_stime=2 /* 0.02 s */} ---\n\
            11 unlink(\"/a\") = 0 (DELAYED)\n\
            10 <... fsync resumed>)              = 0 (DELAYED)\n\
            10 fsync(17)                         = 0 (DELAYED)\n\
            10 +++ killed by SIGKILL +++\n";
        assert_eq!(told_calls(told), 3);
        assert_eq!(told_calls(""), 0);
    }
}
