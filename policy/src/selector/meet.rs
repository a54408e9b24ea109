//! Whether two selectors can select the same thing, by what each says of every label. Exact on labels: what cannot be
//! told is only whether such a thing exists.

use super::{LabelSelector, NamespaceSelector, Operator, Requirement, Term};
use std::collections::{BTreeMap, BTreeSet};

/// The label by which Kubernetes names a namespace to selectors.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// How two selectors stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meeting {
    /// Nothing is selected by both.
    Never,
    /// They look at different labels: only a cluster can tell.
    Untold,
    /// They look at the same labels, and something can have them all.
    Perhaps,
    /// All that one selects is selected by the other.
    Surely,
}

/// What a selector says, by label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domain(BTreeMap<String, Values>);

/// The values that a label may have.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Values {
    /// Whether it may be absent.
    absent: bool,
    present: Present,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Present {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Domain {
    /// Whether nothing can be selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().any(Values::is_empty)
    }

    /// How this stands to `other`.
    #[must_use]
    pub fn meets(&self, other: &Self) -> Meeting {
        let mut shared = self.0.iter().filter_map(|(key, values)| Some((values, other.0.get(key)?))).peekable();
        let related = shared.peek().is_some();
        if self.is_empty() || other.is_empty() || shared.any(|(one, two)| one.and(two).is_empty()) {
            return Meeting::Never;
        }
        if self.within(other) || other.within(self) {
            return Meeting::Surely;
        }
        if related { Meeting::Perhaps } else { Meeting::Untold }
    }

    /// Whether all that this selects is selected by `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        other.0.iter().all(|(key, values)| self.0.get(key).is_some_and(|mine| mine.within(values)))
    }

    fn require(&mut self, key: &str, values: &Values) {
        let both = self.0.get(key).map_or_else(|| values.clone(), |before| before.and(values));
        self.0.insert(key.to_owned(), both);
    }

    fn require_labels(&mut self, labels: &LabelSelector) {
        for (key, value) in &labels.match_labels {
            self.require(key, &Values::only([value.clone()]));
        }
        for requirement in &labels.match_expressions {
            self.require(&requirement.key, &requirement.values());
        }
    }

    fn require_term(&mut self, term: &Term) {
        if let Some(names) = &term.names {
            self.require(NAMESPACE_NAME, &Values::only(names.iter().cloned()));
        }
        if !term.except.is_empty() {
            self.require(NAMESPACE_NAME, &Values::all_but(term.except.iter().cloned(), false));
        }
        self.require_labels(&term.labels);
    }
}

impl Values {
    fn only(values: impl IntoIterator<Item = String>) -> Self {
        Self { absent: false, present: Present::Only(values.into_iter().collect()) }
    }

    fn all_but(values: impl IntoIterator<Item = String>, absent: bool) -> Self {
        Self { absent, present: Present::AllBut(values.into_iter().collect()) }
    }

    fn is_empty(&self) -> bool {
        !self.absent && matches!(&self.present, Present::Only(values) if values.is_empty())
    }

    fn and(&self, other: &Self) -> Self {
        let present = match (&self.present, &other.present) {
            (Present::Only(one), Present::Only(two)) => Present::Only(one & two),
            (Present::Only(only), Present::AllBut(but)) | (Present::AllBut(but), Present::Only(only)) => {
                Present::Only(only - but)
            }
            (Present::AllBut(one), Present::AllBut(two)) => Present::AllBut(one | two),
        };
        Self { absent: self.absent && other.absent, present }
    }

    fn within(&self, other: &Self) -> bool {
        let present = match (&self.present, &other.present) {
            (Present::Only(one), Present::Only(two)) => one.is_subset(two),
            (Present::Only(only), Present::AllBut(but)) => only.is_disjoint(but),
            (Present::AllBut(one), Present::AllBut(two)) => two.is_subset(one),
            // There are always more values than any list has.
            (Present::AllBut(_), Present::Only(_)) => false,
        };
        present && (!self.absent || other.absent)
    }
}

impl Requirement {
    fn values(&self) -> Values {
        let values = || self.values.iter().cloned();
        match self.operator {
            Operator::In => Values::only(values()),
            Operator::NotIn => Values::all_but(values(), true),
            Operator::Exists => Values::all_but([], false),
            Operator::DoesNotExist => Values { absent: true, present: Present::Only(BTreeSet::new()) },
        }
    }
}

impl LabelSelector {
    /// What it says, by label.
    #[must_use]
    pub fn domain(&self) -> Domain {
        let mut domain = Domain::default();
        domain.require_labels(self);
        domain
    }
}

impl Term {
    /// What it says of a namespace, by label.
    #[must_use]
    pub fn domain(&self) -> Domain {
        let mut domain = Domain::default();
        domain.require_term(self);
        domain
    }
}

