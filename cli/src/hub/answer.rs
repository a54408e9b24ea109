//! Reading what the hub answers: limited, a resource or a problem.

use crate::fault::Fault;
use proto::rest::problem::Problem;
use reqwest::{Response, StatusCode, Url};
use serde::de::DeserializeOwned;

/// The most bytes of an answer: a fleet of thousands of clusters fits.
const LIMIT: usize = 64 * 1024 * 1024;

/// Why an answer is none.
#[derive(Debug)]
pub(super) enum Unusable {
    /// The hub refused, and says why.
    Problem(Problem),
    /// It is not what a hub of this version says.
    Strange(StatusCode),
    /// It broke off.
    Broken(reqwest::Error),
    /// It does not end.
    TooLarge,
}

impl Unusable {
    pub(super) fn into_fault(self, url: &Url) -> Fault {
        match self {
            Self::Problem(problem) => Fault::Problem(problem),
            Self::Strange(status) => {
                Fault::Absent(format!("what answers at {url} ({status}) is no hub of this version; check the address"))
            }
            Self::Broken(error) => Fault::Absent(format!("the answer of {url} broke off: {error}; try again")),
            Self::TooLarge => Fault::Absent(format!("the answer of {url} is larger than {LIMIT} bytes")),
        }
    }
}

/// The resource, or why there is none.
pub(super) async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, Unusable> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unusable::Broken)? {
        if body.len() + chunk.len() > LIMIT {
            return Err(Unusable::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let strange = |_| Unusable::Strange(status);
    if status.is_success() {
        serde_json::from_slice(&body).map_err(strange)
    } else {
        Err(serde_json::from_slice(&body).map_or_else(strange, Unusable::Problem))
    }
}
