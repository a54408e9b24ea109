//! Reading: from files to documents of known kinds, each checked against its kind's schema.

use super::Sources;
use super::budget::Budget;
use super::place::{self, File};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::schema::{self, Schema};
use crate::document::{self, Doc, envelope, pointer};
use crate::kinds::{self, Place, Row, governance};
use crate::name::RegionName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One document where it may stand.
pub(super) struct Found {
    pub(super) doc: Arc<Doc>,
    pub(super) row: &'static Row,
    /// In whose folder it lies.
    pub(super) region: Option<RegionName>,
    /// Whether the schema of its kind found nothing.
    pub(super) sound: bool,
}

impl Found {
    /// Its name, when that is a text.
    pub(super) fn name(&self) -> Option<&str> {
        self.doc.value.pointer("/metadata/name")?.as_str()
    }
}

/// What the files hold.
#[derive(Default)]
pub(super) struct Read {
    pub(super) documents: Vec<Found>,
    pub(super) guardrails: Vec<String>,
    pub(super) authority: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether files were left unread, because those before were too much.
    pub(super) cut: bool,
    budget: Budget,
}

/// Reads every file, while they are not too much together.
pub(super) fn read(sources: &Sources) -> Read {
    let schemas: BTreeMap<&str, Schema> = kinds::TABLE.iter().map(|row| (row.name, row.schema())).collect();
    let mut read = Read::default();
    for (path, text) in sources {
        if let Some(diagnostic) = read.budget.is_spent(path, read.diagnostics.len()) {
            read.diagnostics.push(diagnostic);
            read.cut = true;
            break;
        }
        match place::file(path) {
            Ok(File::Documents(place)) => documents(path, text, place, &schemas, &mut read),
            Ok(File::Guardrails) => read.guardrails.push(path.clone()),
            Ok(File::Authority) => read.authority.push(path.clone()),
            Ok(File::Other) => (),
            Err(diagnostic) => read.diagnostics.push(*diagnostic),
        }
    }
    read
}

fn documents(path: &str, text: &str, place: Place, schemas: &BTreeMap<&str, Schema>, read: &mut Read) {
    let (docs, found) = document::parse(path, text);
    read.budget.spend(text, &docs, found.is_empty());
    if docs.is_empty() && found.is_empty() && place != Place::Root {
        read.diagnostics.push(empty(path));
    }
    read.diagnostics.extend(found);
    for doc in docs {
        match row_of(&doc, place) {
            Ok(row) => {
                let found = schemas.get(row.name).map(|schema| judge(&doc, row, schema)).unwrap_or_default();
                let sound = found.is_empty();
                read.diagnostics.extend(found);
                read.documents.push(Found { doc: Arc::new(doc), row, region: place::region_of(path), sound });
            }
            Err(diagnostic) => read.diagnostics.push(*diagnostic),
        }
    }
}

fn empty(path: &str) -> Diagnostic {
    let message = "this file holds no document, so nothing in it is in force";
    Diagnostic::warning(Code::MissingField, path, Span::START, message).help("write the document, or remove the file")
}

fn row_of(doc: &Doc, place: Place) -> Result<&'static Row, Box<Diagnostic>> {
    let names: Vec<&str> = kinds::TABLE.iter().map(|row| row.name).chain(kinds::UNSUPPORTED.iter().copied()).collect();
    let kind = envelope::kind_of(doc, &names)?;
    let Some(row) = kinds::row(kind) else {
        let message = format!("kind {kind} is not supported by this version of Writ");
        return Err(Box::new(doc.error(Code::Unsupported, "/kind", message).help("remove the document until it is")));
    };
    if row.place == place {
        return Ok(row);
    }
    let message = format!("a {kind} does not belong in {}", place::folder(place));
    Err(Box::new(
        doc.error(Code::UnknownKind, "/kind", message).help(format!("move it to {}", place::folder(row.place))),
    ))
}

fn judge(doc: &Doc, row: &Row, schema: &Schema) -> Vec<Diagnostic> {
    schema::validate(doc, "", schema, &|place| row.parameters && in_own_spec(place))
}

/// Whether a pointer lies in what a kind itself says: governance is the same for every cluster.
fn in_own_spec(place: &str) -> bool {
    let mut segments = pointer::segments(place);
    segments.next().as_deref() == Some("spec")
        && segments.next().is_some_and(|field| !governance::FIELDS.contains(&field.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_document_is_told() {
        for text in ["", "\n", "# kind: ResourceGuard\n", "---\n---\n", "null\n"] {
            let found = read(&Sources::from([("intents/empty.yaml".to_owned(), text.into())])).diagnostics;
            let told: Vec<String> = found.iter().map(|found| format!("{} {found}", found.code)).collect();
            let message = "intents/empty.yaml:1:1: this file holds no document, so nothing in it is in force";
            assert_eq!(told, [format!("MissingField {message}")], "{text:?}");
        }
    }
}
