//! Bodies and paths: read within the limit, refused as problems.

use super::problem::Answer;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::IntoResponse;
use http::StatusCode;
use http::request::Parts;
use proto::rest::problem::{Problem, Reason};
use serde::de::DeserializeOwned;

/// The most bytes of a body: requests are a few words.
pub(crate) const LIMIT: usize = 64 * 1024;

/// A JSON body; an empty one says nothing.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Answer;

    async fn from_request(request: Request, state: &S) -> Result<Self, Answer> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let too_large = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
            let reason = if too_large { Reason::TooLarge } else { Reason::Invalid };
            Answer::from(Problem::new(reason, format!("the body could not be read; it has at most {LIMIT} bytes")))
        })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let invalid =
            |error| Answer::from(Problem::new(Reason::Invalid, format!("the body is not as asked for: {error}")));
        serde_json::from_slice(text).map(Self).map_err(invalid)
    }
}

/// What the path names.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Answer> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        named.map(|Path(named)| Self(named)).map_err(|_| nothing_there())
    }
}

/// No such resource can be.
pub(crate) fn nothing_there() -> Answer {
    Problem::new(Reason::NotFound, "nothing has such a name; see the list").into()
}
