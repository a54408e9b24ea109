//! What a request is about, as Cedar sees it.

use cedar_policy::{Entity, EntityUid, RestrictedExpression};
use policy::authority::entity::{self, Fault, uid};
use policy::facts::Declared;
use policy::name::ClusterName;
use std::collections::{HashMap, HashSet};

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
            Self::Cluster { declared: None, .. } => Ok(vec![Entity::new(self.uid()?, no_labels(), HashSet::new())?]),
            Self::Cluster { declared: Some(declared), .. } => Ok(entity::cluster(declared)?.into()),
        }
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
