//! What templates made of units in earlier rounds: they make the same again, as long as the entry is the same.

use super::instantiate::desired;
use super::{Desired, Wants};
use crate::bundle::entry::Template;
use crate::digest::Digest;
use crate::object::Object;
use crate::outcome::UnitId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The objects of a unit, or a sentence that says why a template makes none.
pub(super) type Made = Arc<Result<Vec<Desired>, String>>;

/// See the module. Empty to begin with.
#[derive(Debug, Default)]
pub struct Memo(BTreeMap<UnitId, (Digest, Made)>);

impl Memo {
    /// What `templates`, of the entry with this digest, make of `unit`. An object that is in `good` already is shared
    /// with it.
    pub(super) fn made(
        &mut self,
        unit: &UnitId,
        entry: Digest,
        templates: &[Template],
        good: &BTreeMap<Digest, Object>,
    ) -> Made {
        if let Some((_, made)) = self.0.get(unit).filter(|(of, _)| *of == entry) {
            return Arc::clone(made);
        }
        let mut made = desired(unit, templates);
        for desired in made.iter_mut().flatten() {
            if let Some(known) = good.get(&desired.object.digest()) {
                desired.object = known.clone();
            }
        }
        let made = Arc::new(made);
        self.0.insert(unit.clone(), (entry, Arc::clone(&made)));
        made
    }

    /// Forgets units that are not among `wants`, where it remembers more than those.
    pub(super) fn keep(&mut self, wants: &Wants) {
        if self.0.len() > wants.len() {
            self.0.retain(|unit, _| wants.contains_key(unit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture::{bundle, hour, objects, rule};
    use crate::mode::Mode;
    use crate::resolve::{Settings, resolve};
    use crate::seen::{NamespaceSeen, Seen};
    use serde_json::json;

    fn seen(namespaces: &[(&str, &str)]) -> Seen {
        let namespace = |(name, team): &(&str, &str)| {
            let labels = BTreeMap::from([("team".to_owned(), (*team).to_owned())]);
            (name.parse().unwrap(), NamespaceSeen { labels, terminating: false })
        };
        Seen { namespaces: Arc::new(namespaces.iter().map(namespace).collect()), ..Seen::default() }
    }

    #[test]
    fn inv27_what_is_remembered_changes_nothing() {
        let otel = |value: &str, mode| {
            let manifest =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel"}, "data": {"v": value}});
            bundle(&[rule("otel", mode, Some(&[("team", "web")]), objects(true, &[manifest]))], Mode::Enforce)
        };
        let mut memo = Memo::default();
        let mut sizes = Vec::new();
        for (bundle, namespaces) in [
            (otel("1", Mode::Enforce), vec![("shop", "web"), ("cart", "web")]),
            (otel("2", Mode::Enforce), vec![("shop", "web"), ("cart", "web")]),
            (otel("2", Mode::Audit), vec![("shop", "web"), ("cart", "pay")]),
            (otel("1", Mode::Enforce), vec![("shop", "pay"), ("cart", "web")]),
            (otel("1", Mode::Enforce), vec![]),
        ] {
            let (seen, settings) = (seen(&namespaces), Settings::default());
            let remembered = resolve(&bundle, &seen, &settings, hour(1), &mut memo);
            assert_eq!(remembered, resolve(&bundle, &seen, &settings, hour(1), &mut Memo::default()));
            sizes.push(memo.0.len());
        }
        assert_eq!(sizes, [2, 2, 1, 1, 0], "units that are gone are forgotten");
    }

    #[test]
    fn an_object_that_is_kept_already_is_not_held_twice() {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel", "namespace": "a"}});
        let bundle = bundle(&[rule("otel", Mode::Enforce, None, objects(false, &[manifest]))], Mode::Enforce);
        let (mut seen, settings) = (seen(&[]), Settings::default());
        let object = |wants: &Wants| wants.values().next().unwrap().desired()[0].object.clone();
        let first = object(&resolve(&bundle, &seen, &settings, hour(1), &mut Memo::default()));
        seen.good.insert(first.digest(), first.clone());
        let second = object(&resolve(&bundle, &seen, &settings, hour(1), &mut Memo::default()));
        assert!(std::ptr::eq(first.tree(), second.tree()));
    }
}
