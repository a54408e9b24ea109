//! The demo: the main job on the embedded default, told in plain steps, each of them checked.

mod edits;
mod steps;

use crate::lab::{Cast, Options as Lab, binaries};
use crate::tools::say;
use anyhow::{Context, Result};
use std::path::PathBuf;

pub use edits::replace as edit;

/// What the demo can be told.
#[derive(clap::Args)]
pub struct Options {}

/// One chapter: what it says, and what it does and checks.
struct Chapter {
    title: &'static str,
    play: fn(&mut Cast) -> Result<Vec<String>>,
}

/// Tells all chapters in order; the first check that fails ends the demo.
pub fn run(_: &Options) -> Result<()> {
    say("Writ demo: a git catalog, one hub, four clusters as directories, mutual TLS in between.\n");
    binaries::build()?;
    let mut cast = Cast::start(&Lab {
        catalog: PathBuf::from("examples/acme"),
        spokes: 4,
        seeds: PathBuf::from("examples/clusters"),
        set: Vec::new(),
        ready_file: None,
    })?;
    for (number, chapter) in steps::CHAPTERS.iter().enumerate() {
        say(&format!("{:>2}. {}", number + 1, chapter.title));
        let told = (chapter.play)(&mut cast).with_context(|| format!("chapter {}: {}", number + 1, chapter.title))?;
        told.iter().for_each(|line| say(&format!("      {line}")));
    }
    say("\nEvery step was checked. Nothing is left running.");
    Ok(())
}
