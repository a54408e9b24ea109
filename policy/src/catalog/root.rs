//! `writ.yaml`: what holds for the whole catalog.

use super::Sources;
use super::ledger::unknown;
use super::place::{self, ROOT};
use super::read::Found;
use crate::authority::ANONYMOUS;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Doc;
use crate::document::decode::decode;
use crate::document::envelope::Metadata;
use crate::document::pointer::join;
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
pub(super) fn root(
    documents: &[Found],
    sources: &Sources,
    readable: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Root> {
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
    signers_exist(first, &spec, sources, diagnostics);
    signers_in_teams(&spec, sources, diagnostics);
    Some(Root { name: metadata.name, spec })
}

fn check(doc: &Doc, spec: &Spec, diagnostics: &mut Vec<Diagnostic>) {
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
    for (name, team) in &spec.teams {
        if let Some(index) = team.members.iter().position(|member| member == ANONYMOUS) {
            let message = format!("`{ANONYMOUS}` is who signed nothing that can be verified, and in no team");
            let at = format!("{}/members/{index}", join("/spec/teams", name.as_str()));
            diagnostics.push(doc.error(Code::InvalidValue, &at, message).help("give the person another name"));
        }
    }
}

/// That somebody can sign, where signatures are verified: else no further commit could be taken up.
fn signers_exist(root: &Found, spec: &Spec, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
    if spec.verify != Verify::None && !sources.keys().any(|path| place::is_of_signers(path)) {
        let message = "signatures are verified, and this catalog lists nobody who may sign";
        let help = "list the keys in authority/allowed_signers or authority/openpgp/PERSON.asc";
        diagnostics.push(root.doc.error(Code::MissingField, "/spec/verify", message).help(help));
    }
}

/// That who may sign is in a team: policies mostly speak of teams, so what others sign is refused without anybody seeing why.
fn signers_in_teams(spec: &Spec, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
    let mut told = |person: &str, path: &str, span: Span| {
        if spec.teams_of(person).next().is_none() {
            let message = format!("`{person}` may sign, and is in no team");
            let help = "name them among the members of a team in writ.yaml, or remove the key";
            diagnostics.push(Diagnostic::warning(Code::UnknownReference, path, span, message).help(help));
        }
    };
    let lines = sources.get(place::ALLOWED_SIGNERS).into_iter().flat_map(|text| (1_u32..).zip(text.lines()));
    for (line, text) in lines.filter(|(_, text)| !text.trim_start().starts_with('#')) {
        let Some(word) = text.split_whitespace().next() else { continue };
        let end_column = u32::try_from(word.chars().count()).unwrap_or(u32::MAX).saturating_add(1);
        told(word.trim_matches('"'), place::ALLOWED_SIGNERS, Span { line, column: 1, end_line: line, end_column });
    }
    let keys = sources.range(place::OPENPGP.to_owned()..).take_while(|(path, _)| path.starts_with(place::OPENPGP));
    for path in keys.map(|(path, _)| path) {
        if let Some(person) = path.strip_prefix(place::OPENPGP).and_then(|name| name.strip_suffix(".asc")) {
            told(person, path, Span::START);
        }
    }
}

/// That a team which is named is listed in writ.yaml.
pub(super) fn team_exists(doc: &Doc, at: &str, team: &TeamName, spec: &Spec, diagnostics: &mut Vec<Diagnostic>) {
    if !spec.teams.contains_key(team) {
        diagnostics.push(unknown(doc, at, "team", team.as_str(), spec.teams.keys().map(TeamName::as_str)));
    }
}
