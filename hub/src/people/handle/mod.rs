//! The handlers: each asks the hub and shows what it says.

pub(super) mod catalog;
pub(super) mod clusters;
pub(super) mod holds;
pub(super) mod pin;
pub(super) mod status;

use super::problem::Answer;
use axum::Json;
use proto::rest::{Kind, Resource};

/// What a handler answers.
type Answered<T> = Result<Json<Resource<T>>, Answer>;

fn resource<T>(kind: Kind, body: T) -> Answered<T> {
    Ok(Json(Resource::new(kind, body)))
}
