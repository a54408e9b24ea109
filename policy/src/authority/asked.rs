//! What is asked of authority/, as questions for Cedar.

use super::entity::{self, Fault, text, uid};
use crate::bundle::entry::{Owner, Risk};
use crate::canonical;
use crate::facts::Declared;
use crate::kinds::catalog::{LocalDomain, Spec};
use crate::name::{RegionName, RuleName};
use cedar_policy::{Context, Entity, EntityUid, RestrictedExpression};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Who gives a field another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overrider<'a> {
    /// A region, in its folder of the catalog.
    Region(&'a RegionName),
    /// A cluster's own operator.
    Cluster(&'a Declared),
}

/// May this value stand in the place of that one?
#[derive(Debug, Clone, Copy)]
pub struct OverrideAsked<'a> {
    /// Who asks.
    pub by: Overrider<'a>,
    /// Of which rule.
    pub rule: &'a RuleName,
    /// Who answers for the rule.
    pub owner: &'a Owner,
    /// What is at stake.
    pub risk: Risk,
    /// The field's path, as `overridable` writes it.
    pub field: &'a str,
    /// Its value without this override.
    pub old: &'a Value,
    /// The value asked for.
    pub new: &'a Value,
}

/// What a constraint says of itself, and whose it is: by this it is overruled, not by a name that its author can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Constraint<'a> {
    /// Its `title`.
    pub title: Option<&'a str>,
    /// Its `strength`.
    pub strength: Option<&'a str>,
    /// The region in whose folder it stands; none: the cluster's own operator wrote it.
    pub regional: Option<&'a RegionName>,
}

/// May this rule be applied in spite of that constraint?
#[derive(Debug, Clone, Copy)]
pub struct OverruleAsked<'a> {
    /// Which rule.
    pub rule: &'a RuleName,
    /// Who answers for it.
    pub owner: &'a Owner,
    /// What is at stake.
    pub risk: Risk,
    /// In which cluster.
    pub cluster: &'a Declared,
    /// What is overruled.
    pub constraint: Constraint<'a>,
}

/// May a team answer for this rule?
#[derive(Debug, Clone, Copy)]
pub struct OwnAsked<'a> {
    /// Which rule.
    pub rule: &'a RuleName,
    /// Who answers for it.
    pub owner: &'a Owner,
    /// What is at stake.
    pub risk: Risk,
    /// The file in which it stands.
    pub path: &'a str,
    /// What writ.yaml says.
    pub root: &'a Spec,
}

/// May a person change this file?
#[derive(Debug, Clone, Copy)]
pub struct ChangeAsked<'a> {
    /// Who: a person, or [`super::ANONYMOUS`].
    pub who: &'a str,
    /// Which file.
    pub path: &'a str,
    /// What writ.yaml says.
    pub root: &'a Spec,
}

/// May this rule touch what stays local?
#[derive(Debug, Clone, Copy)]
pub struct LocalAsked<'a> {
    /// Which rule.
    pub rule: &'a RuleName,
    /// Who answers for it.
    pub owner: &'a Owner,
    /// What is at stake.
    pub risk: Risk,
    /// What it touches.
    pub domain: LocalDomain,
}

/// One question: who does what to which, and all that is known of them.
pub(super) struct Question {
    pub(super) principal: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
    pub(super) context: Context,
    pub(super) entities: Vec<Entity>,
}

/// Something that can be asked.
pub(super) trait Asked {
    /// As Cedar hears it.
    fn question(&self) -> Result<Question, Fault>;
}

impl Asked for OverrideAsked<'_> {
    fn question(&self) -> Result<Question, Fault> {
        let mut entities = match self.by {
            Overrider::Region(region) => vec![entity::region(region)?],
            Overrider::Cluster(declared) => entity::cluster(declared)?.into(),
        };
        let principal = entities.first().map(Entity::uid).ok_or("an override has an author")?;
        let rule = entity::rule(self.rule, self.owner, self.risk)?;
        let resource = rule.uid();
        entities.push(rule);
        let context = Context::from_pairs([
            ("field".to_owned(), text(self.field)),
            ("old".to_owned(), text(&json(self.old)?)),
            ("new".to_owned(), text(&json(self.new)?)),
            ("risk".to_owned(), text(self.risk.as_str())),
        ])?;
        Ok(Question { principal, action: uid("Action", "override")?, resource, context, entities })
    }
}

impl Asked for OverruleAsked<'_> {
    fn question(&self) -> Result<Question, Fault> {
        let rule = entity::rule(self.rule, self.owner, self.risk)?;
        let constraint = self.constraint.entity(self.cluster)?;
        let (principal, resource) = (rule.uid(), constraint.uid());
        let entities = entity::cluster(self.cluster)?.into_iter().chain([rule, constraint]).collect();
        Ok(Question { principal, action: uid("Action", "overrule")?, resource, context: Context::empty(), entities })
    }
}

impl Asked for OwnAsked<'_> {
    fn question(&self) -> Result<Question, Fault> {
        let rule = entity::rule(self.rule, self.owner, self.risk)?;
        let domain = entity::domain(self.path, self.root)?;
        let path = RestrictedExpression::new_entity_uid(domain.uid());
        let context = Context::from_pairs([("path".to_owned(), path)])?;
        let (principal, resource) = (uid("Team", self.owner.team.as_str())?, rule.uid());
        Ok(Question { principal, action: uid("Action", "own")?, resource, context, entities: vec![rule, domain] })
    }
}

impl Asked for ChangeAsked<'_> {
    fn question(&self) -> Result<Question, Fault> {
        let person = entity::person(self.who, self.root)?;
        let domain = entity::domain(self.path, self.root)?;
        let (principal, resource, context) = (person.uid(), domain.uid(), Context::empty());
        let entities = vec![person, domain];
        Ok(Question { principal, action: uid("Action", "change")?, resource, context, entities })
    }
}

impl Asked for LocalAsked<'_> {
    fn question(&self) -> Result<Question, Fault> {
        let rule = entity::rule(self.rule, self.owner, self.risk)?;
        let (principal, resource) = (rule.uid(), uid("LocalDomain", self.domain.as_str())?);
        let (action, context) = (uid("Action", "overrule")?, Context::empty());
        Ok(Question { principal, action, resource, context, entities: vec![rule] })
    }
}

impl Constraint<'_> {
    fn entity(&self, cluster: &Declared) -> Result<Entity, Fault> {
        let (ring, parent) = match self.regional {
            Some(region) => ("region", uid("Region", region.as_str())?),
            None => ("cluster", uid("Cluster", cluster.name.as_str())?),
        };
        let own = [("title", self.title), ("strength", self.strength)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?))));
        let attributes: HashMap<_, _> = own.chain([("ring".to_owned(), text(ring))]).collect();
        // One is asked of at a time, so it needs no name of its own.
        Ok(Entity::new(uid("Constraint", "asked")?, attributes, HashSet::from([parent]))?)
    }
}

fn json(value: &Value) -> Result<String, Fault> {
    Ok(String::from_utf8(canonical::to_vec(value)?)?)
}
