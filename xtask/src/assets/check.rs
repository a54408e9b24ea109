//! Whether the binaries are there and run.

use super::recipe::{PROGRAMS, Program};
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
    /// The first line that it tells.
    version: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24} {}", self.name, self.version)
    }
}

/// Each of them is there.
pub(crate) fn present(folder: &Path) -> Result<()> {
    let missing: Vec<&str> =
        PROGRAMS.iter().map(|program| program.name).filter(|name| !folder.join(name).is_file()).collect();
    if !missing.is_empty() {
        bail!("{} has no {}", folder.display(), missing.join(", "));
    }
    Ok(())
}

/// Each of them is there and tells its version.
pub(crate) fn all(folder: &Path) -> Result<Vec<Found>> {
    present(folder)?;
    PROGRAMS.iter().map(|program| one(folder, program)).collect()
}

/// One of them tells its version.
pub(crate) fn one(folder: &Path, program: &Program) -> Result<Found> {
    let path = folder.join(program.name);
    let told = tools::stdout(Command::new(&path).args(program.version))
        .with_context(|| format!("{} does not run here", path.display()))?;
    let version = told.lines().next().with_context(|| format!("{} tells no version", path.display()))?;
    Ok(Found { name: program.name, version: version.to_owned() })
}
