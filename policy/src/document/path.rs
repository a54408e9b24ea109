//! Field paths as people write them: `spec.a[key].b`, `spec.quota[requests.cpu]`, `spec.a[#0]`.

use super::pointer::join;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// One step of a field path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// `.name`: a field.
    Field(String),
    /// `[key]`: the list item whose `name` is the key, or the mapping's value under it.
    Key(String),
    /// `[#0]`: the list item at this index.
    Index(usize),
}

/// A path to one field of a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Step>);

/// A text that is not a field path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a field path; write it like `spec.segments[web].cidrs`, or `[#0]` for a list item without a name"
)]
pub struct NotAPath(String);

impl FieldPath {
    /// The steps, from the document's root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The JSON pointer of the field in `tree`, if it is there.
    #[must_use]
    pub fn pointer_in(&self, tree: &Value) -> Option<String> {
        let mut at = (String::new(), tree);
        for step in &self.0 {
            let (segment, value) = step.into(at.1)?;
            at = (join(&at.0, &segment), value);
        }
        Some(at.0)
    }

    /// The field's value in `tree`, if it is there.
    #[must_use]
    pub fn get<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(tree, |value, step| step.into(value).map(|(_, value)| value))
    }
}

impl Step {
    fn into<'a>(&self, value: &'a Value) -> Option<(String, &'a Value)> {
        match (self, value) {
            (Self::Field(key) | Self::Key(key), Value::Object(map)) => map.get(key).map(|value| (key.clone(), value)),
            (Self::Key(key), Value::Array(items)) => {
                let named = |item: &&Value| item.get("name").and_then(Value::as_str) == Some(key);
                let mut found = items.iter().enumerate().filter(|(_, item)| named(item));
                // A name that two items bear names neither.
                match (found.next(), found.next()) {
                    (Some((index, item)), None) => Some((index.to_string(), item)),
                    _ => None,
                }
            }
            (Self::Index(index), Value::Array(items)) => items.get(*index).map(|item| (index.to_string(), item)),
            _ => None,
        }
    }
}

impl FromStr for FieldPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let wrong = || NotAPath(text.chars().take(80).collect());
        let (mut steps, mut rest) = (Vec::new(), text);
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (field, tail) = rest.split_at(end);
            if field.is_empty() || field.contains(']') || text.len() > 1024 {
                return Err(wrong());
            }
            steps.push(Step::Field(field.to_owned()));
            rest = brackets(tail, &mut steps).ok_or_else(wrong)?;
            match rest.strip_prefix('.') {
                Some(next) => rest = next,
                None if rest.is_empty() => return Ok(Self(steps)),
                None => return Err(wrong()),
            }
        }
    }
}

fn brackets<'a>(mut rest: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    while let Some(inner) = rest.strip_prefix('[') {
        let (key, tail) = inner.split_once(']')?;
        steps.push(match key.strip_prefix('#') {
            Some(index) => Step::Index(index.parse().ok()?),
            None if key.is_empty() || key.contains('[') => return None,
            None => Step::Key(key.to_owned()),
        });
        rest = tail;
    }
    Some(rest)
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if position == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key}]")?,
                Step::Index(index) => write!(f, "[#{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for FieldPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FieldPath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        crate::name::text_schema(
            r"^[^.\[\]]+(\[[^\[\]]+\])*(\.[^.\[\]]+(\[[^\[\]]+\])*)*$",
            "a field path like `spec.segments[web].cidrs`",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_it_prints() {
        for text in ["spec", "spec.a[key].b", "spec.quota[requests.cpu]", "spec.a[#0]", "spec.a[x][#3].c"] {
            assert_eq!(text.parse::<FieldPath>().unwrap().to_string(), text);
        }
        for bad in ["", ".a", "a.", "a..b", "a[", "a[]", "a]b", "a[x]b", "a[#x]", "a[[x]]", "[x]"] {
            assert!(bad.parse::<FieldPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn finds_by_name_by_key_and_by_index() {
        let tree = json!({"spec": {"a": [{"name": "x", "b": 1}, {"name": "y"}, 7], "quota": {"requests.cpu": "20"}}});
        let at = |path: &str| path.parse::<FieldPath>().unwrap().pointer_in(&tree);
        assert_eq!(at("spec.a[x].b").unwrap(), "/spec/a/0/b");
        assert_eq!(at("spec.quota[requests.cpu]").unwrap(), "/spec/quota/requests.cpu");
        assert_eq!(at("spec.a[#2]").unwrap(), "/spec/a/2");
        assert_eq!(at("spec.a[z]"), None);
        assert_eq!("spec.a[#2]".parse::<FieldPath>().unwrap().get(&tree), Some(&json!(7)));
    }

    #[test]
    fn a_name_borne_twice_names_nothing() {
        let tree = json!({"a": [{"name": "x"}, {"name": "x"}]});
        assert_eq!("a[x]".parse::<FieldPath>().unwrap().get(&tree), None);
    }
}
