//! The only wiring: what runs, under which rule, and what each task is given.

use crate::agent::Agent;
use crate::brakes::Braking;
use crate::cache::good::Good;
use crate::chance::Chance;
use crate::config::Config;
use crate::connection::{self, Beginning};
use crate::local;
use crate::measures;
use crate::reach::reach;
use crate::reconcile::Reconciler;
use crate::rounds;
use crate::start::{Started, start};
use crate::status;
use crate::target::choice::{Choice, Means};
use crate::target::directory::Layout;
use crate::target::directory::watch::Watch;
use anyhow::{Context as _, Result};
use policy::resolve::Settings;
use rand::rngs::StdRng;
use service::clock::{Clock, SystemClock};
use service::listen;
use service::lock::DirLock;
use service::probes;
use service::ready::ReadyFile;
use service::supervisor::{Policy, Supervisor, Task};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How long tasks may take to stop.
const STOPPING: Duration = Duration::from_secs(5);
/// Longer silence of a task means that it hangs.
const SILENCE: Duration = Duration::from_secs(120);
/// How often trusted time is stored.
const MINUTE: Duration = Duration::from_secs(60);

/// Runs the agent until it is told to stop.
///
/// # Errors
/// A sentence when something it needs is not there, or a task failed for good.
pub async fn run(config: &Config, ready_file: Option<&Path>) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let chance = Arc::new(Chance::new(rand::make_rng::<StdRng>()));
    let _lock = DirLock::acquire(&config.data)?;
    let listener = listen::bind("local", config.local).await?;
    let address = listener.local_addr().context("the local listener has no address")?;
    let listeners = BTreeMap::from([("local", address)]);
    let _here = ReadyFile::write(&local::address_file(&config.data), &listeners)?;
    let _ready = ready_file.map(|path| ReadyFile::write(path, &listeners)).transpose()?;
    let mut supervisor = Supervisor::new(Arc::clone(&clock));
    let means = Means { good: Good::under(&config.data), chance, clock, wake: Arc::new(Notify::new()) };
    let listener = listener.into_std()?;
    let listening = || listener.try_clone().and_then(TcpListener::from_std);
    let Some(reached) = reach(&config.target, means.clone(), &listening).await? else { return Ok(()) };
    let started = start(config, reached, means).await?;
    tracing::info!(cluster = %started.agent.cluster, local = %address, "the agent starts");
    let ready = supervisor.health().gate("a look at the target");
    watch(&mut supervisor, config, &started);
    enforce(&mut supervisor, config, &started, ready);
    connect(&mut supervisor, &started.agent, started.beginning);
    let router = local::router(supervisor.health(), measures::metrics(&started.agent), Arc::clone(&started.agent));
    let listener = listening()?;
    supervisor
        .start_once(Task::new("local", Policy::Fatal), |context| probes::serve(listener, router, context.shutdown));
    Ok(supervisor.run(STOPPING).await?)
}

/// What enforces: needs no hub.
fn enforce(supervisor: &mut Supervisor, config: &Config, started: &Started, ready: service::health::Gate) {
    let (agent, target, good) = (&started.agent, &started.target, &started.good);
    let settings = Settings { linger: config.linger, health: config.health, contested: config.contested };
    let reconciler = Reconciler::new(Arc::clone(target), good.clone(), agent.time.clone(), settings);
    let braking = Braking::of(started.told.as_ref().map(|told| &told.enforcement));
    let reconciler = reconciler.measured(agent.measures.clone()).guarding(config.lifeline.clone()).braked(braking);
    let (shared, slow_scan) = (Arc::clone(agent), config.slow_scan);
    supervisor.start_once(Task::new("rounds", Policy::Fatal).beats_within(SILENCE), move |context| {
        rounds::run(shared, reconciler, slow_scan, ready, context)
    });
    let (shared, target, told) = (Arc::clone(agent), Arc::clone(target), started.told.clone());
    supervisor.start_once(Task::new("status", Policy::Fatal).beats_within(SILENCE), move |context| {
        status::run(shared, target, told, context)
    });
    let time = agent.time.clone();
    supervisor.start_once(Task::new("time", Policy::Fatal), move |context| async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(MINUTE) => time.store(),
                () = context.shutdown.cancelled() => return Ok::<_, Infallible>(()),
            }
        }
    });
}

/// What wakes the rounds when the directory changes. Without it the slow scan still sees everything.
fn watch(supervisor: &mut Supervisor, config: &Config, started: &Started) {
    // A cluster is watched by its target.
    let Choice::Directory(root) = &config.target else { return };
    let root = root.canonicalize().unwrap_or_else(|_| root.clone());
    match Watch::start(Layout::new(root)) {
        Ok(watch) => {
            let wake = Arc::clone(&started.agent.wake);
            supervisor.start_once(Task::new("watch", Policy::Fatal), move |context| async move {
                tokio::select! {
                    () = watch.run(wake) => {}
                    () = context.shutdown.cancelled() => {}
                }
                Ok::<_, Infallible>(())
            });
        }
        Err(error) => started.agent.faults.put("watch", Some(service::exit::chain(&error))),
    }
}

/// What connects: trust, identity, renewal, following.
fn connect(supervisor: &mut Supervisor, agent: &Arc<Agent>, beginning: Beginning) {
    let shared = Arc::clone(agent);
    let task = Task::new("connection", Policy::Fatal);
    supervisor.start_once(task, move |context| connection::run(shared, beginning, context));
}
