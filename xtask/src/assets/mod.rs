//! Programs that tests need beside our own, built once from their Go modules (`e2e/assets/`) and kept: those of a real
//! Kubernetes control plane, and a simulator of network policies.

mod check;
mod definition;
mod go;
mod make;
mod progress;
mod recipe;

use crate::tools::{root, say};
use anyhow::{Context, Result};
use check::Found;
use clap::ValueEnum;
use recipe::{CONTROL_PLANE, Module, Recipe, SIMULATOR};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

pub use definition::cluster_network_policy;

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

/// Binaries of one module, and what it took to have them.
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
    let all = build()?;
    match options.output {
        Output::Json => say(&serde_json::to_string_pretty(&all)?),
        Output::Human => {
            for assets in &all {
                assets.binaries.iter().for_each(|found| say(&found.to_string()));
                say(&assets.folder.display().to_string());
            }
        }
    }
    Ok(())
}

/// Builds all binaries unless they stand, checks that they run, and downloads what else the tests use.
///
/// # Errors
/// As [`control_plane`] and [`cluster_network_policy`].
pub fn build() -> Result<[Assets; 2]> {
    cluster_network_policy()?;
    Ok([control_plane()?, have(&SIMULATOR)?])
}

/// Builds the binaries of a control plane unless they stand, and checks that they run. What a person brings is checked
/// only.
///
/// # Errors
/// When Go is missing, when a build fails, or when what was brought is not whole.
pub fn control_plane() -> Result<Assets> {
    match own()? {
        Some(folder) => checked(&CONTROL_PLANE, folder, None),
        None => have(&CONTROL_PLANE),
    }
}

fn have(module: &'static Module) -> Result<Assets> {
    let (folder, took) = make::unless_there(&Recipe::of(module)?)?;
    checked(module, folder, took)
}

fn checked(module: &Module, folder: PathBuf, took: Option<Duration>) -> Result<Assets> {
    let binaries = check::all(module, &folder)
        .with_context(|| format!("{} is damaged; remove it and try again", folder.display()))?;
    Ok(Assets { binaries, folder, built: took.is_some(), seconds: took.as_ref().map_or(0, Duration::as_secs) })
}

/// Where the binaries of a control plane are, without building them.
///
/// # Errors
/// When they are not built.
pub fn folder() -> Result<PathBuf> {
    own()?.map_or_else(|| built(&CONTROL_PLANE), Ok)
}

/// Where the simulator of network policies is, without building it.
///
/// # Errors
/// When it is not built.
pub fn simulator() -> Result<PathBuf> {
    Ok(built(&SIMULATOR)?.join("cyclonus"))
}

fn built(module: &'static Module) -> Result<PathBuf> {
    let folder = Recipe::of(module)?.folder()?;
    check::present(module, &folder).context("`cargo xtask assets` builds what the tests need")?;
    Ok(folder)
}

/// What a person brings, if it is whole.
fn own() -> Result<Option<PathBuf>> {
    // An empty variable is no folder. Relative to the workspace, as every path of a task.
    let Some(folder) = std::env::var_os(OWN).filter(|folder| !folder.is_empty()) else { return Ok(None) };
    let folder = root().join(folder);
    check::present(&CONTROL_PLANE, &folder)
        .with_context(|| format!("{OWN} names a folder that is not whole; complete it or unset {OWN}"))?;
    Ok(Some(folder))
}
