//! A cluster, and an agent's disk beside it.

use policy::resolve::Settings;
use rand::SeedableRng as _;
use service::clock::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writ_spoke_agent::cache::StoredTime;
use writ_spoke_agent::cache::good::Good;
use writ_spoke_agent::chance::Chance;
use writ_spoke_agent::config::Config;
use writ_spoke_agent::faults::Faults;
use writ_spoke_agent::reach::{Reached, reached};
use writ_spoke_agent::reconcile::Reconciler;
use writ_spoke_agent::start::{Started, start};
use writ_spoke_agent::target::choice::{Choice, Means};
use writ_spoke_agent::target::directory::Directory;
use writ_spoke_agent::target::{Target, TargetError, Telling};
use writ_spoke_agent::time::Time;

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn wall(&self) -> jiff::Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// A directory as a cluster, and the agent's data beside it.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let cluster = "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n\
            spec:\n  facts: {kubernetes: '1.36', apis: [apps/v1]}\n";
        world.write("cluster.yaml", cluster);
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
        world.write("objects/_cluster/Namespace..shop.yaml", namespace);
        world
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("cluster")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root().join(path)).ok()
    }

    pub(crate) fn directory(&self) -> Directory {
        let chance = Arc::new(Chance::new(rand::rngs::StdRng::seed_from_u64(1)));
        Directory::open(self.root(), Good::under(&self.data()), chance).unwrap()
    }

    /// A new agent over the same disk and cluster, as after a restart.
    pub(crate) fn reconciler(&self) -> Reconciler {
        self.reconciler_of(Arc::new(self.directory()))
    }

    pub(crate) fn reconciler_of(&self, target: Arc<dyn Target>) -> Reconciler {
        self.reconciler_by(target, Arc::new(SystemClock::new()))
    }

    /// One for which no time passes, so that no wait is ever over.
    pub(crate) fn timeless_reconciler(&self) -> Reconciler {
        self.reconciler_by(Arc::new(self.directory()), Arc::new(Still))
    }

    fn reconciler_by(&self, target: Arc<dyn Target>, clock: Arc<dyn Clock>) -> Reconciler {
        std::fs::create_dir_all(self.data()).unwrap();
        let time = Time::start(clock, StoredTime::under(&self.data()), Faults::default());
        Reconciler::new(target, Good::under(&self.data()), time, Settings::default())
    }

    /// The whole agent over this disk and cluster, once somebody has joined; nothing of it runs yet.
    pub(crate) async fn agent(&self) -> Started {
        self.begun(|reached| reached).await
    }

    /// The same, where the cluster says this of what was told.
    pub(crate) async fn agent_told(&self, told: Result<Option<Telling>, TargetError>) -> Started {
        self.begun(|reached| Reached { told, ..reached }).await
    }

    async fn begun(&self, meets: impl FnOnce(Reached) -> Reached) -> Started {
        let config = Config {
            data: self.data(),
            target: Choice::Directory(self.root()),
            local: SocketAddr::from(([127, 0, 0, 1], 0)),
            slow_scan: Duration::from_secs(600),
            linger: Duration::ZERO,
            health: Duration::from_secs(60),
            contested: Duration::from_secs(60),
            lifeline: policy::access::Lifeline::default(),
        };
        let chance = Arc::new(Chance::new(rand::rngs::StdRng::seed_from_u64(1)));
        let (good, clock, wake) = (Good::under(&self.data()), Arc::new(SystemClock::new()), Arc::default());
        let means = Means { good, chance, clock, wake };
        let reached = reached(&config.target, means.clone()).await.unwrap();
        start(&config, meets(reached), means).await.unwrap()
    }

    /// Every file of the cluster, with its bytes and the time of its last write.
    pub(crate) fn stand(&self) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
        let read = |path: PathBuf| {
            let written = path.metadata().unwrap().modified().unwrap();
            (path.clone(), (std::fs::read(&path).unwrap(), written))
        };
        files(&self.root()).into_iter().map(read).collect()
    }
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Polls `holds` until it does.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
