//! Bounds: what values an override may give, as data, so that every spoke judges alike.

use crate::cidr::Cidr;
use crate::quantity::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::fmt;

/// Which values are inside. All that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Bounds {
    /// One of these.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// A number between these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// A list of some of these; of ranges of addresses, also of ranges within them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset_of: Option<Vec<Value>>,
    /// At most this quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Quantity>,
    /// At least this quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Quantity>,
}

/// A range of numbers, both ends inside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Range {
    /// The least.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub min: Option<Number>,
    /// The greatest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub max: Option<Number>,
}

impl Bounds {
    /// Whether nothing is bounded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first bound that `value` is outside of, for people.
    #[must_use]
    pub fn broken_by(&self, value: &Value) -> Option<String> {
        let quantity = || value.as_str().and_then(|text| text.parse::<Quantity>().ok());
        let among = |all: &[Value]| value.as_array().is_some_and(|items| items.iter().all(|item| is_among(item, all)));
        if let Some(all) = self.one_of.as_ref().filter(|all| !all.contains(value)) {
            return Some(format!("one of {}", Listed(all)));
        }
        if let Some(all) = self.subset_of.as_ref().filter(|all| !among(all)) {
            return Some(format!("a list of some of {}", Listed(all)));
        }
        if let Some(most) = self.at_most.as_ref().filter(|most| quantity().is_none_or(|given| given > **most)) {
            return Some(format!("a quantity of at most {}", most.as_str()));
        }
        if let Some(least) = self.at_least.as_ref().filter(|least| quantity().is_none_or(|given| given < **least)) {
            return Some(format!("a quantity of at least {}", least.as_str()));
        }
        self.range.as_ref().filter(|range| !range.holds(value)).map(ToString::to_string)
    }
}

/// Whether an item is one of these, or a range of addresses within one of them.
fn is_among(item: &Value, all: &[Value]) -> bool {
    let cidr = |value: &Value| value.as_str().and_then(|text| text.parse::<Cidr>().ok());
    let within = |inner: Cidr| all.iter().filter_map(cidr).any(|outer| outer.contains(inner));
    all.contains(item) || cidr(item).is_some_and(within)
}

impl Bounds {
    /// Why no value at all is within them, for people; none where some may be.
    #[must_use]
    pub fn contain_nothing(&self) -> Option<String> {
        if self.one_of.as_ref().is_some_and(Vec::is_empty) {
            return Some("`enum` names no value".to_owned());
        }
        if let (Some(least), Some(most)) = (&self.at_least, &self.at_most)
            && least > most
        {
            return Some(format!("nothing is at least {} and at most {}", least.as_str(), most.as_str()));
        }
        let ends =
            self.range.as_ref().and_then(|range| Some((range.min.as_ref()?.as_f64()?, range.max.as_ref()?.as_f64()?)));
        if let Some((min, max)) = ends.filter(|(min, max)| min > max) {
            return Some(format!("no number is from {min} to {max}"));
        }
        let alone = Self { one_of: None, ..self.clone() };
        let all = self.one_of.as_ref()?;
        all.iter()
            .all(|value| alone.broken_by(value).is_some())
            .then(|| "no value of `enum` is within the other bounds".to_owned())
    }
}

impl Range {
    fn holds(&self, value: &Value) -> bool {
        let number = |number: &Option<Number>| number.as_ref().and_then(Number::as_f64);
        value.as_f64().is_some_and(|value| {
            number(&self.min).is_none_or(|min| value >= min) && number(&self.max).is_none_or(|max| value <= max)
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => write!(f, "a number from {min} to {max}"),
            (Some(min), None) => write!(f, "a number of at least {min}"),
            (None, Some(max)) => write!(f, "a number of at most {max}"),
            (None, None) => f.write_str("a number"),
        }
    }
}

struct Listed<'a>(&'a [Value]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn broken(bounds: &Value, value: &Value) -> Option<String> {
        serde_json::from_value::<Bounds>(bounds.clone()).unwrap().broken_by(value)
    }

    #[test]
    fn values_inside_pass() {
        for (bounds, value) in [
            (json!({}), json!("anything")),
            (json!({"enum": ["a", "b"]}), json!("b")),
            (json!({"range": {"min": 1, "max": 5}}), json!(5)),
            (json!({"subsetOf": ["10.0.0.0/8", "10.1.0.0/16"]}), json!(["10.1.0.0/16"])),
            (json!({"subsetOf": ["10.0.0.0/8", "fd00::/8"]}), json!(["10.2.0.0/16", "fd00:1::/32"])),
            (json!({"atLeast": "1", "atMost": "2Gi"}), json!("1Gi")),
        ] {
            assert_eq!(broken(&bounds, &value), None, "{value} in {bounds}");
        }
    }

    #[test]
    fn bounds_that_contain_nothing_are_told() {
        let told = |bounds: Value| serde_json::from_value::<Bounds>(bounds).unwrap().contain_nothing();
        for empty in [
            json!({"enum": []}),
            json!({"range": {"min": 5, "max": 1}}),
            json!({"atLeast": "2", "atMost": "1500m"}),
            json!({"enum": [1, 2], "range": {"min": 3}}),
        ] {
            assert!(told(empty.clone()).is_some(), "{empty}");
        }
        for some in [
            json!({}),
            json!({"enum": [1, 2], "range": {"min": 2}}),
            json!({"subsetOf": []}),
            json!({"range": {"min": 1, "max": 1}}),
        ] {
            assert_eq!(told(some), None);
        }
    }

    #[test]
    fn values_outside_are_told_the_bound() {
        for (bounds, value, told) in [
            (json!({"enum": ["a", "b"]}), json!("c"), r#"one of "a", "b""#),
            (json!({"range": {"min": 1, "max": 5}}), json!(6), "a number from 1 to 5"),
            (json!({"range": {"min": 1}}), json!("x"), "a number of at least 1"),
            (json!({"subsetOf": ["a"]}), json!(["a", "b"]), r#"a list of some of "a""#),
            (json!({"subsetOf": ["10.0.0.0/8"]}), json!(["11.0.0.0/16"]), r#"a list of some of "10.0.0.0/8""#),
            (json!({"subsetOf": ["10.0.0.0/16"]}), json!(["10.0.0.0/8"]), r#"a list of some of "10.0.0.0/16""#),
            (json!({"atMost": "2Gi"}), json!("3Gi"), "a quantity of at most 2Gi"),
            (json!({"atLeast": "100m"}), json!("99m"), "a quantity of at least 100m"),
            (json!({"atLeast": "100m"}), json!("much"), "a quantity of at least 100m"),
        ] {
            assert_eq!(broken(&bounds, &value).as_deref(), Some(told), "{value} in {bounds}");
        }
    }
}
