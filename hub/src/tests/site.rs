//! A hub with its catalog in a temporary folder.

use super::steered::Steered;
use crate::config::HubConfig;
use crate::hub::{Hub, Parts, Settings};
use crate::init::{Layout, init};
use crate::source::Source;
use crate::store::sqlite::SqliteStore;
use crate::store::{Actor, StoreError};
use catalog::{FetchOptions, Repository};
use certs::key::FileSigner;
use jiff::{SignedDuration, Timestamp};
use policy::bundle::chain::Chain;
use policy::digest::Digest;
use policy::name::ClusterName;
use proto::rest::catalog::Refreshed;
use service::clock::Clock;
use service::supervisor::{Policy, Supervisor, Task};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A clock that stands until it is moved.
pub(super) struct Hand(Mutex<Timestamp>);

impl Hand {
    pub(super) fn back(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_sub(SignedDuration::try_from(by).unwrap()).unwrap();
    }

    pub(super) fn forward(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::try_from(by).unwrap()).unwrap();
    }
}

impl Clock for Hand {
    fn wall(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

pub(super) struct Site {
    pub(super) folder: TempDir,
    pub(super) clock: Arc<Hand>,
    pub(super) hub: Arc<Hub>,
    /// What the hub keeps everything in.
    pub(super) store: Arc<Steered>,
    /// Ends the hub's tasks.
    tasks: Running,
}

struct Running {
    shutdown: service::supervisor::Shutdown,
    health: service::health::Health,
    done: JoinSet<Result<(), service::supervisor::Fatal>>,
}

pub(super) fn who() -> Actor {
    Actor::Person("ada".to_owned())
}

pub(super) fn cluster(name: &str) -> ClusterName {
    name.parse().unwrap()
}

const WRIT: &str = "apiVersion: writ.dev/v1alpha1
kind: Catalog
metadata: {name: acme}
spec:
  regions: [eu, us]
  teams: {platform: {members: [ada]}}
  domains: [{path: intents, owner: platform}, {path: regions/eu, owner: platform}, {path: regions/us, owner: platform}]
";

pub(super) fn cluster_yaml(name: &str, region: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1
kind: Cluster
metadata: {{name: {name}}}
spec: {{region: {region}, mode: enforce, facts: {{kubernetes: \"1.36\", apis: [apps/v1]}}}}
"
    )
}

pub(super) fn intent(name: &str, region: Option<&str>, value: &str) -> String {
    let clusters = region.map_or_else(|| "{}".to_owned(), |region| format!("{{regions: [{region}]}}"));
    format!(
        "apiVersion: writ.dev/v1alpha1
kind: ConfigTemplate
metadata: {{name: {name}}}
spec:
  rationale: A test.
  risk: low
  mode: enforce
  scope: {{clusters: {clusters}}}
  objects:
  - manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: {{name: {name}, namespace: shop}}
      data: {{key: {value}}}
"
    )
}

impl Site {
    /// A hub of two clusters, eu-1 and us-1, and one rule, published.
    pub(super) async fn published() -> Self {
        let site = Self::new().await;
        site.write("writ.yaml", WRIT);
        site.write("clusters/eu-1.yaml", &cluster_yaml("eu-1", "eu"));
        site.write("clusters/us-1.yaml", &cluster_yaml("us-1", "us"));
        site.write("intents/one.yaml", &intent("one", None, "a"));
        site.commit().await;
        site
    }

    /// A hub that has read nothing yet.
    pub(super) async fn new() -> Self {
        Self::configured("", |_| ()).await
    }

    /// A hub that has read nothing yet, with more said of its catalog; `before` makes what that names.
    pub(super) async fn configured(more: &str, before: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(Mutex::new("2026-11-21T03:00:00Z".parse().unwrap())));
        std::fs::create_dir(folder.path().join("catalog")).unwrap();
        git(&folder.path().join("catalog"), &["init", "-q", "-b", "main"]);
        before(folder.path());
        let text = format!(
            "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec:\n  data: hub\n  trustDomain: acme.example\n  \
             catalog: {{repository: catalog{more}}}\n  listeners: {{spokes: \"127.0.0.1:0\"}}\n"
        );
        std::fs::write(folder.path().join("hub.yaml"), text).unwrap();
        let config = HubConfig::load(&folder.path().join("hub.yaml")).unwrap();
        init(&config, clock.wall(), &mut rand::rng()).await.unwrap();
        let (hub, store, tasks) = start(folder.path(), clock.clone()).await;
        Self { folder, clock, hub, store, tasks }
    }

    pub(super) fn store_path(&self) -> std::path::PathBuf {
        self.folder.path().join("hub/writ.db")
    }

    /// Stops the hub, lets `between` happen to its data, and starts it again.
    pub(super) async fn restart(self, between: impl FnOnce(&Path)) -> Self {
        let Self { folder, clock, hub, store, tasks } = self;
        tasks.shutdown.cancel();
        for ended in tasks.done.join_all().await {
            ended.unwrap();
        }
        drop((hub, store));
        closed(&folder.path().join("hub/writ.db-wal")).await;
        between(folder.path());
        let (hub, store, tasks) = start(folder.path(), clock.clone()).await;
        Self { folder, clock, hub, store, tasks }
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join("catalog").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        std::fs::remove_file(self.folder.path().join("catalog").join(path)).unwrap();
    }

    /// Commits all that stands and has the hub read it.
    pub(super) async fn commit(&self) -> Refreshed {
        self.commit_unread();
        self.hub.refresh().await.unwrap()
    }

    /// Runs git in the catalog.
    pub(super) fn git(&self, arguments: &[&str]) {
        git(&self.folder.path().join("catalog"), arguments);
    }

    /// Commits all that stands.
    pub(super) fn commit_unread(&self) {
        let catalog = self.folder.path().join("catalog");
        git(&catalog, &["add", "-A"]);
        git(&catalog, &["commit", "-q", "--allow-empty", "-m", "change"]);
    }

    /// Waits until the newest head of `name` is as `wanted` says.
    pub(super) async fn until(
        &self,
        name: &str,
        wanted: impl Fn(&crate::following::Published) -> bool,
    ) -> Arc<crate::following::Published> {
        let mut followed = self.hub.followed(&cluster(name));
        let found = followed.wait_for(|newest| newest.as_ref().is_some_and(|newest| wanted(newest)));
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("such a head").unwrap().clone().unwrap()
    }

    /// Waits until the hub says that it is ready.
    pub(super) async fn ready(&self) {
        for _ in 0..4_000 {
            if self.tasks.health.waiting().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("still waiting for {:?}", self.tasks.health.waiting());
    }

    /// Waits until one of the hub's tasks has ended, and says how.
    pub(super) async fn ended(&mut self) -> Result<(), service::supervisor::Fatal> {
        let ended = tokio::time::timeout(Duration::from_secs(20), self.tasks.done.join_next());
        ended.await.expect("an end").unwrap().unwrap()
    }

    /// Releases a hold as it stands.
    pub(super) async fn release(&self, digest: Digest) {
        let kept = self.hub.kept_hold(digest).await.unwrap();
        self.hub.release(&kept, &who(), None).await.unwrap();
    }

    pub(super) fn newest(&self, name: &str) -> Arc<crate::following::Published> {
        self.hub.newest(&cluster(name)).expect("a head")
    }
}

async fn start(folder: &Path, clock: Arc<Hand>) -> (Arc<Hub>, Arc<Steered>, Running) {
    let config = HubConfig::load(&folder.join("hub.yaml")).unwrap();
    let layout = Layout::new(&config.data);
    let trust = Chain::from_bytes(&std::fs::read(layout.trust()).unwrap()).unwrap();
    let options = FetchOptions { known_hosts: None, ..FetchOptions::default() };
    let source = Source::new(Repository::open(&layout.mirror()).unwrap(), config.repository, config.reference, options);
    let source = source.anchored(config.signers);
    let store = Arc::new(Steered::new(open(&layout.store()).await));
    let parts = Parts {
        store: store.clone(),
        clock: clock.clone(),
        signer: Arc::new(FileSigner::load(&layout.key("bundles.pem")).unwrap()),
        trust: Arc::new(trust),
        source,
        settings: Settings { fresh: config.fresh, hubs: vec!["127.0.0.1:1".to_owned()] },
    };
    let (hub, requests) = Hub::open(parts).await.unwrap();
    let mut supervisor = Supervisor::new(clock);
    let shutdown = supervisor.shutdown();
    let (syncing, publishing, health) = (hub.clone(), hub.clone(), supervisor.health());
    let ready = health.gate("the first publish");
    let first = ready.clone();
    let hour = Duration::from_secs(3_600);
    let sync = Task::new("sync", Policy::Fatal);
    supervisor.start_once(sync, |context| async move { syncing.keep_syncing(requests, hour, first, context).await });
    let publish = Task::new("publish", Policy::Fatal);
    supervisor.start_once(publish, |context| async move { publishing.keep_publishing(ready, context).await });
    let mut done = JoinSet::new();
    done.spawn(supervisor.run(Duration::from_secs(10)));
    (hub, store, Running { shutdown, health, done })
}

/// The store's thread closes its file a moment after the hub is gone; its write-ahead log goes last.
async fn closed(log: &Path) {
    for _ in 0..2_000 {
        if !log.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{} stays open", log.display());
}

/// The hub that was stopped closes the file a moment later.
async fn open(path: &Path) -> SqliteStore {
    for _ in 0..1_000 {
        match SqliteStore::open(path) {
            Err(StoreError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            other => return other.unwrap(),
        }
    }
    panic!("{} stays in use", path.display());
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