impl NamespaceSelector {
    /// What it says, by label.
    #[must_use]
    pub fn domain(&self) -> Domain {
        let mut domain = Domain::default();
        self.all.iter().for_each(|term| domain.require_term(term));
        domain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Labels;
    use proptest::prelude::*;

    fn meets(one: &str, other: &str) -> Meeting {
        let domain = |text: &str| serde_yaml::from_str::<Term>(text).unwrap().domain();
        let (one, other) = (domain(one), domain(other));
        assert_eq!(one.meets(&other), other.meets(&one));
        one.meets(&other)
    }

    #[test]
    fn selectors_meet_by_what_they_say_of_each_label() {
        let has = |operator: &str| format!("{{matchExpressions: [{{key: team, operator: {operator}}}]}}");
        let one_of = |operator: &str, values: &str| {
            format!("{{matchExpressions: [{{key: team, operator: {operator}, values: [{values}]}}]}}")
        };
        for (one, other, meeting) in [
            ("{}", "{}", Meeting::Surely),
            ("{}", "{matchLabels: {team: a}}", Meeting::Surely),
            ("{matchLabels: {team: a}}", "{matchLabels: {team: b}}", Meeting::Never),
            ("{matchLabels: {team: a}}", "{matchLabels: {tier: b}}", Meeting::Untold),
            ("{matchLabels: {team: a}}", "{matchLabels: {team: a, tier: b}}", Meeting::Surely),
            (&has("Exists"), "{matchLabels: {team: a}}", Meeting::Surely),
            (&has("DoesNotExist"), "{matchLabels: {team: a}}", Meeting::Never),
            (&has("DoesNotExist"), &has("Exists"), Meeting::Never),
            (&has("DoesNotExist"), &one_of("NotIn", "a"), Meeting::Surely),
            (&one_of("In", "a, b"), &one_of("In", "b, c"), Meeting::Perhaps),
            (&one_of("In", "a, b"), &one_of("NotIn", "a, b"), Meeting::Never),
            (&one_of("NotIn", "a"), &has("Exists"), Meeting::Perhaps),
            ("{names: [shop, web]}", "{names: [web]}", Meeting::Surely),
            ("{names: [shop]}", "{names: [web]}", Meeting::Never),
            ("{names: [shop]}", "{except: [shop]}", Meeting::Never),
            ("{names: [shop]}", "{matchLabels: {kubernetes.io/metadata.name: web}}", Meeting::Never),
            ("{names: []}", "{}", Meeting::Never),
        ] {
            assert_eq!(meets(one, other), meeting, "{one} and {other}");
        }
    }

    fn selector() -> impl Strategy<Value = LabelSelector> {
        let word = || prop::sample::select(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let key = || prop::sample::select(vec!["k".to_owned(), "l".to_owned()]);
        let requirement = (key(), 0..4_u8, prop::collection::vec(word(), 1..3)).prop_map(|(key, operator, values)| {
            let (operator, values) = match operator {
                0 => (Operator::In, values),
                1 => (Operator::NotIn, values),
                2 => (Operator::Exists, Vec::new()),
                _ => (Operator::DoesNotExist, Vec::new()),
            };
            Requirement { key, operator, values }
        });
        let labels = prop::collection::btree_map(key(), word(), 0..2);
        (labels, prop::collection::vec(requirement, 0..3))
            .prop_map(|(match_labels, match_expressions)| LabelSelector { match_labels, match_expressions })
    }

    /// All that two labels can be, with a value that no selector names.
    fn everything() -> Vec<Labels> {
        let values = [None, Some("a"), Some("b"), Some("c"), Some("other")];
        let labels = |k: Option<&str>, l: Option<&str>| {
            let given = [("k", k), ("l", l)].into_iter();
            given.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect::<Labels>()
        };
        values.iter().flat_map(|k| values.iter().map(move |l| labels(*k, *l))).collect()
    }

    proptest! {
        #[test]
        fn what_is_said_of_a_meeting_is_so(one in selector(), other in selector()) {
            let all = everything();
            let by = |selector: &LabelSelector| all.iter().map(|labels| selector.matches(labels)).collect::<Vec<_>>();
            let (ones, others) = (by(&one), by(&other));
            let both = ones.iter().zip(&others).any(|(one, other)| *one && *other);
            let within = |ones: &[bool], others: &[bool]| ones.iter().zip(others).all(|(one, other)| !one || *other);
            let meeting = one.domain().meets(&other.domain());
            prop_assert_eq!(meeting == Meeting::Never, !both);
            if both {
                prop_assert_eq!(meeting == Meeting::Surely, within(&ones, &others) || within(&others, &ones));
            }
        }
    }
}
