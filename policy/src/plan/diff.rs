//! Whether an object stands as it is wanted.

use super::{fields, marks};
use crate::bundle::entry::Own;
use crate::object::{FILLED_IN, Object};
use crate::resolve::Desired;
use crate::seen::Observed;
use serde_json::Value;

/// Whether `observed` stands as `desired` says: all of it, or the fields that are ours.
pub(super) fn stands(desired: &Desired, observed: &Observed) -> bool {
    let object = &observed.object;
    is_applied(desired, observed)
        || match desired.own {
            Own::Whole => same(&desired.object, object),
            Own::Fields => fields::stand_in(object.tree(), desired.object.tree()),
        }
}

/// Whether the target knows that `desired` is what was applied last, and stands.
fn is_applied(desired: &Desired, observed: &Observed) -> bool {
    observed.as_applied.is_some_and(|applied| applied == desired.object.digest())
}

/// Whether `observed` stands as `desired` says, Writ's own marks included: an object that passed from one rule to
/// another says so.
pub(super) fn stands_marked(desired: &Desired, observed: &Observed) -> bool {
    match desired.own {
        Own::Whole => {
            is_applied(desired, observed)
                || essence(desired.object.tree(), false) == essence(observed.object.tree(), false)
        }
        Own::Fields => stands(desired, observed),
    }
}

/// Whether two objects say the same, but for what the server fills in and Writ's own marks.
pub(super) fn same(one: &Object, other: &Object) -> bool {
    essence(one.tree(), true) == essence(other.tree(), true)
}

/// The object without what the server fills in.
pub(super) fn restorable(object: &Object) -> Object {
    Object::try_from(essence(object.tree(), false)).unwrap_or_else(|_| object.clone())
}

fn essence(tree: &Value, unmarked: bool) -> Value {
    let mut tree = tree.clone();
    let Some(object) = tree.as_object_mut() else { return tree };
    object.remove("status");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in FILLED_IN {
            metadata.remove(field);
        }
        if unmarked {
            marks::take(metadata);
        }
    }
    tree
}
