//! One spoke that stands still delays nobody, and skips what it missed.

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use writ_e2e::revisions::{FIRST, arrives, publish};
use writ_e2e::{cast, faults};
use xtask::lab::Cast;

const COMMITS: u32 = 50;
const STOPPED: &str = "eu-2";
const RUNNING: &str = "eu-1";

fn compression(number: u32) -> String {
    if number == 0 { FIRST.to_owned() } else { format!("c{number}") }
}

/// How long the running spoke takes for each of these commits, the worst of them.
#[expect(clippy::disallowed_methods, reason = "the time that passes is what this test is about")]
fn worst(cast: &Cast, commits: std::ops::Range<u32>) -> Result<Duration> {
    let mut worst = Duration::ZERO;
    for number in commits {
        publish(cast, &compression(number), &compression(number + 1))?;
        let published = Instant::now();
        arrives(cast, RUNNING, &compression(number + 1))?;
        worst = worst.max(published.elapsed());
    }
    Ok(worst)
}

#[test]
fn a_stopped_spoke_delays_nobody_and_skips_what_it_missed() -> Result<()> {
    let cast = cast(3, &[])?;
    let pid = cast.spoke(STOPPED)?.pid().context("it runs")?;
    let usual = worst(&cast, 0..5)?;
    arrives(&cast, STOPPED, &compression(5))?;
    let before = taken_up(&cast)?;
    faults::signal(pid, Signal::STOP)?;
    let beside = worst(&cast, 5..COMMITS)?;
    faults::signal(pid, Signal::CONT)?;
    arrives(&cast, STOPPED, &compression(COMMITS))?;
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
