//! What a kind of intent is: a pure translator of its spec into objects.

use crate::bundle::entry::Template;
use crate::diagnostic::{Code, Severity};
use crate::document::schema::hole;
use crate::facts::Facts;
use crate::name::DocumentName;
use crate::quantity::Quantity;
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

    /// What it says of things that other rules of its kind may speak of too. A kind whose rules add up says nothing.
    #[must_use]
    fn stakes(_intent: &Intent<'_, Self::Spec>) -> Vec<Stake> {
        Vec::new()
    }

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
    /// Whether the revision is refused for it.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Fault {
    /// A fault at `place`.
    #[must_use]
    pub fn new(code: Code, place: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self { place: place.into(), code, severity, message: message.into(), help: help.into() }
    }

    /// A fault for which nothing is refused.
    #[must_use]
    pub fn warning(code: Code, place: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, place, message, help) }
    }
}

/// What a rule says of a thing that other rules of its kind may speak of too, wherever both hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stake {
    /// The thing, for people; two rules that speak of one thing name it alike.
    pub about: String,
    /// JSON pointer, in the spec, at which people find it.
    pub place: String,
    /// What it says, and so what it means that another rule speaks of it.
    pub says: Says,
}

/// What a rule says of a thing: the table of what an overlap means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// It is this much. Another amount is a conflict: which one counts is left to chance.
    Exactly(Quantity),
    /// It is at most this much. Another amount holds beside it, so the lesser decides.
    AtMost(Quantity),
    /// It is for this rule alone.
    Alone,
    /// It is also for this rule.
    Also,
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
