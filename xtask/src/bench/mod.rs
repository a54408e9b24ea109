//! Benchmarks: each with a control in the same run, so that figures of different machines can be compared as ratios.

use anyhow::Result;

/// Which benchmark.
#[derive(clap::Args)]
pub struct Options {}

/// Runs it.
///
/// # Errors
/// When something does not build or run.
pub fn run(_: &Options) -> Result<()> {
    Ok(())
}
