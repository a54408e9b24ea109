//! The one call that may be made before the hub can be verified: what it returns verifies itself.

use super::dial::ConnectError;
use super::session::open;
use crate::tls::Unverified;
use bytes::Bytes;
use proto::grpc::TrustRequest;
use proto::grpc::enrollment_client::EnrollmentClient;
use std::time::Duration;

/// More than any chain of trust documents needs.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Fetches the trust documents from a version on: DSSE envelopes (JSON), unverified bytes. The session is closed after.
///
/// # Errors
/// [`ConnectError`] says what failed.
pub async fn fetch_trust(
    address: &str,
    tls: &Unverified,
    from_version: u64,
    within: Duration,
) -> Result<Vec<Bytes>, ConnectError> {
    let session = open(address, tls.shared(), within).await?;
    let mut client = EnrollmentClient::new(session.channel).max_decoding_message_size(MOST_BYTES);
    let mut request = tonic::Request::new(TrustRequest { from_version });
    request.set_timeout(within);
    let answer = tokio::time::timeout(within, client.trust(request)).await;
    let answer = answer.map_err(|_| ConnectError::Slow { address: address.to_owned(), within })?;
    let failed = |source| ConnectError::Call { address: address.to_owned(), source: Box::new(source) };
    Ok(answer.map_err(failed)?.into_inner().envelopes)
}
