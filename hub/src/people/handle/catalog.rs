//! Reading the catalog now.

use super::{Answered, resource};
use crate::people::problem::Answer;
use crate::people::router::Shared;
use axum::extract::State;
use proto::rest::Kind;
use proto::rest::catalog::Refreshed;

/// Waits for what comes of it.
pub(in crate::people) async fn refresh(State(people): State<Shared>) -> Answered<Refreshed> {
    let refreshed = people.hub.refresh().await.map_err(|error| Answer::from(error.as_ref()))?;
    resource(Kind::CatalogRefresh, refreshed)
}
