//! Cedar's word on every request. What is not permitted is denied, and so is what cannot be judged.

use super::action::Action;
use super::resource::Resource;
use crate::hub::InForce;
use cedar_policy::Entity;
use certs::identity::PersonName;
use policy::authority::Authority;
use policy::authority::entity::{self, Fault, uid};
use policy::diagnostic::Severity;
use std::collections::BTreeMap;

/// What holds whatever the authority/ of a catalog says, so that nobody is locked out.
const BUILT_IN: &str = include_str!("policy.cedar");

/// Policies that cannot be judged by.
#[derive(Debug, thiserror::Error)]
#[error("the policies of the people API cannot be used: {0}")]
pub struct JudgeError(String);

/// Judges requests by policies that were validated against the schema.
#[derive(Debug)]
pub struct Judge(Authority);

impl Judge {
    /// Judges by the built-in policies.
    ///
    /// # Errors
    /// [`JudgeError`] when they do not validate: a fault of ours, told at the start.
    pub fn built_in() -> Result<Self, JudgeError> {
        Self::by(BUILT_IN)
    }

    /// Judges by `policies`.
    ///
    /// # Errors
    /// [`JudgeError`] when they do not parse or validate.
    pub fn by(policies: &str) -> Result<Self, JudgeError> {
        let (authority, found) = Authority::read(&BTreeMap::from([("policy.cedar".to_owned(), policies.into())]));
        match found.iter().find(|found| found.severity == Severity::Error) {
            Some(found) => Err(JudgeError(found.to_string())),
            None => Ok(Self(authority)),
        }
    }

    /// Whether `person` may do `action` to `resource`.
    pub(crate) fn permits(&self, person: &PersonName, action: Action, resource: &Resource) -> bool {
        self.decide(person, action, resource).unwrap_or_else(|error| {
            tracing::error!(%person, %action, %error, "a request could not be judged, and is denied");
            false
        })
    }

    /// Whether the authority/ of the catalog in force lets `person` do `action` to `resource`.
    pub(crate) fn catalog_permits(
        in_force: &InForce,
        person: &PersonName,
        action: Action,
        resource: &Resource,
    ) -> bool {
        let asked = || -> Result<bool, Fault> {
            let person = entity::person(person.as_str(), &in_force.catalog.root)?;
            let (principal, known) = (person.uid(), resource.entities()?.into_iter().chain([person]).collect());
            in_force.authority.permits_request(principal, uid("Action", action.id())?, resource.uid()?, known)
        };
        asked().unwrap_or_else(|error| {
            tracing::error!(%person, %action, %error, "a request could not be judged, and is denied");
            false
        })
    }

    fn decide(&self, person: &PersonName, action: Action, resource: &Resource) -> Result<bool, Fault> {
        let principal = uid("Person", person.as_str())?;
        let known = resource.entities()?.into_iter().chain([Entity::with_uid(principal.clone())]).collect();
        self.0.permits_request(principal, uid("Action", action.id())?, resource.uid()?, known)
    }
}

#[cfg(test)]
pub(in crate::people) mod tests {
    use super::*;
    use crate::people::table::ROUTES;
    use crate::records::Accepted;
    use policy::facts::Declared;
    use policy::mode::Mode;

    fn person(name: &str) -> PersonName {
        name.parse().unwrap()
    }

    fn cluster(region: &str) -> Resource {
        let name: policy::name::ClusterName = "c-1".parse().unwrap();
        let labels = [("tier".to_owned(), "core".to_owned())].into();
        let declared = Declared { name: name.clone(), region: region.parse().unwrap(), labels, mode: Mode::Enforce };
        Resource::Cluster { name, declared: Some(declared) }
    }

    #[test]
    fn the_first_operator_may_do_everything_and_nobody_else_anything() {
        let judge = Judge::built_in().unwrap();
        let undeclared = Resource::Cluster { name: "c-9".parse().unwrap(), declared: None };
        for route in ROUTES {
            for resource in [Resource::Fleet, cluster("eu"), undeclared.clone()] {
                let permits = |name| judge.permits(&person(name), route.action, &resource);
                assert_eq!(permits("operator"), route.subject.may_be(&resource), "{} of {resource:?}", route.action);
                assert!(!permits("mallory") && !permits("Operator"), "{}", route.action);
            }
        }
    }

    #[test]
    fn policies_see_region_labels_and_mode() {
        let judge = Judge::by(
            r#"permit (principal == Writ::Person::"ewa", action == Writ::Action::"revoke", resource in Writ::Region::"eu")
               when { resource.labels.contains({key: "tier", value: "core"}) && resource has mode && resource.mode == "enforce" };"#,
        )
        .unwrap();
        assert!(judge.permits(&person("ewa"), Action::Revoke, &cluster("eu")));
        assert!(!judge.permits(&person("ewa"), Action::Revoke, &cluster("us")));
        assert!(!judge.permits(&person("ewa"), Action::Invite, &cluster("eu")));
    }

    /// A catalog at `revision` whose authority lets ewa's team release.
    pub(in crate::people) fn in_force(revision: &str) -> InForce {
        let root = "apiVersion: writ.dev/v1alpha1\nkind: Catalog\nmetadata: {name: acme}\nspec:\n  regions: [eu]\n  \
                    teams: {ops: {members: [ewa]}}\n";
        let policies = r#"permit (principal in Writ::Team::"ops", action == Writ::Action::"release", resource);"#;
        let sources = [("writ.yaml", root), ("authority/people.cedar", policies)];
        let sources = sources.into_iter().map(|(path, text)| (path.to_owned(), text.into())).collect();
        let catalog = policy::catalog::check(&sources).catalog.unwrap();
        InForce::new(Accepted::at(revision), catalog, false)
    }

    #[test]
    fn a_catalogs_authority_lets_its_teams_in() {
        let in_force = in_force("r1");
        let permits = |name, action| Judge::catalog_permits(&in_force, &person(name), action, &Resource::Fleet);
        assert!(permits("ewa", Action::Release) && !permits("ewa", Action::Pin) && !permits("walt", Action::Release));
    }

    #[test]
    fn policies_that_do_not_validate_are_refused() {
        for wrong in ["permit (principal, action, resource) when { resource.nonsense };", "permit (", "forbid nothing"]
        {
            assert!(Judge::by(wrong).is_err(), "{wrong}");
        }
    }
}
