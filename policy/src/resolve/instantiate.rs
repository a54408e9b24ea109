//! From templates to the objects of one unit.

use super::Desired;
use crate::bundle::entry::{Own, Template};
use crate::object::Object;
use crate::outcome::UnitId;
use crate::plan::marks;
use serde_json::Value;

/// The objects that `templates` want in `unit`: those made per namespace in a namespace's unit, the others in the
/// cluster's.
///
/// # Errors
/// A sentence, when a template does not make an object.
pub(super) fn desired(unit: &UnitId, templates: &[Template]) -> Result<Vec<Desired>, String> {
    let here = templates.iter().filter(|template| template.per_namespace == unit.namespace.is_some());
    here.map(|template| instantiate(unit, template)).collect()
}

fn instantiate(unit: &UnitId, template: &Template) -> Result<Desired, String> {
    let mut tree = template.manifest.clone();
    place(unit, &mut tree);
    if template.own == Own::Whole {
        marks::put(&mut tree, &unit.rule);
    }
    let object = Object::try_from(tree).map_err(|error| format!("a template of {unit} makes no object: {error}"))?;
    Ok(Desired { own: template.own, adopt: template.adopt, object })
}

/// Puts an object into its unit's namespace; a Namespace object *is* that namespace.
fn place(unit: &UnitId, tree: &mut Value) {
    let Some(namespace) = &unit.namespace else { return };
    let field = match (tree.get("apiVersion").and_then(Value::as_str), tree.get("kind").and_then(Value::as_str)) {
        (Some("v1"), Some("Namespace")) => "name",
        _ => "namespace",
    };
    if let Some(metadata) = marks::map_in(tree, "metadata") {
        metadata.insert(field.to_owned(), Value::String(namespace.to_string()));
    }
}
