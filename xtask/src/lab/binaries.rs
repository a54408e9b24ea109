//! The shipped binaries, as built beside this one.

use crate::tools;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// Builds them.
pub(crate) fn build() -> Result<()> {
    let release: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    tools::run(
        tools::cargo(&["build", "--quiet", "-p", "writ-hub", "-p", "writ-spoke-agent", "-p", "writ-cli"]).args(release),
    )
}

/// Where a binary stands: beside this one, so of the same profile.
pub(crate) fn path(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program stands")?;
    let folder = own.parent().context("this program stands nowhere")?;
    Ok(folder.join(name))
}
