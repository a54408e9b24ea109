//! What git alone can tell is wrong with a guard: amounts that contradict each other, resources that nobody counts.

use super::spec::{Amounts, Containers, Spec};
use crate::diagnostic::Code;
use crate::document::nearest::remedy;
use crate::document::pointer::join;
use crate::kinds::kind::{Fault, Intent};

/// What a ResourceQuota counts under plain names.
const COUNTED: &[&str] = &[
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// What a container can ask for under plain names.
const ASKED: &[&str] = &["cpu", "ephemeral-storage", "memory"];

pub(super) fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
    let spec = intent.spec;
    let mut faults: Vec<Fault> = unscoped(intent.namespaced).into_iter().chain(silent(spec)).collect();
    if let Some(quota) = &spec.quota {
        faults.extend(amounts(quota, "/quota", COUNTED));
    }
    if let Some(containers) = &spec.containers {
        for (name, given) in named(containers) {
            faults.extend(given.iter().flat_map(|given| amounts(given, &join("/containers", name), ASKED)));
        }
        faults.extend(contradictions(containers));
    }
    faults
}

fn named(containers: &Containers) -> [(&'static str, Option<&Amounts>); 3] {
    let Containers { default_request, default, max } = containers;
    [("defaultRequest", default_request.as_ref()), ("default", default.as_ref()), ("max", max.as_ref())]
}

fn unscoped(namespaced: bool) -> Option<Fault> {
    let message = "quotas and limits hold in namespaces, and this rule selects none";
    let help = "add `namespaces` to spec.scope; `{}` selects all of them";
    (!namespaced).then(|| Fault::new(Code::MissingField, "/scope", message, help))
}

fn silent(spec: &Spec) -> Option<Fault> {
    let says = |amounts: Option<&Amounts>| amounts.is_some_and(|amounts| !amounts.is_empty());
    let contained = spec.containers.as_ref().is_some_and(|all| named(all).into_iter().any(|(_, given)| says(given)));
    let message = "this guard bounds nothing";
    (!says(spec.quota.as_ref()) && !contained)
        .then(|| Fault::new(Code::MissingField, "", message, "give it `quota`, `containers` or both"))
}

/// Amounts below nothing, and resources of unknown names.
fn amounts(amounts: &Amounts, place: &str, names: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (resource, amount) in amounts {
        let at = join(place, resource);
        if amount.is_negative() {
            let message = format!("{resource} cannot be less than nothing");
            faults.push(Fault::new(Code::InvalidValue, at.clone(), message, "give 0 or more"));
        }
        if !known(resource, names) {
            let help = remedy(resource, names).unwrap_or_else(|| "use a resource that Kubernetes counts".to_owned());
            let message = format!("Kubernetes has no resource `{resource}` here");
            faults.push(Fault::new(Code::UnknownReference, at, message, help));
        }
    }
    faults
}

/// Extended resources bear a domain (`nvidia.com/gpu`), counts of objects a slash (`count/jobs.batch`).
fn known(resource: &str, names: &[&str]) -> bool {
    names.contains(&resource) || resource.contains('/') || resource.contains("hugepages-")
}

/// Requests above limits, defaults above the greatest limits.
fn contradictions(containers: &Containers) -> Vec<Fault> {
    let [request, default, max] = named(containers);
    let mut faults = Vec::new();
    for ((less_name, less), (more_name, more)) in [(request, default), (request, max), (default, max)] {
        let (Some(less), Some(more)) = (less, more) else { continue };
        for (resource, amount) in less {
            let Some(most) = more.get(resource).filter(|most| amount > *most) else { continue };
            let (amount, most) = (amount.as_str(), most.as_str());
            let message = format!("{resource}: {less_name} {amount} is more than {more_name} {most}");
            let help = format!("lower it to {most}, or raise {more_name}");
            let place = join(&join("/containers", less_name), resource);
            faults.push(Fault::new(Code::InvalidValue, place, message, help));
        }
    }
    faults
}
