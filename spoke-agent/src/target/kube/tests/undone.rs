//! Steps that are taken back, and fields that are taken: what is somebody else's stays.

use super::server::Trouble;
use super::{World, config, now, object, row, rule};
use crate::target::{Refusal, Target as _};
use http::Method;
use policy::bundle::entry::Own;
use policy::object::Object;
use policy::plan::inventory::{Before, Row, State, Version};
use policy::plan::{Expects, Step, Undo};
use policy::seen::Seen;
use serde_json::json;
use std::collections::BTreeMap;

impl World {
    /// One in which the first version of ours stands.
    async fn with_ours() -> Self {
        let world = Self::new().await;
        world.good().put(&object("1")).unwrap();
        world.claim("1").await;
        world.make("1", false).await.unwrap();
        world.kube.settle().await.unwrap();
        world
    }

    async fn update(&self, object: Object, adopt: bool) -> Result<bool, Refusal> {
        let (rule, expects) = (rule(), Expects::At(Version(self.server.version("otel").into())));
        self.kube.step(&Step::Apply { object, own: Own::Whole, rule, expects, adopt }, now()).await
    }

    /// The row is claimed for a second version, and then the agent is killed.
    async fn killed_before(self, second: &Object) -> Self {
        let digest = self.good().put(second).unwrap();
        let before = self.row().await.unwrap();
        let replaces = Some(Before::Version(before.digest));
        let claim = Row { digest, replaces, written: None, ..before };
        self.kube.step(&Step::Claim(claim), now()).await.unwrap();
        self.kube.settle().await.unwrap();
        self.restarted().await
    }

    async fn delete(&self) {
        let State::Owned { uid } = self.row().await.unwrap().state else { panic!("it is ours") };
        let (id, version) = (row("").id, Version(self.server.version("otel").into()));
        self.kube.step(&Step::Delete { id, uid, version, after: row("1") }, now()).await.unwrap();
    }

    async fn restore(&self, before: Object, as_applied: bool) -> Result<(), Refusal> {
        self.kube.undo(&Undo::Restore { before, as_applied, own: Own::Whole, rule: rule() }, now()).await
    }
}

#[tokio::test]
async fn inv29_a_field_of_the_next_version_that_somebody_else_holds_is_told_after_a_restart_too() {
    let second = config(&json!({"k": "2", "more": "ours"}));
    let world = World::with_ours().await;
    world.server.applied_by("kubectl", "otel", &json!({"more": "theirs"}));
    let world = world.killed_before(&second).await;
    let refused = world.update(second, false).await.unwrap_err();
    assert!(matches!(refused, Refusal::Conflict { .. }), "{refused}");
    assert_eq!(world.server.data("otel"), Some(json!({"k": "1", "more": "theirs"})));
}

#[tokio::test]
async fn a_field_of_the_version_before_that_somebody_else_took_is_ours_after_a_restart_too() {
    let second = object("2");
    let world = World::with_ours().await;
    world.server.applied_by("kubectl", "otel", &json!({"k": "theirs"}));
    let world = world.killed_before(&second).await;
    world.update(second, false).await.unwrap();
    assert_eq!(world.server.data("otel"), Some(json!({"k": "2"})));
}

#[tokio::test]
async fn inv29_what_somebody_else_made_after_our_deletion_stays_as_it_is() {
    for theirs in [json!({"k": "1"}), json!({"theirs": "x"})] {
        let world = World::with_ours().await;
        world.delete().await;
        world.server.applied_by("kubectl", "otel", &theirs);
        world.server.later();
        world.restore(object("1"), true).await.unwrap();
        assert_eq!((world.server.data("otel"), world.server.managers("otel")), (Some(theirs), vec!["kubectl".into()]));
        assert!(!world.row().await.is_some_and(|row| row.owned()));
    }
}

#[tokio::test]
async fn what_was_deleted_is_made_anew_and_ours() {
    let world = World::with_ours().await;
    world.delete().await;
    world.restore(object("1"), true).await.unwrap();
    assert_eq!(world.server.data("otel"), Some(json!({"k": "1"})));
    assert!(world.row().await.is_some_and(|row| row.owned()));
}

#[tokio::test]
async fn inv35_what_a_finalizer_holds_keeps_its_row() {
    let world = World::with_ours().await;
    world.server.holds("otel");
    assert!(!world.taken_back().await);
    assert!(world.server.rows().contains("owned"), "{}", world.server.rows());
}

#[tokio::test]
async fn what_is_put_back_over_an_unknown_version_is_not_put_back() {
    let world = World::new().await;
    let theirs = config(&json!({"k": "theirs"}));
    world.server.applied_by("kubectl", "otel", &json!({"k": "theirs"}));
    world.claim("1").await;
    world.update(object("1"), true).await.unwrap();
    world.server.trouble(Method::PATCH, Trouble::Mute);
    world.restore(theirs, false).await.unwrap_err();
    assert_eq!(world.server.asked(&Method::PUT), 0);
}

#[tokio::test]
async fn which_object_was_ours_is_remembered_as_long_as_its_row_is_claimed() {
    let world = World::with_ours().await;
    let owned = world.row().await.unwrap();
    let (id, api) = (owned.id.clone(), owned.api.clone());
    let at = BTreeMap::from([(&id, &api)]);
    let remembered = async || world.kube.inner.lock().await.uids.len();
    let looks = async |at: &BTreeMap<_, _>| drop(world.kube.look(at, &Seen::default()).await.unwrap());
    world.claim("2").await;
    looks(&at).await;
    assert_eq!(remembered().await, 1);
    world.kube.undo(&Undo::Row(id.clone(), Some(Box::new(owned))), now()).await.unwrap();
    looks(&at).await;
    assert_eq!(remembered().await, 0, "the row says it itself");
    world.claim("2").await;
    looks(&BTreeMap::new()).await;
    assert_eq!(remembered().await, 0, "nobody asks about it");
}
