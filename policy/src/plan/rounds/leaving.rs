//! How objects leave with their namespace.

use super::{cluster, config, label, per_namespace, round};
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use serde_json::json;

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
    cluster.seen.namespaces.clear();
    cluster.seen.objects.clear();
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Removed], 1));
    assert!(cluster.inventory().is_empty());
}
