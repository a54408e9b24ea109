//! Signed bundles and a cluster to hold them.

use certs::enroll::first;
use certs::key::{FileSigner, Signer};
use policy::bundle::chain::Chain;
use policy::bundle::contents::{Contents, FORMAT, Line};
use policy::bundle::entry::{Body, Entry, Envelope, Own, Owner, Risk, Template};
use policy::bundle::head::{Head, PAYLOAD_TYPE};
use policy::bundle::trust::{Authority, KeySet, Trust};
use policy::bundle::verify::{Bundle, verify};
use policy::canonical;
use policy::digest::Digest;
use policy::facts::Declared;
use policy::mode::Mode;
use policy::name::ClusterName;
use policy::resolve::Settings;
use rand::SeedableRng as _;
use serde_json::{Value, json};
use service::clock::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writ_spoke_agent::cache::StoredTime;
use writ_spoke_agent::cache::good::Good;
use writ_spoke_agent::chance::Chance;
use writ_spoke_agent::reconcile::Reconciler;
use writ_spoke_agent::target::Target;
use writ_spoke_agent::target::directory::Directory;
use writ_spoke_agent::time::Time;

/// One hub's keys, and the trust that follows from them.
pub(crate) struct Hub {
    signer: FileSigner,
    pub(crate) chain: Chain,
}

/// A bundle as bytes.
pub(crate) struct Parts {
    pub(crate) head: Vec<u8>,
    pub(crate) contents: Vec<u8>,
    pub(crate) entries: BTreeMap<Digest, Vec<u8>>,
}

pub(crate) fn cluster() -> ClusterName {
    "eu-1".parse().unwrap()
}

impl Hub {
    pub(crate) async fn new() -> Self {
        let (root, signer) = (FileSigner::generate().unwrap(), FileSigner::generate().unwrap());
        let only = |signer: &FileSigner| KeySet { threshold: 1, keys: vec![*signer.public_key()] };
        let trust = Trust {
            version: 1,
            trust_domain: "acme.example".to_owned(),
            root: only(&root),
            bundles: only(&signer),
            audit: only(&signer),
            authorities: vec![Authority(vec![1])],
        };
        let anchor = Digest::of(&canonical::to_vec(&trust).unwrap());
        let envelope = first(&trust, &[&root]).await.unwrap();
        Self { signer, chain: Chain::anchored(anchor, &[envelope.to_bytes()]).unwrap() }
    }

    pub(crate) async fn parts(&self, audience: &str, sequence: u64, entries: &[Entry]) -> Parts {
        let mut blobs: BTreeMap<_, _> =
            entries.iter().map(|entry| (entry.name.clone(), canonical::to_vec(entry).unwrap())).collect();
        let line = |(name, bytes): (&policy::name::RuleName, &Vec<u8>)| Line {
            name: name.clone(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
        };
        let lines = blobs.iter().map(line).collect();
        let contents = canonical::to_vec(&Contents { format: FORMAT, entries: lines }).unwrap();
        let head = head(audience, sequence, Digest::of(&contents));
        let signer: &dyn Signer = &self.signer;
        let envelope = signer.envelope(PAYLOAD_TYPE, &canonical::to_vec(&head).unwrap()).await.unwrap();
        let entries = std::mem::take(&mut blobs).into_values().map(|bytes| (Digest::of(&bytes), bytes)).collect();
        Parts { head: envelope.to_bytes(), contents, entries }
    }

    pub(crate) async fn bundle(&self, sequence: u64, entries: &[Entry]) -> Bundle {
        let parts = self.parts("eu-1", sequence, entries).await;
        verify(&self.chain, &cluster(), None, &parts.head, &parts.contents, &parts.entries).unwrap()
    }
}

fn head(audience: &str, sequence: u64, contents: Digest) -> Head {
    let now = SystemClock::new().wall();
    Head {
        cluster: Declared {
            name: audience.parse().unwrap(),
            region: "eu".parse().unwrap(),
            labels: BTreeMap::new(),
            mode: Mode::Enforce,
        },
        sequence,
        contents,
        revision: format!("r{sequence}"),
        region_revision: "r".to_owned(),
        issued_at: now,
        fresh_until: now + jiff::SignedDuration::from_mins(10),
        hubs: vec!["127.0.0.1:1".to_owned()],
        trust: 1,
        prune: None,
    }
}

/// A rule of whole objects, for the cluster as one unit.
pub(crate) fn rule(name: &str, manifests: &[Value]) -> Entry {
    let template =
        |manifest: &Value| Template { own: Own::Whole, adopt: false, per_namespace: false, manifest: manifest.clone() };
    Entry {
        name: format!("ConfigTemplate/{name}").parse().unwrap(),
        envelope: Envelope {
            owner: Owner { team: "platform".parse().unwrap(), contact: None, escalation: None },
            rationale: "a test".to_owned(),
            controls: Vec::new(),
            risk: Risk::Low,
            mode: Mode::Enforce,
            namespaces: None,
            assignments: Vec::new(),
        },
        body: Body::Objects { templates: manifests.iter().map(template).collect(), slots: Vec::new() },
    }
}

pub(crate) fn config_map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"},
        "data": {"k": value}})
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
        std::fs::create_dir_all(self.data()).unwrap();
        let time = Time::start(Arc::new(SystemClock::new()), StoredTime::under(&self.data()));
        Reconciler::new(target, Good::under(&self.data()), time, Settings::default())
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
