//! Getting to the cluster. One that does not answer is waited for, however long: the agent that starts while its API
//! server is away joins in when that comes. Until then it can enforce nothing, and it follows no hub, because the head
//! that its cluster remembers is not known yet (invariant 1).

use crate::local::STATUS;
use crate::target::choice::{Choice, Means};
use crate::target::{Target, TargetError, Telling};
use anyhow::Result;
use axum::http::StatusCode;
use axum::routing::get;
use service::backoff::Backoff;
use service::health::Heartbeat;
use service::probes;
use service::supervisor::{Policy, Supervisor, Task};
use service::telemetry::Metrics;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

const WAITS: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
/// A try may take some requests, each of which is waited for.
const SILENCE: Duration = Duration::from_secs(120);
/// How long an answer in flight may take when the waiting ends.
const STOPPING: Duration = Duration::from_secs(5);

/// A cluster that answers.
#[derive(Debug)]
pub struct Reached {
    /// The cluster.
    pub target: Arc<dyn Target>,
    /// What an agent told there last, or why it cannot be read.
    pub told: Result<Option<Telling>, TargetError>,
}

/// Opens the target. While it does not answer, `listener` answers the probes: alive, not ready. None when the process was
/// told to stop meanwhile.
///
/// # Errors
/// What does not pass by waiting, such as a kubeconfig that cannot be understood.
pub async fn reach(
    choice: &Choice,
    means: Means,
    listener: &impl Fn() -> std::io::Result<TcpListener>,
) -> Result<Option<Reached>> {
    match reached(choice, means.clone()).await {
        Err(error) if error.may_pass() => wait(choice.clone(), means, error, listener()?).await,
        reached => Ok(Some(reached?)),
    }
}

/// Opens the target, if it answers now.
///
/// # Errors
/// [`TargetError`] when it cannot be used, or does not answer.
pub async fn reached(choice: &Choice, means: Means) -> Result<Reached, TargetError> {
    let target = choice.open(means).await?;
    match target.told().await {
        // Invariant 1: the cluster may remember a newer head than the disk does.
        Err(error) if error.may_pass() => Err(error),
        told => Ok(Reached { target, told }),
    }
}

async fn wait(choice: Choice, means: Means, first: TargetError, listener: TcpListener) -> Result<Option<Reached>> {
    let mut supervisor = Supervisor::new(Arc::clone(&means.clock));
    let _closed = supervisor.health().gate("the cluster");
    let (why, shown) = watch::channel(String::new());
    tell(&why, &first);
    let router = probes::router(supervisor.health(), Metrics::new());
    let router = router.route(STATUS, get(async move || (StatusCode::SERVICE_UNAVAILABLE, shown.borrow().clone())));
    supervisor
        .start_once(Task::new("local", Policy::Fatal), |context| probes::serve(listener, router, context.shutdown));
    let (give, mut given) = oneshot::channel();
    supervisor.start_once(Task::new("cluster", Policy::MayFinish).beats_within(SILENCE), move |context| async move {
        let reached = tokio::select! {
            reached = again(&choice, &means, &why, &context.heartbeat) => reached?,
            () = context.shutdown.cancelled() => return Ok(()),
        };
        // Whoever asked for it still waits below.
        drop(give.send(reached));
        context.shutdown.cancel();
        Ok::<_, TargetError>(())
    });
    supervisor.run(STOPPING).await?;
    Ok(given.try_recv().ok())
}

/// Tries until the cluster answers.
async fn again(
    choice: &Choice,
    means: &Means,
    why: &watch::Sender<String>,
    heartbeat: &Heartbeat,
) -> Result<Reached, TargetError> {
    for failures in 1.. {
        tokio::time::sleep(WAITS.ceiling(failures)).await;
        heartbeat.beat();
        match reached(choice, means.clone()).await {
            Ok(reached) => {
                tracing::info!("the cluster answers");
                return Ok(reached);
            }
            // A kubeconfig may be looked at while it is being replaced.
            Err(error) if error.may_pass() || error.is_configuration() => tell(why, &error),
            Err(error) => return Err(error),
        }
    }
    Err(TargetError::Away("it was waited for long enough".to_owned()))
}

/// Tells what keeps the agent waiting, each reason once.
fn tell(why: &watch::Sender<String>, error: &TargetError) {
    let text = format!("the agent waits for its cluster: {}", service::exit::chain(error));
    let is_news = |told: &mut String| *told != text;
    if why.send_if_modified(|told| {
        is_news(told) && {
            told.clone_from(&text);
            true
        }
    }) {
        tracing::warn!(why = text, "nothing can be enforced yet");
    }
}
