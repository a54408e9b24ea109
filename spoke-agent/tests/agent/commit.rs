//! Two offers that come to be put in force at once.

use crate::hub::{Hub, Parts, cluster, config_map, rule};
use crate::join::joined;
use crate::world::World;
use proto::grpc::FollowResponse;
use writ_spoke_agent::accept::{Grounds, Offer};
use writ_spoke_agent::agent::Agent;
use writ_spoke_agent::commit::{Uncommitted, commit};

/// An offer of `parts` that lacks nothing, judged by what is in force now.
fn offered(agent: &Agent, hub: &Hub, parts: &Parts) -> Offer {
    let force = agent.force();
    let watermark = force.watermark.as_ref().map(|mark| &mark.head);
    let grounds = Grounds { trust: &hub.chain, audience: &agent.cluster, watermark, held: None };
    let message = FollowResponse { head: parts.head.clone().into(), ..FollowResponse::default() };
    let mut offer = Offer::judge(grounds, &message).unwrap();
    offer.contents(parts.contents.clone()).unwrap();
    assert!(offer.lacks_entries(|digest| parts.entries.get(digest).cloned()).is_empty());
    offer
}

#[tokio::test]
async fn inv03_one_that_comes_late_is_refused_and_what_is_stored_stays_whole() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    let agent = world.agent().await.agent;
    let older = hub.parts("eu-1", 1, &[rule("a", &[config_map("a", "v")])]).await;
    let newer = hub.parts("eu-1", 2, &[rule("b", &[config_map("b", "v")])]).await;
    // Both are judged before either is stored.
    let (late, first) = (offered(&agent, &hub, &older), offered(&agent, &hub, &newer));
    commit(&agent, &hub.chain, first).unwrap();
    let refused = commit(&agent, &hub.chain, late);
    assert!(matches!(refused, Err(Uncommitted::Refused(_))), "{refused:?}");
    let stored = agent.bundles.load(&hub.chain, &cluster(), None).unwrap().unwrap();
    assert_eq!(stored.head().sequence, 2);
    assert_eq!(agent.force().bundle.as_ref().map(|bundle| bundle.head().sequence), Some(2));
}

#[tokio::test]
async fn inv03_contents_that_left_the_disk_in_between_are_stored_again() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    let agent = world.agent().await.agent;
    let one = [rule("a", &[config_map("a", "v")])];
    commit(&agent, &hub.chain, offered(&agent, &hub, &hub.parts("eu-1", 1, &one).await)).unwrap();
    // Judged while the first is in force: its contents are the same.
    let third = offered(&agent, &hub, &hub.parts("eu-1", 3, &one).await);
    commit(&agent, &hub.chain, offered(&agent, &hub, &hub.parts("eu-1", 2, &[]).await)).unwrap();
    commit(&agent, &hub.chain, third).unwrap();
    let stored = agent.bundles.load(&hub.chain, &cluster(), None).unwrap().unwrap();
    assert_eq!(stored.head().sequence, 3);
}
