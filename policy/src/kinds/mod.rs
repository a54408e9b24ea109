//! The kind table: every kind that a catalog may hold, one row each.

mod access_control;
pub mod catalog;
pub mod cluster;
mod config_template;
pub mod editor;
#[cfg(test)]
pub(crate) mod fixture;
pub mod governance;
pub mod guardrail;
pub mod kind;
mod network_segmentation;
mod objects;
pub mod parameters;
mod resource_guard;
pub mod rule_set;
mod schemas;
pub mod translator;

use crate::constraint;
use crate::document::schema::{Schema, shape};
use crate::local;
use access_control::AccessControl;
use config_template::ConfigTemplate;
use kind::Kind;
use network_segmentation::NetworkSegmentation;
use resource_guard::ResourceGuard;
pub(crate) use schemas::Schemas;
use serde_json::Value;
use translator::{Erased, Translator};

/// The folder of a catalog (or of `regions/<region>/`) that a document stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `writ.yaml` itself.
    Root,
    /// `clusters/`.
    Clusters,
    /// `intents/`.
    Intents,
    /// `guardrails/`.
    Guardrails,
    /// `rulesets/`.
    RuleSets,
    /// `parameters/`.
    Parameters,
    /// `regions/<region>/overrides/`.
    Overrides,
    /// `regions/<region>/constraints/`.
    Constraints,
}

/// What the catalog needs to know of a kind.
pub struct Row {
    /// The kind, as documents write it.
    pub name: &'static str,
    /// Whether its spec carries governance (owner, rationale, risk, mode, scope): then it is a rule.
    pub governed: bool,
    /// Whether `{$param: name}` may stand in what its spec says beside governance.
    pub parameters: bool,
    /// Where its documents stand.
    pub place: Place,
    /// The JSON Schema of its spec, without governance.
    pub spec: fn() -> Value,
    /// What makes objects of it, when it is a kind of intent.
    pub translator: Option<&'static dyn Translator>,
}

/// The row of a kind of intent.
const fn intent<K: Kind>(translator: &'static dyn Translator) -> Row {
    let (name, spec) = (K::NAME, shape::of::<K::Spec>);
    Row { name, governed: true, parameters: true, place: Place::Intents, spec, translator: Some(translator) }
}

/// Every kind.
pub const TABLE: &[Row] = &[
    intent::<AccessControl>(&Erased::<AccessControl>::NEW),
    intent::<ConfigTemplate>(&Erased::<ConfigTemplate>::NEW),
    intent::<NetworkSegmentation>(&Erased::<NetworkSegmentation>::NEW),
    intent::<ResourceGuard>(&Erased::<ResourceGuard>::NEW),
    Row {
        name: catalog::KIND,
        governed: false,
        parameters: false,
        place: Place::Root,
        spec: shape::of::<catalog::Spec>,
        translator: None,
    },
    Row {
        name: cluster::KIND,
        governed: false,
        parameters: false,
        place: Place::Clusters,
        spec: shape::of::<cluster::Spec>,
        translator: None,
    },
    Row {
        name: guardrail::KIND,
        governed: true,
        parameters: false,
        place: Place::Guardrails,
        spec: shape::of::<guardrail::Spec>,
        translator: None,
    },
    Row {
        name: parameters::KIND,
        governed: false,
        parameters: false,
        place: Place::Parameters,
        spec: shape::of::<parameters::Spec>,
        translator: None,
    },
    Row {
        name: local::OVERRIDE,
        governed: false,
        parameters: false,
        place: Place::Overrides,
        spec: shape::of::<local::OverrideSpec>,
        translator: None,
    },
    Row {
        name: constraint::KIND,
        governed: false,
        parameters: false,
        place: Place::Constraints,
        spec: shape::of::<constraint::Spec>,
        translator: None,
    },
    Row {
        name: rule_set::KIND,
        governed: false,
        parameters: false,
        place: Place::RuleSets,
        spec: shape::of::<rule_set::Spec>,
        translator: None,
    },
];

/// Kinds that the catalog's layout knows and this version does not.
pub const UNSUPPORTED: &[&str] =
    &["CatalogTest", "DataResidency", "ExceptionRequest", "SecretLifecycle", "WorkloadSecurity"];

/// The row of the kind `name`.
#[must_use]
pub fn row(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

impl Row {
    /// The JSON Schema of a whole document of this kind.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let spec = (self.spec)();
        let spec = if self.governed { shape::merge(spec, &shape::of::<governance::Spec>()) } else { spec };
        Schema::new(shape::document(self.name, spec))
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_once_and_none_is_both_known_and_unsupported() {
        let mut names: Vec<&str> = TABLE.iter().map(|row| row.name).chain(UNSUPPORTED.iter().copied()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn every_schema_compiles_and_is_closed() {
        for row in TABLE {
            let schema = row.schema();
            assert!(schema.faulty().is_none(), "{}: {:?}", row.name, schema.faulty());
            assert_eq!(
                schema.json().pointer("/properties/spec/additionalProperties"),
                Some(&Value::Bool(false)),
                "{}",
                row.name
            );
        }
    }
}
