//! `cargo xtask bench resolve`: how long a round takes to think, where 500 rules hold in 200 namespaces, with 50 overrides and
//! 50 constraints, and all is as wanted.

use super::figures::{Figure, tell};
use super::progress;
use crate::tools;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;

/// What it is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What the benchmark prints; times in milliseconds.
#[derive(Deserialize)]
struct Measured {
    objects: u64,
    cold: f64,
    median: f64,
    worst: f64,
    control: f64,
    /// Bytes that are still held after all rounds and were not before.
    grown: f64,
    rounds: f64,
}

/// xtask links no crate of the workspace, so the benchmark is one of the agent's own.
pub(crate) fn run(options: &Options) -> Result<()> {
    progress("the benchmark is built");
    let output = Command::new(env!("CARGO"))
        .current_dir(tools::root())
        .args(["bench", "--quiet", "--package", "writ-spoke-agent", "--bench", "resolve"])
        .output()
        .context("cargo cannot be run")?;
    progress("");
    ensure!(output.status.success(), "the benchmark failed: {}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout)?;
    let told = line.lines().rfind(|line| line.starts_with('{')).context("the benchmark printed no figures")?;
    let Measured { objects, cold, median, worst, control, grown, rounds } = serde_json::from_str(told)?;
    let figure = |what: &str, value, goal| {
        Figure::new(format!("{objects} objects: {what}"), "ms", value, goal).beside("comparing all of them", control)
    };
    let figures = [
        figure("resolve and plan, p50", median, 100.0),
        figure("resolve and plan, worst", worst, 100.0),
        figure("resolve for the first time", cold, 1_000.0),
        Figure::new(format!("{objects} objects: memory that a round leaves behind"), "B", grown / rounds, 0.0),
    ];
    tell(&figures, options.json.as_deref())
}
