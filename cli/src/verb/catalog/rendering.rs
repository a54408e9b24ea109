//! What one cluster would get, laid out.

use crate::fault::Fault;
use crate::output::Human;
use crate::output::page::{Page, Tone};
use policy::bundle::entry::{Body, Entry, Own, Template};
use policy::compile::Compiled;
use policy::digest::Digest;
use policy::facts::Declared;
use policy::mode::Mode;
use policy::name::RuleName;
use policy::object::{NotAnObject, Object};
use serde::Serialize;
use std::collections::BTreeMap;

/// What one cluster would get.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rendering {
    /// The cluster, as the catalog declares it.
    cluster: Declared,
    /// The digest of its contents: equal digests, equal manifests.
    contents: Digest,
    /// The entries, as they stand in the bundle, by name.
    entries: Vec<Entry>,
}

impl Rendering {
    pub(super) fn new(cluster: Declared, compiled: &Compiled) -> Result<Self, Fault> {
        let read = |bytes: &[u8]| serde_json::from_slice(bytes);
        let rules = compiled.entries.iter().filter(|entry| entry.is_rule());
        let entries: Result<Vec<Entry>, _> = rules.map(|entry| read(&entry.bytes)).collect();
        let entries = entries.map_err(|error| Fault::Usage(format!("what was compiled cannot be read: {error}")))?;
        Ok(Self { cluster, contents: compiled.digest, entries })
    }

    /// Rules that cannot be rendered for this cluster, and why.
    pub(super) fn unsupported(&self) -> impl Iterator<Item = (&RuleName, &str)> {
        self.entries.iter().filter_map(|entry| match &entry.body {
            Body::Unsupported { why } => Some((&entry.name, why.as_str())),
            Body::Objects { .. } => None,
        })
    }

    /// Whether every rule was rendered.
    pub(super) fn is_whole(&self) -> bool {
        self.unsupported().next().is_none()
    }

    /// A file for each object, by its path: as the `objects/` of a directory target, and below `_each` what is made in
    /// every selected namespace.
    pub(super) fn files(&self) -> Result<BTreeMap<String, String>, Fault> {
        let all = self.entries.iter().flat_map(templates);
        all.map(|template| Ok((path(template).map_err(|error| nameless(&error))?, yaml(template)?))).collect()
    }

    fn mode(&self, entry: &Entry) -> Mode {
        entry.envelope.mode.min(self.cluster.mode)
    }
}

fn nameless(error: &NotAnObject) -> Fault {
    Fault::Usage(format!("a rendered object has no name: {error}"))
}

fn templates(entry: &Entry) -> &[Template] {
    match &entry.body {
        Body::Objects { templates, .. } => templates,
        Body::Unsupported { .. } => &[],
    }
}

fn path(template: &Template) -> Result<String, NotAnObject> {
    let object = Object::try_from(template.manifest.clone())?;
    let id = object.id();
    let folder = match (&id.namespace, template.per_namespace) {
        (_, true) => "_each",
        (Some(namespace), false) => namespace.as_str(),
        (None, false) => "_cluster",
    };
    Ok(format!("{folder}/{}.{}.{}.yaml", plain(&id.kind), plain(&id.group), plain(&id.name)))
}

/// One segment of a path, whatever the name holds.
fn plain(name: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-.:_".contains(c);
    name.chars().map(|c| if safe(c) { c } else { '_' }).collect()
}

fn yaml(template: &Template) -> Result<String, Fault> {
    serde_yaml::to_string(&template.manifest)
        .map_err(|error| Fault::Usage(format!("an object cannot be written as YAML: {error}")))
}

impl Human for Rendering {
    fn lay_out(&self, page: &mut Page) {
        page.toned(Tone::Quiet, &format!("# {}: contents {}", self.cluster.name, self.contents));
        for entry in &self.entries {
            if let Body::Unsupported { why } = &entry.body {
                page.toned(Tone::Bad, &format!("# {} cannot be rendered for this cluster: {why}", entry.name));
            }
            templates(entry).iter().for_each(|template| self.show(entry, template, page));
        }
    }
}

impl Rendering {
    fn show(&self, entry: &Entry, template: &Template, page: &mut Page) {
        page.line("---");
        let owner = &entry.envelope.owner.team;
        page.toned(Tone::Quiet, &format!("# {} of team {owner}: {}{}", entry.name, self.mode(entry), note(template)));
        match yaml(template) {
            Ok(text) => text.lines().for_each(|line| page.line(line)),
            Err(fault) => page.toned(Tone::Bad, &format!("# {fault}")),
        }
    }
}

const fn note(template: &Template) -> &'static str {
    match (template.own, template.per_namespace) {
        (Own::Whole, false) => "",
        (Own::Whole, true) => ", one in every selected namespace",
        (Own::Fields, false) => ", only these fields",
        (Own::Fields, true) => ", only these fields, in every selected namespace",
    }
}
