//! An agent that runs in the cluster that it looks after: what `writ cluster invite --output manifests` prints.

use super::{Install, SPOKE, tree};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMap, ConfigMapVolumeSource, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction,
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec,
    PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, Secret, SecretKeySelector, SecurityContext, Volume,
    VolumeMount, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use policy::name;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The Secret that holds the join string, and its key.
pub const JOIN: (&str, &str) = ("writ-spoke-join", "join");
/// The variable from which `writ-spoke join` takes the string.
pub const VARIABLE: &str = "WRIT_JOIN";

/// Where the agent finds its configuration.
const CONFIG: &str = "/etc/writ";
/// Where it keeps its own things.
const DATA: &str = "/var/lib/writ-spoke";
/// One arena of memory for all threads (glibc, mallopt(3)): an agent has many threads and little to do, and each arena
/// keeps some of what it once needed.
const ONE_ARENA: (&str, &str) = ("MALLOC_ARENA_MAX", "1");
/// The port of the local listener.
const PORT: i32 = 9445;
/// A user that is nobody else.
const USER: i64 = 65532;

/// An installation with an agent in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Agent {
    /// What it works in.
    pub install: Install,
    /// The image that holds `writ-spoke`.
    pub image: String,
    /// The join string: a secret.
    pub join: String,
}

impl Agent {
    /// All objects, in an order in which they can be applied.
    #[must_use]
    pub fn manifests(&self) -> Vec<Value> {
        let mut all = self.install.manifests();
        all.extend([tree(&self.secret()), tree(&self.config()), tree(&self.claim()), tree(&self.deployment())]);
        all
    }

    fn secret(&self) -> Secret {
        let (name, key) = JOIN;
        let string_data = Some(BTreeMap::from([(key.to_owned(), self.join.clone())]));
        Secret { metadata: self.install.own(name), string_data, ..Secret::default() }
    }

    fn config(&self) -> ConfigMap {
        let data = Some(BTreeMap::from([("spoke.yaml".to_owned(), config(&self.install.namespace))]));
        ConfigMap { metadata: self.install.own(SPOKE), data, ..ConfigMap::default() }
    }

    /// The identity outlives the Pod: a join string works once, and the key never leaves the cluster (invariant 15).
    fn claim(&self) -> PersistentVolumeClaim {
        let requests = Some(BTreeMap::from([quantity("storage", "1Gi")]));
        let spec = PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements { requests, ..VolumeResourceRequirements::default() }),
            ..PersistentVolumeClaimSpec::default()
        };
        PersistentVolumeClaim {
            metadata: self.install.own(SPOKE),
            spec: Some(spec),
            ..PersistentVolumeClaim::default()
        }
    }

    fn deployment(&self) -> Deployment {
        let labels = BTreeMap::from([("app.kubernetes.io/name".to_owned(), SPOKE.to_owned())]);
        let selector = LabelSelector { match_labels: Some(labels.clone()), ..LabelSelector::default() };
        let metadata = Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() });
        let spec = DeploymentSpec {
            replicas: Some(1),
            // Two of them cannot have the folder.
            strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
            selector,
            template: PodTemplateSpec { metadata, spec: Some(self.pod()) },
            ..DeploymentSpec::default()
        };
        Deployment { metadata: self.install.own(SPOKE), spec: Some(spec), ..Deployment::default() }
    }

    fn pod(&self) -> PodSpec {
        let run = Container {
            ports: Some(vec![ContainerPort {
                name: Some("local".to_owned()),
                container_port: PORT,
                ..ContainerPort::default()
            }]),
            liveness_probe: Some(probe("/livez")),
            readiness_probe: Some(probe("/readyz")),
            ..self.container("run")
        };
        // Joining again with the same string asks nobody.
        let join = Container { env: Some(vec![join_string()]), ..self.container("join") };
        PodSpec {
            service_account_name: Some(SPOKE.to_owned()),
            init_containers: Some(vec![join]),
            containers: vec![run],
            security_context: Some(PodSecurityContext {
                run_as_non_root: Some(true),
                run_as_user: Some(USER),
                run_as_group: Some(USER),
                fs_group: Some(USER),
                seccomp_profile: Some(SeccompProfile {
                    type_: "RuntimeDefault".to_owned(),
                    ..SeccompProfile::default()
                }),
                ..PodSecurityContext::default()
            }),
            volumes: Some(vec![
                Volume {
                    name: "config".to_owned(),
                    config_map: Some(ConfigMapVolumeSource {
                        name: SPOKE.to_owned(),
                        ..ConfigMapVolumeSource::default()
                    }),
                    ..Volume::default()
                },
                Volume {
                    name: "data".to_owned(),
                    persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                        claim_name: SPOKE.to_owned(),
                        read_only: None,
                    }),
                    ..Volume::default()
                },
            ]),
            ..PodSpec::default()
        }
    }

    fn container(&self, does: &str) -> Container {
        let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
            name: name.to_owned(),
            mount_path: path.to_owned(),
            read_only: read_only.then_some(true),
            ..VolumeMount::default()
        };
        let words = ["writ-spoke", does, "--config", &format!("{CONFIG}/spoke.yaml")];
        Container {
            name: does.to_owned(),
            image: Some(self.image.clone()),
            command: Some(words.map(str::to_owned).to_vec()),
            env: Some(vec![EnvVar {
                name: ONE_ARENA.0.to_owned(),
                value: Some(ONE_ARENA.1.to_owned()),
                ..EnvVar::default()
            }]),
            security_context: Some(SecurityContext {
                allow_privilege_escalation: Some(false),
                read_only_root_filesystem: Some(true),
                capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
                ..SecurityContext::default()
            }),
            resources: Some(ResourceRequirements {
                requests: Some(BTreeMap::from([quantity("cpu", "20m"), quantity("memory", "64Mi")])),
                limits: Some(BTreeMap::from([quantity("memory", "256Mi")])),
                ..ResourceRequirements::default()
            }),
            volume_mounts: Some(vec![mount("config", CONFIG, true), mount("data", DATA, false)]),
            ..Container::default()
        }
    }
}

/// The agent's configuration. The kubelet asks the probes from outside of the Pod.
#[must_use]
pub fn config(namespace: &name::Namespace) -> String {
    let spec = json!({"data": DATA, "target": {"kube": {"namespace": namespace}}, "local": format!("0.0.0.0:{PORT}")});
    super::yaml(&[json!({"apiVersion": "writ.dev/v1alpha1", "kind": "SpokeConfig", "spec": spec})])
}

fn join_string() -> EnvVar {
    let (name, key) = JOIN;
    let secret = SecretKeySelector { name: name.to_owned(), key: key.to_owned(), optional: None };
    let from = EnvVarSource { secret_key_ref: Some(secret), ..EnvVarSource::default() };
    EnvVar { name: VARIABLE.to_owned(), value: None, value_from: Some(from) }
}

fn probe(path: &str) -> Probe {
    let http_get =
        HTTPGetAction { path: Some(path.to_owned()), port: IntOrString::Int(PORT), ..HTTPGetAction::default() };
    Probe { http_get: Some(http_get), period_seconds: Some(10), timeout_seconds: Some(3), ..Probe::default() }
}

fn quantity(of: &str, much: &str) -> (String, Quantity) {
    (of.to_owned(), Quantity(much.to_owned()))
}
