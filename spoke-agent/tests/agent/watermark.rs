//! The head that the cluster itself remembers.

use crate::following::context;
use crate::hub::{Hub, Parts, cluster};
use crate::join::joined;
use crate::serving::Serving;
use crate::world::{World, until};
use policy::bundle::verify::verify_head;
use policy::digest::Digest;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;
use writ_spoke_agent::agent::Watermark;
use writ_spoke_agent::cache::Bundles;
use writ_spoke_agent::identity::{Files, Joined};
use writ_spoke_agent::remembered::{Weight, take, weigh};
use writ_spoke_agent::target::TargetError;
use writ_spoke_agent::{connection, status};

/// Puts the head of `parts` in the cluster's status.
fn remembers(world: &World, parts: &Parts) {
    let head: Value = serde_json::from_slice(&parts.head).unwrap();
    let status = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement",
        "metadata": {"name": "writ", "uid": "u"}, "status": {"watermark": head}});
    world.write("status/enforcement.yaml", &status.to_string());
}

#[tokio::test]
async fn inv01_a_head_of_newer_trust_documents_is_told_on_and_judged_before_anything_is_offered() {
    let (world, mut hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    let cached = hub.parts("eu-1", 7, &[]).await;
    let contents = (Digest::of(&cached.contents), cached.contents.as_slice());
    Bundles::under(&world.data()).store(&cached.head, contents, &cached.entries).unwrap();
    hub.rotate().await;
    let newest = hub.parts("eu-1", 9, &[]).await;
    remembers(&world, &newest);
    let (older, hub) = (hub.parts("eu-1", 8, &[]).await, Arc::new(hub));
    let serving = Serving::start(Arc::clone(&hub), older).await;
    reaches(&world, &serving);
    let started = world.agent().await;
    let agent = started.agent;
    assert_eq!(agent.force().bundle.as_ref().map(|bundle| bundle.head().sequence), Some(7));
    let mut tasks = JoinSet::new();
    let round = world.reconciler().round(None, None).await.unwrap();
    agent.round.send_replace(Some(Arc::new(round)));
    tasks.spawn(status::run(Arc::clone(&agent), started.target, started.told, context()));
    let told = || world.read("status/enforcement.yaml").unwrap();
    until("the status is written", || told().contains("conditions")).await;
    let payload = serde_json::from_slice::<Value>(&newest.head).unwrap()["payload"].as_str().unwrap().to_owned();
    assert!(told().contains(&payload), "{}", told());
    tasks.spawn(connection::run(Arc::clone(&agent), started.beginning, context()));
    let refused = || agent.faults.watch().borrow().get("offer").is_some_and(|why| why.contains("Rollback"));
    until("the older head is refused", refused).await;
    assert_eq!(agent.force().watermark.as_ref().map(|mark| mark.head.sequence), Some(9));
    assert!(agent.force().unjudged.is_none());
}

/// Where hubs answer, once one serves.
fn reaches(world: &World, serving: &Serving) {
    let files = Files::under(&world.data());
    let known = files.joined().unwrap().unwrap();
    files.remember(&Joined { hubs: vec![serving.address.clone()], ..known }).unwrap();
}

#[tokio::test]
async fn a_head_in_the_cluster_that_is_not_believed_is_told_until_the_next_good_one() {
    let (world, hub, other) = (World::new(), Hub::new().await, Hub::new().await);
    joined(&world, &hub, &[]);
    remembers(&world, &other.parts("eu-1", 9, &[]).await);
    let agent = world.agent().await.agent;
    let faults = agent.faults.watch();
    assert!(faults.borrow().contains_key("watermark"), "{:?}", faults.borrow());
    let parts = hub.parts("eu-1", 1, &[]).await;
    let head = verify_head(&hub.chain, &cluster(), None, &parts.head).unwrap();
    let bundle = Arc::new(hub.bundle(1, &[]).await);
    agent.take_up(bundle, Watermark { head, bytes: parts.head.into() });
    assert!(faults.borrow().is_empty(), "{:?}", faults.borrow());
    assert_eq!(agent.force().bundle.as_ref().map(|bundle| bundle.head().sequence), Some(1));
}

#[tokio::test]
async fn inv01_what_the_cluster_remembers_is_waited_for_and_nothing_counts_before() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    let cached = hub.parts("eu-1", 7, &[]).await;
    let contents = (Digest::of(&cached.contents), cached.contents.as_slice());
    Bundles::under(&world.data()).store(&cached.head, contents, &cached.entries).unwrap();
    remembers(&world, &hub.parts("eu-1", 9, &[]).await);
    let stood = world.read("status/enforcement.yaml");
    let started = world.agent_told(Err(TargetError::Forbidden("no".to_owned()))).await;
    let agent = started.agent;
    let fault = || agent.faults.watch().borrow().get("watermark").cloned().unwrap_or_default();
    assert!(agent.force().bundle.is_none() && agent.force().unread && fault().contains("no"), "{}", fault());
    let round = world.reconciler().round(None, None).await.unwrap();
    agent.round.send_replace(Some(Arc::new(round)));
    let mut tasks = JoinSet::new();
    tasks.spawn(status::run(Arc::clone(&agent), started.target, started.told, context()));
    until("a status was made", || agent.report.borrow().is_some()).await;
    assert_eq!(world.read("status/enforcement.yaml"), stood, "it was told over");
    tasks.spawn(connection::run(Arc::clone(&agent), started.beginning, context()));
    until("it is read", || !agent.force().unread).await;
    assert_eq!(agent.force().watermark.as_ref().map(|mark| mark.head.sequence), Some(9));
    assert!(agent.force().bundle.is_none(), "the cached bundle is below it");
    assert_eq!(fault(), "");
}

#[tokio::test]
async fn inv01_of_two_agents_the_lagging_one_takes_the_newer_head_as_its_own() {
    let (world, hub, other) = (World::new(), Hub::new().await, Hub::new().await);
    joined(&world, &hub, &[]);
    let agent = world.agent().await.agent;
    let envelope = |parts: &Parts| serde_json::from_slice::<Value>(&parts.head).unwrap();
    let (seven, nine) = (hub.parts("eu-1", 7, &[]).await, hub.parts("eu-1", 9, &[]).await);
    for (parts, is_newer) in [(&seven, true), (&nine, true), (&nine, false), (&seven, false)] {
        match weigh(&agent, &envelope(parts)) {
            Weight::Newer(mark) if is_newer => take(&agent, *mark),
            weight => assert_eq!((weight, is_newer), (Weight::Lesser, false)),
        }
    }
    let sequence = || agent.force().watermark.as_ref().map(|mark| mark.head.sequence);
    assert_eq!(sequence(), Some(9));
    let lower = verify_head(&hub.chain, &cluster(), None, &seven.head).unwrap();
    take(&agent, Watermark { head: lower, bytes: seven.head.into() });
    assert_eq!(sequence(), Some(9));
    let forged = envelope(&other.parts("eu-1", 11, &[]).await);
    assert_eq!(weigh(&agent, &forged), Weight::Lesser, "it does not verify");
    agent.trusted.send_replace(None);
    assert_eq!(weigh(&agent, &forged), Weight::Unknown);
}
