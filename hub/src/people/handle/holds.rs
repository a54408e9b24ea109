//! Holds: reading and releasing.

use super::{Answered, resource};
use crate::people::body::{Body, Named};
use crate::people::caller::Caller;
use crate::people::gate::digest;
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
pub(in crate::people) async fn read(State(people): State<Shared>, Named(hex): Named<String>) -> Answered<Hold> {
    let hold = people.hub.hold(digest(&hex)?).await?;
    resource(Kind::Hold, view::hold(hold))
}

pub(in crate::people) async fn release(
    State(people): State<Shared>,
    caller: Caller,
    Named(hex): Named<String>,
    Body(request): Body<ReleaseRequest>,
) -> Answered<Hold> {
    let digest = digest(&hex)?;
    people.hub.release(digest, caller.actor(), request.reason.as_deref()).await?;
    resource(Kind::Hold, view::hold(people.hub.hold(digest).await?))
}
