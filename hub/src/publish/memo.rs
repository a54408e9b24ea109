//! The hub's memo: renderings by what they were made from, bounded by their bytes.

use moka::sync::Cache;
use policy::compile::{Memo, Provenance, Rendered};
use std::sync::Arc;

/// The most bytes that the memo holds.
const MOST_BYTES: u64 = 128 * 1024 * 1024;
/// What a rendering weighs beside its bytes: its keys and the cache's own.
const OVERHEAD: usize = 256;

/// Remembers renderings between publishes. An entry is a pure function of its key, so nothing ever expires.
#[derive(Clone)]
pub(crate) struct Renderings(Cache<Provenance, Arc<Rendered>>);

impl Renderings {
    pub(crate) fn new() -> Self {
        let weigh =
            |_: &Provenance, made: &Arc<Rendered>| u32::try_from(made.bytes.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).build())
    }
}

impl Memo for Renderings {
    fn rendered(&self, key: &Provenance, make: &dyn Fn() -> Rendered) -> Arc<Rendered> {
        if let Some(made) = self.0.get(key) {
            return made;
        }
        // Two threads may make the same one at once; they make the same bytes.
        let made = Arc::new(make());
        self.0.insert(key.clone(), made.clone());
        made
    }
}
