//! From what lies on disk and in the cluster to an agent: nothing is believed unverified, and what is not believed keeps
//! nothing else from working.

use crate::agent::{Agent, Force, Link, Patience, Watermark};
use crate::cache::good::Good;
use crate::cache::{Bundles, StoredTime};
use crate::config::Config;
use crate::connection::Beginning;
use crate::faults::Faults;
use crate::history::History;
use crate::identity::{Files, IdentityProblem, TrustFault, Trusted};
use crate::measures::Measures;
use crate::reach::Reached;
use crate::remembered;
use crate::target::choice::Means;
use crate::target::{Target, Telling};
use crate::time::Time;
use bytes::Bytes;
use policy::bundle::chain::Chain;
use policy::bundle::dsse::Envelope;
use policy::bundle::verify::verify_head;
use policy::name::ClusterName;
use policy::object::Object;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Why an agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It has no identity.
    #[error(transparent)]
    Identity(#[from] IdentityProblem),
}

/// An agent that is about to run.
#[derive(Debug)]
pub struct Started {
    /// What the tasks share.
    pub agent: Arc<Agent>,
    /// The cluster.
    pub target: Arc<dyn Target>,
    /// Last good copies.
    pub good: Good,
    /// What stood in the cluster of what an agent told.
    pub told: Option<Telling>,
    /// What it connects with.
    pub beginning: Beginning,
}

/// Reads everything and verifies it.
///
/// # Errors
/// [`StartError`] only where nothing at all could be enforced: no identity.
pub async fn start(config: &Config, reached: Reached, means: Means) -> Result<Started, StartError> {
    let files = Files::under(&config.data);
    let joined = files.joined()?.ok_or_else(|| IdentityProblem::NotJoined(config.data.clone()))?;
    let (Reached { target, told }, Means { good, chance, clock, wake }) = (reached, means);
    let faults = Faults::default();
    let (told, unread) = match told {
        Ok(told) => (told, None),
        Err(error) if error.is_nonsense() => {
            faults.put("status", Some(service::exit::chain(&error)));
            (None, None)
        }
        Err(error) => (None, Some(error)),
    };
    let enforcement = told.as_ref().map(|told| told.enforcement.clone());
    let time = Time::start(clock, StoredTime::under(&config.data), faults.clone());
    let own = target.cluster_uid().map(str::to_owned);
    let cluster_uid = own.or_else(|| uid_of(enforcement.as_ref())).unwrap_or_else(|| chance.uid());
    let trusted = Trusted::load(&config.data, joined.trust);
    let agent = Agent {
        trusted: watch::Sender::new(trusted.as_ref().ok().cloned()),
        cluster: joined.cluster.clone(),
        cluster_uid,
        joined,
        time,
        chance,
        patience: Patience::default(),
        bundles: Bundles::under(&config.data),
        force: watch::Sender::default(),
        round: watch::Sender::new(None),
        grounds: watch::Sender::new(None),
        history: Mutex::new(History::under(&config.data)),
        capabilities: watch::Sender::new(target.capabilities().await),
        link: watch::Sender::new(Link::Pending),
        report: watch::Sender::new(None),
        faults,
        measures: Measures::default(),
        wake,
        commits: Mutex::default(),
    };
    if let Some(error) = &unread {
        remembered::unread(&agent, error);
    }
    let force = match (&trusted, &unread) {
        (Ok(trusted), None) => in_force(&agent, &trusted.chain(), enforcement.as_ref()),
        (Ok(_), Some(_)) => Force::default(),
        (Err(fault), _) => last_good(&agent, fault, enforcement.as_ref()),
    };
    agent.put_in_force(Force { unread: unread.is_some(), ..force });
    let (data, shared) = (config.data.clone(), Arc::clone(&target));
    let beginning = Beginning { data, files, trusted: trusted.ok(), told: enforcement, target: shared };
    Ok(Started { agent: Arc::new(agent), target, good, told, beginning })
}

fn uid_of(told: Option<&Object>) -> Option<String> {
    told?.tree().pointer("/metadata/uid")?.as_str().map(str::to_owned)
}

/// What is in force after a start: the cached bundle, unless it is corrupt or below what the cluster itself remembers.
pub(crate) fn in_force(agent: &Agent, trust: &Chain, told: Option<&Object>) -> Force {
    let (bundles, cluster) = (&agent.bundles, &agent.cluster);
    let (second, unjudged) = told.and_then(envelope).map_or((None, None), |head| second(agent, trust, head));
    let loaded = bundles.load(trust, cluster, second.as_ref().map(|mark| &mark.head));
    let bundle = loaded.unwrap_or_else(|error| {
        agent.faults.put("cache", Some(service::exit::chain(&error)));
        None
    });
    if let Some(head) = bundle.as_ref().map(policy::bundle::verify::Bundle::head) {
        tracing::info!(sequence = head.sequence, revision = head.revision, "the cached bundle is in force");
    }
    let cached = cached(bundles, trust, cluster);
    Force { bundle: bundle.map(Arc::new), watermark: later(second, cached), unjudged, unread: false }
}

/// What is in force while nothing says whose signatures count: no bundle, so what the inventory lists stays at its last
/// good version. The head that the cluster remembers is kept for later.
fn last_good(agent: &Agent, fault: &TrustFault, told: Option<&Object>) -> Force {
    let why = service::exit::chain(fault);
    agent.faults.put("trust", Some(format!("{why}; {MEANWHILE}")));
    Force { unjudged: told.and_then(envelope).cloned(), ..Force::default() }
}

/// What happens while the trust documents are lost.
const MEANWHILE: &str = "no bundle can be verified without it, so what the inventory lists is kept at its last good \
    version, and the trust documents are fetched again from the hub by the digest in identity/joined.json";

fn envelope(told: &Object) -> Option<&Value> {
    told.tree().pointer("/status/watermark")
}

/// The second watermark: the head in the cluster's status. One that only a newer trust document can explain comes back
/// unjudged.
fn second(agent: &Agent, trust: &Chain, envelope: &Value) -> (Option<Watermark>, Option<Value>) {
    let bytes = Bytes::from(envelope.to_string());
    let error = match verify_head(trust, &agent.cluster, None, &bytes) {
        Ok(head) => return (Some(Watermark { head, bytes }), None),
        Err(error) => service::exit::chain(&error),
    };
    let held = trust.version();
    let newer = trust_named(&bytes).filter(|named| *named > held);
    let why = match newer {
        Some(named) => format!("cannot be judged yet: it names trust document {named}, and ours is {held}; {error}"),
        None => format!("is refused: {error}"),
    };
    agent.faults.put("watermark", Some(format!("the head that the cluster remembers (Enforcement writ) {why}")));
    (None, newer.map(|_| envelope.clone()))
}

/// The trust document that a head names, believed or not.
fn trust_named(head: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Named {
        trust: u64,
    }
    let payload = Envelope::parse(head).ok()?.payload().ok()?;
    serde_json::from_slice::<Named>(&payload).ok().map(|named| named.trust)
}

fn cached(bundles: &Bundles, trust: &Chain, cluster: &ClusterName) -> Option<Watermark> {
    let bytes = Bytes::from(bundles.head().ok().flatten()?);
    let head = verify_head(trust, cluster, None, &bytes).ok()?;
    Some(Watermark { head, bytes })
}

/// Of two watermarks the later counts.
fn later(one: Option<Watermark>, two: Option<Watermark>) -> Option<Watermark> {
    match (one, two) {
        (Some(one), Some(two)) => Some(if two.rank() > one.rank() { two } else { one }),
        (one, two) => one.or(two),
    }
}
