//! What a constraint can ask of an object: the fields of the kinds that translators emit, as Cedar has them. Cedar cannot
//! look into sets, so what lies in lists of lists is gathered under `derived`, as sets of texts.

/// How a value of an object is written in Cedar.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text; a number where a text or a number may stand.
    Text,
    /// A whole number.
    Number,
    /// A map of texts: a set of `{key, value}`.
    Pairs,
    /// A list: a set of these.
    Each(&'static Shape),
    /// A map of these fields, each of which may be absent.
    Fields(&'static [(&'static str, Shape)]),
}

use Shape::{Each, Fields, Number, Pairs, Text};

/// One kind of object.
pub(super) struct Kind {
    /// Its API group; empty for core.
    pub(super) group: &'static str,
    /// Its versions: alike in all that is written here.
    pub(super) versions: &'static [&'static str],
    /// Its name.
    pub(super) kind: &'static str,
    /// The Cedar namespace, without the version.
    pub(super) namespace: &'static str,
    /// What it has beside apiVersion, kind and metadata.
    pub(super) fields: &'static [(&'static str, Shape)],
    /// Sets of texts: a name, and where they stand; `*` is every item.
    pub(super) derived: &'static [(&'static str, &'static str)],
}

const SELECTOR: Shape = Fields(&[
    ("matchLabels", Pairs),
    ("matchExpressions", Each(&Fields(&[("key", Text), ("operator", Text), ("values", Each(&Text))]))),
]);
const BLOCK: Shape = Fields(&[("cidr", Text), ("except", Each(&Text))]);
const PEER: Shape = Fields(&[("podSelector", SELECTOR), ("namespaceSelector", SELECTOR), ("ipBlock", BLOCK)]);
const PORT: Shape = Fields(&[("port", Text), ("endPort", Number), ("protocol", Text)]);
const RULES: Shape = Each(&Fields(&[
    ("verbs", Each(&Text)),
    ("apiGroups", Each(&Text)),
    ("resources", Each(&Text)),
    ("resourceNames", Each(&Text)),
    ("nonResourceURLs", Each(&Text)),
]));
const BINDING: &[(&str, Shape)] = &[
    ("roleRef", Fields(&[("apiGroup", Text), ("kind", Text), ("name", Text)])),
    ("subjects", Each(&Fields(&[("kind", Text), ("name", Text), ("namespace", Text), ("apiGroup", Text)]))),
];
const OF_RULES: &[(&str, &str)] =
    &[("verbs", "/rules/*/verbs/*"), ("apiGroups", "/rules/*/apiGroups/*"), ("resources", "/rules/*/resources/*")];
const OF_BINDING: &[(&str, &str)] = &[("subjects", "/subjects/*/name")];

const fn of_rbac(
    kind: &'static str,
    fields: &'static [(&'static str, Shape)],
    derived: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { group: "rbac.authorization.k8s.io", versions: &["v1"], kind, namespace: "rbac", fields, derived }
}

/// The kinds that have fields of their own here; all others are `k8s::Object`.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "",
        versions: &["v1"],
        kind: "ConfigMap",
        namespace: "core",
        fields: &[("data", Pairs)],
        derived: &[],
    },
    Kind { group: "", versions: &["v1"], kind: "Namespace", namespace: "core", fields: &[], derived: &[] },
    Kind {
        group: "",
        versions: &["v1"],
        kind: "LimitRange",
        namespace: "core",
        fields: &[(
            "spec",
            Fields(&[(
                "limits",
                Each(&Fields(&[
                    ("type", Text),
                    ("default", Pairs),
                    ("defaultRequest", Pairs),
                    ("max", Pairs),
                    ("min", Pairs),
                ])),
            )]),
        )],
        derived: &[],
    },
    Kind {
        group: "",
        versions: &["v1"],
        kind: "ResourceQuota",
        namespace: "core",
        fields: &[("spec", Fields(&[("hard", Pairs), ("scopes", Each(&Text))]))],
        derived: &[("resources", "/spec/hard/~")],
    },
    Kind {
        group: "networking.k8s.io",
        versions: &["v1"],
        kind: "NetworkPolicy",
        namespace: "networking",
        fields: &[(
            "spec",
            Fields(&[
                ("podSelector", SELECTOR),
                ("policyTypes", Each(&Text)),
                ("ingress", Each(&Fields(&[("from", Each(&PEER)), ("ports", Each(&PORT))]))),
                ("egress", Each(&Fields(&[("to", Each(&PEER)), ("ports", Each(&PORT))]))),
            ]),
        )],
        derived: &[
            ("ingressCidrs", "/spec/ingress/*/from/*/ipBlock/cidr"),
            ("egressCidrs", "/spec/egress/*/to/*/ipBlock/cidr"),
            ("ingressPorts", "/spec/ingress/*/ports/*/port"),
            ("egressPorts", "/spec/egress/*/ports/*/port"),
        ],
    },
    Kind {
        group: "policy.networking.k8s.io",
        versions: &["v1beta1", "v1alpha2"],
        kind: "ClusterNetworkPolicy",
        namespace: "policy::networking",
        fields: &[("spec", Fields(&[("tier", Text), ("priority", Number)]))],
        derived: &[("egressNetworks", "/spec/egress/*/to/*/networks/*"), ("actions", "/spec/ingress/*/action")],
    },
    of_rbac("Role", &[("rules", RULES)], OF_RULES),
    of_rbac("ClusterRole", &[("rules", RULES)], OF_RULES),
    of_rbac("RoleBinding", BINDING, OF_BINDING),
    of_rbac("ClusterRoleBinding", BINDING, OF_BINDING),
];

/// The Cedar type of every object of another kind.
pub(super) const ANY: &str = "k8s::Object";

impl Kind {
    /// The row of an object's kind, and the Cedar type of its version.
    pub(super) fn of(group: &str, version: &str, kind: &str) -> Option<(&'static Self, String)> {
        let row = KINDS.iter().find(|row| row.group == group && row.kind == kind && row.versions.contains(&version))?;
        Some((row, row.name(version)))
    }

    /// The Cedar type of a version.
    pub(super) fn name(&self, version: &str) -> String {
        format!("{}::{version}::{}", self.namespace, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube_kinds::{Reach, row};

    #[test]
    fn every_kind_is_one_that_the_table_of_kinds_knows() {
        for kind in KINDS {
            assert_ne!(row(kind.group, kind.kind).reach, Reach::Unknown, "{}", kind.kind);
        }
    }
}
