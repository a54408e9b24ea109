//! The second watermark while the agent runs: the head that the cluster itself remembers (invariant 1). While it cannot be
//! read, nothing older could be told from it, so nothing is taken up; and of two agents the lagging one never writes its
//! own over a newer one.

use crate::agent::{Agent, Force, Watermark};
use crate::blocking;
use crate::target::{Target, TargetError, Telling, Told};
use bytes::Bytes;
use policy::bundle::verify::verify_head;
use policy::object::Object;
use serde_json::Value;
use service::backoff::Backoff;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

const WAITS: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
/// How often what stands in the cluster is weighed for one telling: somebody may put another head there meanwhile.
const TRIES: usize = 3;

/// Tells that what the cluster remembers cannot be read.
pub(crate) fn unread(agent: &Agent, error: &TargetError) {
    let why = service::exit::chain(error);
    agent
        .faults
        .put("watermark", Some(format!("the head that the cluster remembers cannot be read: {why}; {MEANWHILE}")));
}

/// What happens while it cannot be read.
const MEANWHILE: &str = "what the inventory lists is kept at its last good version, and no hub is followed until it can be \
    read";

/// Waits until it can be read, and gives the status document that stands there.
pub(crate) async fn read(agent: &Agent, target: &dyn Target) -> Option<Object> {
    let mut failures = 0;
    loop {
        let told = target.told().await;
        match told {
            Err(error) if !error.is_nonsense() => unread(agent, &error),
            told => {
                agent.faults.clear("watermark");
                return told.ok().flatten().map(|told| told.enforcement);
            }
        }
        failures += 1;
        tokio::time::sleep(WAITS.ceiling(failures)).await;
    }
}

/// What a head in the cluster is beside the agent's own watermark.
#[derive(Debug, Clone, PartialEq)]
pub enum Weight {
    /// It verifies, and counts more.
    Newer(Box<Watermark>),
    /// It counts no more, or does not verify: it may be written over.
    Lesser,
    /// Nothing is there to judge it by.
    Unknown,
}

/// Weighs the envelope of a head that stands in the cluster.
#[must_use]
pub fn weigh(agent: &Agent, envelope: &Value) -> Weight {
    let Some(trusted) = agent.trusted.borrow().clone() else { return Weight::Unknown };
    let bytes = Bytes::from(envelope.to_string());
    let Ok(head) = verify_head(&trusted.chain(), &agent.cluster, None, &bytes) else { return Weight::Lesser };
    let mark = Watermark { head, bytes };
    if is_newer(&agent.force(), &mark) { Weight::Newer(Box::new(mark)) } else { Weight::Lesser }
}

fn is_newer(force: &Force, mark: &Watermark) -> bool {
    force.watermark.as_ref().is_none_or(|held| mark.rank() > held.rank())
}

/// Makes a newer head the agent's own watermark. What is in force stays, and nothing below that head follows it.
pub fn take(agent: &Agent, mark: Watermark) {
    // There is nothing behind the lock that a panic could leave half done.
    let _turn = agent.commits.lock().unwrap_or_else(PoisonError::into_inner);
    let force = agent.force();
    if is_newer(&force, &mark) {
        let sequence = mark.head.sequence;
        tracing::warn!(
            sequence,
            "the cluster remembers a newer head than this agent: another agent may be at work in it"
        );
        agent.put_in_force(Force { watermark: Some(mark), ..(*force).clone() });
    }
}

/// Tells `telling` in the cluster, unless a newer head stands there: that becomes the watermark, and is told next.
///
/// # Errors
/// Why it is not told, for people.
pub async fn tell(agent: &Arc<Agent>, target: &dyn Target, telling: &Telling) -> Result<(), String> {
    let mut over = None;
    for _ in 0..TRIES {
        let told = target.tell(telling, over.as_ref()).await.map_err(|error| service::exit::chain(&error))?;
        let Told::Remembers(head) = told else { return Ok(()) };
        match weigh(agent, &head) {
            Weight::Newer(mark) => {
                let shared = Arc::clone(agent);
                blocking::run(move || take(&shared, *mark)).await;
                return Ok(());
            }
            Weight::Lesser => over = Some(head),
            Weight::Unknown => {
                return Err("the head that stands there cannot be judged without trust documents".to_owned());
            }
        }
    }
    Err("somebody else puts other heads there all the time".to_owned())
}
