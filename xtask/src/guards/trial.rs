//! Running tests in the copy of the workspace.

use super::disarm;
use crate::tools::output;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Output};

/// Those of `tests` that did not pass. A copy that does not build is an error: it would make every test seem to fail.
pub(crate) fn not_passing<'a>(package: &str, tests: &[&'a str], copy: &Path) -> Result<Vec<&'a str>> {
    build(package, copy)?;
    let mut arguments = vec!["test", "--no-fail-fast", "-p", package, "--"];
    arguments.extend(tests);
    let tested = cargo(&arguments, copy)?;
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    Ok(tests.iter().copied().filter(|test| !said.contains(&format!("{test} ... ok"))).collect())
}

/// Builds the tests, and the binaries that tests across processes start.
fn build(package: &str, copy: &Path) -> Result<()> {
    let binaries: &[&str] = &["build", "--quiet", "-p", "writ-hub", "-p", "writ-spoke-agent", "-p", "writ-cli"];
    let tests: &[&str] = &["test", "--quiet", "--no-run", "-p", package];
    let needed = if package == "writ-e2e" { vec![binaries, tests] } else { vec![tests] };
    for arguments in needed {
        let built = cargo(arguments, copy)?;
        if !built.status.success() {
            bail!("the copy does not build:\n{}", String::from_utf8_lossy(&built.stderr));
        }
    }
    Ok(())
}

fn cargo(arguments: &[&str], copy: &Path) -> Result<Output> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(copy).env("CARGO_TARGET_DIR", disarm::target()?).env("INSTA_UPDATE", "no");
    output(&mut command)
}
