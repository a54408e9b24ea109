//! Kubernetes quantities: `100m`, `8Gi`, `1.5`, `2e3` (apimachinery's resource.Quantity).

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::str::FromStr;

/// Nano-units of one unit: the smallest step that a quantity can tell.
const NANO: i128 = 1_000_000_000;

/// A quantity, kept as it is written and compared by its amount.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Quantity {
    text: String,
    nanos: i128,
}

/// A text that is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a Kubernetes quantity: a number with an optional suffix, such as `500m`, `2`, `8Gi`")]
pub struct NotAQuantity(String);

impl Quantity {
    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is below nothing.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.nanos < 0
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.text
    }
}

impl TryFrom<String> for Quantity {
    type Error = NotAQuantity;

    fn try_from(text: String) -> Result<Self, NotAQuantity> {
        match nanos(&text) {
            Some(nanos) => Ok(Self { text, nanos }),
            None => Err(NotAQuantity(text.chars().take(64).collect())),
        }
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        text.to_owned().try_into()
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(n|u|m|k|[KMGTPE]i|[MGTPE]|[eE][+-]?[0-9]{1,2})?$",
            "x-writ-expects": "a Kubernetes quantity as text, such as \"500m\", \"2\" or \"8Gi\""
        })
    }
}

/// The amount in nano-units, rounded up as Kubernetes does; none where the text is no quantity or too large.
fn nanos(text: &str) -> Option<i128> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at_checked(end)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if whole.len() > 18 || fraction.len() > 18 || fraction.contains('.') || digits.is_empty() {
        return None;
    }
    let (times, over) = factor(suffix)?;
    let numerator = digits.parse::<i128>().ok()?.checked_mul(times)?;
    let denominator = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?.checked_mul(over)?;
    Some(sign * numerator.checked_add(denominator - 1)?.checked_div(denominator)?)
}

/// What a suffix multiplies by to reach nano-units, as a fraction.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    let binary = |power: u32| Some((NANO << (10 * power), 1));
    match suffix {
        "n" => Some((1, 1)),
        "u" => Some((1_000, 1)),
        "m" => Some((1_000_000, 1)),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => decimal(suffix.strip_prefix(['e', 'E']).filter(|power| power.len() <= 3)?.parse().ok()?),
    }
}

fn decimal(power: i32) -> Option<(i128, i128)> {
    let scale = 10_i128.checked_pow(power.unsigned_abs())?;
    if power < 0 { Some((NANO, scale)) } else { Some((NANO.checked_mul(scale)?, 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn compares_by_amount_and_keeps_the_text() {
        for (less, more) in
            [("100m", "1"), ("1G", "1Gi"), ("1023Mi", "1Gi"), ("-1", "0"), ("1e3", "1001"), ("1n", "1u")]
        {
            assert!(quantity(less) < quantity(more), "{less} < {more}");
        }
        for (one, other) in
            [("1", "1000m"), ("1.5Gi", "1536Mi"), ("2k", "2e3"), ("1.", "+1"), (".5", "500m"), ("1E", "1e18")]
        {
            assert_eq!(quantity(one), quantity(other));
        }
        assert_eq!(quantity("1000m").as_str(), "1000m");
    }

    #[test]
    fn refuses_what_kubernetes_refuses() {
        for bad in
            ["", "Gi", "1 Gi", "1gi", "1K", "0x1", "1.2.3", "--1", "1e", ".", "1e99", "9999999999999999999", "１"]
        {
            assert!(bad.parse::<Quantity>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_schema_and_the_parser_agree() {
        let schema = schemars::schema_for!(Quantity).to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for text in ["1", "100m", "1.5Gi", "2e3", ".5", "1.", "+1", "-1", "1E", "1E3", "", "Gi", "1K", "1gi", "1 ", "."]
        {
            assert_eq!(validator.is_valid(&text.into()), text.parse::<Quantity>().is_ok(), "{text:?}");
        }
    }
}
