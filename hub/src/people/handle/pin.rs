//! The pin.

use super::{Answered, resource};
use crate::people::body::Body;
use crate::people::caller::Caller;
use crate::people::router::Shared;
use crate::pins::Pinning;
use axum::extract::State;
use proto::rest::Kind;
use proto::rest::pin::{PinRequest, Pinned};

pub(in crate::people) async fn read(State(people): State<Shared>) -> Answered<Pinned> {
    let pin = people.hub.pinned().await?.map(Into::into);
    resource(Kind::Pin, Pinned { pin, replaced: None })
}

pub(in crate::people) async fn pin(
    State(people): State<Shared>,
    caller: Caller,
    Body(request): Body<PinRequest>,
) -> Answered<Pinned> {
    let PinRequest { revision, reason } = request;
    let Pinning { pin, replaced } = people.hub.pin(revision.as_deref(), caller.actor(), reason.as_deref()).await?;
    resource(Kind::Pin, Pinned { pin: Some(pin.into()), replaced: replaced.map(Into::into) })
}

pub(in crate::people) async fn unpin(State(people): State<Shared>, caller: Caller) -> Answered<Pinned> {
    let lifted = people.hub.unpin(caller.actor()).await?;
    resource(Kind::Pin, Pinned { pin: None, replaced: Some(lifted.into()) })
}
