//! One error of the JSON Schema validator, as people want to read it.

use super::hole::Hole;
use super::in_hole;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Doc;
use crate::document::nearest::remedy;
use crate::document::pointer::join;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

/// What an error is explained against.
pub(super) struct Place<'a> {
    pub(super) doc: &'a Doc,
    pub(super) at: &'a str,
    pub(super) schema: &'a Value,
    pub(super) holes: &'a [Hole],
}

/// Adds the diagnostics of `error` to `found`.
pub(super) fn explain(place: &Place<'_>, error: &ValidationError<'_>, found: &mut Vec<Diagnostic>) {
    let at = format!("{}{}", place.at, error.instance_path().as_str());
    if in_hole(place.holes, &at) {
        return;
    }
    let parent = parent_schema(place.schema, error.schema_path().as_str());
    let invalid = |message: String| place.doc.error(Code::InvalidValue, &at, message);
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            found.extend(unexpected.iter().map(|key| unknown(place.doc, &at, key, parent)));
        }
        Kind::Required { property } => found.push(missing(place.doc, &at, property, parent)),
        Kind::Type { kind } => found.push(wrong_type(invalid, kind, parent, error.instance())),
        Kind::Enum { options } => found.push(not_one_of(invalid, options, error.instance())),
        Kind::Pattern { .. } => {
            let diagnostic = invalid(format!("{} is not {}", quoted(error.instance()), expects(parent)));
            found.push(bare_number(parent, error.instance()).into_iter().fold(diagnostic, Diagnostic::help));
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let union = error.instance_path().as_str();
            match likeliest(context, union) {
                Some(branch) => branch.iter().for_each(|error| explain(place, error, found)),
                None => found.push(no_form(invalid, context, union, error.instance())),
            }
        }
        _ => found.push(invalid(shorten(&error.to_string()))),
    }
}

/// The schema that holds the keyword which failed.
fn parent_schema<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    path.rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent))
}

fn unknown(doc: &Doc, at: &str, key: &str, parent: Option<&Value>) -> Diagnostic {
    let fields = parent.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    let pointer = join(at, key);
    let Some(fields) = fields else {
        return doc
            .key_error(Code::InvalidValue, &pointer, format!("{} cannot be a key here", quote(key)))
            .help("the keys here are names: lower-case letters, digits and `-`");
    };
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let diagnostic = doc.key_error(Code::UnknownField, &pointer, format!("unknown field {}", quote(key)));
    remedy(key, &names).into_iter().fold(diagnostic, Diagnostic::help)
}

fn missing(doc: &Doc, at: &str, property: &Value, parent: Option<&Value>) -> Diagnostic {
    let name = property.as_str().unwrap_or_default();
    let about = parent
        .and_then(|schema| schema.get("properties")?.get(name)?.get("description")?.as_str())
        .and_then(|text| text.lines().next());
    let help = about.map_or_else(|| format!("add `{name}`"), |about| format!("add `{name}`: {about}"));
    doc.key_error(Code::MissingField, at, format!("missing field `{name}`")).help(help)
}

fn wrong_type(
    invalid: impl Fn(String) -> Diagnostic,
    kind: &TypeKind,
    parent: Option<&Value>,
    instance: &Value,
) -> Diagnostic {
    let wanted = names(kind);
    let words: Vec<&str> = wanted.iter().map(|name| in_words(name)).collect();
    let diagnostic = invalid(format!("expected {}, found {}", words.join(" or "), found_words(instance)));
    if let Some(help) = bare_number(parent, instance) {
        return diagnostic.help(help);
    }
    match instance {
        Value::Number(_) | Value::Bool(_) if wanted.iter().any(|name| name == "string") => {
            diagnostic.help(format!("put it in quotes: \"{instance}\""))
        }
        Value::Null => diagnostic.help("write a value, or leave the field out"),
        _ => diagnostic,
    }
}

/// What was likely meant by a number alone: `5` by who means five seconds.
fn bare_number(parent: Option<&Value>, instance: &Value) -> Option<String> {
    let meant = parent?.get("x-writ-number")?.as_str()?;
    let number = match instance {
        Value::String(text) => text.parse::<u64>().ok()?,
        other => other.as_u64()?,
    };
    Some(meant.replace("{}", &number.to_string()))
}

fn in_words(name: &str) -> &str {
    match name {
        "string" => "text",
        "object" => "a mapping",
        "array" => "a list",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        other => other,
    }
}

fn found_words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("the text {}", quote(text)),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(value) => format!("{value}"),
    }
}

fn not_one_of(invalid: impl Fn(String) -> Diagnostic, options: &Value, instance: &Value) -> Diagnostic {
    let words: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let diagnostic = invalid(format!("{} is not a value that this field takes", quoted(instance)));
    let help = instance.as_str().and_then(|text| remedy(text, &words)).or_else(|| remedy("", &words));
    help.into_iter().fold(diagnostic, Diagnostic::help)
}

fn expects(parent: Option<&Value>) -> String {
    let word = |name: &str| parent.and_then(|schema| schema.get(name)).and_then(Value::as_str);
    word("x-writ-expects")
        .map_or_else(|| format!("of the form `{}`", word("pattern").unwrap_or_default()), str::to_owned)
}

/// Of the branches of the union that stands at `union`, the one that was meant: the one of the right type.
fn likeliest<'a, 'e>(branches: &'a [Vec<ValidationError<'e>>], union: &str) -> Option<&'a Vec<ValidationError<'e>>> {
    let of_type = |branch: &&Vec<ValidationError<'_>>| type_of(branch, union).is_none();
    branches.iter().filter(|branch| !branch.is_empty()).find(of_type)
}

/// The type that a branch of the union wants, where that is what it lacks.
fn type_of<'a>(branch: &'a [ValidationError<'_>], union: &str) -> Option<&'a TypeKind> {
    branch.iter().filter(|error| error.instance_path().as_str() == union).find_map(|error| match error.kind() {
        Kind::Type { kind } => Some(kind),
        _ => None,
    })
}

/// A value that has the type of no branch.
fn no_form(
    invalid: impl Fn(String) -> Diagnostic,
    branches: &[Vec<ValidationError<'_>>],
    union: &str,
    instance: &Value,
) -> Diagnostic {
    let wanted: Vec<String> = branches.iter().filter_map(|branch| type_of(branch, union)).flat_map(names).collect();
    let words: Vec<&str> = wanted.iter().map(|name| in_words(name)).collect();
    invalid(format!("expected {}, found {}", words.join(" or "), found_words(instance)))
}

fn names(kind: &TypeKind) -> Vec<String> {
    match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
    }
}

fn quoted(value: &Value) -> String {
    value.as_str().map_or_else(|| shorten(&value.to_string()), quote)
}

fn quote(text: &str) -> String {
    format!("`{}`", shorten(text))
}

/// Messages quote what was written, but not a megabyte of it.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
