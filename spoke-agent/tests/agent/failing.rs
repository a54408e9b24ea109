//! A cluster that fails in the middle of a write.

use crate::hub::{Hub, config_map, rule};
use crate::world::World;
use async_trait::async_trait;
use jiff::Timestamp;
use policy::access::Bindings;
use policy::facts::Capabilities;
use policy::health::Health;
use policy::object::{ApiVersion, ObjectId};
use policy::outcome::OutcomeCode;
use policy::plan::{Ends, Step, Undo};
use policy::seen::Seen;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use writ_spoke_agent::target::directory::Directory;
use writ_spoke_agent::target::{Looked, News, Refusal, Sight, Target, TargetError, Telling, Told};

const FILE: &str = "objects/shop/ConfigMap..b.yaml";

/// When a directory fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fails {
    /// After it has written an object.
    AfterWriting,
    /// After it has written an object, and when that is to be taken back.
    AlsoTakingBack,
    /// At a claim.
    AtClaim,
    /// When the inventory is to be written after the last step.
    AtSettle,
    /// So often, because somebody else writes in the same moment.
    Racing(u32),
}

/// A directory that fails at the object `b`.
#[derive(Debug)]
struct Failing(Directory, Fails, AtomicU32);

fn failure(id: &ObjectId) -> Result<(), Refusal> {
    if id.name == "b" {
        Err(Refusal::Unwritable { id: Box::new(id.clone()), why: "injected".to_owned() })
    } else {
        Ok(())
    }
}

#[async_trait]
impl Target for Failing {
    fn cluster_uid(&self) -> Option<&str> {
        self.0.cluster_uid()
    }

    async fn capabilities(&self) -> Capabilities {
        self.0.capabilities().await
    }

    async fn observe(&self) -> Result<Sight, TargetError> {
        self.0.observe().await
    }

    async fn look(&self, at: &BTreeMap<&ObjectId, &ApiVersion>, seen: &Seen) -> Result<Looked, TargetError> {
        self.0.look(at, seen).await
    }

    async fn health(&self, of: &BTreeMap<ObjectId, ApiVersion>) -> BTreeMap<ObjectId, Health> {
        self.0.health(of).await
    }

    async fn bindings(&self) -> Result<Bindings, TargetError> {
        self.0.bindings().await
    }

    async fn dry_run(&self, steps: &[Step]) -> Result<(), Refusal> {
        self.0.dry_run(steps).await
    }

    async fn step(&self, step: &Step, now: Timestamp) -> Result<bool, Refusal> {
        if let (Step::Claim(row), Fails::AtClaim) = (step, self.1) {
            failure(&row.id)?;
        }
        if let (Step::Apply { object, .. }, Fails::Racing(times)) = (step, self.1)
            && object.id().name == "b"
            && self.2.fetch_add(1, Ordering::Relaxed) < times
        {
            return Err(Refusal::Changed { id: Box::new(object.id().clone()) });
        }
        let wrote = self.0.step(step, now).await?;
        if let (Step::Apply { object, .. }, Fails::AfterWriting | Fails::AlsoTakingBack) = (step, self.1) {
            failure(object.id())?;
        }
        Ok(wrote)
    }

    async fn undo(&self, undo: &Undo, now: Timestamp) -> Result<(), Refusal> {
        if let (Undo::Withdraw(id), Fails::AlsoTakingBack) = (undo, self.1) {
            failure(id)?;
        }
        self.0.undo(undo, now).await
    }

    async fn ended(&self, ends: &Ends) {
        self.0.ended(ends).await;
    }

    async fn settle(&self) -> Result<(), TargetError> {
        if self.1 == Fails::AtSettle {
            return Err(TargetError::Corrupt("inventory.yaml".into(), "injected".to_owned()));
        }
        self.0.settle().await
    }

    async fn told(&self) -> Result<Option<Telling>, TargetError> {
        self.0.told().await
    }

    async fn tell(&self, telling: &Telling, over: Option<&Value>) -> Result<Told, TargetError> {
        self.0.tell(telling, over).await
    }

    async fn forget(&self) -> Result<(), TargetError> {
        self.0.forget().await
    }

