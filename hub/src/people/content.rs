//! What a browser could be made to send on somebody's behalf is not taken.

use super::problem::Answer;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use proto::rest::problem::{Problem, Reason};

/// A change is asked for in JSON: no form of a foreign page can be sent as such without the browser asking first.
pub(super) fn refuse_forms(method: &Method, headers: &HeaderMap) -> Result<(), Answer> {
    if !matches!(*method, Method::POST | Method::PUT | Method::PATCH) || is_json(headers) {
        return Ok(());
    }
    Err(Problem::new(Reason::UnsupportedMediaType, "send the body as application/json").into())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_json_changes_anything() {
        let refused = |method: Method, content: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            content.map(|content| headers.insert(CONTENT_TYPE, HeaderValue::from_static(content)));
            refuse_forms(&method, &headers).is_err()
        };
        assert!(!refused(Method::POST, Some("Application/JSON; charset=utf-8")));
        assert!(!refused(Method::GET, None) && !refused(Method::DELETE, None));
        for content in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")]
        {
            assert!(refused(Method::POST, content) && refused(Method::PUT, content), "{content:?}");
        }
    }
}
