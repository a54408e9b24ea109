//! Running tasks until the first fatal end, a signal, or a request to stop.

use super::Shutdown;
use super::task::{Cause, Context, Policy, Task};
use crate::clock::Clock;
use crate::health::Health;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{Id, JoinSet};

/// Why the process as a whole must end.
#[derive(Debug)]
pub enum Fatal {
    /// This task ended and its rule is fatal.
    Task(&'static str, Cause),
    /// These tasks did not stop before the deadline and were cut off.
    Late(Vec<&'static str>),
    /// The signal handlers could not be installed.
    Signals(std::io::Error),
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(name, cause) => write!(f, "task `{name}` {cause}"),
            Self::Late(names) => write!(f, "did not stop in time: {}", names.join(", ")),
            Self::Signals(_) => f.write_str("cannot listen for signals"),
        }
    }
}

impl Error for Fatal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Task(_, Cause::Failed(error)) => Some(&**error),
            Self::Signals(error) => Some(error),
            Self::Task(..) | Self::Late(_) => None,
        }
    }
}

/// All tasks of one process.
pub struct Supervisor {
    clock: Arc<dyn Clock>,
    health: Health,
    shutdown: Shutdown,
    tasks: JoinSet<Result<(), Cause>>,
    names: BTreeMap<Id, &'static str>,
    signals: std::io::Result<(Signal, Signal)>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("tasks", &self.names.values()).finish_non_exhaustive()
    }
}

/// SIGTERM and SIGINT, heard from now on.
fn signals() -> std::io::Result<(Signal, Signal)> {
    Ok((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
}

impl Supervisor {
    /// No tasks yet. Signals that ask to stop are heard from here on, so that one that comes before
    /// [`Supervisor::run`] stops the process in good order, too. To be called within a tokio runtime.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (health, signals) = (Health::new(clock.clone()), signals());
        Self { clock, health, signals, shutdown: Shutdown::new(), tasks: JoinSet::new(), names: BTreeMap::new() }
    }

    /// The signal that stops all tasks: to wait for, or to give.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// What the probes ask.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Starts a task that can be started again: `make` is called for each start. Under `Fatal` or `MayFinish` it is
    /// called once.
    pub fn start<M, F, E>(&mut self, task: Task, make: M)
    where
        M: FnMut(Context) -> F + Send + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
    {
        match task.policy {
            Policy::Restart(_) => self.restarting(task, make),
            Policy::Fatal | Policy::MayFinish => self.start_once(task, make),
        }
    }

    /// Starts a task that cannot be started again: under `Restart` its failure is fatal.
    pub fn start_once<M, F, E>(&mut self, task: Task, make: M)
    where
        M: FnOnce(Context) -> F,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
    {
        let (health, shutdown) = (self.health.clone(), self.shutdown.clone());
        let body = make(task.context(&health, &shutdown));
        self.spawn(task.name, async move {
            let ended = watched(body).await;
            health.forget(task.name);
            match ended {
                Ok(()) if shutdown.is_cancelled() || task.policy == Policy::MayFinish => Ok(()),
                Ok(()) => Err(Cause::Returned),
                Err(cause) => Err(cause),
            }
        });
    }

    /// Runs until SIGTERM, SIGINT, a request to stop or the first fatal end, then gives all tasks until `deadline` to
    /// stop. The first fatal cause is the answer.
    pub async fn run(mut self, deadline: Duration) -> Result<(), Fatal> {
        let signals = std::mem::replace(&mut self.signals, Err(std::io::ErrorKind::NotFound.into()));
        let (mut terminate, mut interrupt) = signals.map_err(Fatal::Signals)?;
        let shutdown = self.shutdown.clone();
        let first = tokio::select! {
            fatal = self.first_fatal() => fatal,
            _ = terminate.recv() => stopping("SIGTERM"),
            _ = interrupt.recv() => stopping("SIGINT"),
            () = shutdown.cancelled() => None,
        };
        self.shutdown.cancel();
        let late = self.drain(deadline).await;
        first.or(late).map_or(Ok(()), Err)
    }

    /// The first fatal end; `None` when all tasks have finished.
    async fn first_fatal(&mut self) -> Option<Fatal> {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            if let Some(fatal) = self.judge(ended) {
                return Some(fatal);
            }
        }
        None
    }

    async fn drain(&mut self, deadline: Duration) -> Option<Fatal> {
        if let Ok(fatal) = tokio::time::timeout(deadline, self.first_fatal()).await {
            // A task that fails while stopping is told, but does not keep the others from stopping.
            let fatal = fatal?;
            tracing::error!(error = %fatal, "while stopping");
            return Some(Box::pin(self.drain(deadline)).await.unwrap_or(fatal));
        }
        let late: BTreeSet<&'static str> = self.names.values().copied().collect();
        self.tasks.shutdown().await;
        Some(Fatal::Late(late.into_iter().collect()))
    }

    fn judge(&mut self, ended: Result<(Id, Result<(), Cause>), tokio::task::JoinError>) -> Option<Fatal> {
        let (id, cause) = match ended {
            Ok((id, Ok(()))) => (id, None),
            Ok((id, Err(cause))) => (id, Some(cause)),
            Err(error) => (error.id(), Some(Cause::Panicked(error.to_string()))),
        };
        let name = self.names.remove(&id).unwrap_or("unnamed");
        let fatal = Fatal::Task(name, cause?);
        tracing::error!(task = name, error = crate::exit::chain(&fatal), "a task ended");
        Some(fatal)
    }

    fn spawn(&mut self, name: &'static str, body: impl Future<Output = Result<(), Cause>> + Send + 'static) {
        let id = self.tasks.spawn(body).id();
        self.names.insert(id, name);
    }

    fn restarting<M, F, E>(&mut self, task: Task, mut make: M)
    where
        M: FnMut(Context) -> F + Send + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
    {
        let Policy::Restart(backoff) = task.policy else { return };
        let (clock, shutdown) = (self.clock.clone(), self.shutdown.clone());
        let context = task.context(&self.health, &shutdown);
        self.spawn(task.name, async move {
            let mut failures = 0;
            loop {
                let started = clock.monotonic();
                let ended = watched(make(context.clone())).await;
                if shutdown.is_cancelled() {
                    return ended;
                }
                let lasted = clock.monotonic().saturating_sub(started) > backoff.most;
                failures = if lasted { 1 } else { failures + 1 };
                warn(task.name, ended.err().unwrap_or(Cause::Returned), failures);
                tokio::select! {
                    () = tokio::time::sleep(backoff.ceiling(failures)) => {}
                    () = shutdown.cancelled() => return Ok(()),
                }
            }
        });
    }
}

fn stopping(signal: &str) -> Option<Fatal> {
    tracing::info!(signal, "stopping");
    None
}

fn warn(task: &'static str, cause: Cause, failures: u32) {
    let error = crate::exit::chain(&Fatal::Task(task, cause));
    tracing::warn!(task, failures, error, "a task is started again");
}

/// Turns every end into a value: a panic too.
async fn watched<E: Into<Box<dyn Error + Send + Sync>>>(
    body: impl Future<Output = Result<(), E>>,
) -> Result<(), Cause> {
    match futures::FutureExt::catch_unwind(AssertUnwindSafe(body)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Cause::Failed(error.into())),
        Err(panic) => Err(Cause::Panicked(message(&*panic))),
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
