//! Configuration files of the servers: one document in the common envelope.

use super::schema::{self, Schema, shape};
use super::{Doc, decode, envelope, parse};
use crate::diagnostic::{Code, Diagnostic, Span};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The `spec` of the one document of `kind` in the configuration file `file`.
///
/// # Errors
/// Every fault of the file, each in its place.
pub fn config<T: DeserializeOwned + JsonSchema>(file: &str, text: &str, kind: &str) -> Result<T, Vec<Diagnostic>> {
    let (docs, found) = parse(file, text);
    if !found.is_empty() {
        return Err(found);
    }
    let doc = only(file, &docs, kind)?;
    envelope::kind_of(doc, &[kind]).map_err(|diagnostic| vec![diagnostic])?;
    let found = schema::validate(doc, "", &Schema::new(shape_of::<T>(kind)), &schema::nowhere);
    if !found.is_empty() {
        return Err(found);
    }
    let spec = doc.value.get("spec").unwrap_or(&Value::Null);
    decode::decode(doc, "/spec", spec).map_err(|diagnostic| vec![diagnostic])
}

fn only<'a>(file: &str, docs: &'a [Doc], kind: &str) -> Result<&'a Doc, Vec<Diagnostic>> {
    match docs {
        [doc] => Ok(doc),
        [] => {
            let message = format!("this file is empty; it must hold one document of kind {kind}");
            Err(vec![Diagnostic::error(Code::MissingField, file, Span::START, message)])
        }
        [_, second, ..] => Err(vec![second.error(
            Code::Duplicate,
            "",
            format!("this file must hold one document of kind {kind} only"),
        )]),
    }
}

/// As a catalog document's, but a configuration needs no name.
fn shape_of<T: JsonSchema>(kind: &str) -> Value {
    let mut shape = shape::document(kind, shape::of::<T>());
    if let Some(required) = shape.get_mut("required") {
        *required = json!(["apiVersion", "kind", "spec"]);
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct Sample {
        data: String,
        #[serde(default)]
        fresh: Option<crate::time::Span>,
    }

    fn faults(text: &str) -> Vec<String> {
        config::<Sample>("hub.yaml", text, "HubConfig")
            .unwrap_err()
            .iter()
            .map(|d| format!("{d} [{}]", d.help.as_deref().unwrap_or("")))
            .collect()
    }

    #[test]
    fn reads_a_good_file() {
        let text = "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec: {data: d, fresh: 10m}\n";
        assert_eq!(config::<Sample>("hub.yaml", text, "HubConfig").unwrap().data, "d");
    }

    #[test]
    fn names_every_fault_in_its_place() {
        let text = "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec:\n  dta: d\n  fresh: soon\n";
        assert_eq!(
            faults(text),
            [
                "hub.yaml:3:1: missing field `data` [add `data`]",
                "hub.yaml:4:3: unknown field `dta` [did you mean `data`?]",
                "hub.yaml:5:10: `soon` is not a duration: whole numbers with units, such as `72h`, `10m` or `1h30m` []",
            ]
        );
    }

    #[test]
    fn another_kind_is_named() {
        let text = "apiVersion: writ.dev/v1alpha1\nkind: HubConfg\nspec: {}\n";
        assert_eq!(faults(text), ["hub.yaml:2:7: unknown kind `HubConfg` [did you mean `HubConfig`?]"]);
        assert_eq!(faults(""), ["hub.yaml:1:1: this file is empty; it must hold one document of kind HubConfig []"]);
    }
}
