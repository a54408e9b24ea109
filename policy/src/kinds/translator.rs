//! Kinds of intents with their types erased, so that one table can hold them all.

use super::kind::{Fault, Intent, Kind, Reference, Stake, Unsupported};
use crate::bundle::entry::Template;
use crate::digest::Digest;
use crate::facts::Facts;
use serde::Serialize;
use serde_json::Value;
use std::marker::PhantomData;

/// A [`Kind`] whose spec is a tree.
pub trait Translator: Send + Sync {
    /// [`Kind::VERSION`].
    fn version(&self) -> u32;
    /// [`Kind::references`].
    fn references(&self, spec: &Value) -> Vec<Reference>;
    /// [`Kind::lens`].
    fn lens(&self, spec: &Value) -> Box<dyn Lens>;
    /// [`Kind::inspect`]; nothing for a spec that does not decode, because the schema tells that.
    fn inspect(&self, intent: &Intent<'_, Value>) -> Vec<Fault>;
    /// [`Kind::stakes`]; nothing for a spec that does not decode.
    fn stakes(&self, intent: &Intent<'_, Value>) -> Vec<Stake>;
    /// [`Kind::translate`].
    ///
    /// # Errors
    /// [`Unsupported`] where the cluster cannot have the objects, or the spec does not decode.
    fn translate(&self, intent: &Intent<'_, Value>, sight: Sight<'_>) -> Result<Vec<Template>, Unsupported>;
    /// [`Kind::origin`].
    fn origin(&self, template: usize) -> String;
}

/// What a rule asks of the facts.
pub trait Lens: Send + Sync {
    /// The digest of what it sees of these.
    fn digest(&self, facts: &Facts) -> Digest;
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Sight<'a> {
    /// A cluster.
    Facts(&'a Facts),
    /// A cluster that has everything.
    Best,
}

/// `K` with its types erased.
pub(super) struct Erased<K>(PhantomData<fn() -> K>);

impl<K> Erased<K> {
    pub(super) const NEW: Self = Self(PhantomData);
}

/// A lens with what it sees of most clusters, which have everything.
struct LensOf<K: Kind> {
    lens: K::Lens,
    best: K::View,
    digest: Digest,
}

impl<K: Kind> Lens for LensOf<K> {
    fn digest(&self, facts: &Facts) -> Digest {
        let view = K::view(&self.lens, facts);
        if view == self.best { self.digest } else { digest(&view) }
    }
}

/// A view is made of plain structs and ordered maps, so one view has one text.
fn digest(view: &impl Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(view).unwrap_or_default())
}

impl<K: Kind> Translator for Erased<K> {
    fn version(&self) -> u32 {
        K::VERSION
    }

    fn references(&self, spec: &Value) -> Vec<Reference> {
        K::references(spec)
    }

    fn lens(&self, spec: &Value) -> Box<dyn Lens> {
        let lens = K::lens(spec);
        let best = K::best(&lens);
        Box::new(LensOf::<K> { digest: digest(&best), lens, best })
    }

    fn inspect(&self, intent: &Intent<'_, Value>) -> Vec<Fault> {
        let decoded = decode::<K>(intent.spec);
        decoded.map_or_else(|_| Vec::new(), |spec| K::inspect(&with(intent, &spec)))
    }

    fn stakes(&self, intent: &Intent<'_, Value>) -> Vec<Stake> {
        let decoded = decode::<K>(intent.spec);
        decoded.map_or_else(|_| Vec::new(), |spec| K::stakes(&with(intent, &spec)))
    }

    fn translate(&self, intent: &Intent<'_, Value>, sight: Sight<'_>) -> Result<Vec<Template>, Unsupported> {
        let spec = decode::<K>(intent.spec)?;
        let lens = K::lens(intent.spec);
        let view = match sight {
            Sight::Facts(facts) => K::view(&lens, facts),
            Sight::Best => K::best(&lens),
        };
        K::translate(&with(intent, &spec), &view)
    }

    fn origin(&self, template: usize) -> String {
        K::origin(template)
    }
}

fn decode<K: Kind>(spec: &Value) -> Result<K::Spec, Unsupported> {
    serde_path_to_error::deserialize(spec)
        .map_err(|error| Unsupported(format!("spec.{}: {}", error.path(), error.inner())))
}

const fn with<'a, S>(intent: &Intent<'a, Value>, spec: &'a S) -> Intent<'a, S> {
    Intent { name: intent.name, namespaced: intent.namespaced, spec }
}
