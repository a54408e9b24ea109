//! `writ.yaml`: what holds for the whole catalog.

use super::ledger::unknown;
use super::place::ROOT;
use super::read::Found;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Doc;
use crate::document::decode::decode;
use crate::document::envelope::Metadata;
use crate::kinds::Place;
use crate::kinds::catalog::{Spec, Verify};
use crate::name::{DocumentName, TeamName};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

/// The Catalog document.
pub(super) struct Root {
    pub(super) name: DocumentName,
    pub(super) spec: Spec,
}

/// Metadata and spec of a document that its schema found sound.
pub(super) fn typed<T: DeserializeOwned>(found: &Found, diagnostics: &mut Vec<Diagnostic>) -> Option<(Metadata, T)> {
    if !found.sound {
        return None;
    }
    let part = |name: &str| found.doc.value.get(name).unwrap_or(&Value::Null);
    let metadata = decode(&found.doc, "/metadata", part("metadata")).map_err(|diagnostic| diagnostics.push(diagnostic));
    let spec = decode(&found.doc, "/spec", part("spec")).map_err(|diagnostic| diagnostics.push(diagnostic));
    Some((metadata.ok()?, spec.ok()?))
}

/// Finds and checks the one Catalog document.
pub(super) fn root(documents: &[Found], readable: bool, diagnostics: &mut Vec<Diagnostic>) -> Option<Root> {
    let mut roots = documents.iter().filter(|found| found.row.place == Place::Root);
    let Some(first) = roots.next() else {
        if readable {
            let message = "this catalog has no Catalog document";
            diagnostics.push(
                Diagnostic::error(Code::MissingField, ROOT, Span::START, message)
                    .help("write writ.yaml with kind Catalog, or let `writ catalog init` write one"),
            );
        }
        return None;
    };
    diagnostics.extend(roots.map(|second| {
        second.doc.error(Code::Duplicate, "/kind", "a catalog has one Catalog document").help("remove one of them")
    }));
    let (metadata, spec) = typed::<Spec>(first, diagnostics)?;
    check(&first.doc, &spec, diagnostics);
    Some(Root { name: metadata.name, spec })
}

fn check(doc: &Doc, spec: &Spec, diagnostics: &mut Vec<Diagnostic>) {
    if spec.verify != Verify::None {
        let message = "signed commits are not verified by this version of Writ";
        diagnostics
            .push(doc.error(Code::Unsupported, "/spec/verify", message).help("write `verify: none` until they are"));
    }
    let mut seen = BTreeSet::new();
    for (index, region) in spec.regions.iter().enumerate() {
        if !seen.insert(region) {
            diagnostics.push(doc.error(
                Code::Duplicate,
                &format!("/spec/regions/{index}"),
                format!("region `{region}` stands twice"),
            ));
        }
    }
    let mut paths = BTreeSet::new();
    for (index, domain) in spec.domains.iter().enumerate() {
        let at = format!("/spec/domains/{index}");
        if !paths.insert(domain.path.trim_end_matches('/')) {
            diagnostics.push(doc.error(
                Code::Duplicate,
                &format!("{at}/path"),
                format!("domain `{}` stands twice", domain.path),
            ));
        }
        team_exists(doc, &format!("{at}/owner"), &domain.owner, spec, diagnostics);
    }
}

/// That a team which is named is listed in writ.yaml.
pub(super) fn team_exists(doc: &Doc, at: &str, team: &TeamName, spec: &Spec, diagnostics: &mut Vec<Diagnostic>) {
    if !spec.teams.contains_key(team) {
        diagnostics.push(unknown(doc, at, "team", team.as_str(), spec.teams.keys().map(TeamName::as_str)));
    }
}

impl Root {
    /// The team that answers for what stands at `path`: the owner of the longest domain that covers it.
    pub(super) fn owner_of(&self, path: &str) -> Option<&TeamName> {
        let covers = |domain: &str| {
            domain.is_empty() || path.strip_prefix(domain).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let domains = self
            .spec
            .domains
            .iter()
            .map(|domain| (domain.path.trim_end_matches('/').trim_start_matches("./"), &domain.owner));
        domains.filter(|(path, _)| covers(path)).max_by_key(|(path, _)| path.len()).map(|(_, owner)| owner)
    }
}
