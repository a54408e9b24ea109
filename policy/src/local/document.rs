//! Taking in documents: as trees, from wherever a target has them.

use super::{Local, LocalOverride, OVERRIDE};
use crate::constraint;
use crate::document::envelope::API_VERSION;
use crate::name::{DocumentName, RuleName};
use crate::object::{Identity, ObjectId};
use crate::outcome::{Note, NoteCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A document that is neither an override nor a constraint, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Faulty(pub String);

impl Local {
    /// Takes in one document. One that says nothing of use is noted; one that does not even say what it is cannot be.
    ///
    /// # Errors
    /// [`Faulty`] where it has no kind or name that it could be noted by.
    pub fn take(&mut self, document: &Value) -> Result<(), Faulty> {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        let kind = text("/kind").ok_or_else(|| Faulty("it has no kind".to_owned()))?;
        let code = match kind {
            OVERRIDE => NoteCode::OverrideRefused,
            constraint::KIND => NoteCode::ConstraintFaulty,
            _ => return Err(Faulty(format!("its kind is `{kind}`; write {OVERRIDE} or {}", constraint::KIND))),
        };
        let name = text("/metadata/name").ok_or_else(|| Faulty("it has no metadata.name".to_owned()))?;
        let name: DocumentName = name.parse().map_err(|error: crate::name::NameError| Faulty(error.to_string()))?;
        let id = id(kind, &name);
        let rule = RuleName::new(kind, name.clone());
        let version = text("/apiVersion").unwrap_or_default();
        let taken = if version == API_VERSION { self.put(kind, name, &id, document) } else { Err(unknown(version)) };
        if let Err(message) = taken {
            let (object, reason) = (Some(id), "Malformed");
            self.faulty.push(Note { code, reason, rule, namespace: None, object, message });
        }
        Ok(())
    }

    fn put(&mut self, kind: &str, name: DocumentName, id: &ObjectId, document: &Value) -> Result<(), String> {
        let twice = || format!("there is a {kind} of that name already, and this one does not count");
        if kind == OVERRIDE {
            let spec = spec(document)?;
            if self.overrides.iter().any(|known| known.name == name) {
                return Err(twice());
            }
            let at = self.overrides.partition_point(|known| known.name < name);
            self.overrides.insert(at, LocalOverride { name, id: id.clone(), spec });
        } else {
            let (spec, rule) = (spec(document)?, RuleName::new(kind, name));
            if self.constraints.contains_key(&rule) {
                return Err(twice());
            }
            self.constraints.insert(rule, spec);
        }
        Ok(())
    }
}

/// A document, as an object of the cluster.
#[must_use]
pub fn id(kind: &str, name: &DocumentName) -> ObjectId {
    let group = API_VERSION.split('/').next().unwrap_or_default().to_owned();
    ObjectId::from(Identity { group, kind: kind.to_owned(), namespace: None, name: name.to_string() })
}

fn spec<T: DeserializeOwned>(document: &Value) -> Result<T, String> {
    let spec = document.get("spec").unwrap_or(&Value::Null);
    serde_path_to_error::deserialize(spec).map_err(|error| format!("spec.{}: {}", error.path(), error.inner()))
}

fn unknown(version: &str) -> String {
    format!("unknown apiVersion `{version}`; write `{API_VERSION}`")
}
