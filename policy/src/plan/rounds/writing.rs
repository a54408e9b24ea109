//! What is wanted is written, repaired and removed; below enforce it is only told.

use super::{cluster, config, per_namespace, round};
use crate::mode::Mode;
use crate::object::FILLED_IN;
use crate::outcome::OutcomeCode;
use serde_json::json;

#[test]
fn writes_repairs_and_removes() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), config("two", 2)])];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 4));
    assert_eq!(cluster.names(), ["ConfigMap shop/one", "ConfigMap shop/two"]);
    let tampered = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}});
    cluster.put(tampered);
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 1));
    assert_eq!(cluster.tree("ConfigMap shop/one").unwrap()["data"]["value"], "1");
    let fewer = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    assert_eq!(round(&mut cluster, &fewer, 0), (vec![OutcomeCode::Applied], 1));
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert!(cluster.names().is_empty());
    assert_eq!(round(&mut cluster, &[], 23), (vec![], 0), "it is told once");
    assert_eq!(cluster.inventory().len(), 2, "and counts for the next hold");
    assert_eq!(round(&mut cluster, &[], 24).1, 2);
    assert!(cluster.inventory().is_empty());
}

#[test]
fn what_the_server_fills_in_is_no_difference() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    round(&mut cluster, &entries, 0);
    let mut filled_in = cluster.tree("ConfigMap shop/one").unwrap().clone();
    for field in FILLED_IN {
        filled_in["metadata"][field] = json!("by the server");
    }
    filled_in["status"] = json!({"ready": true});
    cluster.put(filled_in);
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 0));
}

#[test]
fn below_enforce_nothing_is_written_and_what_differs_is_told() {
    let mut cluster = cluster(&[("shop", "web")]);
    let at = |mode| [per_namespace("a", mode, &[config("one", 1)])];
    assert_eq!(round(&mut cluster, &at(Mode::Audit), 0), (vec![OutcomeCode::WouldApply], 0));
    round(&mut cluster, &at(Mode::Enforce), 0);
    // One step: the row remembers the lesser mode.
    assert_eq!(round(&mut cluster, &at(Mode::Warn), 0), (vec![OutcomeCode::Kept], 1));
    assert_eq!(round(&mut cluster, &at(Mode::Warn), 0), (vec![OutcomeCode::Kept], 0));
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}});
    cluster.put(other);
    assert_eq!(round(&mut cluster, &at(Mode::Warn), 0), (vec![OutcomeCode::WouldApply], 0));
}

#[test]
fn a_change_that_the_server_would_refuse_is_made_anew_or_told() {
    let binding = |role: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}})
    };
    let mut one = cluster(&[("shop", "web")]);
    round(&mut one, &[per_namespace("a", Mode::Enforce, &[binding("x")])], 0);
    let changed = [per_namespace("a", Mode::Enforce, &[binding("y")])];
    assert_eq!(round(&mut one, &changed, 0).0, [OutcomeCode::Applied]);
    assert_eq!(one.tree("RoleBinding.rbac.authorization.k8s.io shop/b").unwrap()["roleRef"]["name"], "y");
    assert_eq!(round(&mut one, &changed, 0).1, 0);
    let claim = |class: &str| json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {"storageClassName": class}});
    let mut two = cluster(&[("shop", "web")]);
    round(&mut two, &[per_namespace("a", Mode::Enforce, &[claim("x")])], 0);
    assert_eq!(round(&mut two, &[per_namespace("a", Mode::Enforce, &[claim("y")])], 0), (vec![OutcomeCode::Failed], 0));
}
