//! Problem Details for HTTP APIs (RFC 9457), media type `application/problem+json`.

use policy::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered as asked. Closed; the status follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// The request makes no sense: a field or a parameter is wrong.
    #[serde(rename = "urn:writ:problem:invalid")]
    Invalid,
    /// No certificate of a person was presented.
    #[serde(rename = "urn:writ:problem:unauthenticated")]
    Unauthenticated,
    /// The person may not do this.
    #[serde(rename = "urn:writ:problem:unauthorised")]
    Unauthorised,
    /// No such route, or no such resource.
    #[serde(rename = "urn:writ:problem:not-found")]
    NotFound,
    /// The route exists, but not for this method.
    #[serde(rename = "urn:writ:problem:method-not-allowed")]
    MethodNotAllowed,
    /// The state of the resource does not permit it, or has changed since it was read.
    #[serde(rename = "urn:writ:problem:conflict")]
    Conflict,
    /// The body is larger than the limit.
    #[serde(rename = "urn:writ:problem:too-large")]
    TooLarge,
    /// The body is not `application/json`.
    #[serde(rename = "urn:writ:problem:unsupported-media-type")]
    UnsupportedMediaType,
    /// The catalog's revision was refused; `diagnostics` says why.
    #[serde(rename = "urn:writ:problem:refused")]
    Refused,
    /// The hub waits for a person before it does this; see its holds.
    #[serde(rename = "urn:writ:problem:held")]
    Held,
    /// Something that the hub needs does not answer: the catalog's repository, its disk.
    #[serde(rename = "urn:writ:problem:unavailable")]
    Unavailable,
    /// A fault of the hub.
    #[serde(rename = "urn:writ:problem:internal")]
    Internal,
}

impl Reason {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Unauthorised => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict | Self::Held => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Refused => 422,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// The title: the same for every problem of this reason.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The request is not valid",
            Self::Unauthenticated => "Who are you?",
            Self::Unauthorised => "Not permitted",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "Not in this state",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "Not application/json",
            Self::Refused => "The catalog was refused",
            Self::Held => "Held",
            Self::Internal => "A fault of the hub",
            Self::Unavailable => "Not available now",
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Why, for programs.
    #[serde(rename = "type")]
    pub reason: Reason,
    /// Why, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What, where, and what to do.
    pub detail: String,
    /// The request, as the hub's log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong in the catalog, where that is the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

impl Problem {
    /// A problem with its detail: what, where, and what to do.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let (title, status) = (reason.title().to_owned(), reason.status());
        Self { reason, title, status, detail: detail.into(), request_id: None, diagnostics: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_rfc_9457_says() {
        let json = serde_json::to_value(Problem::new(Reason::NotFound, "no cluster `eu-9`")).unwrap();
        let expected = serde_json::json!({
            "type": "urn:writ:problem:not-found", "title": "Not found", "status": 404, "detail": "no cluster `eu-9`"
        });
        assert_eq!(json, expected);
    }
}
