//! Structural validation: every way in which a document is not what its kind wants, each in its place.
//!
//! Schemas are derived from the plain structs that serde decodes, so neither can drift from the other.

mod fault;
pub mod hole;
pub mod shape;

use super::{Doc, pointer};
use crate::diagnostic::{Code, Diagnostic};
use hole::Hole;
use schemars::JsonSchema;
use serde_json::Value;

/// A compiled JSON Schema.
#[derive(Debug)]
pub struct Schema {
    json: Value,
    validator: Result<jsonschema::Validator, String>,
}

impl Schema {
    /// The schema of a struct, closed: no field that it does not name, and no null.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self::new(shape::of::<T>())
    }

    /// Compiles a schema that [`shape`] made.
    #[must_use]
    pub fn new(json: Value) -> Self {
        let validator = jsonschema::options().should_validate_formats(false).build(&json);
        Self { validator: validator.map_err(|error| error.to_string()), json }
    }

    /// Why this is not a JSON Schema; none for every schema that [`shape`] makes.
    #[must_use]
    pub fn faulty(&self) -> Option<&str> {
        self.validator.as_ref().err().map(String::as_str)
    }

    /// The schema itself.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }
}

/// Where `{$param: name}` may stand, by JSON pointer within the document.
pub type MayStand<'a> = &'a dyn Fn(&str) -> bool;

/// Parameters stand nowhere.
#[must_use]
pub fn nowhere(_: &str) -> bool {
    false
}

/// Everything in which the value at `at` of `doc` differs from `schema`. What a parameter stands for is not judged:
/// it is typed once its value is known.
#[must_use]
pub fn validate(doc: &Doc, at: &str, schema: &Schema, may_stand: MayStand<'_>) -> Vec<Diagnostic> {
    let Some(value) = doc.value.pointer(at) else { return Vec::new() };
    let holes = hole::find(value, at);
    let mut found: Vec<Diagnostic> = holes.iter().filter_map(|hole| misplaced(doc, hole, may_stand)).collect();
    found.extend(differences(doc, at, value, schema, &holes));
    sorted(found)
}

/// Everything in which `value`, which is what the document says at `at` once parameters are filled in, differs from
/// `schema`.
#[must_use]
pub fn validate_filled(doc: &Doc, at: &str, value: &Value, schema: &Schema) -> Vec<Diagnostic> {
    sorted(differences(doc, at, value, schema, &[]))
}

fn differences(doc: &Doc, at: &str, value: &Value, schema: &Schema, holes: &[Hole]) -> Vec<Diagnostic> {
    let validator = match &schema.validator {
        Ok(validator) => validator,
        Err(why) => return vec![doc.error(Code::Unsupported, at, format!("the schema of this kind is faulty: {why}"))],
    };
    let place = fault::Place { doc, at, schema: &schema.json, holes };
    let mut found = Vec::new();
    for error in validator.iter_errors(value) {
        fault::explain(&place, &error, &mut found);
    }
    found
}

fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort();
    found.dedup();
    found
}

fn misplaced(doc: &Doc, hole: &Hole, may_stand: MayStand<'_>) -> Option<Diagnostic> {
    if hole.name.is_none() {
        let message = "`$param` stands for one whole value: `{$param: name}`, and nothing beside it";
        return Some(doc.error(Code::InvalidValue, &hole.pointer, message));
    }
    let refused =
        || doc.error(Code::InvalidValue, &hole.pointer, "a parameter cannot stand here").help("write the value itself");
    (!may_stand(&hole.pointer)).then(refused)
}

/// Whether the error's place is a hole's or inside one.
fn in_hole(holes: &[Hole], place: &str) -> bool {
    holes.iter().any(|hole| pointer::at_or_below(place, &hole.pointer))
}
