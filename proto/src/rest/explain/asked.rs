//! What is asked about: said once for those who ask and those who answer.

use policy::name::{Namespace, RuleName, is_plain};
use policy::object::ObjectId;

/// A rule or an object, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The namespace; none: all of them.
    pub namespace: Option<Namespace>,
}

/// It is neither a rule nor an object.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no rule and no object; write KIND/NAME, such as ResourceGuard/team-quota")]
pub struct NotAsked(String);

impl Asked {
    /// Reads `Kind/name`.
    ///
    /// # Errors
    /// [`NotAsked`] where it is neither a rule nor an object.
    pub fn read(of: &str, namespace: Option<Namespace>) -> Result<Self, NotAsked> {
        let read = of.split_once('/').filter(|(kind, name)| is_plain(kind) && is_plain(name));
        let (kind, name) = read.ok_or_else(|| NotAsked(of.to_owned()))?;
        Ok(Self { kind: kind.to_owned(), name: name.to_owned(), namespace })
    }

    /// Reads what [`Asked::query`] writes; none of anything else.
    #[must_use]
    pub fn of_query(query: &str) -> Option<Self> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = |name: &str| pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value);
        let namespace = value("namespace").map(str::parse).transpose().ok()?;
        Self::read(value("of")?, namespace).ok()
    }

    /// `of=Kind/name&namespace=NAME`: names hold nothing that a query would have to escape.
    #[must_use]
    pub fn query(&self) -> String {
        let namespace = self.namespace.as_ref().map(|name| format!("&namespace={name}")).unwrap_or_default();
        format!("of={}{namespace}", self.of())
    }

    /// `Kind/name`.
    #[must_use]
    pub fn of(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// Whether it is this rule, wherever it holds.
    #[must_use]
    pub fn is_rule(&self, rule: &RuleName) -> bool {
        rule.kind() == self.kind && rule.name().as_str() == self.name
    }

    /// Whether it is this object.
    #[must_use]
    pub fn is_object(&self, id: &ObjectId) -> bool {
        id.kind == self.kind && id.name == self.name && self.is_there(id.namespace.as_ref())
    }

    /// Whether what is in `namespace` is asked about.
    #[must_use]
    pub fn is_there(&self, namespace: Option<&Namespace>) -> bool {
        self.namespace.is_none() || self.namespace.as_ref() == namespace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_is_a_kind_and_a_name() {
        let read = |of: &str| Asked::read(of, None).is_ok();
        assert!(read("ResourceGuard/team-quota") && read("ConfigMap/otel.v1") && read("ClusterRole/system:node"));
        for wrong in ["otel", "/otel", "ConfigMap/", "ConfigMap/a/b", "ConfigMap/a&b=c", "Config Map/a"] {
            assert!(!read(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_query_is_read_as_it_was_written_or_refused() {
        for namespace in [None, Some("shop".parse().unwrap())] {
            let asked = Asked::read("ResourceQuota/writ-team-quota", namespace).unwrap();
            assert_eq!(Asked::of_query(&asked.query()), Some(asked));
        }
        for wrong in ["", "of=quota", "of=/x", "of=Kind/%2e", "namespace=shop", "of=Kind/a&namespace=No"] {
            assert!(Asked::of_query(wrong).is_none(), "{wrong}");
        }
    }
}
