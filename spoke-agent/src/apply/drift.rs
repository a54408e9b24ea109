//! What somebody else had changed: names of fields, never their values, and who it was.

use policy::object::ObjectId;
use policy::plan::{Step, rest};
use policy::seen::{Drifted, Observed, Seen, Writer};
use serde_json::Value;

/// So many fields are named.
const NAMED: usize = 5;

/// An object that was brought back to what we had applied before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drift {
    pub(super) object: ObjectId,
    /// What had become of it.
    pub(super) what: String,
    /// Who did that; none: nobody is known.
    pub(super) by: Option<Writer>,
}

/// Whether `step` brought an object back that we own already as the step writes it.
pub(super) fn brought_back(seen: &Seen, step: &Step) -> Option<Drift> {
    let Step::Apply { object: wanted, .. } = step else { return None };
    if !rest::is_repair(seen, step) {
        return None;
    }
    let object = wanted.id().clone();
    let Some(found) = seen.objects.get(&object) else {
        return Some(Drift { object, what: "it was removed".to_owned(), by: None });
    };
    let Drifted { fields, by } = drifted(wanted.tree(), found);
    Some(Drift { object, what: named(fields), by })
}

/// As the target tells it, or else by comparing.
fn drifted(wanted: &Value, found: &Observed) -> Drifted {
    let mut drifted = found.drifted.clone().unwrap_or(Drifted { fields: Vec::new(), by: None });
    if drifted.fields.is_empty() {
        differing(wanted, found.object.tree(), "", &mut drifted.fields);
        drifted.fields.sort();
    }
    drifted
}

/// The fields of `wanted` that `found` does not have so.
fn differing(wanted: &Value, found: &Value, path: &str, fields: &mut Vec<String>) {
    let (Value::Object(wanted), Value::Object(of)) = (wanted, found) else {
        if wanted != found {
            fields.push(path.to_owned());
        }
        return;
    };
    for (key, value) in wanted {
        differing(value, of.get(key).unwrap_or(&Value::Null), &below(path, key), fields);
    }
}

/// A field path: `data.endpoint`, `metadata.labels[writ.dev/owned]`.
fn below(path: &str, key: &str) -> String {
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match (path, plain) {
        ("", _) => key.to_owned(),
        (path, true) => format!("{path}.{key}"),
        (path, false) => format!("{path}[{key}]"),
    }
}

fn named(fields: Vec<String>) -> String {
    let more = fields.len().saturating_sub(NAMED);
    let shown: Vec<String> = fields.into_iter().take(NAMED).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} differed{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_named_without_their_values() {
        let wanted = json!({"metadata": {"labels": {"writ.dev/owned": "true"}}, "data": {"a": "1", "b": "secret"}});
        let found = json!({"metadata": {}, "data": {"a": "1", "b": "other", "theirs": "x"}});
        let mut fields = Vec::new();
        differing(&wanted, &found, "", &mut fields);
        fields.sort();
        assert_eq!(named(fields), "data.b, metadata.labels differed");
        let many = (1..=7).map(|number| format!("f{number}")).collect();
        assert_eq!(named(many), "f1, f2, f3, f4, f5 differed and 2 more");
    }
}
