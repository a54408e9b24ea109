//! Writes whose answer is lost, late or other than was expected.

mod apply;
mod operators;
mod rounds;
mod server;
mod undone;

use super::rest::Rest;
use super::*;
use crate::cache::good::Good;
use crate::target::Target as _;
use http::Method;
use policy::bundle::entry::Own;
use policy::object::Object;
use policy::plan::Expects;
use policy::plan::inventory::{Row, State};
use serde_json::{Value, json};
use server::{Server, Trouble};
use tempfile::TempDir;

/// A cluster, and the target that writes to it.
struct World {
    server: Arc<Server>,
    kube: Kube,
    data: TempDir,
}

async fn open(server: &Arc<Server>, data: &TempDir) -> Kube {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let rest = Rest::new(server.client(), Arc::clone(&clock));
    let (uid, wake) = ("cluster".to_owned(), Arc::new(Notify::new()));
    Kube::with(rest, uid, Namespace::of_writ(), Good::under(data.path()), clock, wake).await.unwrap()
}

impl World {
    async fn new() -> Self {
        let (server, data) = (Arc::new(Server::default()), tempfile::tempdir().unwrap());
        let kube = open(&server, &data).await;
        Self { server, kube, data }
    }

    /// The agent is killed, and another one begins.
    async fn restarted(self) -> Self {
        let Self { server, data, .. } = self;
        let kube = open(&server, &data).await;
        Self { server, kube, data }
    }

    fn good(&self) -> Good {
        Good::under(self.data.path())
    }

    async fn row(&self) -> Option<Row> {
        self.kube.inner.lock().await.book.get(&row("").id).cloned()
    }

    /// A round begins.
    async fn begins(&self) {
        self.kube.observe().await.unwrap();
    }

    async fn claim(&self, value: &str) {
        self.kube.step(&Step::Claim(row(value)), now()).await.unwrap();
    }

    async fn make(&self, value: &str, adopt: bool) -> Result<bool, Refusal> {
        let (object, rule) = (object(value), rule());
        self.kube.step(&Step::Apply { object, own: Own::Whole, rule, expects: Expects::Absent, adopt }, now()).await
    }

