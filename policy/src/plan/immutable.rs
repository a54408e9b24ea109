//! Fields that cannot change once written.

use crate::kube_kinds::{Row, Stage};
use crate::object::{Object, ObjectId};

/// Whether the server would refuse to turn `observed` into `desired`. A field that is not given keeps its value.
pub(super) fn differs(desired: &Object, observed: &Object) -> bool {
    let row = Row::of(desired.id());
    row.immutable.iter().any(|pointer| {
        let wanted = desired.tree().pointer(pointer);
        wanted.is_some() && wanted != observed.tree().pointer(pointer)
    })
}

/// Whether an object may be deleted and made anew: nothing runs in it and nothing is stored in it.
pub(super) fn replaceable(id: &ObjectId) -> bool {
    let row = Row::of(id);
    !row.never_deleted && matches!(row.stage, Stage::Access | Stage::Defaults | Stage::Quotas | Stage::Network)
}
