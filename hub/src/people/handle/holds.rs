//! Holds: reading and releasing.

use super::{Answered, resource};
use crate::people::body::Body;
use crate::people::caller::{Caller, Judged};
use crate::people::router::Shared;
use crate::people::view;
use axum::extract::State;
use proto::rest::hold::{Hold, ReleaseRequest};
use proto::rest::{Kind, List};

/// Those that wait.
pub(in crate::people) async fn list(State(people): State<Shared>) -> Answered<List<Hold>> {
    let holds = people.hub.holds().await?;
    let items = holds.into_iter().filter(|hold| hold.stands()).map(view::hold).collect();
    resource(Kind::HoldList, List { items })
}

/// One, released or not.
pub(in crate::people) async fn read(Judged(hold): Judged) -> Answered<Hold> {
    resource(Kind::Hold, view::hold(hold?.record))
}

/// Lets it pass as it was when the caller was judged.
pub(in crate::people) async fn release(
    State(people): State<Shared>,
    caller: Caller,
    Judged(hold): Judged,
    Body(request): Body<ReleaseRequest>,
) -> Answered<Hold> {
    let hold = hold?;
    people.hub.release(&hold, caller.actor(), request.reason.as_deref()).await?;
    resource(Kind::Hold, view::hold(people.hub.hold(hold.record.digest).await?))
}
