//! Trust documents that are lost.

use crate::following::context;
use crate::hub::{Hub, Parts, config_map, rule};
use crate::join::joined;
use crate::serving::Serving;
use crate::world::{World, until};
use policy::digest::Digest;
use std::sync::Arc;
use tokio::task::JoinSet;
use writ_spoke_agent::agent::{Agent, Link};
use writ_spoke_agent::cache::Bundles;
use writ_spoke_agent::connection;
use writ_spoke_agent::identity::Trusted;
use writ_spoke_agent::start::Started;

/// An agent with a cached bundle whose trust documents are corrupt, and a hub at `hubs`.
async fn corrupted(world: &World, hub: &Hub, hubs: &[&str], parts: &Parts) -> Started {
    joined(world, hub, hubs);
    let contents = (Digest::of(&parts.contents), parts.contents.as_slice());
    Bundles::under(&world.data()).store(&parts.head, contents, &parts.entries).unwrap();
    let path = world.data().join("trust.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("payload", "paxload", 1)).unwrap();
    world.agent().await
}

fn why(agent: &Agent) -> String {
    agent.faults.watch().borrow().get("trust").cloned().unwrap_or_default()
}

#[tokio::test]
async fn inv16_lost_trust_documents_are_fetched_again_from_the_pinned_one_on() {
    let (world, hub) = (World::new(), Arc::new(Hub::new().await));
    let older = hub.parts("eu-1", 6, &[]).await;
    let serving = Serving::start(Arc::clone(&hub), older).await;
    let cached = hub.parts("eu-1", 7, &[rule("otel", &[config_map("otel", "v")])]).await;
    let started = corrupted(&world, &hub, &[&serving.address], &cached).await;
    assert!(started.agent.force().bundle.is_none());
    assert!(why(&started.agent).contains("trust.json"), "{}", why(&started.agent));
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&started.agent), started.beginning, context()));
    let sequence = || started.agent.force().bundle.as_ref().map(|bundle| bundle.head().sequence);
    until("the cached bundle is in force again", || sequence() == Some(7)).await;
    until("the hub's older head is refused", || started.agent.faults.watch().borrow().contains_key("offer")).await;
    assert_eq!(why(&started.agent), "");
    assert!(Trusted::load(&world.data(), hub.chain.anchor()).is_ok());
    assert_eq!(sequence(), Some(7), "inv01");
}

#[tokio::test]
async fn inv16_lost_trust_documents_are_never_taken_from_whoever_answers() {
    let (world, hub, stranger) = (World::new(), Hub::new().await, Arc::new(Hub::new().await));
    let serving = Serving::start(Arc::clone(&stranger), stranger.parts("eu-1", 9, &[]).await).await;
    let started = corrupted(&world, &hub, &[&serving.address], &hub.parts("eu-1", 7, &[]).await).await;
    let before = std::fs::read(world.data().join("trust.json")).unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&started.agent), started.beginning, context()));
    let told = |link: &Link| matches!(link, Link::Down { why } if why.contains("pinned"));
    until("the stranger's documents are refused", || told(&started.agent.link.borrow())).await;
    assert_eq!(std::fs::read(world.data().join("trust.json")).unwrap(), before);
    assert!(started.agent.force().bundle.is_none());
}
