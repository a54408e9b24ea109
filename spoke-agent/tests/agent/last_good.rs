//! What stays at its last good version.

use crate::hub::{Hub, config_map, rule};
use crate::world::World;
use policy::mode::Mode;
use policy::outcome::OutcomeCode;
use serde_json::json;
use writ_spoke_agent::reconcile::Round;

const FILE: &str = "objects/shop/ConfigMap..otel.yaml";

fn only(round: &Round) -> (OutcomeCode, &str) {
    let outcome = round.outcomes.values().next().unwrap();
    (outcome.code, outcome.reason.as_str())
}

fn tamper(world: &World) {
    world.write(FILE, &world.read(FILE).unwrap().replace("k: one", "k: tampered"));
}

fn stands(world: &World) -> bool {
    world.read(FILE).is_some_and(|text| text.contains("k: one"))
}

#[tokio::test]
async fn inv26_a_refused_version_leaves_the_one_before_and_its_repair() {
    let (world, hub) = (World::new(), Hub::new().await);
    let mut reconciler = world.timeless_reconciler();
    let first = hub.bundle(1, &[rule("otel", &[config_map("otel", "one")])]).await;
    reconciler.round(Some(&first), None).await.unwrap();
    let unserved = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}});
    let second = hub.bundle(2, &[rule("otel", &[config_map("otel", "two"), unserved])]).await;
    for _ in 0..2 {
        tamper(&world);
        let round = reconciler.round(Some(&second), None).await.unwrap();
        assert_eq!(only(&round), (OutcomeCode::RolledBack, "NotServed"));
    }
    // In the first of these rounds it was tried; to change what is ours mends nothing, so in the second it was not.
    assert!(stands(&world));
    assert!(reconciler.again().is_some());
    let third = hub.bundle(3, &[rule("otel", &[config_map("otel", "three")])]).await;
    let round = reconciler.round(Some(&third), None).await.unwrap();
    assert_eq!(only(&round).0, OutcomeCode::Applied);
    assert!(world.read(FILE).unwrap().contains("k: three"));
}

#[tokio::test]
async fn inv26_without_a_bundle_the_mode_of_the_newest_head_holds() {
    let (world, hub) = (World::new(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "one")])]).await;
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    tamper(&world);
    world.reconciler().round(None, Some(Mode::Warn)).await.unwrap();
    assert!(!stands(&world), "below enforce nothing is written");
    world.reconciler().round(None, Some(Mode::Enforce)).await.unwrap();
    assert!(!stands(&world), "it was not enforced when it was last planned, and that outlives a restart");
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    tamper(&world);
    world.reconciler().round(None, Some(Mode::Enforce)).await.unwrap();
    assert!(stands(&world));
}

#[tokio::test]
async fn inv26_a_mended_cause_is_tried_at_once_and_our_own_writes_mend_nothing() {
    let (world, hub) = (World::new(), Hub::new().await);
    world.write("objects/_cluster/Namespace..zoo.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: zoo}\n");
    let link = world.root().join("objects/zoo");
    std::os::unix::fs::symlink("/nonexistent", &link).unwrap();
    let mut far = config_map("far", "v");
    far["metadata"]["namespace"] = json!("zoo");
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "one"), far])]).await;
    let mut reconciler = world.timeless_reconciler();
    for _ in 0..3 {
        let round = reconciler.round(Some(&bundle), None).await.unwrap();
        assert_eq!(only(&round), (OutcomeCode::Failed, "Unwritable"));
    }
    assert_eq!(reconciler.again(), Some(std::time::Duration::from_millis(250)), "it was tried once");
    std::fs::remove_file(&link).unwrap();
    let round = reconciler.round(Some(&bundle), None).await.unwrap();
    assert_eq!(only(&round).0, OutcomeCode::Applied);
}

#[tokio::test]
async fn copies_that_are_lost_are_made_anew_while_they_are_wanted() {
    let (world, hub) = (World::new(), Hub::new().await);
    let first = hub.bundle(1, &[rule("otel", &[config_map("otel", "one")])]).await;
    world.timeless_reconciler().round(Some(&first), None).await.unwrap();
    std::fs::remove_dir_all(world.data().join("good")).unwrap();
    let without = world.timeless_reconciler().round(None, None).await.unwrap();
    assert!(without.faults.iter().any(|fault| fault.contains("is missing")), "{:?}", without.faults);
    let round = world.timeless_reconciler().round(Some(&first), None).await.unwrap();
    assert!(round.faults.is_empty(), "{:?}", round.faults);
    tamper(&world);
    world.timeless_reconciler().round(None, None).await.unwrap();
    assert!(stands(&world), "the copy is there again");
}
