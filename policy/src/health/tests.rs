//! The rules, by example: what kstatus documents, and what real controllers write.

use super::{Health, has_notion, of};
use crate::object::{Identity, ObjectId};
use serde_json::{Value, json};

fn id(group: &str, kind: &str) -> ObjectId {
    ObjectId::from(Identity { group: group.to_owned(), kind: kind.to_owned(), namespace: None, name: "x".to_owned() })
}

/// Of an object in its second version: `Ok` when it is well, else why not.
fn health(group: &str, kind: &str, spec: &Value, status: &Value) -> Result<(), String> {
    let object = json!({"metadata": {"generation": 2}, "spec": spec, "status": status});
    match of(&id(group, kind), &object) {
        Health::Well => Ok(()),
        Health::Ailing(why) | Health::Unknown(why) => Err(why),
    }
}

fn condition(name: &str, status: &str, message: &str) -> Value {
    json!({"type": name, "status": status, "message": message})
}

/// Counts of a workload that has been seen, with one condition.
fn seen(counts: &Value, condition: &Value) -> Value {
    let mut status = counts.clone();
    status["observedGeneration"] = json!(2);
    status["conditions"] = json!([condition]);
    status
}

#[test]
fn what_has_no_status_is_not_looked_at() {
    for (group, kind) in
        [("", "ConfigMap"), ("", "Namespace"), ("networking.k8s.io", "NetworkPolicy"), ("", "ResourceQuota")]
    {
        assert!(!has_notion(&id(group, kind)), "{kind}");
    }
    assert!(has_notion(&id("apps", "Deployment")) && has_notion(&id("example.com", "Widget")));
    assert_eq!(health("", "ConfigMap", &json!({}), &json!({"observedGeneration": 1})), Ok(()));
}

#[test]
fn a_version_that_its_controller_has_not_seen_has_shown_nothing() {
    let ready = condition("Ready", "True", "");
    let stale = json!({"observedGeneration": 1, "conditions": [ready]});
    assert!(health("example.com", "Widget", &json!({}), &stale).unwrap_err().contains("not seen this version"));
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"] {
        assert!(health("apps", kind, &json!({"replicas": 0}), &json!({})).is_err(), "{kind}");
    }
}

#[test]
fn custom_resources_are_read_by_their_conditions() {
    let widget = |conditions: &[Value]| health("example.com", "Widget", &json!({}), &json!({"conditions": conditions}));
    assert_eq!(widget(&[]), Ok(()));
    assert_eq!(widget(&[condition("Synced", "False", "no")]), Ok(()), "not one of the conventions");
    for status in ["False", "Unknown"] {
        assert_eq!(widget(&[condition("Ready", status, "no backend")]), Err("no backend".to_owned()));
    }
    assert_eq!(widget(&[condition("Ready", "True", ""), condition("Available", "False", "no")]), Ok(()));
    assert_eq!(widget(&[condition("Ready", "True", ""), condition("Stalled", "True", "stuck")]), Err("stuck".into()));
    assert_eq!(widget(&[condition("Reconciling", "True", "")]), Err("it is reconciling".to_owned()));
    assert_eq!(widget(&[condition("Failed", "True", "broken")]), Err("broken".to_owned()));
    let deleted = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    assert_eq!(of(&id("example.com", "Widget"), &deleted), Health::Ailing("it is being deleted".to_owned()));
}

