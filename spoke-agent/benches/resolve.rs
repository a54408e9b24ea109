//! How long a round takes to think: `resolve` and `plan` of a large cluster in which all is as wanted. `cargo xtask bench
//! resolve` runs it and sets the goals; here it is only measured. Prints one line of JSON.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark, run by hand"
)]

use allocation_counter::measure;
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use policy::bundle::chain::Chain;
use policy::bundle::companion::{Companion, Says};
use policy::bundle::contents::{Contents, FORMAT, Line};
use policy::bundle::dsse::{Envelope, pre_authentication};
use policy::bundle::entry::{Body, Entry, Envelope as Governed, Own, Owner, Risk, Template};
use policy::bundle::head::{self, Head};
use policy::bundle::key::PublicKey;
use policy::bundle::trust::{self, Authority, KeySet, Trust};
use policy::bundle::verify::{Bundle, verify};
use policy::canonical;
use policy::compile::slot::{By, Form, Place, Slot, bounds::Bounds};
use policy::constraint;
use policy::digest::Digest;
use policy::facts::Declared;
use policy::local::Local;
use policy::mode::Mode;
use policy::name::RuleName;
use policy::plan::inventory::{Row, State, Uid, Version};
use policy::plan::plan;
use policy::resolve::{Memo, Settings, resolve};
use policy::seen::{NamespaceSeen, Observed, Seen};
use policy::selector::{LabelSelector, NamespaceSelector, Term};
use policy::time::{TrustedClock, TrustedTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RULES: usize = 500;
const NAMESPACES: usize = 200;
/// Each rule holds in one namespace of so many.
const GROUPS: usize = 20;
const OVERRIDES: usize = 50;
const CONSTRAINTS: usize = 50;
const ROUNDS: usize = 100;
const KEY: [u8; 32] = [9; 32];

fn main() {
    let (bundle, now) = (bundle(), now());
    let (settings, mut memo) = (Settings::default(), Memo::default());
    let mut seen = Seen { namespaces: namespaces(), local: Arc::new(local()), ..Seen::default() };
    let cold = Instant::now();
    let first = resolve(&bundle, &seen, &settings, now, &mut memo);
    let cold = cold.elapsed();
    assert_eq!((first.wants.len(), first.notes.len()), (RULES * NAMESPACES / GROUPS, 0), "{:?}", first.notes.first());
    stand(&mut seen, &first.wants);
    drop(first);
    let mut round = || {
        let resolved = resolve(&bundle, &seen, &settings, now, &mut memo);
        let plan = plan(&resolved.wants, &resolved.regional, &seen, &settings, now);
        assert!(plan.units.values().all(|unit| unit.transaction.is_none()), "all is right already");
    };
    round();
    let mut times: Vec<Duration> = Vec::new();
    let kept = measure(|| {
        for _ in 0..ROUNDS {
            let began = Instant::now();
            round();
            times.push(began.elapsed());
        }
    });
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{}",
        json!({
            "objects": seen.objects.len(),
            "cold": milliseconds(cold),
            "median": milliseconds(times[ROUNDS / 2]),
            "worst": milliseconds(times[ROUNDS - 1]),
            "control": milliseconds(control(&seen)),
            "grown": kept.bytes_current - i64::try_from(times.capacity() * size_of::<Duration>()).unwrap(),
            "rounds": ROUNDS,
        })
    );
}

/// What any agent does at least: to compare every object with what it should be.
fn control(seen: &Seen) -> Duration {
    let wanted: BTreeMap<_, Value> =
        seen.objects.iter().map(|(id, observed)| (id.clone(), observed.object.tree().clone())).collect();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let same = seen.objects.iter().filter(|(id, observed)| wanted.get(id) == Some(observed.object.tree()));
            assert_eq!(same.count(), seen.objects.len());
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// Has everything that is wanted stand, as the last round left it.
fn stand(seen: &mut Seen, wants: &policy::resolve::Wants) {
    for (unit, want) in wants {
        for desired in want.desired() {
            let (id, digest) = (desired.object.id().clone(), desired.object.digest());
            let uid = Uid(format!("uid-{}", seen.objects.len()).into());
            let row = Row {
                id: id.clone(),
                api: desired.object.api().clone(),
                rule: unit.rule.clone(),
                unit: unit.namespace.clone(),
                own: Own::Whole,
                digest,
                since: Timestamp::UNIX_EPOCH,
                leaving: None,
                mode: Mode::Enforce,
                written: None,
                replaces: None,
                trial_since: None,
                going_back: false,
                state: State::Owned { uid: uid.clone() },
            };
            seen.inventory.insert(id.clone(), Arc::new(row));
            seen.good.insert(digest, desired.object.clone());
            let (object, version) = (desired.object.clone(), Version("1".into()));
            let observed =
                Observed { object, as_applied: Some(digest), drifted: None, terminating: false, uid, version };
            seen.objects.insert(id, observed);
        }
    }
}

fn namespaces() -> Arc<BTreeMap<policy::name::Namespace, NamespaceSeen>> {
    let namespace = |index: usize| {
        let labels = BTreeMap::from([("group".to_owned(), format!("g{}", index % GROUPS))]);
        (format!("team-{index}").parse().unwrap(), NamespaceSeen { labels, terminating: false })
    };
    Arc::new((0..NAMESPACES).map(namespace).collect())
}

fn name(kind: &str, index: usize) -> RuleName {
    format!("{kind}/n{index}").parse().unwrap()
}

fn rule(index: usize) -> Entry {
    let labels = LabelSelector {
        match_labels: BTreeMap::from([("group".to_owned(), format!("g{}", index % GROUPS))]),
        ..LabelSelector::default()
    };
    let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("c{index}")},
        "data": {"size": "10", "endpoint": "https://otel.example", "text": "x".repeat(200)}});
    let slot = Slot {
        field: "spec.parameters[size].default".parse().unwrap(),
        by: By::Cluster,
        bounds: Bounds::default(),
        form: Form::Text,
        default: json!("10"),
        places: vec![Place { template: 0, pointer: "/data/size".to_owned(), items: None }],
    };
    Entry {
        name: name("ConfigTemplate", index),
        envelope: Governed {
            owner: Owner { team: "platform".parse().unwrap(), contact: None, escalation: None },
            region: None,
            rationale: "a benchmark".to_owned(),
            controls: Vec::new(),
            risk: Risk::Low,
            mode: Mode::Enforce,
            namespaces: Some(NamespaceSelector { all: vec![Term { labels, ..Term::default() }] }),
            assignments: Vec::new(),
        },
        body: Body::Objects { templates: vec![Template::whole(manifest, true)], slots: vec![slot] },
    }
}

