//! Names that cannot be wrong: parsed once at the edge, plain afterwards. Clones share their text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a DNS label (RFC 1123).
    #[error(
        "`{0}` is not a DNS label: at most 63 lower-case letters, digits and `-`, beginning and ending with a letter or digit"
    )]
    Label(String),
    /// Not `Kind/name`.
    #[error("`{0}` does not read `Kind/name`")]
    Rule(String),
}

fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether an object's name, kind or group can stand in a path as it is: what Kubernetes takes in a path segment, without what
/// a file system or a terminal could misread.
#[must_use]
pub fn is_plain(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
    !part.is_empty() && part.bytes().all(plain) && !part.starts_with('.') && !part.contains("..")
}

/// The JSON Schema of a text with a pattern; `x-writ-expects` is what diagnostics tell people to write. Beside it may
/// stand `x-writ-number`: the remedy where somebody wrote a bare number, `{}`.
pub(crate) fn text_schema(pattern: &str, expects: &str) -> schemars::Schema {
    schemars::json_schema!({"type": "string", "pattern": pattern, "x-writ-expects": expects})
}

const LABEL: &str = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const LABEL_EXPECTS: &str =
    "a DNS label: at most 63 lower-case letters, digits and `-`, beginning and ending with a letter or digit";
const RULE: &str = "^[A-Z][A-Za-z0-9]{0,62}/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";

/// Serde, `Debug` and the JSON Schema for a type that reads and prints as text.
macro_rules! as_text {
    ($name:ident, $pattern:expr, $expects:expr) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                text_schema($pattern, $expects)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Names are keys of large maps, and most that are equal are clones: those need no look at the text.
fn of_shared(one: &Arc<str>, other: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(one, other) { Ordering::Equal } else { one.cmp(other) }
}

macro_rules! label {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                of_shared(&self.0, &other.0)
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                if is_label(text) { Ok(Self(text.into())) } else { Err(NameError::Label(text.to_owned())) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        as_text!($name, LABEL, LABEL_EXPECTS);
    };
}

label!(
    /// A cluster of the fleet, as its `Cluster` document is named.
    ClusterName
);
label!(
    /// A region, as listed in `writ.yaml`.
    RegionName
);
label!(
    /// A team, as listed in `writ.yaml`.
    TeamName
);
label!(
    /// A Kubernetes namespace.
    Namespace
);

impl Namespace {
    /// The agent's own, where nothing else is configured.
    #[must_use]
    pub fn of_writ() -> Self {
        Self("writ-system".into())
    }
}
label!(
    /// The name of one document; unique per kind.
    DocumentName
);

/// A rule (or another entry of a bundle) by kind and name: `ResourceGuard/team-quota`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RuleName {
    kind: Arc<str>,
    name: DocumentName,
}

/// By kind, then name.
impl Ord for RuleName {
    fn cmp(&self, other: &Self) -> Ordering {
        of_shared(&self.kind, &other.kind).then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for RuleName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl RuleName {
    /// Joins a kind and a name. The kind is a row of the kind table, so it needs no check of its own.
    #[must_use]
    pub fn new(kind: &str, name: DocumentName) -> Self {
        Self { kind: kind.into(), name }
    }

    /// The kind, such as `ConfigTemplate`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name within its kind.
    #[must_use]
    pub const fn name(&self) -> &DocumentName {
        &self.name
    }
}

impl FromStr for RuleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::Rule(text.to_owned());
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        let camel =
            kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphanumeric());
        if !camel || kind.len() > 63 {
            return Err(wrong());
        }
        Ok(Self { kind: kind.into(), name: name.parse()? })
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
as_text!(RuleName, RULE, "a rule as `Kind/name`");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_rfc_1123() {
        for good in ["a", "eu-1", "9lives", &"x".repeat(63)] {
            assert!(good.parse::<ClusterName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a/b", "é", &"x".repeat(64)] {
            assert!(bad.parse::<ClusterName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rules_read_what_they_print() {
        let rule: RuleName = "ResourceGuard/team-quota".parse().unwrap();
        assert_eq!(rule.to_string(), "ResourceGuard/team-quota");
        for bad in ["team-quota", "/x", "resourceGuard/x", "A/B", "A/b/c", "A b/c"] {
            assert!(bad.parse::<RuleName>().is_err(), "{bad}");
        }
    }
}
