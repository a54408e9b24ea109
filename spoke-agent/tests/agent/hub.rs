//! One hub's keys, and what it signs.

use certs::ca::{self, Issuer, Root, Validity};
use certs::enroll::{Proven, first, next};
use certs::identity::{SpiffeId, TrustDomain};
use certs::key::{FileSigner, Signer};
use jiff::SignedDuration;
use policy::bundle::chain::Chain;
use policy::bundle::contents::{Contents, FORMAT, Line};
use policy::bundle::entry::{Body, Entry, Envelope, Owner, Risk, Template};
use policy::bundle::head::{Head, PAYLOAD_TYPE};
use policy::bundle::trust::{Authority, KeySet, Trust};
use policy::bundle::verify::{Bundle, verify};
use policy::canonical;
use policy::digest::Digest;
use policy::facts::Declared;
use policy::mode::Mode;
use policy::name::ClusterName;
use serde_json::{Value, json};
use service::clock::{Clock as _, SystemClock};
use std::collections::BTreeMap;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// One hub's keys, and the trust that follows from them.
pub(crate) struct Hub {
    root: FileSigner,
    signer: FileSigner,
    trust: Trust,
    issuer: Issuer,
    /// How long its heads are fresh.
    pub(crate) fresh: SignedDuration,
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

pub(crate) fn domain() -> TrustDomain {
    "acme.example".parse().unwrap()
}

fn today() -> Validity {
    Validity::starting(SystemClock::new().wall(), DAY).unwrap()
}

impl Hub {
    pub(crate) async fn new() -> Self {
        let (root, signer) = (FileSigner::generate().unwrap(), FileSigner::generate().unwrap());
        let authority = Root::create(domain(), today(), &mut rand::rng()).unwrap();
        let only = |signer: &FileSigner| KeySet { threshold: 1, keys: vec![*signer.public_key()] };
        let trust = Trust {
            version: 1,
            trust_domain: domain().to_string(),
            root: only(&root),
            bundles: only(&signer),
            audit: only(&signer),
            authorities: vec![Authority(authority.certificate().to_vec())],
        };
        let anchor = Digest::of(&canonical::to_vec(&trust).unwrap());
        let envelope = first(&trust, &[&root]).await.unwrap();
        let issuer = authority.issuer(today(), &mut rand::rng()).unwrap();
        let chain = Chain::anchored(anchor, &[envelope.to_bytes()]).unwrap();
        Self { root, signer, trust, issuer, fresh: SignedDuration::from_mins(10), chain }
    }

    /// Other bundle keys, by a newer trust document.
    pub(crate) async fn rotate(&mut self) {
        self.signer = FileSigner::generate().unwrap();
        self.trust.version += 1;
        self.trust.bundles.keys = vec![*self.signer.public_key()];
        let envelope = next(&self.trust, &[&self.root], &[&self.root]).await.unwrap();
        self.chain = self.chain.extend(&[envelope.to_bytes()]).unwrap();
    }

    /// A certificate for a day.
    pub(crate) fn certify(&self, id: &SpiffeId, key: &Proven) -> ca::Chain {
        self.issuer.issue(id, key, today(), &mut rand::rng()).unwrap()
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
        let mut head = head(audience, sequence, Digest::of(&contents));
        (head.trust, head.fresh_until) = (self.trust.version, head.issued_at + self.fresh);
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
        fresh_until: now,
        hubs: vec!["127.0.0.1:1".to_owned()],
        trust: 1,
        prune: None,
    }
}

/// A rule of whole objects, for the cluster as one unit.
pub(crate) fn rule(name: &str, manifests: &[Value]) -> Entry {
    let template = |manifest: &Value| Template::whole(manifest.clone(), false);
    Entry {
        name: format!("ConfigTemplate/{name}").parse().unwrap(),
        envelope: Envelope {
            owner: Owner { team: "platform".parse().unwrap(), contact: None, escalation: None },
            region: None,
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
