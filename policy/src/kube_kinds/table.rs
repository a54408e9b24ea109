//! The rows, by group. Immutable fields as of Kubernetes 1.36 (the registries' strategies and validation).

use super::Reach::{Cluster, Namespace, Unknown};
use super::Stage::{
    Access, Configuration, Defaults, Definitions, Exposure, Namespaces, Network, Other, Quotas, Services, Workloads,
};
use super::{Reach, Row, Stage};

const fn plain(group: &'static str, kind: &'static str, reach: Reach, stage: Stage) -> Row {
    Row { group, kind, reach, stage, immutable: &[], leaves_at_once: false, never_deleted: false }
}

const fn fixed(row: Row, immutable: &'static [&'static str]) -> Row {
    Row { immutable, ..row }
}

const fn kept(row: Row) -> Row {
    Row { never_deleted: true, ..row }
}

const fn access(kind: &'static str, reach: Reach) -> Row {
    Row { leaves_at_once: true, ..plain("rbac.authorization.k8s.io", kind, reach, Access) }
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
    kept(plain("", "Namespace", Cluster, Namespaces)),
    plain("", "ConfigMap", Namespace, Configuration),
    plain("", "Endpoints", Namespace, Services),
    plain("", "LimitRange", Namespace, Defaults),
    plain("", "Node", Cluster, Definitions),
    kept(fixed(
        plain("", "PersistentVolume", Cluster, Configuration),
        &["/spec/claimRef/namespace", "/spec/volumeMode"],
    )),
    kept(fixed(plain("", "PersistentVolumeClaim", Namespace, Configuration), CLAIM)),
    fixed(plain("", "Pod", Namespace, Workloads), POD),
    plain("", "PodTemplate", Namespace, Configuration),
    plain("", "ReplicationController", Namespace, Workloads),
    plain("", "ResourceQuota", Namespace, Quotas),
    fixed(plain("", "Secret", Namespace, Configuration), &["/type"]),
    fixed(plain("", "Service", Namespace, Services), &["/spec/clusterIP"]),
    plain("", "ServiceAccount", Namespace, Access),
    plain("admissionregistration.k8s.io", "MutatingAdmissionPolicy", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "MutatingWebhookConfiguration", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", Cluster, Exposure),
    plain("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", Cluster, Exposure),
    kept(fixed(plain("apiextensions.k8s.io", "CustomResourceDefinition", Cluster, Definitions), DEFINITION)),
    kept(plain("apiregistration.k8s.io", "APIService", Cluster, Definitions)),
    plain("apps", "ControllerRevision", Namespace, Workloads),
    fixed(plain("apps", "DaemonSet", Namespace, Workloads), &["/spec/selector"]),
    fixed(plain("apps", "Deployment", Namespace, Workloads), &["/spec/selector"]),
    fixed(plain("apps", "ReplicaSet", Namespace, Workloads), &["/spec/selector"]),
    fixed(plain("apps", "StatefulSet", Namespace, Workloads), STATEFUL),
    plain("autoscaling", "HorizontalPodAutoscaler", Namespace, Exposure),
    plain("batch", "CronJob", Namespace, Workloads),
    fixed(plain("batch", "Job", Namespace, Workloads), &["/spec/completionMode", "/spec/selector", "/spec/template"]),
    plain("coordination.k8s.io", "Lease", Namespace, Configuration),
    plain("discovery.k8s.io", "EndpointSlice", Namespace, Services),
    plain("flowcontrol.apiserver.k8s.io", "FlowSchema", Cluster, Definitions),
    plain("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", Cluster, Definitions),
    plain("networking.k8s.io", "Ingress", Namespace, Exposure),
    fixed(plain("networking.k8s.io", "IngressClass", Cluster, Definitions), &["/spec/controller"]),
    plain("networking.k8s.io", "NetworkPolicy", Namespace, Network),
    fixed(plain("node.k8s.io", "RuntimeClass", Cluster, Definitions), &["/handler"]),
    plain("policy", "PodDisruptionBudget", Namespace, Exposure),
    plain("policy.networking.k8s.io", "ClusterNetworkPolicy", Cluster, Network),
    access("ClusterRole", Cluster),
    fixed(access("ClusterRoleBinding", Cluster), &["/roleRef"]),
    access("Role", Namespace),
    fixed(access("RoleBinding", Namespace), &["/roleRef"]),
    fixed(plain("scheduling.k8s.io", "PriorityClass", Cluster, Definitions), &["/preemptionPolicy", "/value"]),
    plain("storage.k8s.io", "CSIDriver", Cluster, Definitions),
    kept(fixed(plain("storage.k8s.io", "StorageClass", Cluster, Definitions), CLASS)),
];
