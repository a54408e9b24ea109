//! What hubs answer, as people see it.

use crate::output::Human;
use crate::output::page::Page;
use proto::rest::catalog::Refreshed;
use proto::rest::cluster::Cluster;
use proto::rest::hold::Hold;
use proto::rest::pin::Pinned;
use proto::rest::status::Status;
use proto::rest::{List, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads an answer and lays it out at noon.
fn shown<T: DeserializeOwned>(kind: &str, body: Value) -> String
where
    Resource<T>: Human,
{
    let mut answer = body;
    answer["apiVersion"] = json!("writ.dev/v1alpha1");
    answer["kind"] = json!(kind);
    let resource: Resource<T> = serde_json::from_value(answer).unwrap();
    let mut page = Page::new(false, "2026-11-21T12:00:00Z".parse().unwrap());
    resource.lay_out(&mut page);
    page.finish()
}

fn connected() -> Value {
    json!({
        "metadata": {"name": "eu-1", "labels": {"tier": "core"}},
        "spec": {"region": "eu", "mode": "enforce"},
        "status": {
            "state": "Connected",
            "published": {"sequence": 8, "revision": "5d41402abc4b"},
            "enforced": {"sequence": 7, "revision": "7d793037a076"},
            "capabilities": {"kubernetes": "1.36", "apis": ["apps/v1"]},
            "lastSeen": "2026-11-21T12:00:00Z",
            "freshUntil": "2026-11-21T12:09:00Z",
            "units": {"Applied": 21, "Kept": 2, "NameTaken": 1, "WouldApply": 3},
            "conditions": [{"type": "Fresh", "status": "True", "reason": "Heard", "lastTransitionTime": "2026-11-21T09:00:00Z"}],
            "findings": [{
                "outcome": "NameTaken", "reason": "Foreign", "rule": "ConfigTemplate/registry",
                "object": {"group": "", "kind": "ConfigMap", "namespace": "shop", "name": "registry"},
                "message": "it exists and is not ours\u{1b}[2J", "since": "2026-11-20T10:00:00Z"
            }, {
                "outcome": "WouldApply", "reason": "NotEnforced", "rule": "ResourceQuota/quota", "namespace": "shop",
                "message": "ResourceQuota shop/quota would be written", "since": "2026-11-21T10:00:00Z"
            }]
        }
    })
}

fn held() -> Value {
    json!({
        "digest": format!("sha256:{}", "1b4f0e9851971998".repeat(4)), "reason": "Removals", "clusters": ["eu-1", "eu-2"],
        "since": "2026-11-21T11:58:00Z", "message": "23 objects would be removed from each of 2 clusters",
        "items": ["ConfigMap observability/otel", "ResourceQuota shop/writ-team-quota"], "itemsTotal": 23
    })
}

#[test]
fn clusters_are_shown_with_what_was_found() {
    insta::assert_snapshot!("cluster_show", shown::<Cluster>("Cluster", connected()));
}

#[test]
fn clusters_are_listed_in_columns() {
    let declared = json!({"metadata": {"name": "us-lab"}, "spec": {"region": "us", "mode": "audit"}, "status": {"state": "Declared"}});
    let gone = json!({"metadata": {"name": "us-9"}, "status": {
        "state": "Undeclared", "reason": "the catalog declares it no longer: it gets no new heads"}});
    let list = json!({"items": [connected(), declared, gone]});
    insta::assert_snapshot!("cluster_list", shown::<List<Cluster>>("ClusterList", list));
    let shown_alone = shown::<Cluster>("Cluster", gone);
    assert!(shown_alone.contains("because     the catalog declares it no longer"), "{shown_alone}");
    let none = shown::<List<Cluster>>("ClusterList", json!({"items": []}));
    assert_eq!(none, "The catalog declares no cluster yet.\n");
}

#[test]
fn the_status_fits_one_screen() {
    let status = json!({
        "name": "acme", "version": "0.1.0",
        "catalog": {
            "repository": "ssh://git@git.acme.example/catalog", "ref": "main", "published": "7d793037a076",
            "latest": {"revision": "5d41402abc4b", "verdict": "Refused", "published": "7d793037a076", "diagnostics": []},
            "readAt": "2026-11-21T11:59:48Z", "unreadable": "the repository does not answer",
            "failed": "the disk that holds writ.db is full"
        },
        "clusters": {"Connected": 3, "Declared": 1}, "current": 2,
        "units": {"Applied": 61, "WouldApply": 18, "Failed": 0}, "findings": 19,
        "proposals": [{"cluster": "eu-1", "owner": "platform", "finding": {
            "outcome": "OverrideRefused", "reason": "OutOfBounds", "rule": "ResourceGuard/team-quota",
            "message": "spec.quota[pods] takes a quantity of at most 200, not \"500\"", "since": "2026-11-20T10:00:00Z"
        }}],
        "moreProposals": 12,
        "pin": {"revision": "7d793037a076", "by": "person ada", "since": "2026-11-21T10:00:00Z",
            "reason": "sales weekend"}, "holds": 1
    });
    insta::assert_snapshot!("status", shown::<Status>("Status", status));
}

#[test]
fn holds_say_what_would_happen() {
    insta::assert_snapshot!("hold_show", shown::<Hold>("Hold", held()));
    insta::assert_snapshot!("hold_list", shown::<List<Hold>>("HoldList", json!({"items": [held()]})));
    assert_eq!(shown::<List<Hold>>("HoldList", json!({"items": []})), "Nothing waits for a person.\n");
}

#[test]
fn a_refused_commit_names_its_faults() {
    let fault = json!({
        "file": "intents/a.yaml", "line": 6, "column": 3, "endLine": 6, "endColumn": 11, "code": "UnknownField",
        "severity": "error", "message": "unknown field `rationle`", "help": "did you mean `rationale`?"
    });
    let refreshed = |verdict: &str, diagnostics: Value| {
        let body = json!({"revision": "5d41402abc4b", "verdict": verdict, "published": "7d793037a076", "diagnostics": diagnostics});
        shown::<Refreshed>("CatalogRefresh", body)
    };
    insta::assert_snapshot!("refresh_refused", refreshed("Refused", json!([fault])));
    insta::assert_snapshot!("refresh_waiting", refreshed("Waiting", json!([])));
    assert_eq!(refreshed("Published", json!([])), "5d41402abc4b is published\n");
}

#[test]
fn a_commit_that_waits_for_a_pin_says_for_which() {
    let pin = json!({"revision": "7d793037a076", "by": "person ada", "since": "2026-11-21T10:00:00Z"});
    let body = json!({"revision": "5d41402abc4b", "verdict": "Waiting", "published": "7d793037a076", "pin": pin});
    let told = "5d41402abc4b waits because the fleet is pinned at 7d793037a076 by person ada, 2h ago (`writ unpin` ends \
                that); 7d793037a076 stays published\n";
    assert_eq!(shown::<Refreshed>("CatalogRefresh", body), told);
}

#[test]
fn a_pin_says_who_since_when_and_in_place_of_which() {
    let ada = json!({"revision": "7d793037a076", "by": "person ada", "since": "2026-11-21T10:00:00Z", "reason": "sales weekend"});
    let bob = json!({"revision": "5d41402abc4b", "by": "person bob", "since": "2026-11-21T12:00:00Z"});
    let pinned = |pin: &Value, replaced: &Value| shown::<Pinned>("Pin", json!({"pin": pin, "replaced": replaced}));
    let (old, new) = ("at 7d793037a076 by person ada, 2h ago: sales weekend", "at 5d41402abc4b by person bob, now");
    assert_eq!(pinned(&ada, &Value::Null), format!("pinned {old}\n"));
    assert_eq!(pinned(&bob, &ada), format!("pinned {new}\nin place of the pin {old}\n"));
    assert_eq!(pinned(&Value::Null, &ada), format!("not pinned any more; it was pinned {old}\n"));
    assert_eq!(pinned(&Value::Null, &Value::Null), "not pinned\n");
}
