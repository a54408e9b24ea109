//! One task: its name, its rule, and what it is given.

use super::Shutdown;
use crate::backoff::Backoff;
use crate::health::{Health, Heartbeat};
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What it means when a task ends although nobody asked it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The process ends: with the task's error, its panic, or because it returned at all.
    Fatal,
    /// It may return; an error or a panic ends the process.
    MayFinish,
    /// It is started again after a wait; one that ran longer than `most` begins again at `first`.
    Restart(Backoff),
}

/// A task before it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    pub(super) name: &'static str,
    pub(super) policy: Policy,
    pub(super) silence: Option<Duration>,
}

impl Task {
    /// A task under a rule. Its name appears in logs, probes and the final error.
    #[must_use]
    pub const fn new(name: &'static str, policy: Policy) -> Self {
        Self { name, policy, silence: None }
    }

    /// Its longest silence: `/livez` fails when it has not beaten for longer.
    #[must_use]
    pub const fn beats_within(self, limit: Duration) -> Self {
        Self { silence: Some(limit), ..self }
    }

    pub(super) fn context(&self, health: &Health, shutdown: &Shutdown) -> Context {
        // Without a limit of its own a task may be silent for ever.
        let limit = self.silence.unwrap_or(Duration::MAX);
        Context { shutdown: shutdown.clone(), heartbeat: health.heartbeat(self.name, limit) }
    }
}

/// What a running task is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// Says when to stop.
    pub shutdown: Shutdown,
    /// Where to show progress.
    pub heartbeat: Heartbeat,
}

/// Why a task ended.
#[derive(Debug)]
pub enum Cause {
    /// It returned, and should not have.
    Returned,
    /// It panicked, with this message.
    Panicked(String),
    /// It returned this error.
    Failed(Box<dyn Error + Send + Sync>),
}

impl Cause {
    /// One word for metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Panicked(_) => "panicked",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("ended, which it never should"),
            Self::Panicked(message) => write!(f, "panicked (a defect in Writ; please report it): {message}"),
            Self::Failed(_) => f.write_str("failed"),
        }
    }
}