    /// Takes the making back, and the claim unless that must stay. Says whether it need not.
    async fn taken_back(&self) -> bool {
        let id = row("").id;
        let withdrawn = self.kube.undo(&Undo::Withdraw(id.clone()), now()).await.is_ok();
        if withdrawn {
            self.kube.undo(&Undo::Row(id, None), now()).await.unwrap();
        }
        self.kube.settle().await.unwrap();
        withdrawn
    }
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn rule() -> RuleName {
    "ConfigTemplate/a".parse().unwrap()
}

fn object(value: &str) -> Object {
    config(&json!({"k": value}))
}

fn config(data: &Value) -> Object {
    let metadata = json!({"name": "otel", "namespace": "shop"});
    let tree = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
    Object::try_from(tree).unwrap()
}

fn row(value: &str) -> Row {
    let object = object(value);
    serde_json::from_value(json!({"id": object.id(), "api": "v1", "rule": rule(), "own": "whole",
        "digest": object.digest(), "since": now(), "state": {"state": "claimed"}}))
    .unwrap()
}

fn data(value: &str) -> Option<Value> {
    Some(json!({"k": value}))
}

#[tokio::test]
async fn inv35_what_was_made_without_an_answer_is_taken_back() {
    for trouble in [Trouble::Lost, Trouble::Unsure] {
        let world = World::new().await;
        world.claim("1").await;
        world.server.trouble(Method::PATCH, trouble);
        let refused = world.make("1", false).await.unwrap_err();
        assert!(matches!(refused, Refusal::Unwritable { .. }), "{refused}");
        assert_eq!(world.server.asked(&Method::PATCH), 1, "a write that may have been done is not repeated");
        assert_eq!(world.server.data("otel"), data("1"));
        assert!(world.taken_back().await, "{trouble:?}");
        assert_eq!((world.server.data("otel"), world.server.rows().as_str()), (None, ""));
    }
}

#[tokio::test]
async fn inv35_the_row_stays_while_nobody_knows_whether_its_object_was_made() {
    let world = World::new().await;
    world.claim("1").await;
    world.server.trouble(Method::PATCH, Trouble::Lost);
    world.server.trouble(Method::GET, Trouble::Lost);
    world.make("1", false).await.unwrap_err();
    assert!(!world.taken_back().await);
    assert!(world.server.rows().contains("claimed"), "{}", world.server.rows());
}

#[tokio::test]
async fn inv35_what_is_made_late_is_ours_all_the_same() {
    let world = World::new().await;
    world.claim("1").await;
    world.server.trouble(Method::PATCH, Trouble::Late);
    world.make("1", false).await.unwrap_err();
    assert!(!world.taken_back().await, "it may be made yet");
    world.begins().await;
    world.server.do_what_is_late();
    world.server.later();
    // The rule wants another value by now, and nobody has told of the object yet.
    world.claim("2").await;
    let refused = world.make("2", false).await.unwrap_err();
    assert!(matches!(refused, Refusal::Changed { .. }), "{refused}");
    assert_eq!(world.server.data("otel"), data("1"), "nothing of it was emptied");
    assert!(world.server.rows().contains("claimed"), "{}", world.server.rows());
}

#[tokio::test]
async fn inv35_our_own_object_is_not_emptied_where_the_watch_had_not_told_of_it() {
    let world = World::new().await;
    world.claim("1").await;
    assert!(world.make("1", false).await.unwrap());
    world.server.later();
    world.claim("2").await;
    assert!(world.make("2", false).await.unwrap());
    assert_eq!(world.server.data("otel"), data("2"));
    let owned = world.row().await;
    assert!(matches!(owned, Some(Row { state: State::Owned { .. }, .. })), "{owned:?}");
}

#[tokio::test]
async fn inv35_an_inventory_that_somebody_deletes_is_written_anew() {
    let world = World::new().await;
    world.claim("1").await;
    world.make("1", false).await.unwrap();
    world.kube.settle().await.unwrap();
    let rows = world.server.rows();
    world.server.forgets_rows();
    world.kube.doubt().await;
    world.kube.settle().await.unwrap();
    assert_eq!(world.server.rows(), rows, "noticed when everything is looked at anew");
    world.server.forgets_rows();
    world.claim("2").await;
    assert!(world.kube.settle().await.is_err(), "noticed when a row is to be written");
    world.kube.settle().await.unwrap();
    assert!(world.server.rows().contains("otel"), "{}", world.server.rows());
}

#[tokio::test]
async fn inv29_what_somebody_else_made_in_the_moment_before_stays_as_it_is() {
    let theirs = json!({"k": "1", "theirs": "x"});
    for (value, adopt) in [("1", false), ("2", false), ("2", true)] {
        let world = World::new().await;
        world.claim(value).await;
        world.server.applied_by("kubectl", "otel", &theirs);
        world.server.later();
        let refused = world.make(value, adopt).await.unwrap_err();
        assert!(matches!(refused, Refusal::Changed { .. }), "{refused}");
        assert!(world.taken_back().await);
        assert_eq!((world.server.data("otel").as_ref(), world.server.rows().as_str()), (Some(&theirs), ""));
    }
}

#[tokio::test]
async fn inv35_what_a_controller_writes_at_once_does_not_keep_a_new_object_from_being_taken_back() {
    for answer in [None, Some(Trouble::Lost)] {
        let world = World::new().await;
        world.claim("1").await;
        answer.into_iter().for_each(|trouble| world.server.trouble(Method::PATCH, trouble));
        assert_eq!(world.make("1", false).await.is_err(), answer.is_some());
        world.server.touched("otel");
        assert!(world.taken_back().await, "{answer:?}");
        assert_eq!((world.server.data("otel"), world.server.rows().as_str()), (None, ""));
    }
}

#[tokio::test]
async fn inv29_what_somebody_else_changed_since_stays_and_so_does_its_row() {
    let world = World::new().await;
    world.claim("1").await;
    world.make("1", false).await.unwrap();
    world.server.applied_by("kubectl", "otel", &json!({"k": "theirs"}));
    assert!(!world.taken_back().await);
    assert_eq!(world.server.data("otel"), data("theirs"));
    assert!(world.server.rows().contains("owned"), "{}", world.server.rows());
}

#[tokio::test]
async fn inv35_a_path_that_is_not_served_says_nothing_of_the_object() {
    let world = World::new().await;
    world.claim("1").await;
    world.make("1", false).await.unwrap();
    world.server.trouble(Method::DELETE, Trouble::NotServed);
    assert!(!world.taken_back().await);
    assert!(world.server.rows().contains("owned"), "{}", world.server.rows());
}
