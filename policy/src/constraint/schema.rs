//! The schema of constraints: that of authority/, and the objects of [`shape`](super::shape), of which the text is made.

use super::shape::{ANY, KINDS, Kind, Shape};
use crate::authority;
use cedar_policy::{Schema, SchemaFragment};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

const PAIRS: &str = r#"Set<{ "key": String, "value": String }>"#;
/// What every object has.
const COMMON: &str = r#""apiVersion": String, "kind": String, "metadata": { "name": String, "namespace"?: String, "labels": Set<{ "key": String, "value": String }>, "annotations": Set<{ "key": String, "value": String }> }"#;

/// The schema that constraints are validated against: always the same, and read once.
pub(super) fn schema() -> Result<Schema, String> {
    static SCHEMA: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
        let fragments = [fragment(authority::SCHEMA)?, fragment(&text())?];
        Schema::from_schema_fragments(fragments).map_err(|error| error.to_string())
    });
    SCHEMA.clone()
}

fn fragment(text: &str) -> Result<SchemaFragment, String> {
    SchemaFragment::from_cedarschema_str(text).map(|(fragment, _)| fragment).map_err(|error| error.to_string())
}

/// The part of it that constraints add, for people.
#[must_use]
pub fn text() -> String {
    let mut namespaces: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut all = vec![ANY.to_owned()];
    for row in KINDS {
        for version in row.versions {
            let space = format!("{}::{version}", row.namespace);
            namespaces.entry(space).or_default().push(entity(row));
            all.push(row.name(version));
        }
    }
    namespaces.entry("k8s".to_owned()).or_default().push(format!("    entity Object = {{ {COMMON} }};\n"));
    let mut text = String::from("// What constraints may ask of the objects that rules want.\n");
    for (space, entities) in namespaces {
        let _ = write!(text, "namespace {space} {{\n{}}}\n", entities.concat());
    }
    let action = format!(
        "    action \"apply\" appliesTo {{\n        principal: Rule,\n        resource: [{}],\n    }};\n",
        all.join(", ")
    );
    let _ = write!(text, "namespace Writ {{\n{action}}}\n");
    text
}

fn entity(row: &Kind) -> String {
    let own = row.fields.iter().map(|(name, shape)| format!(", \"{name}\"?: {}", cedar(*shape)));
    let derived: Vec<String> = row.derived.iter().map(|(name, _)| format!("\"{name}\": Set<String>")).collect();
    let derived =
        if derived.is_empty() { String::new() } else { format!(", \"derived\": {{ {} }}", derived.join(", ")) };
    format!("    entity {} = {{ {COMMON}{}{derived} }};\n", row.kind, own.collect::<String>())
}

fn cedar(shape: Shape) -> String {
    match shape {
        Shape::Text => "String".to_owned(),
        Shape::Number => "Long".to_owned(),
        Shape::Pairs => PAIRS.to_owned(),
        Shape::Each(item) => format!("Set<{}>", cedar(*item)),
        Shape::Fields(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, shape)| format!("\"{name}\"?: {}", cedar(*shape))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}
