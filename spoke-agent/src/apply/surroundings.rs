//! What a refusal may depend on beside the unit itself: what the cluster can do, and the namespaces that the unit writes
//! to. What happens in other namespaces mends nothing.

use crate::target::Sight;
use policy::canonical::{self, NotCanonical};
use policy::digest::Digest;
use policy::name::Namespace;
use policy::seen::NamespaceSeen;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What a round found around the units.
#[derive(Debug)]
pub struct Surroundings {
    capabilities: Digest,
    elsewhere: BTreeMap<Option<Namespace>, Digest>,
}

/// The namespaces that a refused unit writes to, and how it was around there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    pub(super) places: BTreeSet<Namespace>,
    pub(super) around: Digest,
}

impl Surroundings {
    pub(super) const fn new(capabilities: Digest, elsewhere: BTreeMap<Option<Namespace>, Digest>) -> Self {
        Self { capabilities, elsewhere }
    }

    /// What `sight` shows of them.
    ///
    /// # Errors
    /// [`NotCanonical`] when the capabilities have no digest.
    pub fn of(sight: &Sight) -> Result<Self, NotCanonical> {
        Ok(Self::new(canonical::digest(&sight.capabilities)?, sight.elsewhere.clone()))
    }

    /// How it is around `places`: their labels, whether they are there at all, and what others have there.
    pub(super) fn around(
        &self,
        namespaces: &BTreeMap<Namespace, NamespaceSeen>,
        places: &BTreeSet<Namespace>,
    ) -> Digest {
        let mut text = format!("{} {:?}", self.capabilities, self.elsewhere.get(&None));
        for place in places {
            let (seen, elsewhere) = (namespaces.get(place), self.elsewhere.get(&Some(place.clone())));
            // Writing to a text cannot fail.
            let _ = write!(text, "\n{place} {seen:?} {elsewhere:?}");
        }
        Digest::of(text.as_bytes())
    }
}