fn forbids(index: usize) -> constraint::Spec {
    let policy = format!(
        "forbid (principal, action == Writ::Action::\"apply\", resource is core::v1::ConfigMap)\n\
         when {{ resource has data && resource.data.contains({{key: \"forbidden-{index}\", value: \"true\"}}) }};"
    );
    constraint::Spec { policy, title: None, strength: None }
}

fn local() -> Local {
    let mut local = Local::default();
    let document = |kind: &str, index: usize, spec: Value| json!({"apiVersion": "writ.dev/v1alpha1", "kind": kind, "metadata": {"name": format!("n{index}")}, "spec": spec});
    for index in 0..OVERRIDES {
        let spec = json!({"rule": name("ConfigTemplate", index), "field": "spec.parameters[size].default",
            "value": "11", "reason": "a benchmark"});
        local.take(&document("Override", index, spec)).unwrap();
    }
    for index in 0..CONSTRAINTS / 2 {
        local.take(&document("LocalConstraint", index, serde_json::to_value(forbids(index)).unwrap())).unwrap();
    }
    local
}

fn entries() -> BTreeMap<RuleName, Vec<u8>> {
    let rules = (0..RULES).map(rule).map(|rule| (rule.name.clone(), canonical::to_vec(&rule).unwrap()));
    let regional = (CONSTRAINTS / 2..CONSTRAINTS).map(|index| {
        let says = Says::Constraint { region: "eu".parse().unwrap(), spec: forbids(index) };
        Companion { name: name("LocalConstraint", index), says }
    });
    let policies = r#"permit (principal, action == Writ::Action::"override", resource);"#.to_owned();
    let authority = Companion {
        name: name("Authority", 0),
        says: Says::Authority { file: "authority/a.cedar".to_owned(), policies },
    };
    let companions = regional.chain([authority]);
    rules.chain(companions.map(|one| (one.name.clone(), canonical::to_vec(&one).unwrap()))).collect()
}

fn bundle() -> Bundle {
    let entries = entries();
    let line = |(name, bytes): (&RuleName, &Vec<u8>)| Line {
        name: name.clone(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
    };
    let contents = Contents { format: FORMAT, entries: entries.iter().map(line).collect() };
    let contents = canonical::to_vec(&contents).unwrap();
    let declared = Declared {
        name: "eu-1".parse().unwrap(),
        region: "eu".parse().unwrap(),
        labels: BTreeMap::new(),
        mode: Mode::Enforce,
    };
    let head = Head {
        cluster: declared,
        sequence: 1,
        contents: Digest::of(&contents),
        revision: "abc".to_owned(),
        region_revision: "abc".to_owned(),
        issued_at: now().get(),
        fresh_until: now().get(),
        hubs: Vec::new(),
        trust: 1,
        prune: None,
    };
    let head = signed(head::PAYLOAD_TYPE, &canonical::to_vec(&head).unwrap());
    let bytes = entries.into_values().map(|bytes| (Digest::of(&bytes), bytes)).collect();
    verify(&chain(), &"eu-1".parse().unwrap(), None, &head, &contents, &bytes).unwrap()
}

fn public() -> PublicKey {
    PublicKey::from_raw(SigningKey::from_bytes(&KEY).verifying_key().as_bytes()).unwrap()
}

fn signed(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let signature = SigningKey::from_bytes(&KEY).sign(&pre_authentication(payload_type, payload)).to_bytes();
    Envelope::unsigned(payload_type, payload).with_signature(&public(), &signature).to_bytes()
}

fn chain() -> Chain {
    let keys = || KeySet { threshold: 1, keys: vec![public()] };
    let trust = Trust {
        version: 1,
        trust_domain: "acme.example".to_owned(),
        root: keys(),
        bundles: keys(),
        audit: keys(),
        authorities: vec![Authority(vec![1, 2, 3])],
    };
    let payload = canonical::to_vec(&trust).unwrap();
    Chain::anchored(Digest::of(&payload), &[signed(trust::PAYLOAD_TYPE, &payload)]).unwrap()
}

fn now() -> TrustedTime {
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    TrustedClock::start(None, at, Duration::ZERO, Duration::ZERO).read(at, Duration::ZERO)
}
