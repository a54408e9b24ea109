//! The demo: the main job, on directories or on real clusters, told in plain steps, each of them checked.

mod edits;
mod steps;

use crate::lab::{self, Cast, Options as Lab};
use crate::tools::say;
use anyhow::{Context, Result};

pub use edits::replace as edit;

/// What the demo can be told.
#[derive(clap::Args)]
pub struct Options {
    /// Real Kubernetes control planes as clusters, instead of directories.
    #[arg(long)]
    pub kube: bool,
}

/// One chapter: what it says, and what it does and checks.
struct Chapter {
    title: &'static str,
    play: fn(&mut Cast) -> Result<Vec<String>>,
}

/// Tells all chapters in order; the first check that fails ends the demo.
pub fn run(options: &Options) -> Result<()> {
    let clusters = if options.kube { "Kubernetes control planes" } else { "clusters as directories" };
    say(&format!("Writ demo: a git catalog, one hub, four {clusters}, mutual TLS in between.\n"));
    lab::build(options.kube)?;
    let mut cast = Cast::start(&Lab { kube: options.kube, ..Lab::default() })?;
    for (number, chapter) in steps::CHAPTERS.iter().enumerate() {
        say(&format!("{:>2}. {}", number + 1, chapter.title));
        let told = (chapter.play)(&mut cast).with_context(|| format!("chapter {}: {}", number + 1, chapter.title))?;
        told.iter().for_each(|line| say(&format!("      {line}")));
    }
    cast.end()?;
    say("\nEvery step was checked. Nothing is left running.");
    Ok(())
}
