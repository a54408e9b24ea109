//! Running a call that takes minutes: on a terminal, a line tells how long it has been at work.

use crate::tools;
use crate::wait;
use anyhow::{Context, Result, bail};
use std::io::{IsTerminal, Read, Seek, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// How often the line is written anew.
const PACE: Duration = Duration::from_millis(250);

/// Runs `call` to its end and gives how long it took. What it says is shown only when it fails.
///
/// # Errors
/// With what the call said, when it fails.
pub(crate) fn run(what: &str, mut call: Command) -> Result<Duration> {
    let took = wait::stopwatch();
    let mut said = tempfile::tempfile().context("cannot make a temporary file")?;
    let mut child = call
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said.try_clone()?)
        .spawn()
        .with_context(|| format!("cannot start `{}`", call.get_program().to_string_lossy()))?;
    let status: ExitStatus = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        over_the_last_line(&format!("   {what}: {} s", took().as_secs()));
        thread::sleep(PACE);
    };
    over_the_last_line("");
    if !status.success() {
        let mut words = String::new();
        said.rewind()?;
        said.read_to_string(&mut words)?;
        bail!("{what} ended with {status}:\n{}", words.trim());
    }
    tools::tell(&format!("   {what}: {} s", took().as_secs()));
    Ok(took())
}

/// Writes over the line that was written last. Only a terminal can do that, and only there somebody watches.
fn over_the_last_line(text: &str) {
    let mut errors = std::io::stderr().lock();
    if errors.is_terminal() {
        // A closed terminal is the reader's choice, not a failure of the task.
        drop(write!(errors, "\r\x1b[K{text}").and_then(|()| errors.flush()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_fails_says_why() {
        let mut call = Command::new("sh");
        call.args(["-c", "echo no such module; exit 1"]);
        let error = run("building", call).unwrap_err();
        assert_eq!(error.to_string(), "building ended with exit status: 1:\nno such module");
    }
}
