//! The binaries of a real Kubernetes control plane, built once from their Go modules (`e2e/assets/`) and kept.

mod check;
mod go;
mod make;
mod progress;
mod recipe;

use crate::tools::{root, say};
use anyhow::{Context, Result};
use check::Found;
use clap::ValueEnum;
use recipe::Recipe;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Where the binaries are, when a person brings their own.
const OWN: &str = "KUBEBUILDER_ASSETS";

/// How the result is told.
#[derive(clap::Args)]
pub struct Options {
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// What is printed.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Output {
    /// Sentences.
    #[default]
    Human,
    /// One JSON document.
    Json,
}

/// The binaries, and what it took to have them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assets {
    /// Where they are.
    pub folder: PathBuf,
    /// Whether they were built just now.
    pub built: bool,
    /// How long that took.
    pub seconds: u64,
    /// Each of them, with the version that it tells.
    binaries: Vec<Found>,
}

/// Builds what is missing, and prints where it is.
///
/// # Errors
/// As [`build`].
pub fn run(options: &Options) -> Result<()> {
    let assets = build()?;
    match options.output {
        Output::Json => say(&serde_json::to_string_pretty(&assets)?),
        Output::Human => {
            assets.binaries.iter().for_each(|found| say(&found.to_string()));
            say(&assets.folder.display().to_string());
        }
    }
    Ok(())
}

/// Builds the binaries unless they stand, and checks that they run. What a person brings is checked only.
///
/// # Errors
/// When Go is missing, when a build fails, or when what was brought is not whole.
pub fn build() -> Result<Assets> {
    let (folder, took) = match own()? {
        Some(folder) => (folder, None),
        None => make::unless_there(&Recipe::here()?)?,
    };
    let binaries =
        check::all(&folder).with_context(|| format!("{} is damaged; remove it and try again", folder.display()))?;
    Ok(Assets { binaries, folder, built: took.is_some(), seconds: took.as_ref().map_or(0, Duration::as_secs) })
}

/// Where the binaries are, without building them.
///
/// # Errors
/// When they are not built.
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = own()? {
        return Ok(folder);
    }
    let folder = Recipe::here()?.folder()?;
    check::present(&folder).context("`cargo xtask assets` builds what control planes are made of")?;
    Ok(folder)
}

/// What a person brings, if it is whole.
fn own() -> Result<Option<PathBuf>> {
    // An empty variable is no folder. Relative to the workspace, as every path of a task.
    let Some(folder) = std::env::var_os(OWN).filter(|folder| !folder.is_empty()) else { return Ok(None) };
    let folder = root().join(folder);
    check::present(&folder)
        .with_context(|| format!("{OWN} names a folder that is not whole; complete it or unset {OWN}"))?;
    Ok(Some(folder))
}
