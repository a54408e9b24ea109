//! What the system says of a process.

use anyhow::{Context, Result};
use std::time::Duration;

/// Resident memory in megabytes.
pub(crate) fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// How long it has been at work on all cores together, in steps of ten milliseconds.
pub(crate) fn worked(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field, a name in brackets, may hold blanks; after it, `utime` and `stime` are the 12th and 13th.
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| Ok(ticks.parse::<u64>()?));
    Ok(Duration::from_millis(10 * ticks.sum::<Result<u64>>()?))
}
