//! Calling Go.

use crate::tools;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// A call of Go in a module, for this machine, whatever the person's own settings build for.
pub(crate) fn command(module: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(module).env("CGO_ENABLED", "0").env("GOWORK", "off").env_remove("GOOS").env_remove("GOARCH");
    command
}

/// The version of Go that builds a module, such as `go1.26.8 linux/amd64`.
///
/// # Errors
/// When Go is missing or too old.
pub(crate) fn version(module: &Path) -> Result<String> {
    let told = tools::stdout(command(module).arg("version"))?;
    Ok(told.trim().trim_start_matches("go version ").to_owned())
}