    async fn announce(&self, news: &[News]) -> Result<(), TargetError> {
        self.0.announce(news).await
    }
}

/// What a unit of the objects `a` and `b` came to, and the inventory then.
async fn round(world: &World, fails: Fails) -> (OutcomeCode, String) {
    let bundle = Hub::new().await.bundle(1, &[rule("pair", &[config_map("a", "v"), config_map("b", "v")])]).await;
    let target = Arc::new(Failing(world.directory(), fails, AtomicU32::new(0)));
    let round = world.reconciler_of(target).round(Some(&bundle), None).await.unwrap();
    let code = round.outcomes.values().next().unwrap().code;
    (code, world.read("status/inventory.yaml").unwrap_or_default())
}

#[tokio::test]
async fn inv35_a_write_that_fails_after_it_was_done_is_taken_back() {
    let world = World::new();
    let (code, inventory) = round(&world, Fails::AfterWriting).await;
    assert_eq!(code, OutcomeCode::Failed);
    assert!(world.read(FILE).is_none());
    assert!(world.read("objects/shop/ConfigMap..a.yaml").is_none());
    assert!(!inventory.contains("ConfigMap"), "{inventory}");
}

#[tokio::test]
async fn inv35_a_row_stays_while_its_object_cannot_be_taken_back() {
    let world = World::new();
    let (code, inventory) = round(&world, Fails::AlsoTakingBack).await;
    assert_eq!(code, OutcomeCode::Failed);
    assert!(world.read(FILE).is_some());
    assert!(inventory.contains("name: b") && !inventory.contains("name: a\n"), "{inventory}");
    let empty = Hub::new().await.bundle(2, &[]).await;
    world.reconciler().round(Some(&empty), None).await.unwrap();
    assert!(world.read(FILE).is_none(), "so that it is not orphaned");
}

#[tokio::test]
async fn a_race_that_is_lost_is_planned_again_and_told_only_when_that_does_not_end() {
    let world = World::new();
    let (code, _) = round(&world, Fails::Racing(3)).await;
    assert_eq!(code, OutcomeCode::Applied);
    assert!(world.read(FILE).is_some());
    let world = World::new();
    let (code, inventory) = round(&world, Fails::Racing(u32::MAX)).await;
    assert_eq!(code, OutcomeCode::RolledBack);
    assert!(!inventory.contains("ConfigMap"), "{inventory}");
}

#[tokio::test]
async fn inv35_a_claim_that_fails_takes_earlier_claims_back() {
    let world = World::new();
    let (code, inventory) = round(&world, Fails::AtClaim).await;
    assert_eq!(code, OutcomeCode::Failed);
    assert!(!inventory.contains("ConfigMap"), "{inventory}");
}

#[tokio::test]
async fn an_inventory_that_cannot_be_written_is_a_fault_until_it_can() {
    let world = World::new();
    let bundle = Hub::new().await.bundle(1, &[rule("pair", &[config_map("a", "v")])]).await;
    let target = Arc::new(Failing(world.directory(), Fails::AtSettle, AtomicU32::new(0)));
    let mut reconciler = world.reconciler_of(target);
    let round = reconciler.round(Some(&bundle), None).await.unwrap();
    assert!(reconciler.again().is_some(), "it is tried again soon");
    let fault = round.faults.first().unwrap();
    assert!(fault.contains("the inventory cannot be written") && fault.contains("injected"), "{fault}");
    let round = world.reconciler().round(Some(&bundle), None).await.unwrap();
    assert!(round.faults.is_empty(), "{:?}", round.faults);
}

#[tokio::test]
async fn a_last_good_copy_that_cannot_be_kept_is_tried_again_soon() {
    let world = World::new();
    let mut reconciler = world.reconciler();
    // A file where the folder belongs.
    std::fs::write(world.data().join("good"), "").unwrap();
    let bundle = Hub::new().await.bundle(1, &[rule("pair", &[config_map("a", "v")])]).await;
    let round = reconciler.round(Some(&bundle), None).await.unwrap();
    assert_eq!(round.outcomes.values().next().unwrap().reason, "Unkept");
    assert!(reconciler.again().is_some());
}
