//! Fields that cannot change once written.

use crate::kube_kinds::{Row, Stage};
use crate::object::{Object, ObjectId};
use serde_json::Value;

/// Whether the server would refuse to turn `observed` into `desired`. A field that is not given keeps its value.
pub(super) fn differs(desired: &Object, observed: &Object) -> bool {
    let row = Row::of(desired.id());
    row.immutable.iter().any(|pointer| {
        let wanted = desired.tree().pointer(pointer);
        wanted.is_some_and(|wanted| observed.tree().pointer(pointer).is_none_or(|there| !says(there, wanted)))
    })
}

/// Whether `there` says all that is `wanted`; a server fills in more.
fn says(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| there.get(key).is_some_and(|there| says(there, value)))
        }
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && there.iter().zip(wanted).all(|(there, wanted)| says(there, wanted))
        }
        _ => there == wanted,
    }
}

/// Whether an object may be deleted and made anew: nothing runs in it and nothing is stored in it.
pub(super) fn replaceable(id: &ObjectId) -> bool {
    let row = Row::of(id);
    let holds_nothing =
        matches!(row.stage, Stage::Access | Stage::Bindings | Stage::Defaults | Stage::Quotas | Stage::Network);
    !row.never_deleted && holds_nothing
}
