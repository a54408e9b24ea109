//! What a request is about, as Cedar sees it.

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use policy::facts::Declared;
use policy::name::ClusterName;
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    /// The whole fleet: what is published.
    Fleet,
    /// One cluster.
    Cluster {
        /// Its name; nothing else is known of one that the catalog does not declare.
        name: ClusterName,
        /// As the catalog in force declares it.
        declared: Option<Declared>,
    },
}

/// Why an entity cannot be made: a fault of ours.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The uid of an entity of the namespace `Writ`.
pub(crate) fn uid(kind: &str, id: &str) -> Result<EntityUid, Fault> {
    let kind = EntityTypeName::from_str(&format!("Writ::{kind}"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

impl Resource {
    /// Its uid.
    pub(crate) fn uid(&self) -> Result<EntityUid, Fault> {
        match self {
            Self::Fleet => uid("Revision", "published"),
            Self::Cluster { name, .. } => uid("Cluster", name.as_str()),
        }
    }

    /// The entity, and those it is in.
    pub(crate) fn entities(&self) -> Result<Vec<Entity>, Fault> {
        match self {
            Self::Fleet => Ok(vec![Entity::with_uid(self.uid()?)]),
            Self::Cluster { declared: None, .. } => Ok(vec![self.cluster(no_labels(), HashSet::new())?]),
            Self::Cluster { declared: Some(declared), .. } => {
                let region = uid("Region", declared.region.as_str())?;
                let cluster = self.cluster(attributes(declared)?, HashSet::from([region.clone()]))?;
                Ok(vec![cluster, Entity::with_uid(region)])
            }
        }
    }

    fn cluster(
        &self,
        attributes: HashMap<String, RestrictedExpression>,
        parents: HashSet<EntityUid>,
    ) -> Result<Entity, Fault> {
        Ok(Entity::new(self.uid()?, attributes, parents)?)
    }

    /// For the audit log.
    pub(crate) fn subject(&self) -> &str {
        match self {
            Self::Fleet => "fleet",
            Self::Cluster { name, .. } => name.as_str(),
        }
    }
}

fn no_labels() -> HashMap<String, RestrictedExpression> {
    HashMap::from([("labels".to_owned(), RestrictedExpression::new_set([]))])
}

fn attributes(declared: &Declared) -> Result<HashMap<String, RestrictedExpression>, Fault> {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let label = |(key, value): (&String, &String)| {
        RestrictedExpression::new_record([("key".to_owned(), text(key)), ("value".to_owned(), text(value))])
    };
    // A label that is left out could make a policy permit what it forbids.
    let labels = declared.labels.iter().map(label).collect::<Result<Vec<_>, _>>()?;
    let (labels, mode) = (RestrictedExpression::new_set(labels), text(declared.mode.as_str()));
    Ok(HashMap::from([("labels".to_owned(), labels), ("mode".to_owned(), mode)]))
}
