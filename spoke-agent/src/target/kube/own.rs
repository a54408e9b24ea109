//! What is the agent's own in a cluster: no rule writes it, whatever the agent's rights are.

use crate::target::Refusal;
use policy::name::Namespace;
use policy::object::ObjectId;
use policy::plan::Step;
use proto::resources::GROUP;

/// Whether a rule may write this object. A rule that could write the agent's namespace could write the inventory, and with
/// it have any object deleted (invariant 29).
pub(super) fn is_for_rules(own: &Namespace, id: &ObjectId) -> Result<(), Refusal> {
    let home = id.group.is_empty() && id.kind == "Namespace" && id.name == own.as_str();
    if home || id.namespace.as_ref() == Some(own) || id.group == GROUP {
        return Err(Refusal::OwnNamespace { id: Box::new(id.clone()), namespace: own.clone() });
    }
    Ok(())
}

/// The same of all that `steps` would write. What stands there from before may leave.
pub(super) fn are_for_rules(own: &Namespace, steps: &[Step]) -> Result<(), Refusal> {
    steps.iter().try_for_each(|step| match step {
        Step::Apply { object, .. } => is_for_rules(own, object.id()),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::object::Identity;
    use policy::outcome::OutcomeCode;

    fn id(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        let namespace = namespace.map(|namespace| namespace.parse().unwrap());
        ObjectId::from(Identity { group: group.to_owned(), kind: kind.to_owned(), namespace, name: name.to_owned() })
    }

    #[test]
    fn inv29_no_rule_writes_what_is_the_agents_own() {
        let own = Namespace::of_writ();
        let ours = [
            id("", "ConfigMap", Some("writ-system"), "writ-inventory-0"),
            id("", "Namespace", None, "writ-system"),
            id("writ.dev", "Enforcement", None, "writ"),
            id("writ.dev", "LocalConstraint", Some("shop"), "any"),
        ];
        for ours in ours {
            let refused = is_for_rules(&own, &ours).unwrap_err();
            assert_eq!((refused.reason(), refused.code()), ("OwnNamespace", OutcomeCode::NotPermitted));
            assert!(refused.is_answer() && refused.id() == &ours, "{refused}");
        }
        let theirs = [id("", "ConfigMap", Some("shop"), "writ-inventory-0"), id("", "Namespace", None, "shop")];
        assert!(theirs.iter().all(|theirs| is_for_rules(&own, theirs).is_ok()));
    }
}
