//! Benchmarks: each with a control in the same run, so that figures of different machines can be compared as ratios.

use anyhow::Result;

/// Which benchmark.
#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Options) -> Result<()> {
    Ok(())
}
