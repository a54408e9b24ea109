//! What must stand in a cluster before a spoke can work in it: definitions, its namespace, its account and what that may
//! do. A pure function: the same for `writ-spoke install` and `writ cluster invite --output manifests`.

pub mod agent;
mod place;
mod rights;

pub use place::{NotOurs, own_namespace};

use crate::resources;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use policy::kube_kinds::Grant;
use policy::name;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The agent's account, and the roles that are its own.
pub const SPOKE: &str = "writ-spoke";
/// The role of who operates Writ in a cluster.
pub const OPERATOR: &str = "writ-operator";
/// What the agent may write where nobody says otherwise: everything but access.
pub const GRANTED: [Grant; 4] = [Grant::Quota, Grant::Network, Grant::Workload, Grant::Config];

/// The same, as it is written.
pub const GRANTED_TEXT: &str = "quota,network,workload,config";

/// The annotation of the agent's role that tells what was allowed.
const ALLOW: &str = "writ.dev/allow";

/// What is decided about an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// The agent's own namespace.
    pub namespace: name::Namespace,
    /// What the agent may write.
    pub allow: BTreeSet<Grant>,
}

impl Install {
    /// All objects, in an order in which they can be applied.
    #[must_use]
    pub fn manifests(&self) -> Vec<Value> {
        let definitions = resources::definitions();
        let mut all: Vec<Value> = vec![tree(&self.own_namespace())];
        all.extend(definitions.iter().map(tree));
        all.push(tree(&self.account()));
        all.extend(rights::of_people().iter().map(tree));
        all.extend(rights::of_the_agent(self));
        all
    }

    /// What `allow` reads like: `quota,network`.
    #[must_use]
    pub fn allowed(&self) -> String {
        self.allow.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(",")
    }

    fn own_namespace(&self) -> Namespace {
        let mut metadata = named(self.namespace.as_str());
        let restricted = ("pod-security.kubernetes.io/enforce".to_owned(), "restricted".to_owned());
        metadata.labels.get_or_insert_default().extend([restricted]);
        Namespace { metadata, ..Namespace::default() }
    }

    fn account(&self) -> ServiceAccount {
        ServiceAccount { metadata: self.own(SPOKE), ..ServiceAccount::default() }
    }

    /// Something of the agent's own namespace.
    fn own(&self, name: &str) -> ObjectMeta {
        ObjectMeta { namespace: Some(self.namespace.to_string()), ..named(name) }
    }
}

/// Manifests as one stream of YAML, for `kubectl apply`.
#[must_use]
pub fn yaml(manifests: &[Value]) -> String {
    // A tree of JSON always has a form in YAML.
    let print = |manifest: &Value| serde_yaml::to_string(manifest).unwrap_or_default();
    manifests.iter().map(|manifest| print(manifest).trim_end().to_owned()).collect::<Vec<_>>().join("\n---\n")
}

/// Name, and the label by which everything of an installation is found.
fn named(name: &str) -> ObjectMeta {
    let labels = BTreeMap::from([("app.kubernetes.io/part-of".to_owned(), "writ".to_owned())]);
    ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..ObjectMeta::default() }
}

/// An object as it is sent. Types of Kubernetes always have a form in JSON.
fn tree<T: Resource<DynamicType = ()> + Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

#[cfg(test)]
mod tests;
