//! Guards: for each promised invariant, the function that keeps it and the test that shows it. Each function is
//! disarmed in turn, in a copy of the workspace, and its test must fail then.

mod disarm;
mod list;

use crate::tools::{root, say};
use anyhow::{Context, Result, bail};
use list::Guard;
use std::path::Path;
use std::process::Command;

/// Which guards.
#[derive(clap::Args, Default)]
pub struct Options {
    /// Only the guards of these invariants, by number.
    invariants: Vec<u32>,
    /// Only list them.
    #[arg(long)]
    list: bool,
}

/// Disarms each guard and expects its test to fail; then nothing is left changed.
pub fn run(options: &Options) -> Result<()> {
    let all = list::read(&root().join("e2e/guards.toml"))?;
    let chosen: Vec<&Guard> = all
        .iter()
        .filter(|guard| options.invariants.is_empty() || options.invariants.contains(&guard.invariant))
        .collect();
    if options.list {
        chosen.iter().for_each(|guard| say(&guard.to_string()));
        return Ok(());
    }
    let copy = disarm::copy_of_workspace()?;
    let asleep: Vec<String> =
        chosen.iter().filter_map(|guard| shown(guard, copy.path()).transpose()).collect::<Result<_>>()?;
    if !asleep.is_empty() {
        bail!("{} of {} tests pass without their guard:\n{}", asleep.len(), chosen.len(), asleep.join("\n"));
    }
    say(&format!("all {} tests fail without their guard, and pass with it", chosen.len()));
    Ok(())
}

/// None when the test passes with its guard and fails without; else what is wrong.
fn shown(guard: &Guard, copy: &Path) -> Result<Option<String>> {
    say(&format!("-- {guard}"));
    let file = copy.join(&guard.file);
    let original = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", guard.file))?;
    let disarmed = disarm::body(&original, &guard.function, &guard.disarmed).with_context(|| guard.file.clone())?;
    if !passes(guard, copy)? {
        return Ok(Some(format!("{guard}: the test fails with its guard in place")));
    }
    std::fs::write(&file, disarmed)?;
    let passed = passes(guard, copy);
    std::fs::write(&file, original)?;
    Ok(passed?.then(|| format!("{guard}: the test passes without its guard")))
}

/// Runs one test in the copy. A copy that does not build is an error: it would make every test seem to fail.
fn passes(guard: &Guard, copy: &Path) -> Result<bool> {
    let cargo = |arguments: &[&str]| -> Result<std::process::Output> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(copy).env("CARGO_TARGET_DIR", disarm::target()?).env("INSTA_UPDATE", "no");
        crate::tools::output(&mut command)
    };
    let package = guard.package.as_str();
    let binaries = ["-p", "writ-hub", "-p", "writ-spoke-agent", "-p", "writ-cli", "-p", "xtask"];
    let mut build = vec!["build", "--quiet"];
    if package == "writ-e2e" {
        build.extend(binaries);
    } else {
        build = vec!["test", "--quiet", "-p", package, "--no-run"];
    }
    let built = cargo(&build)?;
    if !built.status.success() {
        bail!("{guard}: the disarmed copy does not build:\n{}", String::from_utf8_lossy(&built.stderr));
    }
    let tested = cargo(&["test", "-p", package, &guard.test])?;
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    if tested.status.success() && !said.contains(&format!("{} ... ok", guard.test)) {
        bail!("{guard}: there is no such test in {package}");
    }
    Ok(tested.status.success())
}
