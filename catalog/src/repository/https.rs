//! Fetching over HTTPS: no redirects, no credentials, no proxy from the environment.

use gix::protocol::transport::client::blocking_io::http;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The transport's options. A redirect could lead the hub to an address that nobody configured.
pub(super) fn options(deadline: Duration) -> http::Options {
    let backend = http::reqwest::Options {
        configure_client: Some(Box::new(move |client| Ok(client.timeout(deadline).no_proxy().https_only(true)))),
        configure_request: None,
    };
    http::Options {
        follow_redirects: http::options::FollowRedirects::None,
        backend: Some(Arc::new(Mutex::new(backend))),
        ..http::Options::default()
    }
}
