//! Reading: from files to documents of known kinds, each checked against its kind's schema.

use super::Sources;
use super::budget::{self, Budget};
use super::place::{self, File};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::digest::Digest;
use crate::document::schema::{self, Schema};
use crate::document::{self, Doc, envelope, pointer};
use crate::kinds::{self, Place, Row, Schemas, governance};
use crate::name::RegionName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One document where it may stand.
#[derive(Clone)]
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

/// A file of which something could not be told: which document it is, or what its name is. That was said; a reference
/// to what it may declare is no second fault.
pub(super) struct Unread {
    place: Place,
    text: Arc<str>,
}

impl Unread {
    /// Whether it may declare `name` in the folder of this place.
    pub(super) fn may_declare(&self, place: Place, name: &str) -> bool {
        self.place == place && self.text.contains(name)
    }
}

/// What the files hold.
#[derive(Default)]
pub(super) struct Read {
    pub(super) documents: Vec<Found>,
    pub(super) unread: Vec<Unread>,
    pub(super) guardrails: Vec<String>,
    pub(super) authority: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether files were left unread, because those before were too much.
    pub(super) cut: bool,
    budget: Budget,
}

/// The documents of one file: a function of its path and its text alone.
#[derive(Default)]
struct Documents {
    found: Vec<Found>,
    diagnostics: Vec<Diagnostic>,
    cost: usize,
    /// Whether all of them, and their names, could be told.
    whole: bool,
}

/// What the files of the last reading held, each by its path and the digest of its text. It holds no more than one
/// catalog does.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, (Digest, Arc<Documents>)>);

/// Reads every file, while they are not too much together; those that `known` has under the same text are taken from
/// there. It knows this reading afterwards.
pub(super) fn read(sources: &Sources, schemas: &Schemas, known: &mut Known) -> Read {
    let mut before = std::mem::take(&mut known.0);
    let mut read = Read::default();
    for (path, text) in sources {
        if let Some(diagnostic) = read.budget.is_spent(path, read.diagnostics.len()) {
            read.diagnostics.push(diagnostic);
            read.cut = true;
            break;
        }
        match place::file(path) {
            Ok(File::Documents(place)) => {
                let digest = Digest::of(text.as_bytes());
                let same = before.remove(path).filter(|(of, _)| *of == digest);
                let documents = same.map_or_else(|| Arc::new(documents(path, text, place, schemas)), |(_, same)| same);
                read.take(&documents);
                if !documents.whole {
                    read.unread.push(Unread { place, text: Arc::clone(text) });
                }
                known.0.insert(path.clone(), (digest, documents));
            }
            Ok(File::Guardrails) => read.guardrails.push(path.clone()),
            Ok(File::Authority) => read.authority.push(path.clone()),
            Ok(File::Other) => (),
            Err(diagnostic) => read.diagnostics.push(*diagnostic),
        }
    }
    read
}

impl Read {
    fn take(&mut self, documents: &Documents) {
        self.budget.spend(documents.cost);
        self.diagnostics.extend(documents.diagnostics.iter().cloned());
        self.documents.extend(documents.found.iter().cloned());
    }
}

fn documents(path: &str, text: &str, place: Place, schemas: &Schemas) -> Documents {
    let (docs, diagnostics) = document::parse(path, text);
    let (parses, cost) = (diagnostics.is_empty(), budget::cost(text, &docs, diagnostics.is_empty()));
    let mut documents = Documents { found: Vec::new(), diagnostics, cost, whole: parses };
    if docs.is_empty() && documents.diagnostics.is_empty() && place != Place::Root {
        documents.diagnostics.push(empty(path));
    }
    for doc in docs {
        match row_of(&doc, place) {
            Ok(row) => {
                let faults = schemas.document(row).map(|schema| judge(&doc, row, schema)).unwrap_or_default();
                let sound = faults.is_empty();
                documents.diagnostics.extend(faults);
                let found = Found { doc: Arc::new(doc), row, region: place::region_of(path), sound };
                documents.whole &= found.name().is_some();
                documents.found.push(found);
            }
            Err(diagnostic) => {
                documents.whole = false;
                documents.diagnostics.push(*diagnostic);
            }
        }
    }
    documents
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
            let sources = Sources::from([("intents/empty.yaml".to_owned(), text.into())]);
            let found = read(&sources, &Schemas::default(), &mut Known::default()).diagnostics;
            let told: Vec<String> = found.iter().map(|found| format!("{} {found}", found.code)).collect();
            let message = "intents/empty.yaml:1:1: this file holds no document, so nothing in it is in force";
            assert_eq!(told, [format!("MissingField {message}")], "{text:?}");
        }
    }

    #[test]
    fn a_file_that_stayed_as_it_was_is_not_read_again() {
        let of = |one: &str, other: &str| {
            let cluster = |name: &str| {
                format!("apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: {name}}}\n").into()
            };
            Sources::from([("clusters/a.yaml".into(), cluster(one)), ("clusters/b.yaml".into(), cluster(other))])
        };
        let (schemas, mut known, afresh) = (Schemas::default(), Known::default(), &mut Known::default());
        let first = read(&of("a", "b"), &schemas, &mut known);
        let second = read(&of("a", "c"), &schemas, &mut known);
        let anew = read(&of("a", "c"), &schemas, afresh);
        assert_eq!(second.diagnostics, anew.diagnostics);
        let names = |read: &Read| read.documents.iter().map(|d| d.name().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((names(&second), names(&anew)), (vec!["a".into(), "c".into()], vec!["a".into(), "c".into()]));
        let kept = |at: usize| Arc::ptr_eq(&first.documents[at].doc, &second.documents[at].doc);
        assert!(kept(0) && !kept(1));
        read(&Sources::new(), &schemas, &mut known);
        assert!(known.0.is_empty(), "what the catalog no longer holds is forgotten");
    }
}
