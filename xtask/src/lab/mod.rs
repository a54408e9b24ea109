//! The lab: a hub and its spokes as real processes over a real git catalog, until interrupted.

pub mod binaries;
pub mod cast;
pub mod cluster;
pub mod control_plane;
pub mod files;
pub mod kube;
pub mod kubectl;
mod process;
pub mod spoke;

use crate::assets;
use crate::tools::say;
use anyhow::{Context, Result};
pub use cast::Cast;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::PathBuf;

/// What the lab is made of.
#[derive(clap::Args)]
pub struct Options {
    /// A catalog: a git repository, or a folder, which is committed to a new one.
    #[arg(long, default_value = "examples/acme")]
    pub catalog: PathBuf,
    /// How many of the catalog's clusters get a spoke, by name order.
    #[arg(long, default_value_t = 4)]
    pub spokes: usize,
    /// Real Kubernetes control planes as clusters, instead of directories.
    #[arg(long)]
    pub kube: bool,
    /// What the clusters begin with: DIR/<cluster>/objects/.
    #[arg(long, default_value = "examples/clusters")]
    pub seeds: PathBuf,
    /// Settings of the hub, such as fresh=30s,leaf=2m.
    #[arg(long, value_delimiter = ',', value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Where to write, as JSON, where everything is.
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
}

impl Default for Options {
    /// As on the command line.
    fn default() -> Self {
        Self {
            catalog: "examples/acme".into(),
            spokes: 4,
            kube: false,
            seeds: "examples/clusters".into(),
            set: Vec::new(),
            ready_file: None,
        }
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Starts everything, writes the ready file, and waits for an interrupt.
pub fn run(options: &Options) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen for signals")?;
    build(options.kube)?;
    let cast = Cast::start(options)?;
    let ready = serde_json::to_string_pretty(&cast.describe())?;
    match &options.ready_file {
        Some(path) => files::write_atomically(path, &ready)?,
        None => say(&ready),
    }
    say("the lab runs; interrupt to end it");
    signals.forever().next();
    cast.end()
}

/// Builds what a cast is made of.
///
/// # Errors
/// When something cannot be built.
pub fn build(kube: bool) -> Result<()> {
    binaries::build()?;
    if kube { assets::control_plane().map(drop) } else { Ok(()) }
}
