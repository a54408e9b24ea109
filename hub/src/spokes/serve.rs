//! The gRPC server of spokes.

use super::admission::Admission;
use crate::distribute::Distributor;
use crate::enrollment::Enroller;
use crate::hub::Hub;
use certs::accept::{Acceptor, Limits};
use certs::tls::Gate;
use policy::report::MAX_REPORT;
use proto::grpc::distribution_server::DistributionServer;
use proto::grpc::enrollment_server::EnrollmentServer;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding::Zstd;
use tonic::transport::Server;

/// Enough for a stream of heads, its fetches and a report at once.
const STREAMS: u32 = 16;
const HEADER_BYTES: u32 = 16 * 1024;
/// Resets that a peer may cause before the connection is closed (rapid reset, CVE-2023-44487).
const RESETS: usize = 20;
const KEEPALIVE_EACH: Duration = Duration::from_secs(20);
const KEEPALIVE_WITHIN: Duration = Duration::from_secs(10);
/// The largest request of `Enrollment`: a token, a key and a signature.
const ENROLLMENT_BYTES: usize = 16 * 1024;
/// The largest request of `Distribution` beside its payload's own limit.
const MARGIN: usize = 64 * 1024;

/// What answers on the listener.
#[derive(Clone)]
pub struct Services {
    /// The hub.
    pub hub: Arc<Hub>,
    /// Gives certificates.
    pub enroller: Arc<Enroller>,
}

/// Serves spokes until `stopping`; streams end then by themselves.
///
/// # Errors
/// When the server cannot go on.
pub async fn serve(
    listener: TcpListener,
    gate: Arc<Gate>,
    limits: Limits,
    services: Services,
    stopping: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let incoming = Acceptor::new(listener, gate, limits).incoming();
    let admission = Admission::new(&services.hub);
    let enrollment = EnrollmentServer::from_arc(services.enroller).max_decoding_message_size(ENROLLMENT_BYTES);
    let distribution = DistributionServer::new(Distributor::new(services.hub, stopping.clone()))
        .max_decoding_message_size(MAX_REPORT + MARGIN)
        .accept_compressed(Zstd)
        .send_compressed(Zstd);
    bounded()
        .layer(admission)
        .add_service(enrollment)
        .add_service(distribution)
        .serve_with_incoming_shutdown(incoming, stopping.cancelled_owned())
        .await
}

/// The compressed and the decoded size of a message have the same cap, which tonic keeps on both sides.
fn bounded() -> Server {
    Server::builder()
        .max_concurrent_streams(STREAMS)
        .concurrency_limit_per_connection(STREAMS as usize)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_max_pending_accept_reset_streams(Some(RESETS))
        .http2_max_local_error_reset_streams(Some(RESETS))
        .http2_keepalive_interval(Some(KEEPALIVE_EACH))
        .http2_keepalive_timeout(Some(KEEPALIVE_WITHIN))
}
