//! Configuration files of the servers: one document in the common envelope.

use super::schema::{self, Schema, shape};
use super::{Doc, decode, envelope, parse};
use crate::diagnostic::{Code, Diagnostic, Span};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What `make` makes of the `spec` of the one document of `kind` in the configuration file `file`. What neither schema
/// nor types can say, values that make no sense beside others, is `make`'s to tell, with the document at hand.
///
/// # Errors
/// Every fault of the file, each in its place.
pub fn config<T: DeserializeOwned + JsonSchema, C>(
    file: &str,
    text: &str,
    kind: &str,
    make: impl FnOnce(&Doc, T) -> Result<C, Vec<Diagnostic>>,
) -> Result<C, Vec<Diagnostic>> {
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
    make(doc, decode::decode(doc, "/spec", spec).map_err(|diagnostic| vec![diagnostic])?)
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

    fn read(text: &str) -> Result<Sample, Vec<Diagnostic>> {
        config("hub.yaml", text, "HubConfig", |_, sample| Ok(sample))
    }

    fn faults(text: &str) -> Vec<String> {
        read(text).unwrap_err().iter().map(|d| format!("{d} [{}]", d.help.as_deref().unwrap_or(""))).collect()
    }

    #[test]
    fn reads_a_good_file() {
        let text = "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec: {data: d, fresh: 10m}\n";
        assert_eq!(read(text).unwrap().data, "d");
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
    fn a_number_without_its_unit_is_told_what_it_likely_means() {
        for (written, found) in [("5", "expected text, found the number 5"), ("\"5\"", "`5` is not a duration: ")] {
            let text = format!("apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec: {{data: d, fresh: {written}}}\n");
            let told = faults(&text).join("");
            assert!(told.starts_with(&format!("hub.yaml:3:24: {found}")), "{told}");
            assert!(told.ends_with(" [did you mean `5s`?]"), "{told}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_with_the_document_at_hand() {
        let text = "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec: {data: d, fresh: 0s}\n";
        let made = config("hub.yaml", text, "HubConfig", |doc, _: Sample| {
            Err::<(), _>(vec![doc.error(Code::InvalidValue, "/spec/fresh", "too short")])
        });
        assert_eq!(made.unwrap_err()[0].to_string(), "hub.yaml:3:24: too short");
    }

    #[test]
    fn another_kind_is_named() {
        let text = "apiVersion: writ.dev/v1alpha1\nkind: HubConfg\nspec: {}\n";
        assert_eq!(faults(text), ["hub.yaml:2:7: unknown kind `HubConfg` [did you mean `HubConfig`?]"]);
        assert_eq!(faults(""), ["hub.yaml:1:1: this file is empty; it must hold one document of kind HubConfig []"]);
    }
}
