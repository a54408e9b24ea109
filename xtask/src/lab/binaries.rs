//! The shipped binaries, as built beside this one.

use crate::tools;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// Builds them.
///
/// # Errors
/// When cargo fails.
pub fn build() -> Result<()> {
    let release: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    let packages = ["build", "--quiet", "-p", "writ-hub", "-p", "writ-spoke-agent", "-p", "writ-cli"];
    tools::run(tools::cargo(&packages).args(release))
}

/// Where a binary stands: beside this one, so of the same profile. Tests stand one folder deeper.
///
/// # Errors
/// When this program cannot tell where it stands.
pub fn path(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program stands")?;
    let folder = own.parent().context("this program stands nowhere")?;
    let folder = if folder.ends_with("deps") { folder.parent().context("deps stands nowhere")? } else { folder };
    Ok(folder.join(name))
}
