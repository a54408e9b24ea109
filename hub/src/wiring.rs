//! The only wiring: what runs, under which rule, and what each task is given.

use crate::config::HubConfig;
use crate::enrollment::{EnrollError, Enroller};
use crate::error::HubError;
use crate::gates::{Gates, GatesError};
use crate::hub::{Hub, Parts, Settings};
use crate::init::Layout;
use crate::measures;
use crate::people::{self, Judge, JudgeError, People};
use crate::source::Source;
use crate::spokes::{self, Services};
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;
use crate::sync::Requests;
use catalog::{FetchOptions, Repository, RepositoryError};
use certs::accept::Limits;
use certs::ca::{IssueError, Issuer};
use certs::key::{FileSigner, KeyError};
use policy::bundle::chain::Chain;
use policy::bundle::trust::TrustError;
use rand::Rng as _;
use rand::rngs::StdRng;
use service::atomic;
use service::clock::{Clock, SystemClock};
use service::fault::FileError;
use service::listen::{ListenError, bind};
use service::lock::DirLock;
use service::probes;
use service::ready::ReadyFile;
use service::supervisor::{Fatal, Policy, Supervisor, Task};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long tasks may take to stop.
const STOPPING: Duration = Duration::from_secs(10);
/// Longer silence of a task that looks regularly means that it hangs.
const SILENCE: Duration = Duration::from_secs(900);
/// The largest chain of trust documents.
const MAX_TRUST: u64 = 1024 * 1024;

