//! Dry runs: what a server would refuse is found before the first object of a transaction is written.

use super::kinds::AT_ONCE;
use super::write::Apply;
use super::{Kube, own};
use crate::target::Refusal;
use futures::{StreamExt as _, TryStreamExt as _};
use policy::bundle::entry::Own;
use policy::kube_kinds::Row;
use policy::object::ObjectId;
use policy::plan::{Expects, Step};
use std::collections::BTreeSet;

impl Kube {
    /// Asks the server whether it would take the writes of a transaction. A single one tells by itself.
    pub(super) async fn would_take(&self, steps: &[Step]) -> Result<(), Refusal> {
        own::are_for_rules(&self.namespace, steps)?;
        let writes = steps.iter().filter(|step| !matches!(step, Step::Claim(_) | Step::Forget(_))).count();
        if writes < 2 {
            return Ok(());
        }
        let asked: Vec<_> = in_question(steps).into_iter().map(|apply| self.send(apply, true)).collect();
        futures::stream::iter(asked).buffered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await
    }
}

/// The applies of a transaction about which the server is asked: those that can be judged before any of its objects
/// stands, and of opaque ones that are alike, one: rights, quotas and webhooks mostly say the same of those, and where one
/// is refused all the same, there is the way back. Fields that lie over what others own may each meet somebody else's.
fn in_question(steps: &[Step]) -> Vec<Apply<'_>> {
    let (mut coming, mut alike, mut asked) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for step in steps {
        match step {
            Step::Apply { object, own, rule, expects, adopt } => {
                let id = object.id();
                let is_opaque = Row::of(id).opaque && *own == Own::Whole;
                let is_new = !is_opaque || alike.insert((&id.kind, &id.namespace, *expects == Expects::Absent));
                if is_new && !needs(id, &coming) {
                    asked.push(Apply { object, own: *own, rule, expects, adopt: *adopt });
                }
                coming.insert(id);
            }
            Step::Delete { id, .. } => drop(coming.insert(id)),
            Step::Claim(_) | Step::Release { .. } | Step::Forget(_) => {}
        }
    }
    asked
}

/// Whether an object can only be judged once another that the same transaction makes is there.
fn needs(id: &ObjectId, coming: &BTreeSet<&ObjectId>) -> bool {
    let makes = |other: &&ObjectId| match other.kind.as_str() {
        "Namespace" => other.group.is_empty() && id.namespace.as_ref().is_some_and(|name| name.as_str() == other.name),
        "CustomResourceDefinition" => other.name.ends_with(&format!(".{}", id.group)),
        _ => *other == id,
    };
    coming.iter().any(makes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::object::Object;
    use policy::plan::inventory::Version;
    use serde_json::json;

    fn apply(api: &str, kind: &str, place: (&str, &str), expects: Expects) -> Step {
        let (namespace, name) = place;
        let mut tree = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}});
        if !namespace.is_empty() {
            tree["metadata"]["namespace"] = json!(namespace);
        }
        let (object, rule) = (Object::try_from(tree).unwrap(), "ConfigTemplate/a".parse().unwrap());
        Step::Apply { object, own: Own::Whole, rule, expects, adopt: false }
    }

    fn asked(steps: &[Step]) -> Vec<&str> {
        in_question(steps).into_iter().map(|apply| apply.object.id().name.as_str()).collect()
    }

    #[test]
    fn of_opaque_objects_that_are_alike_one_is_asked_about_and_of_all_others_each() {
        let at = || Expects::At(Version("7".into()));
        let map = |place, expects| apply("v1", "ConfigMap", place, expects);
        let policy = |name| apply("networking.k8s.io/v1", "NetworkPolicy", ("shop", name), at());
        let steps = [
            map(("shop", "a"), at()),
            map(("shop", "b"), at()),
            map(("shop", "new"), Expects::Absent),
            map(("data", "c"), at()),
            policy("p"),
            policy("q"),
        ];
        assert_eq!(asked(&steps), ["a", "new", "c", "p", "q"]);
    }

    #[test]
    fn what_needs_another_of_the_same_transaction_cannot_be_asked_about() {
        let absent = || Expects::Absent;
        let definition = apply("apiextensions.k8s.io/v1", "CustomResourceDefinition", ("", "as.x.example"), absent());
        let steps = [
            apply("v1", "Namespace", ("", "shop"), absent()),
            definition,
            apply("v1", "ConfigMap", ("shop", "a"), absent()),
            apply("x.example/v1", "A", ("data", "b"), absent()),
            apply("v1", "Service", ("data", "c"), absent()),
        ];
        assert_eq!(asked(&steps), ["shop", "as.x.example", "c"]);
    }
}
