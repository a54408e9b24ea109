//! The listener of people: HTTP/1.1 and HTTP/2 behind one gate, with bounds on everything a caller can make it hold.

use axum::Router;
use axum::extract::Request;
use certs::accept::{Acceptor, Connection, Limits};
use certs::tls::Gate;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// From the first byte of a request to the end of its headers; also how long an idle connection may last.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);
const HEADER_BYTES: u32 = 16 * 1024;
const HEADERS: usize = 64;
const STREAMS: u32 = 32;
/// Resets that a peer may cause before the connection is closed (rapid reset, CVE-2023-44487).
const RESETS: usize = 20;
const KEEPALIVE_EACH: Duration = Duration::from_secs(20);
const KEEPALIVE_WITHIN: Duration = Duration::from_secs(10);
/// How long requests under way may go on once the hub stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves people until `stopping`; requests under way may end then.
pub async fn serve(
    listener: TcpListener,
    gate: Arc<Gate>,
    limits: Limits,
    router: Router,
    stopping: CancellationToken,
) {
    let mut acceptor = Acceptor::new(listener, gate, limits);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            connection = acceptor.next() => {
                connections.spawn(converse(connection, router.clone(), stopping.clone()));
            }
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection of the people API ended in a fault");
                }
            }
        }
    }
    drop(acceptor);
    // Whoever has not finished by then is cut off when the set is dropped.
    let _ = tokio::time::timeout(LAST_WORDS, async { while connections.join_next().await.is_some() {} }).await;
}

/// One connection. Every request on it carries who is at the other end.
async fn converse(connection: Connection, router: Router, stopping: CancellationToken) {
    let peer = connection.peer().clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        router.clone().oneshot(Request::from(request.map(axum::body::Body::new)))
    });
    let builder = bounded();
    let conversation = builder.serve_connection(TokioIo::new(connection), service);
    tokio::pin!(conversation);
    let ended = tokio::select! {
        ended = conversation.as_mut() => ended,
        () = stopping.cancelled() => {
            conversation.as_mut().graceful_shutdown();
            conversation.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection of the people API broke off");
    }
}

fn bounded() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .max_pending_accept_reset_streams(Some(RESETS))
        .max_local_error_reset_streams(Some(RESETS))
        .keep_alive_interval(Some(KEEPALIVE_EACH))
        .keep_alive_timeout(KEEPALIVE_WITHIN);
    builder
}
