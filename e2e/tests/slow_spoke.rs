//! One spoke that stands still delays nobody, and skips what it missed.

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use writ_e2e::{INTENT, TELEMETRY, cast, faults};
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, cluster};
use xtask::wait;

const COMMITS: u32 = 50;
const STOPPED: &str = "eu-2";
const RUNNING: &str = "eu-1";

fn commit(cast: &Cast, from: u32, to: u32) -> Result<()> {
    let value =
        |number: u32| if number == 0 { "compression: zstd".to_owned() } else { format!("compression: c{number}") };
    xtask::demo::edit(cast, INTENT, &value(from), &value(to))?;
    cast.commit(&format!("Compression {to}"))?;
    cast.writ(&["catalog", "refresh"]).map(drop)
}

fn arrives(cast: &Cast, name: &str, number: u32) -> Result<()> {
    let wanted = format!("c{number}");
    wait::until(&format!("{name} has commit {number}"), PATIENCE, || {
        cluster::expect(cast, name, TELEMETRY, "/data/compression", &wanted)
    })
}

/// How long the running spoke takes for each of these commits, the worst of them.
#[expect(clippy::disallowed_methods, reason = "the time that passes is what this test is about")]
fn worst(cast: &Cast, commits: std::ops::Range<u32>) -> Result<Duration> {
    let mut worst = Duration::ZERO;
    for number in commits {
        commit(cast, number, number + 1)?;
        let published = Instant::now();
        arrives(cast, RUNNING, number + 1)?;
        worst = worst.max(published.elapsed());
    }
    Ok(worst)
}

#[test]
fn a_stopped_spoke_delays_nobody_and_skips_what_it_missed() -> Result<()> {
    let cast = cast(3, &[])?;
    let pid = cast.spoke(STOPPED)?.pid().context("it runs")?;
    let usual = worst(&cast, 0..5)?;
    arrives(&cast, STOPPED, 5)?;
    let before = taken_up(&cast)?;
    faults::signal(pid, Signal::STOP)?;
    let beside = worst(&cast, 5..COMMITS)?;
    faults::signal(pid, Signal::CONT)?;
    arrives(&cast, STOPPED, COMMITS)?;
    let skipped_to = taken_up(&cast)? - before;
    if skipped_to > 2 {
        bail!("after its stop it took up {skipped_to} bundles, not only the newest");
    }
    // Far above any usual time, far below what waiting for the stopped one would take.
    if beside > usual * 10 + Duration::from_secs(2) {
        bail!("commits took up to {beside:?} beside a stopped spoke, {usual:?} without");
    }
    Ok(())
}

/// How many bundles the stopped spoke has taken up in its life: each has a sequence number of its own.
fn taken_up(cast: &Cast) -> Result<usize> {
    let log = std::fs::read_to_string(cast.spoke(STOPPED)?.home.join("log"))?;
    let sequence = |line: &str| line.split("sequence=").nth(1)?.split_whitespace().next().map(str::to_owned);
    let taken: BTreeSet<String> =
        log.lines().filter(|line| line.contains("is in force")).filter_map(sequence).collect();
    if taken.is_empty() { bail!("its log tells of no bundle") } else { Ok(taken.len()) }
}
