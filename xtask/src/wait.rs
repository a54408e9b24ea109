//! Level-triggered waits: a condition is polled until it holds or a deadline passes.

use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PACE: Duration = Duration::from_millis(5);

/// Begins to measure; tells, each time it is asked, how long that is ago.
pub fn stopwatch() -> impl Fn() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a task on a developer's machine has no injected clock")]
    let start = Instant::now();
    move || start.elapsed()
}

/// Polls `look` until it gives a value; after `limit`, fails with what was awaited and the last reason why not.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    let waited = stopwatch();
    loop {
        match look() {
            Ok(value) => return Ok(value),
            Err(error) if waited() >= limit => {
                return Err(error).with_context(|| format!("waited {} s: {what}", limit.as_secs()));
            }
            Err(_) => std::thread::sleep(PACE),
        }
    }
}

/// Polls for the whole of `time` that `look` keeps holding.
pub fn throughout(what: &str, time: Duration, mut look: impl FnMut() -> Result<()>) -> Result<()> {
    let waited = stopwatch();
    while waited() < time {
        if let Err(error) = look() {
            bail!("{what}: {error:#}");
        }
        std::thread::sleep(PACE);
    }
    Ok(())
}
