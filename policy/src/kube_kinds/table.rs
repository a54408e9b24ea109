//! The rows, by group. Immutable fields as of Kubernetes 1.36 (the registries' strategies and validation).

use super::Reach::{Cluster, Namespace, Unknown};
use super::Stage::{
    Access, Bindings, Configuration, Defaults, Definitions, Exposure, Namespaces, Network, Other, Quotas, Services,
    Workloads,
};
use super::{Grant, Reach, Row, Stage};
use crate::kinds::catalog::LocalDomain;

const fn plain(group: &'static str, kind: &'static str, reach: Reach, stage: Stage) -> Row {
    let (opaque, leaves_at_once, never_deleted) = (false, false, false);
    Row { group, kind, reach, stage, immutable: &[], opaque, leaves_at_once, never_deleted, domain: None, grant: None }
}

const fn fixed(row: Row, immutable: &'static [&'static str]) -> Row {
    Row { immutable, ..row }
}

const fn kept(row: Row) -> Row {
    Row { never_deleted: true, ..row }
}

const fn by(grant: Grant, row: Row) -> Row {
    Row { grant: Some(grant), ..row }
}

const fn access(kind: &'static str, reach: Reach, stage: Stage) -> Row {
    by(Grant::Access, Row { leaves_at_once: true, ..plain("rbac.authorization.k8s.io", kind, reach, stage) })
}

/// Shared by all kinds that have no row of their own.
pub(super) const UNKNOWN: Row = plain("", "", Unknown, Other);

const CLAIM: &[&str] = &[
    "/spec/accessModes",
    "/spec/dataSource",
    "/spec/dataSourceRef",
    "/spec/selector",
    "/spec/storageClassName",
    "/spec/volumeMode",
    "/spec/volumeName",
];
const CLASS: &[&str] = &["/parameters", "/provisioner", "/reclaimPolicy", "/volumeBindingMode"];
const DEFINITION: &[&str] = &["/spec/group", "/spec/names/kind", "/spec/names/plural", "/spec/scope"];
const POD: &[&str] = &["/spec/hostNetwork", "/spec/nodeSelector", "/spec/serviceAccountName", "/spec/volumes"];
const STATEFUL: &[&str] =
    &["/spec/podManagementPolicy", "/spec/selector", "/spec/serviceName", "/spec/volumeClaimTemplates"];

pub(super) const TABLE: &[Row] = &[
    kept(by(Grant::Config, plain("", "Namespace", Cluster, Namespaces))),
    by(Grant::Config, Row { opaque: true, ..plain("", "ConfigMap", Namespace, Configuration) }),
    plain("", "Endpoints", Namespace, Services),
    by(Grant::Quota, plain("", "LimitRange", Namespace, Defaults)),
    plain("", "Node", Cluster, Definitions),
    kept(fixed(
        Row { domain: Some(LocalDomain::Storage), ..plain("", "PersistentVolume", Cluster, Configuration) },
        &["/spec/claimRef/namespace", "/spec/volumeMode"],
    )),
    kept(fixed(by(Grant::Workload, plain("", "PersistentVolumeClaim", Namespace, Configuration)), CLAIM)),
    fixed(by(Grant::Workload, plain("", "Pod", Namespace, Workloads)), POD),
    by(Grant::Workload, plain("", "PodTemplate", Namespace, Configuration)),
    by(Grant::Workload, plain("", "ReplicationController", Namespace, Workloads)),
    by(Grant::Quota, plain("", "ResourceQuota", Namespace, Quotas)),
    fixed(plain("", "Secret", Namespace, Configuration), &["/type"]),
    fixed(by(Grant::Workload, plain("", "Service", Namespace, Services)), &["/spec/clusterIP"]),
    by(Grant::Workload, plain("", "ServiceAccount", Namespace, Access)),
    plain("admissionregistration.k8s.io", "MutatingAdmissionPolicy", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "MutatingWebhookConfiguration", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", Cluster, Exposure),
    kept(fixed(plain("apiextensions.k8s.io", "CustomResourceDefinition", Cluster, Definitions), DEFINITION)),
    kept(plain("apiregistration.k8s.io", "APIService", Cluster, Definitions)),
    plain("apps", "ControllerRevision", Namespace, Workloads),
    fixed(by(Grant::Workload, plain("apps", "DaemonSet", Namespace, Workloads)), &["/spec/selector"]),
    fixed(by(Grant::Workload, plain("apps", "Deployment", Namespace, Workloads)), &["/spec/selector"]),
    fixed(by(Grant::Workload, plain("apps", "ReplicaSet", Namespace, Workloads)), &["/spec/selector"]),
    fixed(by(Grant::Workload, plain("apps", "StatefulSet", Namespace, Workloads)), STATEFUL),
    by(Grant::Workload, plain("autoscaling", "HorizontalPodAutoscaler", Namespace, Exposure)),
    by(Grant::Workload, plain("batch", "CronJob", Namespace, Workloads)),
    fixed(
        by(Grant::Workload, plain("batch", "Job", Namespace, Workloads)),
        &["/spec/completionMode", "/spec/selector", "/spec/template"],
    ),
    plain("coordination.k8s.io", "Lease", Namespace, Configuration),
    plain("discovery.k8s.io", "EndpointSlice", Namespace, Services),
    plain("flowcontrol.apiserver.k8s.io", "FlowSchema", Cluster, Definitions),
    plain("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", Cluster, Definitions),
    by(Grant::Network, plain("networking.k8s.io", "Ingress", Namespace, Exposure)),
    fixed(by(Grant::Network, plain("networking.k8s.io", "IngressClass", Cluster, Definitions)), &["/spec/controller"]),
    by(Grant::Network, plain("networking.k8s.io", "NetworkPolicy", Namespace, Network)),
    fixed(by(Grant::Workload, plain("node.k8s.io", "RuntimeClass", Cluster, Definitions)), &["/handler"]),
    by(Grant::Workload, plain("policy", "PodDisruptionBudget", Namespace, Exposure)),
    by(Grant::Network, plain("policy.networking.k8s.io", "ClusterNetworkPolicy", Cluster, Network)),
    access("ClusterRole", Cluster, Access),
    fixed(access("ClusterRoleBinding", Cluster, Bindings), &["/roleRef"]),
    access("Role", Namespace, Access),
    fixed(access("RoleBinding", Namespace, Bindings), &["/roleRef"]),
    fixed(
        by(Grant::Workload, plain("scheduling.k8s.io", "PriorityClass", Cluster, Definitions)),
        &["/preemptionPolicy", "/value"],
    ),
    plain("storage.k8s.io", "CSIDriver", Cluster, Definitions),
    kept(fixed(by(Grant::Config, plain("storage.k8s.io", "StorageClass", Cluster, Definitions)), CLASS)),
];
