//! Keys, signed things and whole bundles for the tests of this crate.

use super::chain::Chain;
use super::contents::{Contents, FORMAT, Line};
use super::dsse::{Envelope, pre_authentication};
use super::entry::{Body, Entry, Owner, Risk, Template};
use super::head::{self, Head};
use super::key::PublicKey;
use super::trust::{self, Authority, KeySet, Trust};
use super::verify::{Bundle, verify};
use crate::canonical;
use crate::digest::Digest;
use crate::facts::Declared;
use crate::mode::Mode;
use crate::selector::{LabelSelector, NamespaceSelector, Term};
use crate::time::{TrustedClock, TrustedTime};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Test keys by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys;

impl Keys {
    fn secret(self, number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number; 32])
    }

    pub(crate) fn public(self, number: u8) -> PublicKey {
        PublicKey::from_raw(self.secret(number).verifying_key().as_bytes()).unwrap()
    }

    pub(crate) fn set(self, threshold: u32, numbers: &[u8]) -> KeySet {
        KeySet { threshold, keys: numbers.iter().map(|number| self.public(*number)).collect() }
    }

    pub(crate) fn sign(self, payload_type: &str, payload: &[u8], by: &[u8]) -> Envelope {
        let message = pre_authentication(payload_type, payload);
        by.iter().fold(Envelope::unsigned(payload_type, payload), |envelope, number| {
            let signature = self.secret(*number).sign(&message).to_bytes();
            envelope.with_signature(&self.public(*number), &signature)
        })
    }
}

/// The bundle key of [`chain`].
pub(crate) const BUNDLES: u8 = 9;

/// A chain of one version whose bundles are signed by `threshold` of `keys`.
pub(crate) fn chain(threshold: u32, keys: &[u8]) -> Chain {
    let trust = Trust {
        version: 1,
        trust_domain: "acme.example".to_owned(),
        root: Keys.set(1, &[1]),
        bundles: Keys.set(threshold, keys),
        audit: Keys.set(1, &[10]),
        authorities: vec![Authority(vec![1, 2, 3])],
    };
    let payload = canonical::to_vec(&trust).unwrap();
    let envelope = Keys.sign(trust::PAYLOAD_TYPE, &payload, &[1]).to_bytes();
    Chain::anchored(Digest::of(&payload), &[envelope]).unwrap()
}

/// The trusted time `hours` after the beginning of the tests' time.
pub(crate) fn hour(hours: i64) -> TrustedTime {
    TrustedClock::start(None, at(hours), Duration::ZERO, Duration::ZERO).read(at(hours), Duration::ZERO)
}

pub(crate) fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + hours * 3600).unwrap()
}

/// The unsigned parts of a bundle for cluster `eu-1`; every field may be changed before it is signed.
pub(crate) struct Parts {
    pub(crate) head: Head,
    pub(crate) contents: Vec<u8>,
    pub(crate) entries: BTreeMap<Digest, Vec<u8>>,
}

impl Parts {
    pub(crate) fn new(entries: &[Entry]) -> Self {
        let bytes = entries.iter().map(|entry| (entry.name.clone(), canonical::to_vec(entry).unwrap()));
        Self::of(bytes.collect())
    }

    /// Of entries in their bytes, by name.
    pub(crate) fn of(bytes: BTreeMap<crate::name::RuleName, Vec<u8>>) -> Self {
        let line = |(name, bytes): (&crate::name::RuleName, &Vec<u8>)| Line {
            name: name.clone(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
        };
        let lines = bytes.iter().map(line).collect();
        let entries = bytes.into_values().map(|bytes| (Digest::of(&bytes), bytes)).collect();
        Self { head: head(), contents: Vec::new(), entries }.listing(lines)
    }

    /// The same with other lines in the contents.
    pub(crate) fn listing(mut self, entries: Vec<Line>) -> Self {
        self.contents = canonical::to_vec(&Contents { format: FORMAT, entries }).unwrap();
        self.head.contents = Digest::of(&self.contents);
        self
    }

    pub(crate) fn signed(&self) -> Vec<u8> {
        Keys.sign(head::PAYLOAD_TYPE, &canonical::to_vec(&self.head).unwrap(), &[BUNDLES]).to_bytes()
    }

    pub(crate) fn bundle(&self) -> Bundle {
        let name = "eu-1".parse().unwrap();
        verify(&chain(1, &[BUNDLES]), &name, None, &self.signed(), &self.contents, &self.entries).unwrap()
    }
}

fn head() -> Head {
    Head {
        cluster: Declared {
            name: "eu-1".parse().unwrap(),
            region: "eu".parse().unwrap(),
            labels: BTreeMap::new(),
            mode: Mode::Enforce,
        },
        sequence: 7,
        contents: Digest::of(b""),
        revision: "abc".to_owned(),
        region_revision: "abc".to_owned(),
        issued_at: at(0),
        fresh_until: at(1),
        hubs: vec!["hub:7443".to_owned()],
        trust: 1,
        prune: None,
    }
}

/// The bundle of these entries for a cluster at `mode`.
pub(crate) fn bundle(entries: &[Entry], mode: Mode) -> Bundle {
    let mut parts = Parts::new(entries);
    parts.head.cluster.mode = mode;
    parts.bundle()
}

/// A rule of kind ConfigTemplate.
pub(crate) fn rule(name: &str, mode: Mode, namespaces: Option<&[(&str, &str)]>, body: Body) -> Entry {
    let selector = |labels: &[(&str, &str)]| {
        let match_labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let labels = LabelSelector { match_labels, ..LabelSelector::default() };
        NamespaceSelector { all: vec![Term { labels, ..Term::default() }] }
    };
    Entry {
        name: format!("ConfigTemplate/{name}").parse().unwrap(),
        envelope: super::entry::Envelope {
            owner: Owner { team: "platform".parse().unwrap(), contact: None, escalation: None },
            region: None,
            rationale: "a test".to_owned(),
            controls: Vec::new(),
            risk: Risk::Low,
            mode,
            namespaces: namespaces.map(selector),
            assignments: Vec::new(),
        },
        body,
    }
}

/// A body of whole objects.
pub(crate) fn objects(per_namespace: bool, manifests: &[Value]) -> Body {
    let template = |manifest: &Value| Template::whole(manifest.clone(), per_namespace);
    Body::Objects { templates: manifests.iter().map(template).collect(), slots: Vec::new() }
}
