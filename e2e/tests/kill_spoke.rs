//! A spoke is killed at each of its durable system calls, one after the other, while it takes up a bundle.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use writ_e2e::faults::Doomed;
use writ_e2e::revisions::{FIRST, arrives, publish, stands};
use writ_e2e::{cast, disk};
use xtask::lab::cast::PATIENCE;
use xtask::lab::spoke::spoke_command;
use xtask::lab::{Cast, files};

const NAME: &str = "eu-1";

/// More kills than taking up a bundle has durable calls: if the work is not done by then, something loops.
const MOST: usize = 400;

/// Sets everything up: a spoke at one revision, stopped, and a hub that is at the next.
fn between_revisions() -> Result<Cast> {
    let mut cast = cast(1, &[])?;
    arrives(&cast, NAME, FIRST)?;
    cast.kill_spoke(NAME)?;
    publish(&cast, FIRST, "gzip")?;
    Ok(cast)
}

/// Kills the spoke at every durable call, each time from the same state before, and looks at what is left.
fn sweep(after_each: impl Fn(&Cast, &Path) -> Result<()>) -> Result<()> {
    let cast = between_revisions()?;
    let home = cast.spoke(NAME)?.home.clone();
    let before = home.with_extension("before");
    files::copy(&home, &before)?;
    for k in 1..MOST {
        fs::remove_dir_all(&home)?;
        files::copy(&before, &home)?;
        let doomed = Doomed::start(&spoke_command(&home)?, k, &home)?;
        let struck = doomed.until(PATIENCE, || stands(&cast, NAME, "gzip"))?;
        after_each(&cast, &home).with_context(|| format!("killed at durable call {k}"))?;
        if !struck {
            return Ok(());
        }
    }
    bail!("after {MOST} durable calls the bundle is still not taken up")
}

#[test]
fn inv03_a_kill_at_any_step_leaves_a_whole_bundle() -> Result<()> {
    sweep(|_, home| {
        disk::whole_bundle(&home.join("data"))?.context("the bundle in force is gone")?;
        Ok(())
    })
}

#[test]
fn inv35_a_kill_at_any_step_orphans_nothing() -> Result<()> {
    sweep(|_, home| disk::no_orphans(&home.join("cluster")))
}
