//! What a kind of intent is: a pure translator of its spec into objects.

use crate::bundle::entry::Template;
use crate::diagnostic::Code;
use crate::document::schema::hole;
use crate::facts::Facts;
use crate::name::DocumentName;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One kind of intent. It can read only its view of the facts, which is also a part of the memo's key.
pub trait Kind: 'static {
    /// As documents write it.
    const NAME: &'static str;
    /// Rises whenever the same spec and view would give other objects.
    const VERSION: u32;
    /// What a document says beside its governance.
    type Spec: DeserializeOwned + JsonSchema;
    /// What a spec asks of the facts. It is made before parameters are filled in, so that the view (and with it the
    /// memo's key) is known without filling anything in.
    type Lens: Send + Sync;
    /// What it sees of the facts.
    type View: Ord + Serialize + Send + Sync;

    /// Every value that a parameter gives; each `{$param: name}` unless the kind declares its parameters.
    #[must_use]
    fn references(spec: &Value) -> Vec<Reference> {
        holes(spec)
    }

    /// What the spec asks of the facts.
    fn lens(spec: &Value) -> Self::Lens;

    /// What it sees of the facts.
    fn view(lens: &Self::Lens, facts: &Facts) -> Self::View;

    /// What it would see of a cluster that has everything it asks for.
    fn best(lens: &Self::Lens) -> Self::View;

    /// What git alone can tell is wrong, beyond what the schema says, once parameters are filled in.
    fn inspect(intent: &Intent<'_, Self::Spec>) -> Vec<Fault>;

    /// The objects.
    ///
    /// # Errors
    /// [`Unsupported`] where a cluster with this view cannot have them.
    fn translate(intent: &Intent<'_, Self::Spec>, view: &Self::View) -> Result<Vec<Template>, Unsupported>;

    /// JSON pointer, in the spec, of what the template at this index was made from.
    #[must_use]
    fn origin(_template: usize) -> String {
        String::new()
    }
}

/// A rule as its kind sees it.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a, S> {
    /// The document's name.
    pub name: &'a DocumentName,
    /// Whether its scope selects namespaces: then it holds in each of them.
    pub namespaced: bool,
    /// What it says, with parameters filled in.
    pub spec: &'a S,
}

/// A value of a spec that a parameter gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The parameter.
    pub name: String,
    /// JSON pointer, in the spec, at which the value is put.
    pub place: String,
    /// JSON pointer, in the spec, at which people find the reference.
    pub shown: String,
    /// Whether the spec itself gives a value where no level does.
    pub defaulted: bool,
}

/// Something wrong in a spec, in its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// JSON pointer in the spec.
    pub place: String,
    /// What kind of fault.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Fault {
    /// A fault at `place`.
    #[must_use]
    pub fn new(code: Code, place: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: place.into(), code, message: message.into(), help: help.into() }
    }
}

/// Why a cluster cannot have the objects of a rule, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsupported(pub String);

/// A reference for each hole in `spec`.
fn holes(spec: &Value) -> Vec<Reference> {
    let reference = |hole: hole::Hole| {
        Some(Reference { name: hole.name?, place: hole.pointer.clone(), shown: hole.pointer, defaulted: false })
    };
    hole::find(spec, "").into_iter().filter_map(reference).collect()
}
