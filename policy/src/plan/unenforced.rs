//! What a rule asks for and nothing of Writ enforces: its objects say so, and whoever looks after the cluster is told.

use super::marks::{UNENFORCED, map_in};
use crate::name::RuleName;
use crate::outcome::{Note, NoteCode, NoteReason};
use crate::resolve::{Want, Wants};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Marks an object of a rule that asks for `what`.
pub(crate) fn mark(tree: &mut Value, what: &str) {
    let Some(metadata) = map_in(tree, "metadata") else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(UNENFORCED.to_owned(), Value::String(what.to_owned()));
    }
}

/// What is to be said of all that is wanted, or would be in another mode: once for each rule.
#[must_use]
pub fn notes(wants: &Wants) -> Vec<Note> {
    let wanted: Vec<_> = wants.iter().filter(|(_, want)| !want.desired().is_empty()).collect();
    // What one template makes of a namespace is marked as in every other.
    let alike = wanted.chunk_by(|(one, _), (other, _)| {
        one.rule == other.rule && one.namespace.is_some() == other.namespace.is_some()
    });
    let firsts = alike.filter_map(<[_]>::first);
    let asked: BTreeSet<(&RuleName, &str)> = firsts.flat_map(|(unit, want)| asks(&unit.rule, want)).collect();
    asked.into_iter().map(|(rule, what)| note(rule, what)).collect()
}

fn asks<'w>(rule: &'w RuleName, want: &'w Want) -> impl Iterator<Item = (&'w RuleName, &'w str)> {
    let what = |tree: &'w Value| tree.get("metadata")?.get("annotations")?.get(UNENFORCED)?.as_str();
    want.desired().iter().filter_map(move |desired| Some((rule, what(desired.object.tree())?)))
}

fn note(rule: &RuleName, what: &str) -> Note {
    let message = format!("it asks for {what}, and nothing of Writ enforces that here; see to it by other means");
    let (code, rule) = (NoteCode::Unenforced, rule.clone());
    Note { code, reason: NoteReason::NoMechanism, rule, namespace: None, object: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::entry::Own;
    use crate::mode::Mode;
    use crate::object::Object;
    use crate::outcome::UnitId;
    use crate::resolve::Desired;
    use serde_json::json;

    fn desired(what: Option<&str>) -> Vec<Desired> {
        let mut tree = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        what.into_iter().for_each(|what| mark(&mut tree, what));
        vec![Desired { own: Own::Whole, adopt: false, object: Object::try_from(tree).unwrap() }]
    }

    #[test]
    fn what_nothing_enforces_is_told_once_for_each_rule() {
        let unit = |rule: &str, namespace: &str| UnitId {
            rule: rule.parse().unwrap(),
            namespace: Some(namespace.parse().unwrap()),
        };
        let wants = Wants::from([
            (unit("ConfigTemplate/a", "shop"), Want::Have(desired(Some("peace")))),
            (unit("ConfigTemplate/a", "bank"), Want::Show(desired(Some("peace")), Mode::Audit)),
            (unit("ConfigTemplate/b", "shop"), Want::Have(desired(None))),
        ]);
        let told = notes(&wants);
        let [note] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((note.rule.to_string().as_str(), note.code), ("ConfigTemplate/a", NoteCode::Unenforced));
        assert!(note.message.starts_with("it asks for peace, and nothing"), "{}", note.message);
    }
}
