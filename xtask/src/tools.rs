//! Running programs, and talking to the person at the terminal.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Prints one line, at once.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice, not a failure of the task.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// Prints one line beside the result, at once: on standard error.
pub fn tell(line: &str) {
    let mut errors = std::io::stderr().lock();
    // A closed pipe is the reader's choice, not a failure of the task.
    drop(writeln!(errors, "{line}").and_then(|()| errors.flush()));
}

/// A cargo call in the workspace, with the cargo that runs this task.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs to the end with our own output; fails unless it exits 0.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs to the end and gives what it printed, whatever its exit code.
pub fn output(command: &mut Command) -> Result<Output> {
    let shown = show(command);
    command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{shown}`"))
}

/// Runs to the end and gives its standard output; fails with its standard error unless it exits 0.
pub fn stdout(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = output(command)?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed what is not UTF-8"))
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args().filter(|word| word.len() < 80));
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
