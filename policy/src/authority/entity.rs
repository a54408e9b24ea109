//! What Writ speaks of, as Cedar sees it. Entities and attributes are those of the schema.

use crate::bundle::entry::{Owner, Risk};
use crate::catalog::region_of;
use crate::facts::Declared;
use crate::kinds::catalog::Spec;
use crate::name::{RegionName, RuleName};
use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

/// Why an entity cannot be made: a fault of ours.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The uid of an entity of the namespace `Writ`.
///
/// # Errors
/// When `kind` is no name of an entity type.
pub fn uid(kind: &str, id: &str) -> Result<EntityUid, Fault> {
    let kind = EntityTypeName::from_str(&format!("Writ::{kind}"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

/// A region.
pub(super) fn region(name: &RegionName) -> Result<Entity, Fault> {
    Ok(Entity::with_uid(uid("Region", name.as_str())?))
}

/// A cluster that the catalog declares, and its region.
///
/// # Errors
/// A fault of ours: the names are labels.
pub fn cluster(declared: &Declared) -> Result<[Entity; 2], Fault> {
    let region = region(&declared.region)?;
    let label = |(key, value): (&String, &String)| {
        RestrictedExpression::new_record([("key".to_owned(), text(key)), ("value".to_owned(), text(value))])
    };
    // A label that is left out could make a policy permit what it forbids.
    let labels = declared.labels.iter().map(label).collect::<Result<Vec<_>, _>>()?;
    let labels = ("labels".to_owned(), RestrictedExpression::new_set(labels));
    let attributes = HashMap::from([labels, ("mode".to_owned(), text(declared.mode.as_str()))]);
    let uid = uid("Cluster", declared.name.as_str())?;
    Ok([Entity::new(uid, attributes, HashSet::from([region.uid()]))?, region])
}

/// A path of the catalog: in its folders and in the region whose folder it lies in.
pub(super) fn domain(path: &str, root: &Spec) -> Result<Entity, Fault> {
    let owner = root.owner_of(path).map(|team| uid("Team", team.as_str())).transpose()?;
    let owner = RestrictedExpression::new_set(owner.map(RestrictedExpression::new_entity_uid));
    let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    let mut parents = folders.map(|folder| uid("Domain", folder)).collect::<Result<HashSet<_>, _>>()?;
    parents.extend(region_of(path).map(|region| uid("Region", region.as_str())).transpose()?);
    let attributes = HashMap::from([("path".to_owned(), text(path)), ("owner".to_owned(), owner)]);
    Ok(Entity::new(uid("Domain", path)?, attributes, parents)?)
}

/// A person, in the teams that writ.yaml puts them in.
///
/// # Errors
/// A fault of ours: any text names a person.
pub fn person(name: &str, root: &Spec) -> Result<Entity, Fault> {
    let teams = root.teams_of(name).map(|team| uid("Team", team.as_str())).collect::<Result<HashSet<_>, _>>()?;
    Ok(Entity::new(uid("Person", name)?, HashMap::new(), teams)?)
}

/// A rule.
///
/// # Errors
/// A fault of ours: names are texts.
pub fn rule(name: &RuleName, owner: &Owner, risk: Risk) -> Result<Entity, Fault> {
    let owner = RestrictedExpression::new_entity_uid(uid("Team", owner.team.as_str())?);
    let attributes = HashMap::from([
        ("kind".to_owned(), text(name.kind())),
        ("name".to_owned(), text(name.name().as_str())),
        ("owner".to_owned(), owner),
        ("risk".to_owned(), text(risk.as_str())),
    ]);
    Ok(Entity::new(uid("Rule", &name.to_string())?, attributes, HashSet::new())?)
}

pub(super) fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}
