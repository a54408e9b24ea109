//! Selectors as Kubernetes writes them.

use crate::selector::meet::NAMESPACE_NAME;
use crate::selector::{LabelSelector, Operator, Term};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

/// Of pods.
pub(super) fn labels(selector: &LabelSelector) -> meta::LabelSelector {
    let expression = |key: &str, operator: Operator, values: &[String]| meta::LabelSelectorRequirement {
        key: key.to_owned(),
        operator: match operator {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        }
        .to_owned(),
        values: (!values.is_empty()).then(|| values.to_vec()),
    };
    let expressions: Vec<_> =
        selector.match_expressions.iter().map(|one| expression(&one.key, one.operator, &one.values)).collect();
    meta::LabelSelector {
        match_labels: (!selector.match_labels.is_empty()).then(|| selector.match_labels.clone()),
        match_expressions: (!expressions.is_empty()).then_some(expressions),
    }
}

/// Of namespaces: names are labels there.
pub(super) fn namespaces(term: &Term) -> meta::LabelSelector {
    let named = |operator, names: &[String]| crate::selector::Requirement {
        key: NAMESPACE_NAME.to_owned(),
        operator,
        values: names.to_vec(),
    };
    let mut all = term.labels.clone();
    all.match_expressions.extend(term.names.as_deref().map(|names| named(Operator::In, names)));
    all.match_expressions.extend((!term.except.is_empty()).then(|| named(Operator::NotIn, &term.except)));
    labels(&all)
}
