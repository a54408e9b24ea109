//! How typed intents name their objects and hand them over.

use super::kind::Unsupported;
use crate::bundle::entry::Template;
use crate::digest::Digest;
use crate::name::DocumentName;
use serde::Serialize;

/// A DNS label: some tools put the names of objects into labels.
const LONGEST: usize = 63;
/// Hex digits that tell two names apart.
const DIGITS: usize = 8;

/// `writ-INTENT`, or `writ-INTENT-PART`. What is too long for a DNS label is cut, and ends with a digest of the whole.
#[must_use]
pub(super) fn name(intent: &DocumentName, part: Option<&str>) -> String {
    let whole = part.map_or_else(|| format!("writ-{intent}"), |part| format!("writ-{intent}-{part}"));
    if whole.len() <= LONGEST {
        return whole;
    }
    let kept: String = whole.chars().take(LONGEST - DIGITS - 1).collect();
    format!("{}-{}", kept.trim_end_matches('-'), digits(whole.as_bytes()))
}

/// The first digits of the digest of `bytes`.
#[must_use]
pub(super) fn digits(bytes: &[u8]) -> String {
    Digest::of(bytes).hex().chars().take(DIGITS).collect()
}

/// The template of an object that Writ owns as a whole.
///
/// # Errors
/// [`Unsupported`] when the object does not serialize.
pub(super) fn template(object: &impl Serialize, per_namespace: bool) -> Result<Template, Unsupported> {
    let manifest = serde_json::to_value(object).map_err(|error| Unsupported(error.to_string()))?;
    Ok(Template::whole(manifest, per_namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels_and_tell_parts_apart() {
        let short: DocumentName = "payments".parse().unwrap();
        assert_eq!(name(&short, None), "writ-payments");
        assert_eq!(name(&short, Some("web")), "writ-payments-web");
        let long: DocumentName = "x".repeat(63).parse().unwrap();
        let names = [name(&long, None), name(&long, Some("web")), name(&long, Some("db"))];
        assert!(names.iter().all(|name| name.parse::<DocumentName>().is_ok()), "{names:?}");
        assert!(names[0] != names[1] && names[1] != names[2]);
        let dashes: DocumentName = format!("{}--b", "a".repeat(48)).parse().unwrap();
        assert!(name(&dashes, Some(&"c".repeat(20))).parse::<DocumentName>().is_ok());
    }
}
