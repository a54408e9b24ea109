//! What was made of units in earlier rounds: they are made the same again, as long as the entry and all that has a say over
//! it are the same.

use super::instantiate::desired;
use super::say::Say;
use super::{Desired, Wants};
use crate::bundle::entry::Entry;
use crate::bundle::verify::Bundle;
use crate::constraint::Said;
use crate::digest::Digest;
use crate::facts::Declared;
use crate::local::Local;
use crate::object::Object;
use crate::outcome::UnitId;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// What a rule's templates make of one unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// The objects, or a sentence that says why a template makes none.
    pub(super) objects: Result<Vec<Desired>, String>,
    /// What constraints say of them.
    pub(super) said: Said,
}

/// Shared with the rounds that read it.
pub(super) type Made = Arc<Unit>;

/// See the module. Empty to begin with.
#[derive(Default)]
pub struct Memo {
    units: HashMap<UnitId, (Digest, Made)>,
    say: Option<(Of, Arc<Say>)>,
}

/// What a [`Say`] was made of: the contents, the cluster, and what its operators say.
type Of = (Digest, Declared, Arc<Local>);

impl Memo {
    /// What has a say over the bundle's rules.
    pub(super) fn say(&mut self, bundle: &Bundle, local: &Arc<Local>) -> Arc<Say> {
        let head = bundle.head();
        let same = |(contents, cluster, of): &Of| {
            *contents == head.contents && *cluster == head.cluster && (Arc::ptr_eq(of, local) || of.says_as(local))
        };
        if let Some((_, say)) = self.say.as_ref().filter(|(of, _)| same(of)) {
            return Arc::clone(say);
        }
        let say = Arc::new(Say::of(bundle, local));
        self.say = Some(((head.contents, head.cluster.clone(), Arc::clone(local)), Arc::clone(&say)));
        say
    }

    /// What the templates of `entry` make of `unit`, as long as the rule's `key` is this. An object that is in `good`
    /// already is shared with it.
    pub(super) fn made(
        &mut self,
        unit: &UnitId,
        key: Digest,
        entry: &Entry,
        say: &Say,
        good: &BTreeMap<Digest, Object>,
    ) -> Made {
        if let Some((_, made)) = self.units.get(unit).filter(|(of, _)| *of == key) {
            return Arc::clone(made);
        }
        let mut objects = desired(unit, say.templates(entry));
        for desired in objects.iter_mut().flatten() {
            if let Some(known) = good.get(&desired.object.digest()) {
                desired.object = known.clone();
            }
        }
        let asked = |objects| say.constraints.say(entry, unit, objects, &say.cluster, &say.authority);
        let said = objects.as_deref().map_or_else(|_| Said::default(), asked);
        let made = Arc::new(Unit { objects, said });
        self.units.insert(unit.clone(), (key, Arc::clone(&made)));
        made
    }

    /// Forgets units that are not among `wants`, where it remembers more than those.
    pub(super) fn keep(&mut self, wants: &Wants) {
        if self.units.len() > wants.len() {
            self.units.retain(|unit, _| wants.contains_key(unit));
        }
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memo({} units)", self.units.len())
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
            sizes.push(memo.units.len());
        }
        assert_eq!(sizes, [2, 2, 1, 1, 0], "units that are gone are forgotten");
    }

    #[test]
    fn an_object_that_is_kept_already_is_not_held_twice() {
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel", "namespace": "a"}});
        let bundle = bundle(&[rule("otel", Mode::Enforce, None, objects(false, &[manifest]))], Mode::Enforce);
        let (mut seen, settings) = (seen(&[]), Settings::default());
        let object = |wants: &Wants| wants.values().next().unwrap().desired()[0].object.clone();
        let first = object(&resolve(&bundle, &seen, &settings, hour(1), &mut Memo::default()).wants);
        seen.good.insert(first.digest(), first.clone());
        let second = object(&resolve(&bundle, &seen, &settings, hour(1), &mut Memo::default()).wants);
        assert!(std::ptr::eq(first.tree(), second.tree()));
    }
}