/// Why the hub does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// `init` was never run.
    #[error("there is no hub in {data}; run `writ-hub init` with this configuration first", data = .0.display())]
    NoHub(PathBuf),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The issuer.
    #[error(transparent)]
    Issuer(#[from] IssueError),
    /// The trust document.
    #[error("the trust document on disk does not verify")]
    Trust(#[from] TrustError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog's mirror.
    #[error(transparent)]
    Mirror(#[from] RepositoryError),
    /// The hub's own state.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The hub's own certificate.
    #[error(transparent)]
    Certificate(#[from] EnrollError),
    /// The listeners' TLS.
    #[error(transparent)]
    Gates(#[from] GatesError),
    /// The built-in policy.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A task failed for good.
    #[error(transparent)]
    Task(#[from] Fatal),
}

/// The three listeners, bound before anything else is done.
struct Listeners {
    spokes: TcpListener,
    people: TcpListener,
    probes: TcpListener,
    bound: BTreeMap<&'static str, SocketAddr>,
}

/// Runs the hub until it is told to stop.
///
/// # Errors
/// [`ServeError`]: a sentence when something it needs is not there, or a task failed for good.
pub async fn serve(config: &HubConfig, ready_file: Option<&Path>) -> Result<(), ServeError> {
    let layout = Layout::new(&config.data);
    if !layout.trust().is_file() {
        return Err(ServeError::NoHub(config.data.clone()));
    }
    let _lock = DirLock::acquire(&config.data)?;
    let listeners = listen(config).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let (hub, requests) = open(config, &layout, &listeners, Arc::clone(&clock)).await?;
    let issuer = Issuer::load(config.trust_domain.clone(), &layout.key("issuer.crt"), &layout.key("issuer.pem"))?;
    let rng = Box::new(rand::make_rng::<StdRng>());
    let enroller = Arc::new(Enroller::new(Arc::clone(&hub), issuer, config.leaf, rng));
    let gates = Gates::open(Arc::clone(&hub), Arc::clone(&enroller))?;
    for (name, address) in &listeners.bound {
        tracing::info!(name, %address, "listening");
    }
    let mut supervisor = Supervisor::new(clock);
    let _ready = ready_file.map(|path| ReadyFile::write(path, &listeners.bound)).transpose()?;
    work(&mut supervisor, config, &hub, requests, &gates);
    answer(&mut supervisor, listeners, hub, enroller, &gates)?;
    Ok(supervisor.run(STOPPING).await?)
}

async fn listen(config: &HubConfig) -> Result<Listeners, ListenError> {
    let spokes = bind("spokes", config.spokes).await?;
    let people = bind("people", config.people).await?;
    let probes = bind("probes", config.probes).await?;
    let named = [("spokes", &spokes), ("people", &people), ("probes", &probes)];
    let bound = named.iter().filter_map(|(name, listener)| Some((*name, listener.local_addr().ok()?))).collect();
    Ok(Listeners { spokes, people, probes, bound })
}

async fn open(
    config: &HubConfig,
    layout: &Layout,
    listeners: &Listeners,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Hub>, Requests), ServeError> {
    let spokes = listeners.bound.get("spokes").copied().unwrap_or(config.spokes);
    let options = FetchOptions { known_hosts: config.known_hosts.clone(), ..FetchOptions::default() };
    let source =
        Source::new(Repository::open(&layout.mirror())?, config.repository.clone(), config.reference.clone(), options);
    let source = source.anchored(config.signers.clone());
    let parts = Parts {
        store: Arc::new(SqliteStore::open(&layout.store())?),
        clock,
        signer: Arc::new(FileSigner::load(&layout.key("bundles.pem"))?),
        trust: Arc::new(Chain::from_bytes(&atomic::read(&layout.trust(), MAX_TRUST)?)?),
        source,
        settings: Settings { fresh: config.fresh, hubs: config.hubs(spokes) },
    };
    Ok(Hub::open(parts).await?)
}

/// What goes on by itself.
fn work(supervisor: &mut Supervisor, config: &HubConfig, hub: &Arc<Hub>, requests: Requests, gates: &Gates) {
    let (syncing, interval) = (Arc::clone(hub), config.interval.get());
    let ready = supervisor.health().gate("the first publish");
    let first = ready.clone();
    supervisor.start_once(
        Task::new("sync", Policy::Fatal).beats_within(SILENCE.max(3 * interval)),
        move |context| async move { syncing.keep_syncing(requests, interval, first, context).await },
    );
    let publishing = Arc::clone(hub);
    supervisor.start_once(Task::new("publish", Policy::Fatal).beats_within(SILENCE), move |context| async move {
        publishing.keep_publishing(ready, context).await
    });
    let measuring = Arc::clone(hub);
    supervisor.start_once(Task::new("measures", Policy::Fatal), move |context| async move {
        measuring.keep_measuring(context).await
    });
    let gates = gates.clone();
    supervisor.start_once(Task::new("gates", Policy::Fatal), move |context| async move {
        tokio::select! {
            ended = gates.keep() => ended,
            () = context.shutdown.cancelled() => Ok(()),
        }
    });
}

/// What answers: spokes, people, probes.
fn answer(
    supervisor: &mut Supervisor,
    listeners: Listeners,
    hub: Arc<Hub>,
    enroller: Arc<Enroller>,
    gates: &Gates,
) -> Result<(), ServeError> {
    let watched = vec![("spokes", Arc::clone(&gates.spokes)), ("people", Arc::clone(&gates.people))];
    let metrics = measures::metrics(&hub, watched);
    let people = People::new(Arc::clone(&hub), Judge::built_in()?, rand::make_rng::<StdRng>().next_u64());
    let (gate, services) = (Arc::clone(&gates.spokes), Services { hub, enroller });
    supervisor.start_once(Task::new("spokes", Policy::Fatal), move |context| {
        spokes::serve(listeners.spokes, gate, Limits::default(), services, context.shutdown)
    });
    let (gate, router) = (Arc::clone(&gates.people), people::router(people));
    supervisor.start_once(Task::new("people", Policy::Fatal), move |context| async move {
        people::serve(listeners.people, gate, Limits::default(), router, context.shutdown).await;
        Ok::<_, Infallible>(())
    });
    let router = probes::router(supervisor.health(), metrics);
    supervisor.start_once(Task::new("probes", Policy::Fatal), move |context| {
        probes::serve(listeners.probes, router, context.shutdown)
    });
    Ok(())
}
