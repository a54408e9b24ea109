//! Guards: for each promised invariant, the function that keeps it and the test that shows it. Each function is
//! disarmed in turn, in a copy of the workspace, and its test must fail then.

mod disarm;
mod list;
mod trial;

use crate::tools::{root, say};
use anyhow::{Context, Result, bail};
use list::Guard;
use std::collections::BTreeSet;
use std::path::Path;

/// Which guards.
#[derive(clap::Args, Default)]
pub struct Options {
    /// Only the guards of these invariants, by number.
    invariants: Vec<u32>,
    /// Only the guards whose tests stand in this package: writ-e2e for those across processes.
    #[arg(long)]
    package: Option<String>,
    /// Only list them.
    #[arg(long)]
    list: bool,
}

impl Options {
    fn choose(&self, guard: &Guard) -> bool {
        let of_package = self.package.as_ref().is_none_or(|package| *package == guard.package);
        of_package && (self.invariants.is_empty() || self.invariants.contains(&guard.invariant))
    }
}

/// Disarms each guard and expects its test to fail; then nothing is left changed.
pub fn run(options: &Options) -> Result<()> {
    let all = list::read(&root().join("e2e/guards.toml"))?;
    let chosen: Vec<&Guard> = all.iter().filter(|guard| options.choose(guard)).collect();
    if chosen.is_empty() {
        bail!("no guard is of that invariant and package; `--list` shows them all");
    }
    if options.list {
        chosen.iter().for_each(|guard| say(&guard.to_string()));
        return Ok(());
    }
    let copy = disarm::copy_of_workspace()?;
    say("-- with every guard in place");
    for package in chosen.iter().map(|guard| guard.package.as_str()).collect::<BTreeSet<_>>() {
        let tests: Vec<&str> = chosen.iter().filter(|g| g.package == package).map(|g| g.test.as_str()).collect();
        let silent = trial::not_passing(package, &tests, copy.path())?;
        if !silent.is_empty() {
            bail!("these tests do not pass with their guard in place: {}", silent.join(", "));
        }
    }
    let troubles: Vec<String> = chosen.iter().filter_map(|guard| trouble(guard, copy.path())).collect();
    if !troubles.is_empty() {
        bail!("{} of {} guards do not show what they should:\n{}", troubles.len(), chosen.len(), troubles.join("\n"));
    }
    say(&format!("all {} tests fail without their guard, and pass with it", chosen.len()));
    Ok(())
}

/// Disarms one guard; tells at once when its test passes all the same, or cannot be tried. The others go on.
fn trouble(guard: &Guard, copy: &Path) -> Option<String> {
    say(&format!("-- {guard}"));
    let trouble = match asleep(guard, copy) {
        Ok(true) => return None,
        Ok(false) => format!("{guard}: passes all the same"),
        Err(error) => format!("{guard}: {error:#}"),
    };
    say(&trouble);
    Some(trouble)
}

/// Whether the test of a disarmed guard fails.
fn asleep(guard: &Guard, copy: &Path) -> Result<bool> {
    let file = copy.join(&guard.file);
    let original = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", guard.file))?;
    let disarmed = disarm::body(&original, &guard.function, &guard.disarmed).with_context(|| guard.file.clone())?;
    std::fs::write(&file, disarmed)?;
    let failing = trial::not_passing(&guard.package, &[&guard.test], copy);
    std::fs::write(&file, original)?;
    Ok(!failing?.is_empty())
}
