//! Benchmarks: each with a control in the same run, so that figures of different machines can be compared as ratios.

mod figures;
mod fleet;
mod proxy;
mod publish;

use anyhow::Result;

/// Which benchmark.
#[derive(clap::Args)]
pub struct Options {
    #[command(subcommand)]
    name: Name,
}

#[derive(clap::Subcommand)]
enum Name {
    /// From a commit to signed heads and to directories: time, bytes and memory.
    Publish(publish::Options),
}

/// Runs one benchmark and prints its figures.
///
/// # Errors
/// When something does not build, start or finish.
pub fn run(options: &Options) -> Result<()> {
    match &options.name {
        Name::Publish(options) => publish::run(options),
    }
}
