//! What git alone can tell is wrong with a template: its parameters, and objects that it may not hold.

use super::spec::{Manifest, Parameter, Spec};
use crate::diagnostic::Code;
use crate::document::nearest::remedy;
use crate::document::pointer::join;
use crate::document::schema::hole;
use crate::kinds::kind::{Fault, Intent};
use crate::kube_kinds::{self, Reach};
use crate::name::Namespace;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
    let spec = intent.spec;
    let mut faults = declarations(&spec.parameters);
    faults.extend(undeclared(spec));
    for (index, manifest) in spec.objects.iter().enumerate() {
        let place = format!("/objects/{index}/manifest");
        faults.extend(unnamed(manifest, &place));
        faults.extend(refused(&manifest.manifest, &place));
        faults.extend(misplaced(&manifest.manifest, &place, intent.namespaced));
    }
    faults
}

/// Parameters declared twice, and values of another type than the declared one.
fn declarations(parameters: &[Parameter]) -> Vec<Fault> {
    let mut names = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let (place, name) = (format!("/parameters/{index}"), &parameter.name);
        if !names.insert(name) {
            let message = format!("parameter `{name}` is declared twice");
            faults.push(Fault::new(Code::Duplicate, join(&place, "name"), message, "keep one of the two"));
        }
        if let Some(value) = parameter.default.as_ref().filter(|value| !parameter.r#type.holds(value)) {
            let message = format!("parameter `{name}` takes {}, not {value}", parameter.r#type.words());
            let help = "give a value of the declared type, or declare another type";
            faults.push(Fault::new(Code::InvalidValue, join(&place, "default"), message, help));
        }
    }
    faults
}

/// Parameters that manifests use and the template does not declare.
fn undeclared(spec: &Spec) -> Vec<Fault> {
    let names: Vec<&str> = spec.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let uses = spec.objects.iter().enumerate();
    let uses = uses.flat_map(|(index, object)| hole::find(&object.manifest, &format!("/objects/{index}/manifest")));
    let fault = |used: hole::Hole| {
        let name = used.name.filter(|name| !names.contains(&name.as_str()))?;
        let help = remedy(&name, &names).unwrap_or_else(|| format!("declare it: {{name: {name}, type: string}}"));
        let message = format!("parameter `{name}` is not declared in spec.parameters");
        Some(Fault::new(Code::UnknownReference, used.pointer, message, help))
    };
    uses.filter_map(fault).collect()
}

/// What identifies an object must be there; its type must be written out, so that what a cluster has to serve is known.
fn unnamed(manifest: &Manifest, place: &str) -> Vec<Fault> {
    let fault = |pointer: &str| {
        let name = pointer.trim_start_matches('/').replace('/', ".");
        let value = manifest.manifest.pointer(pointer);
        let help = format!("give the object its {name}");
        match value {
            None => Some(Fault::new(Code::MissingField, place, format!("the manifest has no {name}"), help)),
            Some(value) if pointer == "/metadata/name" && hole::name_of(value).is_some() => None,
            Some(Value::String(text)) if !text.is_empty() => None,
            Some(_) => Some(Fault::new(
                Code::InvalidValue,
                format!("{place}{pointer}"),
                format!("{name} must be a text"),
                help,
            )),
        }
    };
    ["/apiVersion", "/kind", "/metadata/name"].into_iter().filter_map(fault).collect()
}

/// Objects that say who may do what, or that hold what must not be in git.
fn refused(manifest: &Value, place: &str) -> Option<Fault> {
    let (group, kind) = kind_of(manifest)?;
    let help = match (group, kind) {
        ("rbac.authorization.k8s.io", _) => "say who may do what in an AccessControl",
        ("admissionregistration.k8s.io", _) => "say what may pass in a Guardrail",
        ("", "Secret") => "keep secrets out of git; deliver them through a SecretLifecycle",
        (_, kind) if kind.ends_with("List") => "give each object of the list its own manifest",
        _ => return None,
    };
    let message = format!("a {kind} may not stand in a template");
    Some(Fault::new(Code::ObjectRefused, join(place, "kind"), message, help))
}

/// Objects of the cluster with a namespace, and objects of a namespace without one.
fn misplaced(manifest: &Value, place: &str, namespaced: bool) -> Option<Fault> {
    let (group, kind) = kind_of(manifest)?;
    let namespace = manifest.pointer("/metadata/namespace");
    let at = namespace.map_or_else(|| place.to_owned(), |_| format!("{place}/metadata/namespace"));
    let fault = |code, message, help: &str| Some(Fault::new(code, at.clone(), message, help));
    if let Some(name) = namespace.filter(|name| hole::name_of(name).is_none() && !is_namespace(name)) {
        return fault(Code::InvalidValue, format!("{name} is not the name of a namespace"), "write a DNS label");
    }
    match (kube_kinds::row(group, kind).reach, namespace) {
        (Reach::Cluster, Some(_)) => fault(
            Code::ObjectRefused,
            format!("a {kind} belongs to the cluster, not to a namespace"),
            "leave the namespace out",
        ),
        (Reach::Cluster, None) if namespaced => {
            let message = format!("a {kind} belongs to the cluster, and cannot be made once per namespace");
            fault(Code::ObjectRefused, message, "move it to a rule whose scope has no namespaces")
        }
        (Reach::Namespace, None) if !namespaced => {
            let help = "write metadata.namespace, or select namespaces in spec.scope.namespaces";
            fault(Code::MissingField, format!("this {kind} has no namespace"), help)
        }
        _ => None,
    }
}

fn is_namespace(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.parse::<Namespace>().is_ok())
}

/// Group and kind, as far as they are written out.
fn kind_of(manifest: &Value) -> Option<(&str, &str)> {
    let api = manifest.get("apiVersion")?.as_str()?;
    Some((api.split_once('/').map_or("", |(group, _)| group), manifest.get("kind")?.as_str()?))
}
