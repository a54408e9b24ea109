//! The two calls that give a certificate: `Join` by token, `Renew` by the registered key. Both prove the key over this
//! very session.

use super::{IdentityProblem, Trusted};
use bytes::Bytes;
use certs::ca::Chain;
use certs::connect::{ConnectError, Session, connect};
use certs::enroll::{JoinToken, Proof};
use certs::key::LeafKey;
use certs::tls::ClientTls;
use proto::grpc::enrollment_client::EnrollmentClient;
use proto::grpc::{self, JoinRequest, RenewRequest};
use service::clock::Clock;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Request, Status};

const PATIENCE: Duration = Duration::from_secs(10);

/// A verified session that presents no certificate. With stale trust, the chain is fetched first.
///
/// # Errors
/// [`IdentityProblem`] when the hub cannot be reached or verified.
pub async fn session(trusted: &Trusted, hub: &str, clock: &Arc<dyn Clock>) -> Result<Session, IdentityProblem> {
    match nameless(trusted, hub, clock).await {
        Err(IdentityProblem::Connect(ConnectError::Handshake { .. }))
            if trusted.refresh(hub, Arc::clone(clock)).await? =>
        {
            nameless(trusted, hub, clock).await
        }
        other => other,
    }
}

async fn nameless(trusted: &Trusted, hub: &str, clock: &Arc<dyn Clock>) -> Result<Session, IdentityProblem> {
    let tls = ClientTls::nameless(trusted.authorities()?, Arc::clone(clock))?;
    Ok(connect(hub, &tls, PATIENCE).await?)
}

/// A certificate for the single-use token.
///
/// # Errors
/// [`IdentityProblem::Refused`] when the token is used, expired or of another hub.
pub async fn join(session: Session, key: &LeafKey, token: &JoinToken) -> Result<Chain, IdentityProblem> {
    let proof = Some(proof(&session, key)?);
    let mut request = Request::new(JoinRequest { token: token.reveal().to_string(), proof });
    request.set_timeout(PATIENCE);
    let answer = EnrollmentClient::new(session.channel).join(request).await;
    Ok(Chain::from_der(&answer.map_err(|status| told(&status))?.into_inner().chain)?)
}

/// A new certificate for the registered key, whatever certificate is held.
///
/// # Errors
/// [`IdentityProblem::Revoked`] when the key is not registered any more.
pub async fn renew(session: Session, key: &LeafKey) -> Result<Chain, IdentityProblem> {
    let proof = Some(proof(&session, key)?);
    let mut request = Request::new(RenewRequest { proof });
    request.set_timeout(PATIENCE);
    let answer = EnrollmentClient::new(session.channel).renew(request).await.map_err(|status| match status.code() {
        Code::PermissionDenied => IdentityProblem::Revoked,
        _ => told(&status),
    });
    Ok(Chain::from_der(&answer?.into_inner().chain)?)
}

fn proof(session: &Session, key: &LeafKey) -> Result<grpc::Proof, IdentityProblem> {
    let proof = Proof::make(key, &session.exporter)?;
    let (public_key, signature) = (proof.public_key().to_vec(), proof.signature().to_vec());
    Ok(grpc::Proof { public_key: Bytes::from(public_key), signature: Bytes::from(signature) })
}

fn told(status: &Status) -> IdentityProblem {
    let message = status.message().to_owned();
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Internal | Code::Unknown => {
            IdentityProblem::Unavailable(message)
        }
        _ => IdentityProblem::Refused(message),
    }
}
