//! How objects leave with their namespace.

use super::{cluster, config, label, per_namespace, round};
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use serde_json::json;
use std::sync::Arc;

#[test]
fn inv32_a_flapping_label_deletes_nothing_but_access() {
    let mut cluster = cluster(&[("shop", "web")]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}});
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), role])];
    round(&mut cluster, &entries, 0);
    label(&mut cluster, "shop", "none");
    assert_eq!(round(&mut cluster, &entries, 1).0, [OutcomeCode::Lingering]);
    assert_eq!(cluster.names(), ["ConfigMap shop/one"]);
    assert_eq!(round(&mut cluster, &entries, 24), (vec![OutcomeCode::Lingering], 0));
    label(&mut cluster, "shop", "web");
    assert_eq!(round(&mut cluster, &entries, 24).0, [OutcomeCode::Applied]);
    label(&mut cluster, "shop", "none");
    assert_eq!(round(&mut cluster, &entries, 30).0, [OutcomeCode::Lingering]);
    assert_eq!(round(&mut cluster, &entries, 54).0, [OutcomeCode::Removed]);
    assert!(cluster.names().is_empty());
}

#[test]
fn a_namespace_that_is_gone_takes_its_rows_along() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    round(&mut cluster, &entries, 0);
    cluster.seen.namespaces = Arc::default();
    cluster.seen.objects.clear();
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Removed], 1));
    assert!(cluster.inventory().is_empty());
}

#[test]
fn what_the_cluster_had_for_a_namespace_that_is_gone_leaves() {
    let mut cluster = cluster(&[("shop", "web"), ("other", "web")]);
    let bound = json!({"apiVersion": "policy.networking.k8s.io/v1beta1", "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "writ-a"}, "spec": {}});
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), bound])];
    round(&mut cluster, &entries, 0);
    Arc::make_mut(&mut cluster.seen.namespaces).remove(&"shop".parse().unwrap());
    cluster.seen.objects.retain(|id, _| id.namespace.as_ref().is_none_or(|namespace| namespace.as_str() != "shop"));
    let (codes, _) = round(&mut cluster, &entries, 1);
    assert_eq!(codes, [OutcomeCode::Applied, OutcomeCode::Removed]);
    assert_eq!(cluster.names(), ["ConfigMap other/one", "ClusterNetworkPolicy.policy.networking.k8s.io writ-a.other"]);
}

/// Below enforce nothing of the cluster is deleted, whatever happens to the namespace that had it.
#[test]
fn what_the_cluster_had_for_a_namespace_that_is_gone_stays_below_enforce() {
    for mode in [Mode::Audit, Mode::Warn] {
        let mut cluster = cluster(&[("shop", "web")]);
        let bound = json!({"apiVersion": "policy.networking.k8s.io/v1beta1", "kind": "ClusterNetworkPolicy",
            "metadata": {"name": "writ-a"}, "spec": {}});
        let entries = |mode| [per_namespace("a", mode, &[config("one", 1), bound.clone()])];
        round(&mut cluster, &entries(Mode::Enforce), 0);
        round(&mut cluster, &entries(mode), 1);
        cluster.seen.namespaces = Arc::default();
        cluster.seen.objects.retain(|id, _| id.namespace.is_none());
        for entries in [&entries(mode)[..], &entries(Mode::Enforce)[..]] {
            // The mode in a namespace that is gone is the one that it had.
            assert_eq!(round(&mut cluster, entries, 2).0, [OutcomeCode::WouldApply], "{mode:?}");
            assert_eq!(cluster.names(), ["ClusterNetworkPolicy.policy.networking.k8s.io writ-a.shop"]);
            assert_eq!(cluster.inventory().len(), 1, "what was in the namespace is gone with it");
        }
        assert_eq!(round(&mut cluster, &[], 3).0, [OutcomeCode::Removed], "a commit removed the rule");
        assert!(cluster.names().is_empty());
    }
}

#[test]
fn the_network_policy_that_closes_leaves_first() {
    let mut cluster = cluster(&[("shop", "web")]);
    let policy = |name: &str, pods: &serde_json::Value| {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name},
            "spec": {"podSelector": pods, "ingress": [{}]}})
    };
    let web = json!({"matchLabels": {"app": "web"}});
    let entries = [per_namespace("a", Mode::Enforce, &[policy("a-everyone", &json!({})), policy("b-web", &web)])];
    let ids = |cluster: &mut crate::plan::simulation::Cluster, entries: &[_], hours| -> Vec<String> {
        let plan = cluster.plan(&super::wants(cluster, entries, hours), crate::bundle::fixture::hour(hours));
        let steps = plan.units.values().flat_map(|unit| &unit.transaction.as_ref().unwrap().moves);
        let name = |step: &crate::plan::Step| match step {
            crate::plan::Step::Apply { object, .. } => Some(object.id().name.clone()),
            crate::plan::Step::Delete { id, .. } => Some(id.name.clone()),
            _ => None,
        };
        let names = steps.filter_map(|step| name(&step.step)).collect();
        cluster.carry_out(&plan);
        names
    };
    assert_eq!(ids(&mut cluster, &entries, 0), ["b-web", "a-everyone"]);
    assert_eq!(ids(&mut cluster, &[], 1), ["a-everyone", "b-web"]);
}

#[test]
fn what_a_finalizer_holds_is_being_removed_until_it_is_gone_and_deleted_once() {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &[per_namespace("a", Mode::Enforce, &[config("one", 1)])], 0);
    let id = cluster.seen.objects.keys().next().unwrap().clone();
    cluster.seen.objects.get_mut(&id).unwrap().terminating = true;
    assert_eq!(round(&mut cluster, &[], 1), (vec![OutcomeCode::Removing], 0));
    assert!(cluster.inventory()[&id].owned(), "it is ours until it is gone");
    cluster.seen.objects.clear();
    assert_eq!(round(&mut cluster, &[], 2).0, [OutcomeCode::Removed]);
    assert!(!cluster.inventory()[&id].live());
}
