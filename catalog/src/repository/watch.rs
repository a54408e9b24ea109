//! Ends a fetch that takes too long or brings too much.

use super::process::Serving;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(20);

/// Why a fetch was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    Late,
    TooLarge,
}

/// What a fetch may cost, and whether it has been ended.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) deadline: Duration,
    pub(super) bytes: u64,
    pub(super) interrupt: AtomicBool,
    pub(super) stopped: OnceLock<Stopped>,
}

impl Watch {
    pub(super) fn new(deadline: Duration, bytes: u64) -> Self {
        Self { deadline, bytes, interrupt: AtomicBool::new(false), stopped: OnceLock::new() }
    }

    /// Looks at the mirror's folder again and again until the other end of `done` is dropped.
    pub(super) fn run(&self, mirror: &Path, serving: Option<&Serving>, done: &Receiver<()>) {
        let before = bytes_in(mirror);
        let mut waited = Duration::ZERO;
        while done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            waited += TICK;
            if let Some(why) = self.judge(waited, bytes_in(mirror).saturating_sub(before)) {
                let _ = self.stopped.set(why);
                self.interrupt.store(true, Ordering::Relaxed);
                serving.iter().for_each(|serving| serving.kill());
            }
        }
    }

    fn judge(&self, waited: Duration, grown: u64) -> Option<Stopped> {
        match () {
            () if grown > self.bytes => Some(Stopped::TooLarge),
            () if waited > self.deadline => Some(Stopped::Late),
            () => None,
        }
    }
}

/// Bytes of the packs of a mirror: where all that a fetch brings is put, from its first byte on.
fn bytes_in(mirror: &Path) -> u64 {
    let packs = fs::read_dir(mirror.join("objects/pack")).into_iter().flatten().flatten();
    packs.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}