#[test]
fn a_deployment_is_well_once_all_of_its_replicas_are_available() {
    let deployment =
        |spec: &Value, counts: &Value, with: Value| health("apps", "Deployment", spec, &seen(counts, &with));
    let all = json!({"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1});
    let available = || condition("Available", "True", "");
    let lacking = || condition("Available", "False", "no minimum availability.");
    assert_eq!(deployment(&json!({}), &all, available()), Ok(()));
    assert_eq!(deployment(&json!({"replicas": 0}), &json!({}), available()), Ok(()));
    assert_eq!(deployment(&json!({"paused": true}), &json!({}), lacking()), Ok(()));
    let started = json!({"replicas": 1, "updatedReplicas": 1});
    let why = "0 of 1 replicas are ready: no minimum availability.".to_owned();
    assert_eq!(deployment(&json!({}), &started, lacking()), Err(why));
    let old = json!({"replicas": 2, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2});
    assert_eq!(deployment(&json!({}), &old, available()), Err("1 replicas have not ended yet".to_owned()));
    let failure = condition("ReplicaFailure", "True", "exceeded quota");
    assert_eq!(deployment(&json!({}), &json!({}), failure), Err("exceeded quota".to_owned()));
    let late =
        json!({"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"});
    assert_eq!(deployment(&json!({}), &json!({}), late), Err("late".to_owned()));
}

#[test]
fn a_stateful_set_is_well_once_it_runs_one_version() {
    let set = |spec: &Value, status: &Value| health("apps", "StatefulSet", spec, status);
    let status = |current: &str, updated: u8| {
        json!({"observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "currentReplicas": 2, "updatedReplicas": updated,
            "currentRevision": current, "updateRevision": "b"})
    };
    let two = json!({"replicas": 2});
    assert_eq!(set(&two, &status("b", 2)), Ok(()));
    assert_eq!(set(&two, &status("a", 1)), Err("its update is not finished".to_owned()));
    let partition = json!({"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}});
    assert_eq!(set(&partition, &status("a", 1)), Ok(()));
    assert!(set(&partition, &status("a", 0)).is_err());
    assert!(set(&json!({"replicas": 3}), &status("b", 2)).unwrap_err().contains("2 of 3 replicas are made"));
    let by_hand = json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}});
    assert_eq!(set(&by_hand, &status("a", 0)), Ok(()));
}

#[test]
fn a_daemon_set_is_well_once_it_is_where_it_shall_be() {
    let set = |status: &Value| health("apps", "DaemonSet", &json!({}), status);
    let counts = |ready: u8| {
        json!({"observedGeneration": 2, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
            "updatedNumberScheduled": 2, "numberAvailable": 2, "numberReady": ready})
    };
    assert_eq!((set(&counts(2)), set(&counts(1)).is_err()), (Ok(()), true));
    let nowhere = json!({"observedGeneration": 2, "desiredNumberScheduled": 0});
    assert_eq!(set(&nowhere), Ok(()), "a cluster without nodes");
}

#[test]
fn replica_sets_pods_jobs_and_claims() {
    let full = json!({"observedGeneration": 2, "replicas": 1, "fullyLabeledReplicas": 1, "readyReplicas": 1,
        "availableReplicas": 1});
    assert_eq!(health("apps", "ReplicaSet", &json!({}), &full), Ok(()));
    assert!(health("apps", "ReplicaSet", &json!({"replicas": 2}), &full).is_err());
    let pod = |phase: &str, with: Value| health("", "Pod", &json!({}), &json!({"phase": phase, "conditions": [with]}));
    assert_eq!(pod("Running", condition("Ready", "True", "")), Ok(()));
    assert_eq!(pod("Succeeded", condition("Ready", "False", "")), Ok(()));
    let nowhere = condition("PodScheduled", "False", "0/0 nodes are available");
    assert_eq!(pod("Pending", nowhere), Err("it is Pending: 0/0 nodes are available".to_owned()));
    let job = |spec: &Value, status: &Value| health("batch", "Job", spec, status);
    assert_eq!(job(&json!({}), &json!({"startTime": "2026-01-01T00:00:00Z"})), Ok(()));
    assert_eq!(job(&json!({"suspend": true}), &json!({})), Ok(()));
    assert_eq!(job(&json!({}), &json!({})), Err("it has not started".to_owned()));
    let failed = json!({"startTime": "2026-01-01T00:00:00Z", "conditions": [condition("Failed", "True", "backoff")]});
    assert_eq!(job(&json!({}), &failed), Err("backoff".to_owned()));
    let claim = |phase: &str| health("", "PersistentVolumeClaim", &json!({}), &json!({"phase": phase}));
    assert_eq!((claim("Pending"), claim("Lost").is_err()), (Ok(()), true));
}

#[test]
fn definitions_and_api_services() {
    let (group, kind) = ("apiextensions.k8s.io", "CustomResourceDefinition");
    let definition = |conditions: &[Value]| health(group, kind, &json!({}), &json!({"conditions": conditions}));
    assert_eq!(definition(&[condition("NamesAccepted", "True", ""), condition("Established", "True", "")]), Ok(()));
    assert_eq!(definition(&[]), Err("it is not established yet".to_owned()));
    assert_eq!(definition(&[condition("NamesAccepted", "False", "taken")]), Err("taken".to_owned()));
    let service = |status| {
        let conditions = json!({"conditions": [condition("Available", status, "no endpoints")]});
        health("apiregistration.k8s.io", "APIService", &json!({}), &conditions)
    };
    assert_eq!((service("True"), service("False")), (Ok(()), Err("no endpoints".to_owned())));
}
