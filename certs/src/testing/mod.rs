//! A certificate authority, a clock that is told the time, and real sockets.

mod forge;
mod listen;
mod town;

pub(crate) use forge::forge;
pub(crate) use listen::{Listening, exchange, speak, speak_from};
pub(crate) use town::Town;

use std::time::Duration;

/// Polls `condition` until it holds, for at most ten seconds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), poll).await.unwrap_or_else(|_| panic!("never: {what}"));
}
