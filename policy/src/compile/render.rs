//! Rendering: one choice, seen by one cluster, becomes an entry.

use super::choice::Choice;
use super::slot::probe::probe_all;
use super::{Provenance, Rendered};
use crate::bundle::contents::Line;
use crate::bundle::entry::{Body, Entry};
use crate::canonical;
use crate::digest::Digest;
use crate::kinds::kind::{Intent, Unsupported};
use crate::kinds::translator::Sight;
use crate::name::RuleName;
use serde_json::Value;

impl Choice<'_, '_> {
    /// The entry. What cannot be translated is an entry that says so.
    pub(super) fn entry(&self, sight: Sight<'_>) -> Entry {
        let body = match self.unresolved().next() {
            Some(reference) => Err(Unsupported(format!("parameter `{}` has no value here", reference.name))),
            None => self.objects(sight),
        };
        let body = body.unwrap_or_else(|Unsupported(why)| Body::Unsupported { why });
        Entry { name: self.rule.rule.name.clone(), envelope: self.envelope(), body }
    }

    fn objects(&self, sight: Sight<'_>) -> Result<Body, Unsupported> {
        let spec = self.spec();
        let translate = |spec: &Value| self.rule.translator.translate(&self.intent(spec), sight);
        let templates = translate(&spec)?;
        let slots = probe_all(&self.rule.rule.governance.overridable, &spec, &|spec| translate(spec).ok());
        Ok(Body::Objects { templates, slots })
    }

    /// The rule as its kind sees it, saying `spec`.
    pub(super) fn intent<'a>(&'a self, spec: &'a Value) -> Intent<'a, Value> {
        let rule = self.rule.rule;
        Intent { name: rule.name.name(), namespaced: rule.governance.scope.namespaces.is_some(), spec }
    }

    /// The entry in its one byte form.
    pub(super) fn rendered(&self, sight: Sight<'_>, provenance: Provenance) -> Rendered {
        let entry = self.entry(sight);
        let bytes = canonical::to_vec(&entry).unwrap_or_else(|_| without_form(entry));
        Rendered::new(self.rule.rule.name.clone(), bytes, provenance)
    }
}

impl Rendered {
    pub(super) fn new(name: RuleName, bytes: Vec<u8>, provenance: Provenance) -> Self {
        let (digest, size) = (Digest::of(&bytes), u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let line = line(&Line { name: name.clone(), digest, size });
        Self { name, digest, bytes, line, provenance }
    }
}

/// Of an entry with a number beyond JSON's, which is its cluster's outcome like all that cannot be rendered.
fn without_form(entry: Entry) -> Vec<u8> {
    let why = "its objects hold a number that has no canonical JSON form".to_owned();
    canonical::to_vec(&Entry { body: Body::Unsupported { why }, ..entry }).unwrap_or_default()
}

/// Canonical, as the parts of a line are texts of plain characters and a length.
fn line(line: &Line) -> String {
    let Line { name, digest, size } = line;
    format!(r#"{{"digest":"{digest}","name":"{name}","size":{size}}}"#)
}
