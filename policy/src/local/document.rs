//! Taking in documents: as trees, from wherever a target has them.

use super::{Local, LocalOverride, OVERRIDE};
use crate::constraint;
use crate::document::envelope::API_VERSION;
use crate::name::{DocumentName, RuleName};
use crate::object::{Identity, ObjectId};
use crate::outcome::{Note, NoteCode, NoteReason};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// So many documents count in one cluster. More are nobody's handwriting.
pub const DOCUMENTS: usize = 1_000;
/// The most bytes of what one says, as JSON.
pub const BYTES: usize = 128 << 10;
/// Of those beyond the limit so many are told one by one.
const TOLD: usize = 100;

/// A document that is neither an override nor a constraint, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Faulty(pub String);

/// How many bytes a document's spec has, as JSON.
#[must_use]
pub fn bytes(spec: &Value) -> usize {
    // A tree always has a form in JSON.
    serde_json::to_vec(spec).map_or(usize::MAX, |bytes| bytes.len())
}

impl Local {
    /// Takes in documents, each with where it stands: where there are too many, what forbids comes first. Gives back those
    /// that cannot even be noted.
    pub fn take_all<P>(&mut self, documents: impl IntoIterator<Item = (P, Value)>) -> Vec<(P, Faulty)> {
        let is_constraint =
            |(_, document): &(P, Value)| document.pointer("/kind").and_then(Value::as_str) == Some(constraint::KIND);
        let (constraints, others): (Vec<_>, Vec<_>) = documents.into_iter().partition(is_constraint);
        let all = constraints.into_iter().chain(others);
        all.filter_map(|(place, document)| Some((place, self.take(&document).err()?))).collect()
    }

    /// Takes in one document. One that says nothing of use is noted; one that does not even say what it is cannot be.
    ///
    /// # Errors
    /// [`Faulty`] where it has no kind or name that it could be noted by.
    pub fn take(&mut self, document: &Value) -> Result<(), Faulty> {
        self.take_sized(document, document.get("spec").map_or(0, bytes))
    }

    /// The same, of a document whose spec has so many bytes; where those are too many, it need not be there.
    ///
    /// # Errors
    /// As [`Local::take`].
    pub fn take_sized(&mut self, document: &Value, bytes: usize) -> Result<(), Faulty> {
        self.documents += 1;
        if self.documents > DOCUMENTS + TOLD {
            return Ok(());
        }
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
        let taken = if self.documents > DOCUMENTS {
            Err((NoteReason::TooMany, beyond()))
        } else if bytes > BYTES {
            Err((NoteReason::TooLarge, format!("it says {bytes} bytes; a document may say {BYTES}")))
        } else if version == API_VERSION {
            self.put(kind, name, &id, document).map_err(|why| (NoteReason::Malformed, why))
        } else {
            Err((NoteReason::Malformed, unknown(version)))
        };
        if let Err((reason, message)) = taken {
            // What it forbids is unheard, and may be anything.
            if kind == constraint::KIND && matches!(reason, NoteReason::TooMany | NoteReason::TooLarge) {
                self.unread.insert(constraint::KIND);
            }
            self.faulty.push(Note { code, reason, rule, namespace: None, object: Some(id), message });
        }
        Ok(())
    }

    fn put(&mut self, kind: &str, name: DocumentName, id: &ObjectId, document: &Value) -> Result<(), String> {
        let twice = || format!("there is a {kind} of that name already, and this one does not count");
        if kind == OVERRIDE {
            let spec = spec(document)?;
            if self.overrides.contains_key(&name) {
                return Err(twice());
            }
            self.overrides.insert(name.clone(), LocalOverride { name, id: id.clone(), spec });
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

fn beyond() -> String {
    format!("{DOCUMENTS} documents count, constraints before overrides; this one and all after it do not: remove some")
}

fn unknown(version: &str) -> String {
    format!("unknown apiVersion `{version}`; write `{API_VERSION}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use serde_json::json;

    fn document(kind: &str, name: &str, spec: &Value) -> (usize, Value) {
        (0, json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}))
    }

    fn override_of(name: &str, value: &str) -> (usize, Value) {
        let spec = json!({"rule": "ResourceGuard/q", "field": "spec.quota[pods]", "value": value, "reason": "r"});
        document(OVERRIDE, name, &spec)
    }

    fn constraint(name: &str) -> (usize, Value) {
        document(constraint::KIND, name, &json!({"policy": "forbid (principal, action, resource);"}))
    }

    #[test]
    fn inv26_of_too_many_documents_constraints_count_first_and_the_rest_is_told() {
        let overrides = (0..DOCUMENTS * 2).map(|number| override_of(&format!("o{number:05}"), "1"));
        let constraints = (0..10).map(|number| constraint(&format!("c{number}")));
        let mut local = Local::default();
        assert!(local.take_all(overrides.chain(constraints)).is_empty());
        assert_eq!((local.constraints.len(), local.overrides.len()), (10, DOCUMENTS - 10));
        assert_eq!((local.faulty.len(), local.documents), (TOLD, DOCUMENTS * 2 + 10));
        let first = &local.faulty[0];
        assert_eq!((first.code, first.reason), (NoteCode::OverrideRefused, NoteReason::TooMany));
        assert_eq!(first.object.as_ref().map(|id| id.name.as_str()), Some("o00990"));
    }

    #[test]
    fn inv26_a_document_that_says_too_much_does_not_count_and_is_told() {
        let long = "1".repeat(BYTES);
        let mut local = Local::default();
        local.take_all([override_of("long", &long), override_of("short", &long[..1000])]);
        local.take_sized(&document(OVERRIDE, "longer", &Value::Null).1, BYTES + 1).unwrap();
        assert_eq!(local.overrides.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["short"]);
        let told: Vec<_> = local.faulty.iter().map(|note| (note.rule.name().as_str(), note.reason)).collect();
        assert_eq!(told, [("long", NoteReason::TooLarge), ("longer", NoteReason::TooLarge)]);
    }

    #[test]
    fn inv26_while_a_constraint_is_too_much_no_rule_goes_further_than_warn() {
        let unheard = |documents: Vec<(usize, Value)>| {
            let mut local = Local::default();
            local.take_all(documents);
            local.unheard()
        };
        let many = |count: usize| (0..count).map(|number| constraint(&format!("c{number}"))).collect::<Vec<_>>();
        let large = json!({"policy": "x".repeat(BYTES)});
        assert_eq!(unheard(vec![document(constraint::KIND, "large", &large)]), Some(Mode::Warn));
        assert_eq!(unheard(many(DOCUMENTS + 1)), Some(Mode::Warn));
        assert_eq!(unheard(many(DOCUMENTS).into_iter().chain([override_of("a", "1")]).collect()), None);
    }

    #[test]
    fn of_two_by_one_name_the_first_counts() {
        let mut local = Local::default();
        local.take_all([override_of("a", "1"), override_of("a", "2"), constraint("a"), constraint("a")]);
        assert_eq!((local.overrides.len(), local.constraints.len(), local.faulty.len()), (1, 1, 2));
        assert_eq!(local.overrides.values().next().unwrap().spec.value, json!("1"));
    }
}
