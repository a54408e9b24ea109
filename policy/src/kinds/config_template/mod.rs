//! `ConfigTemplate`: manifests with typed parameters, as they are written.

mod inspect;
mod spec;
#[cfg(test)]
mod tests;

use super::kind::{Fault, Intent, Kind, Reference, Unsupported};
use crate::bundle::entry::Template;
use crate::document::pointer::join;
use crate::document::schema::hole;
use crate::facts::Facts;
use crate::object::ApiVersion;
use serde_json::Value;
use spec::{Manifest, Spec};
use std::collections::{BTreeMap, BTreeSet};

/// The kind itself.
pub(super) enum ConfigTemplate {}

impl Kind for ConfigTemplate {
    const NAME: &'static str = "ConfigTemplate";
    const VERSION: u32 = 1;
    type Spec = Spec;
    /// The APIs that the manifests are written in.
    type Lens = BTreeSet<ApiVersion>;
    /// Those of them that are served.
    type View = BTreeSet<ApiVersion>;

    /// The declared parameters: a value of any level takes the place of the declared default.
    fn references(spec: &Value) -> Vec<Reference> {
        let uses = hole::find(spec.get("objects").unwrap_or(&Value::Null), "/objects");
        let declared = spec.get("parameters").and_then(Value::as_array).into_iter().flatten().enumerate();
        declared.filter_map(|(index, parameter)| reference(index, parameter, &uses)).collect()
    }

    fn lens(spec: &Value) -> Self::Lens {
        let objects = spec.get("objects").and_then(Value::as_array).into_iter().flatten();
        let api = |object: &Value| object.pointer("/manifest/apiVersion").and_then(Value::as_str).map(str::to_owned);
        objects.filter_map(api).map(ApiVersion::from).collect()
    }

    fn view(lens: &Self::Lens, facts: &Facts) -> Self::View {
        lens.iter().filter(|api| facts.capabilities.serves(api)).cloned().collect()
    }

    fn best(lens: &Self::Lens) -> Self::View {
        lens.clone()
    }

    fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
        inspect::inspect(intent)
    }

    fn translate(intent: &Intent<'_, Spec>, view: &Self::View) -> Result<Vec<Template>, Unsupported> {
        let values = intent.spec.values();
        intent.spec.objects.iter().map(|manifest| template(manifest, &values, intent.namespaced, view)).collect()
    }

    fn origin(template: usize) -> String {
        format!("/objects/{template}/manifest")
    }
}

fn reference(index: usize, parameter: &Value, uses: &[hole::Hole]) -> Option<Reference> {
    let name = parameter.get("name")?.as_str()?.to_owned();
    let declared = format!("/parameters/{index}");
    let used = uses.iter().find(|used| used.name.as_deref() == Some(&name));
    Some(Reference {
        place: join(&declared, "default"),
        shown: used.map_or(declared, |used| used.pointer.clone()),
        defaulted: parameter.get("default").is_some(),
        name,
    })
}

fn template(
    manifest: &Manifest,
    values: &BTreeMap<&str, &Value>,
    namespaced: bool,
    view: &BTreeSet<ApiVersion>,
) -> Result<Template, Unsupported> {
    let tree = filled(&manifest.manifest, values)?;
    served(&tree, view)?;
    let per_namespace = namespaced && tree.pointer("/metadata/namespace").is_none();
    Ok(Template { own: manifest.own, adopt: manifest.adopt, ..Template::whole(tree, per_namespace) })
}

fn served(tree: &Value, view: &BTreeSet<ApiVersion>) -> Result<(), Unsupported> {
    let api = tree.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let known = view.contains(&ApiVersion::from(api.to_owned()));
    if known { Ok(()) } else { Err(Unsupported(format!("the cluster does not serve {api}"))) }
}

/// The tree with the value of each parameter in its place.
fn filled(tree: &Value, values: &BTreeMap<&str, &Value>) -> Result<Value, Unsupported> {
    if let Some(name) = hole::name_of(tree) {
        let unresolved = || Unsupported(format!("parameter `{name}` has no value here"));
        return values.get(name).map(|value| (*value).clone()).ok_or_else(unresolved);
    }
    match tree {
        Value::Object(map) => {
            map.iter().map(|(key, value)| Ok((key.clone(), filled(value, values)?))).collect::<Result<_, _>>()
        }
        Value::Array(items) => {
            items.iter().map(|item| filled(item, values)).collect::<Result<_, _>>().map(Value::Array)
        }
        other => Ok(other.clone()),
    }
}
