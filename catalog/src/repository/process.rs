//! The program that serves a fetch: `git upload-pack` here, or ssh to there.

use super::fetch::{FetchError, FetchOptions};
use super::location::Location;
use super::ssh;
use gix::protocol::transport::Protocol;
use gix::protocol::transport::client::git::{ConnectMode, blocking_io::Connection};
use policy::diagnostic::render::escape;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes of what the program says that are kept for the error message.
const SAID: u64 = 2048;

pub(super) type Transport = Connection<ChildStdout, ChildStdin>;

/// A program that serves one fetch. Dropped, it is killed and waited for.
#[derive(Debug)]
pub(super) struct Serving {
    child: Mutex<Child>,
    stderr: Mutex<Option<JoinHandle<String>>>,
}

/// Starts the program for a location that needs one.
pub(super) fn start(location: &Location, options: &FetchOptions) -> Result<(Serving, Transport), FetchError> {
    let mut command = command(location, options)?;
    let program = command.get_program().to_string_lossy().into_owned();
    let absent = |source: io::Error| FetchError::Program { program, source };
    let mut child = quiet(&mut command).spawn().map_err(absent)?;
    let (Some(read), Some(write), Some(stderr)) = (child.stdout.take(), child.stdin.take(), child.stderr.take()) else {
        return Err(FetchError::Program { program: "pipe".into(), source: io::ErrorKind::BrokenPipe.into() });
    };
    let path = location.to_string();
    let connection = Connection::new(read, write, Protocol::V2, path, None::<(&str, _)>, ConnectMode::Process, false);
    let stderr = Mutex::new(Some(std::thread::spawn(move || listen(stderr))));
    Ok((Serving { child: Mutex::new(child), stderr }, connection))
}

fn command(location: &Location, options: &FetchOptions) -> Result<Command, FetchError> {
    match location {
        Location::Ssh(location) => {
            let known_hosts = options.known_hosts.as_deref().filter(|file| file.is_file());
            let known_hosts = known_hosts.ok_or_else(|| FetchError::NoKnownHosts { host: location.host.clone() })?;
            let mut command = Command::new(&options.ssh);
            command.args(ssh::arguments(location, known_hosts));
            Ok(command)
        }
        Location::Path(path) => Ok(upload_pack(&options.git, path)),
        Location::Https(url) => Ok(upload_pack(&options.git, Path::new(url))),
    }
}

fn upload_pack(git: &Path, path: &Path) -> Command {
    let mut command = Command::new(git);
    command.arg("upload-pack").arg("--").arg(path);
    command
}

/// Only what the program needs of our environment; its own process group, so that its children end with it.
fn quiet(command: &mut Command) -> &mut Command {
    command.env_clear().env("LC_ALL", "C").env("GIT_PROTOCOL", "version=2").env("GIT_TERMINAL_PROMPT", "0");
    for name in ["PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0)
}

fn listen(stderr: ChildStderr) -> String {
    let mut stderr = stderr;
    let mut said = Vec::new();
    // What cannot be read is not said; the fetch tells its own error.
    let _ = (&mut stderr).take(SAID).read_to_end(&mut said);
    let _ = io::copy(&mut stderr, &mut io::sink());
    let said = String::from_utf8_lossy(&said);
    said.lines().map(str::trim).filter(|line| !line.is_empty()).map(escape).collect::<Vec<_>>().join("; ")
}

impl Serving {
    /// What the program said on stderr; waits until it says no more.
    pub(super) fn said(&self) -> String {
        let listener = self.stderr.lock().unwrap_or_else(PoisonError::into_inner).take();
        listener.and_then(|listener| listener.join().ok()).unwrap_or_default()
    }

    /// Ends it and all that it started.
    pub(super) fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // While it has not been waited for, its number cannot be another's.
        if matches!(child.try_wait(), Ok(None)) {
            let _ = rustix::process::kill_process_group(
                rustix::process::Pid::from_child(&child),
                rustix::process::Signal::KILL,
            );
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.get_mut().unwrap_or_else(PoisonError::into_inner).wait();
    }
}
