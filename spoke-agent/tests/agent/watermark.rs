//! The head that the cluster itself remembers.

use crate::hub::{Hub, cluster};
use crate::join::joined;
use crate::world::World;
use policy::bundle::verify::verify_head;
use serde_json::{Value, json};
use std::sync::Arc;
use writ_spoke_agent::agent::Watermark;

#[tokio::test]
async fn a_head_in_the_cluster_that_is_not_believed_is_told_until_the_next_good_one() {
    let (world, hub, other) = (World::new(), Hub::new().await, Hub::new().await);
    joined(&world, &hub, &[]);
    let foreign: Value = serde_json::from_slice(&other.parts("eu-1", 9, &[]).await.head).unwrap();
    let status = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement",
        "metadata": {"name": "writ", "uid": "u"}, "status": {"watermark": foreign}});
    world.write("status/enforcement.yaml", &status.to_string());
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
