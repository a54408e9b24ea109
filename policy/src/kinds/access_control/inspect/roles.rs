//! Roles: whether they can be held there, what their rules say, and to whom they go.

use super::super::power::Power;
use super::super::spec::{Grant, Held, Rule};
use crate::diagnostic::Code;
use crate::kinds::kind::Fault;

/// Everybody who can authenticate, or every workload.
const EVERYBODY: [&str; 2] = ["system:authenticated", "system:serviceaccounts"];
/// Whoever reaches the API server at all.
const ANYBODY: [&str; 2] = ["system:unauthenticated", "system:anonymous"];
/// What Kubernetes itself shows to whoever asks.
const PUBLIC: [&str; 2] = ["system:public-info-viewer", "system:service-account-issuer-discovery"];

pub(super) fn inspect(grant: &Grant, held: Held<'_>, namespaced: bool, place: &str) -> Vec<Fault> {
    let mut faults: Vec<Fault> = match held {
        Held::ClusterRole(name) => unnameable(name, &format!("{place}/clusterRole")).into_iter().collect(),
        Held::Role(name) => {
            let place = format!("{place}/role");
            unnameable(name, &place).into_iter().chain(homeless(namespaced, &place)).collect()
        }
        Held::Own(rules) => {
            let rules = rules.iter().enumerate();
            rules.flat_map(|(index, rule)| of_rule(rule, namespaced, &format!("{place}/rules/{index}"))).collect()
        }
    };
    faults.extend(to_anybody(grant, held, place));
    faults.extend(to_everybody(grant, held, place));
    faults
}

/// Kubernetes puts the names of roles into paths.
fn unnameable(name: &str, place: &str) -> Option<Fault> {
    let sound = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%']);
    let message = format!("`{name}` is not the name of a role");
    (!sound).then(|| Fault::new(Code::InvalidValue, place, message, "a name without `/` and `%`"))
}

fn homeless(namespaced: bool, place: &str) -> Option<Fault> {
    let message = "a Role is one of a namespace, and this rule selects none";
    let help = "name a `clusterRole`, or add `namespaces` to spec.scope";
    (!namespaced).then(|| Fault::new(Code::InvalidValue, place, message, help))
}

fn of_rule(rule: &Rule, namespaced: bool, place: &str) -> Vec<Fault> {
    let wrong = |message: &str, help: &str| Some(Fault::new(Code::InvalidValue, place, message, help));
    let missing = |message: &str, help: &str| Some(Fault::new(Code::MissingField, place, message, help));
    let (paths, resources) = (!rule.non_resource_urls.is_empty(), !rule.resources.is_empty());
    let form = match (paths, resources) {
        (true, true) => wrong("a rule is about resources or about paths", "make two rules of it"),
        (false, false) => missing("this rule is about nothing", "give it `resources`, or `nonResourceURLs`"),
        (true, false) if namespaced => wrong(
            "paths are the cluster's, and this rule holds in namespaces",
            "move it to a rule whose scope has no namespaces",
        ),
        (true, false) if rule.resource_names.is_some() || !rule.api_groups.is_empty() => {
            wrong("paths have no API groups and no names", "take `apiGroups` and `resourceNames` out")
        }
        (false, true) if rule.api_groups.is_empty() => {
            missing("the API groups of these resources are missing", "add `apiGroups`; the core's is \"\"")
        }
        _ => None,
    };
    let message = match Power::of_rule(rule) {
        Power::Everything => Some("this rule allows everything, and what is yet to come"),
        Power::Escalates => Some("whoever holds this can take more than it says"),
        Power::Changes | Power::Little => None,
    };
    let help = "name the verbs and resources that are needed; for all there is, name `clusterRole: cluster-admin`";
    let escalation = message.map(|message| Fault::warning(Code::Escalation, place, message, help));
    form.into_iter().chain(escalation).collect()
}

/// The first of the subjects that is one of `names`, with its place.
fn named<'g>(grant: &'g Grant, names: &[&str], place: &str) -> Option<(&'g str, String)> {
    let subjects = &grant.subjects;
    let lists = [("users", &subjects.users), ("groups", &subjects.groups)];
    lists.into_iter().find_map(|(field, list)| {
        let index = list.iter().position(|name| names.contains(&name.as_str()))?;
        Some((list.get(index)?.as_str(), format!("{place}/subjects/{field}/{index}")))
    })
}

fn to_anybody(grant: &Grant, held: Held<'_>, place: &str) -> Option<Fault> {
    let (name, place) = named(grant, &ANYBODY, place)?;
    let public = matches!(held, Held::ClusterRole(role) if PUBLIC.contains(&role));
    let message = format!("`{name}` is whoever reaches the API server, and would hold this role");
    let help = "name those who need it; what Kubernetes shows to all is in `system:public-info-viewer`";
    (!public).then(|| Fault::new(Code::Escalation, place, message, help))
}

fn to_everybody(grant: &Grant, held: Held<'_>, place: &str) -> Option<Fault> {
    let (name, place) = named(grant, &EVERYBODY, place)?;
    let help = "name the groups that need it";
    match Power::of(held) {
        Power::Everything | Power::Escalates => {
            let message = format!("`{name}` is everybody, and could take over what this role reaches");
            Some(Fault::new(Code::Escalation, place, message, help))
        }
        Power::Changes => {
            let message = format!("`{name}` is everybody, and this role changes things");
            Some(Fault::warning(Code::Escalation, place, message, help))
        }
        Power::Little => None,
    }
}
