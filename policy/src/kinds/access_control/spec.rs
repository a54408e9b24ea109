//! What a document says.

use crate::name::DocumentName;
use schemars::JsonSchema;
use serde::Deserialize;

/// Who holds which role: in each selected namespace, or in the cluster.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    /// Each gives one role to some.
    #[schemars(length(min = 1))]
    pub(super) grants: Vec<Grant>,
}

/// That some hold a role: one that exists, or one of its own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Grant {
    /// Its name.
    pub(super) name: DocumentName,
    /// Who holds the role.
    pub(super) subjects: Subjects,
    /// A ClusterRole that exists, such as view, edit or admin.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) cluster_role: Option<String>,
    /// A Role that exists in the namespaces.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) role: Option<String>,
    /// What a role of its own allows.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) rules: Option<Vec<Rule>>,
    /// Whether nobody else may hold the role there.
    #[serde(default)]
    pub(super) exclusive: bool,
}

/// Who.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Subjects {
    /// Users, as the API server names them.
    #[serde(default)]
    pub(super) users: Vec<String>,
    /// Groups, as the API server names them.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    /// Service accounts.
    #[serde(default)]
    pub(super) service_accounts: Vec<ServiceAccount>,
}

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ServiceAccount {
    /// Its name.
    pub(super) name: String,
    /// Its namespace; the one that the role is held in where it is left out.
    #[serde(default)]
    pub(super) namespace: Option<String>,
}

/// What is allowed, as RBAC says it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    /// What may be done: get, list, watch, create, update, patch, delete, …
    #[schemars(length(min = 1))]
    pub(super) verbs: Vec<String>,
    /// API groups of the resources; "" is the core.
    #[serde(default)]
    pub(super) api_groups: Vec<String>,
    /// To which resources.
    #[serde(default)]
    pub(super) resources: Vec<String>,
    /// To which of them by name; to all where it is left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) resource_names: Option<Vec<String>>,
    /// To which paths that are no resources, such as /healthz.
    #[serde(default, rename = "nonResourceURLs")]
    pub(super) non_resource_urls: Vec<String>,
}

/// The role of a grant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Held<'s> {
    /// A ClusterRole that exists.
    ClusterRole(&'s str),
    /// A Role that exists.
    Role(&'s str),
    /// One of its own.
    Own(&'s [Rule]),
}

impl Grant {
    /// The role; none unless it names exactly one.
    pub(super) fn held(&self) -> Option<Held<'_>> {
        match (&self.cluster_role, &self.role, &self.rules) {
            (Some(name), None, None) => Some(Held::ClusterRole(name)),
            (None, Some(name), None) => Some(Held::Role(name)),
            (None, None, Some(rules)) => Some(Held::Own(rules)),
            _ => None,
        }
    }
}

impl Subjects {
    /// Whether it names nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.service_accounts.is_empty()
    }
}
