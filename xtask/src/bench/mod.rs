//! Benchmarks: each with a control in the same run, so that figures of different machines can be compared as ratios.

mod drift;
mod figures;
mod fleet;
mod people;
mod process;
mod propagate;
mod proxy;
mod publish;
mod resolve;
mod seat;
mod ten;

use anyhow::Result;
use std::io::{IsTerminal as _, Write as _};

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
    /// From a refresh to ten changed ConfigMaps in real clusters: time and memory.
    Propagate(propagate::Options),
    /// Objects that are changed by hand, and a cluster with thousands of them: time, work and memory.
    Drift(drift::Options),
    /// How long a round takes to think about thousands of objects that are as wanted.
    Resolve(resolve::Options),
}

/// Runs one benchmark and prints its figures.
///
/// # Errors
/// When something does not build, start or finish.
pub fn run(options: &Options) -> Result<()> {
    match &options.name {
        Name::Publish(options) => publish::run(options),
        Name::Propagate(options) => propagate::run(options),
        Name::Drift(options) => drift::run(options),
        Name::Resolve(options) => resolve::run(options),
    }
}

/// Says what is being done, where somebody watches.
fn progress(what: &str) {
    let mut errors = std::io::stderr().lock();
    if errors.is_terminal() {
        // A closed terminal is the reader's choice, not a failure of the task.
        drop(write!(errors, "\r\x1b[K   {what}").and_then(|()| errors.flush()));
    }
}
