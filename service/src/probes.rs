//! The plain HTTP listener for probes, on loopback by default: `/livez`, `/readyz`, `/metrics`, and what its owner adds.

use crate::health::Health;
use crate::supervisor::Shutdown;
use crate::telemetry::Metrics;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections at once; more wait in the listen queue.
const CONNECTIONS: usize = 64;
/// For the whole of a request's header, and for the next request on an idle connection.
const HEADER: Duration = Duration::from_secs(10);
/// Bytes of a request's header.
const BUFFER: usize = 16 * 1024;
/// How long answers in flight may still take once we stop.
const LINGER: Duration = Duration::from_secs(2);

/// The three standard routes.
pub fn router(health: Health, metrics: Metrics) -> Router {
    let alive = health.clone();
    Router::new()
        .route("/livez", get(async move || livez(&alive)))
        .route("/readyz", get(async move || readyz(&health)))
        .route("/metrics", get(async move || exposition(&metrics)))
}

fn livez(health: &Health) -> (StatusCode, String) {
    verdict(&health.stalled().iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn readyz(health: &Health) -> (StatusCode, String) {
    verdict(&health.waiting().iter().map(|gate| format!("waiting for {gate}")).collect::<Vec<_>>())
}

fn verdict(faults: &[String]) -> (StatusCode, String) {
    if faults.is_empty() {
        (StatusCode::OK, "ok\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, faults.join("\n") + "\n")
    }
}

fn exposition(metrics: &Metrics) -> impl IntoResponse + use<> {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics.text())
}

/// Serves plain HTTP/1.1 with limits until told to stop.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) -> std::io::Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let permit = room.clone().acquire_owned();
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = async { (permit.await, listener.accept().await) } => accepted,
        };
        match accepted {
            (Ok(permit), Ok((stream, _))) => {
                let (router, shutdown) = (router.clone(), shutdown.clone());
                connections.spawn(async move {
                    connection(stream, router, shutdown).await;
                    drop(permit);
                });
            }
            // Out of file descriptors, or a client that went away: others may still get through.
            (_, Err(error)) => pause(&error).await,
            (Err(_), _) => break,
        }
    }
    let _ = tokio::time::timeout(LINGER, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

async fn pause(error: &std::io::Error) {
    tracing::debug!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn connection(stream: TcpStream, router: Router, shutdown: Shutdown) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER).max_buf_size(BUFFER);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: writ\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn tells_what_the_process_waits_for() {
        let listener = crate::listen::bind("probes", SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Health::new(Arc::new(SystemClock::new()));
        let gate = health.gate("a head");
        let (shutdown, router) = (Shutdown::new(), router(health, Metrics::new()));
        let mut server = JoinSet::new();
        server.spawn(serve(listener, router, shutdown.clone()));

        assert!(ask(address, "/livez").await.starts_with("HTTP/1.1 200"));
        let waiting = ask(address, "/readyz").await;
        assert!(waiting.starts_with("HTTP/1.1 503") && waiting.ends_with("waiting for a head\n"), "{waiting}");
        gate.open();
        assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(ask(address, "/metrics").await.ends_with("# EOF\n"));
        assert!(ask(address, "/etc").await.starts_with("HTTP/1.1 404"));
        let long = format!("/{}", "x".repeat(2 * BUFFER));
        assert!(!ask(address, &long).await.starts_with("HTTP/1.1 200"));

        shutdown.cancel();
        server.join_next().await.unwrap().unwrap().unwrap();
    }
}
