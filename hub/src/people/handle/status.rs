//! The fleet on one screen.

use super::{Answered, resource};
use crate::people::router::Shared;
use crate::people::view;
use axum::extract::State;
use proto::rest::Kind;
use proto::rest::status::Status;

pub(in crate::people) async fn read(State(people): State<Shared>) -> Answered<Status> {
    resource(Kind::Status, view::status(&people.hub).await?)
}
