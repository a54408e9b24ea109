//! Roles and their bindings. In a namespace they are Role and RoleBinding, in the cluster ClusterRole and
//! ClusterRoleBinding.

use super::spec::{Grant, Held, Rule, Spec, Subjects};
use crate::bundle::entry::Template;
use crate::canonical;
use crate::kinds::kind::{Intent, Unsupported};
use crate::kinds::objects::{digits, name, template};
use crate::plan::marks::EXCLUSIVE;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The role, where it is one of the grant's own, and its binding.
pub(super) fn of(intent: &Intent<'_, Spec>, grant: &Grant) -> Result<Vec<Template>, Unsupported> {
    let held = grant.held().ok_or_else(|| Unsupported(format!("grant `{}` names no one role", grant.name)))?;
    let own = name(intent.name, Some(grant.name.as_str()));
    let (kind, called) = match held {
        Held::ClusterRole(name) => ("ClusterRole", name),
        Held::Role(name) => ("Role", name),
        Held::Own(_) if intent.namespaced => ("Role", own.as_str()),
        Held::Own(_) => ("ClusterRole", own.as_str()),
    };
    let role_ref = RoleRef { api_group: Some(GROUP.to_owned()), kind: kind.to_owned(), name: called.to_owned() };
    let role = match held {
        Held::Own(rules) => Some(role(own.clone(), rules, intent.namespaced)?),
        Held::ClusterRole(_) | Held::Role(_) => None,
    };
    Ok(role.into_iter().chain([binding(intent, grant, role_ref)?]).collect())
}

fn role(name: String, rules: &[Rule], namespaced: bool) -> Result<Template, Unsupported> {
    let metadata = ObjectMeta { name: Some(name), ..ObjectMeta::default() };
    let rules = Some(rules.iter().flat_map(policy_rules).collect());
    if namespaced {
        template(&Role { metadata, rules }, true)
    } else {
        template(&ClusterRole { metadata, rules, aggregation_rule: None }, false)
    }
}

/// One rule for each name: a rule without names would be for all of them.
fn policy_rules(rule: &Rule) -> Vec<PolicyRule> {
    let given = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let for_all = PolicyRule {
        api_groups: given(&rule.api_groups),
        resources: given(&rule.resources),
        non_resource_urls: given(&rule.non_resource_urls),
        resource_names: None,
        verbs: rule.verbs.clone(),
    };
    let named = |name: &String| PolicyRule { resource_names: Some(vec![name.clone()]), ..for_all.clone() };
    match &rule.resource_names {
        Some(names) => names.iter().map(named).collect(),
        None => vec![for_all],
    }
}

/// The role of a binding cannot change, so the binding is named after it: another role is another binding.
fn binding(intent: &Intent<'_, Spec>, grant: &Grant, role_ref: RoleRef) -> Result<Template, Unsupported> {
    let role = canonical::to_vec(&role_ref).map_err(|error| Unsupported(error.to_string()))?;
    let part = format!("{}-{}", grant.name, digits(&role));
    let annotations = grant.exclusive.then(|| [(EXCLUSIVE.to_owned(), "true".to_owned())].into());
    let metadata = ObjectMeta { name: Some(name(intent.name, Some(&part))), annotations, ..ObjectMeta::default() };
    let subjects = Some(subjects(&grant.subjects));
    if intent.namespaced {
        let template = template(&RoleBinding { metadata, role_ref, subjects }, true)?;
        Ok(Template { namespace_at: in_own_namespace(&grant.subjects), ..template })
    } else {
        template(&ClusterRoleBinding { metadata, role_ref, subjects }, false)
    }
}

/// Service accounts first: users and groups may be overridden by more or fewer, and the places of namespaces stay.
fn subjects(subjects: &Subjects) -> Vec<Subject> {
    let person = |kind: &'static str| {
        move |name: &String| Subject {
            api_group: Some(GROUP.to_owned()),
            kind: kind.to_owned(),
            name: name.clone(),
            namespace: None,
        }
    };
    let accounts = subjects.service_accounts.iter().map(|account| Subject {
        api_group: None,
        kind: "ServiceAccount".to_owned(),
        name: account.name.clone(),
        // Where it is left out, its place is one of those of the binding's own namespace.
        namespace: Some(account.namespace.clone().unwrap_or_default()),
    });
    let users = subjects.users.iter().map(person("User"));
    accounts.chain(users).chain(subjects.groups.iter().map(person("Group"))).collect()
}

/// Where the binding's own namespace stands: with the accounts that name none.
fn in_own_namespace(subjects: &Subjects) -> Vec<String> {
    let accounts = subjects.service_accounts.iter().enumerate();
    accounts
        .filter(|(_, account)| account.namespace.is_none())
        .map(|(index, _)| format!("/subjects/{index}/namespace"))
        .collect()
}
