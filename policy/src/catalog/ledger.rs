//! What is declared by name, so that references can be followed and nothing is declared twice.

use super::read::{Read, Unread};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Doc;
use crate::document::nearest::nearest;
use crate::kinds;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Documents by kind and name, faulty ones included: a reference to a document that is there is not unknown.
pub(super) struct Ledger<'a> {
    by_kind: BTreeMap<&'static str, BTreeMap<&'a str, &'a Doc>>,
    unread: &'a [Unread],
}

impl<'a> Ledger<'a> {
    /// Enters all documents; each that bears a name which its kind has already is a diagnostic.
    pub(super) fn enter(read: &'a Read, found: &mut Vec<Diagnostic>) -> Self {
        let mut ledger = Self { by_kind: BTreeMap::new(), unread: &read.unread };
        for document in &read.documents {
            let Some(name) = document.name() else { continue };
            match ledger.by_kind.entry(document.row.name).or_default().entry(name) {
                Entry::Vacant(vacant) => {
                    vacant.insert(&document.doc);
                }
                Entry::Occupied(first) => found.push(twice(&document.doc, document.row.name, name, first.get())),
            }
        }
        ledger
    }

    /// Whether there is no such document, nor one that may be it.
    pub(super) fn lacks(&self, kind: &str, name: &str) -> bool {
        let has = self.by_kind.get(kind).is_some_and(|names| names.contains_key(name));
        let place = kinds::row(kind).map(|row| row.place);
        !has && !place.is_some_and(|place| self.unread.iter().any(|unread| unread.may_declare(place, name)))
    }

    /// All names of a kind.
    pub(super) fn names(&self, kind: &str) -> impl Iterator<Item = &'a str> + '_ {
        self.by_kind.get(kind).into_iter().flat_map(|names| names.keys().copied())
    }
}

fn twice(doc: &Doc, kind: &str, name: &str, first: &Doc) -> Diagnostic {
    let message = format!("there is a {kind} `{name}` already");
    let help = format!("the other stands at {}:{}; rename one of them", first.file, first.span("/metadata/name").line);
    doc.error(Code::Duplicate, "/metadata/name", message).help(help)
}

/// A reference to what does not exist, with the nearest that does.
pub(super) fn unknown<'n>(
    doc: &Doc,
    at: &str,
    what: &str,
    name: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    let diagnostic = doc.error(Code::UnknownReference, at, format!("there is no {what} `{name}`"));
    match nearest(name, names) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}
