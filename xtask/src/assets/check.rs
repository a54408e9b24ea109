//! Whether the binaries are there and run.

use super::recipe::{Module, Program};
use crate::tools;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::process::Command;

/// A program that runs.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    name: &'static str,
    /// The first line with a number in it that it tells.
    version: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24} {}", self.name, self.version)
    }
}

/// Each program of a module is there.
pub(crate) fn present(module: &Module, folder: &Path) -> Result<()> {
    let missing: Vec<&str> =
        module.programs.iter().map(|program| program.name).filter(|name| !folder.join(name).is_file()).collect();
    if !missing.is_empty() {
        bail!("{} has no {}", folder.display(), missing.join(", "));
    }
    Ok(())
}

/// Each of them is there and tells its version.
pub(crate) fn all(module: &Module, folder: &Path) -> Result<Vec<Found>> {
    present(module, folder)?;
    module.programs.iter().map(|program| one(folder, program)).collect()
}

/// One of them tells its version.
pub(crate) fn one(folder: &Path, program: &Program) -> Result<Found> {
    let path = folder.join(program.name);
    let told = tools::stdout(Command::new(&path).args(program.version))
        .with_context(|| format!("{} does not run here", path.display()))?;
    let version = told
        .lines()
        .find(|line| line.contains(|c: char| c.is_ascii_digit()))
        .with_context(|| format!("{} tells no version", path.display()))?;
    Ok(Found { name: program.name, version: version.trim().to_owned() })
}
