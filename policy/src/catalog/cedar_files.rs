//! The Cedar of a catalog: every file belongs to one guardrail, every id names one policy.

use super::Sources;
use super::ledger::unknown;
use super::read::{Found, Read};
use super::root::typed;
use crate::cedar::guardrail::Judge;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Doc;
use crate::kinds::Place;
use crate::kinds::guardrail::{KIND, Spec};
use crate::name::DocumentName;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Checks all Cedar of the catalog.
pub(super) fn check(read: &Read, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
    owned(read, diagnostics);
    policies(read, sources, diagnostics);
}

/// The files of authority/, by path.
pub(super) fn authority(read: &Read, sources: &Sources) -> Sources {
    let named = |file: &String| Some((file.clone(), Arc::clone(sources.get(file)?)));
    read.authority.iter().filter_map(named).collect()
}

/// Whether the Cedar file at `path` is one of those that `doc` names.
pub(super) fn belongs(path: &str, doc: &Doc) -> bool {
    let Some(file) = relative(&doc.file, path) else { return false };
    let is_guardrail = doc.value.get("kind").and_then(Value::as_str) == Some(KIND);
    let named = doc.value.pointer("/spec/policyFiles").and_then(Value::as_array).filter(|_| is_guardrail);
    named.is_some_and(|files| files.iter().any(|name| name == file))
}

/// That the files which guardrails name exist, and that each belongs to exactly one.
fn owned(read: &Read, diagnostics: &mut Vec<Diagnostic>) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for found in read.documents.iter().filter(|found| found.row.name == KIND) {
        for (at, path) in named_files(found, diagnostics) {
            if !read.guardrails.contains(&path) {
                let beside = read.guardrails.iter().filter_map(|file| relative(&found.doc.file, file));
                diagnostics.push(unknown(
                    &found.doc,
                    &at,
                    "Cedar file",
                    relative(&found.doc.file, &path).unwrap_or(&path),
                    beside,
                ));
            }
            let owner = format!("{}:{}", found.doc.file, found.doc.span(&at).line);
            match owners.get(&path) {
                Some(first) => {
                    let message = format!("`{path}` belongs to another guardrail already");
                    let help = format!("the other stands at {first}; each Cedar file belongs to one guardrail");
                    diagnostics.push(found.doc.error(Code::Duplicate, &at, message).help(help));
                }
                None => drop(owners.insert(path, owner)),
            }
        }
    }
    let unsound = read.documents.iter().any(|found| found.row.name == KIND && !found.sound);
    let may_be_named = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        read.unread.iter().any(|unread| unread.may_declare(Place::Guardrails, name))
    };
    let stray = |file: &&String| !unsound && !owners.contains_key(*file) && !may_be_named(file);
    for file in read.guardrails.iter().filter(stray) {
        let message = "no guardrail names this file, so nothing in it is in force";
        diagnostics.push(
            Diagnostic::error(Code::UnknownReference, file, Span::START, message)
                .help("name it in `policyFiles` of the Guardrail document beside it, or remove it"),
        );
    }
}

/// The files that a guardrail names, as paths from the catalog's root.
fn named_files(found: &Found, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    // Only the spec is read here; a fault in the metadata is told where the rule is made.
    let Some((_, spec)) = typed::<Spec>(found, &mut Vec::new()) else { return Vec::new() };
    if spec.policy_files.is_empty() {
        diagnostics.push(
            found
                .doc
                .error(Code::MissingField, "/spec/policyFiles", "a guardrail without Cedar forbids nothing")
                .help("name the .cedar file beside it"),
        );
    }
    let folder = found.doc.file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut files = Vec::new();
    for (index, name) in spec.policy_files.iter().enumerate() {
        let at = format!("/spec/policyFiles/{index}");
        let plain = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..") && !name.contains('\\');
        if plain {
            files.push((at, format!("{folder}/{name}")));
        } else {
            let message = "a guardrail's Cedar stands beside its document or below";
            diagnostics.push(
                found
                    .doc
                    .error(Code::PathRefused, &at, message)
                    .help("write a path without `.` and `..`, relative to the document"),
            );
        }
    }
    files
}

fn relative<'a>(document: &str, file: &'a str) -> Option<&'a str> {
    let (folder, _) = document.rsplit_once('/')?;
    file.strip_prefix(folder)?.strip_prefix('/')
}

fn policies(read: &Read, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
    if read.guardrails.is_empty() {
        return;
    }
    let judge = Judge::new();
    let mut places: BTreeMap<DocumentName, String> = BTreeMap::new();
    for file in &read.guardrails {
        let cedar = sources.get(file).map(|text| judge.read(file, text)).unwrap_or_default();
        diagnostics.extend(cedar.diagnostics);
        for (id, span) in cedar.ids {
            let place = format!("{file}:{}", span.line);
            if let Some(first) = places.get(&id) {
                let message = format!("there is a policy with @id `{id}` already");
                diagnostics.push(
                    Diagnostic::error(Code::Duplicate, file, span, message)
                        .help(format!("the other stands at {first}; rename one of them")),
                );
            } else {
                places.insert(id, place);
            }
        }
    }
}
