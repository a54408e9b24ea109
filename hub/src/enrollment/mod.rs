//! Becoming and staying a member: `Trust`, `Join`, `Renew`. A certificate is for the key that was proved over this very
//! session and for the name that the hub has registered for it; nothing else of a request has any effect.

mod issue;

#[cfg(test)]
mod tests;

pub use issue::{EnrollError, Enroller};

use crate::records::{KeyId, TokenHash};
use crate::spokes::{Session, status};
use bytes::Bytes;
use certs::enroll::{JoinToken, Proof, Proven};
use policy::name::ClusterName;
use proto::grpc;
use proto::grpc::enrollment_server::Enrollment;
use proto::grpc::{Certificate, JoinRequest, RenewRequest, TrustRequest, TrustResponse};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl Enrollment for Enroller {
    async fn trust(&self, request: Request<TrustRequest>) -> Result<Response<TrustResponse>, Status> {
        let envelopes = self.hub.trust().envelopes(request.into_inner().from_version);
        Ok(Response::new(TrustResponse { envelopes: envelopes.into_iter().map(Bytes::from).collect() }))
    }

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<Certificate>, Status> {
        let session = Session::of(&request)?;
        let request = request.into_inner();
        let key = proved(request.proof, &session)?;
        let token: JoinToken = request.token.parse().map_err(|_| no_such_token())?;
        let joined = self.hub.redeem(TokenHash(token.digest()), key_id(&key)).await;
        self.answer(&joined.map_err(|error| status(&error))?, &key)
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<Certificate>, Status> {
        let session = Session::of(&request)?;
        let key = proved(request.into_inner().proof, &session)?;
        let cluster = self.registered(&key).await?;
        self.answer(&cluster, &key)
    }
}

impl Enroller {
    /// Whose key it is, until revoked.
    async fn registered(&self, key: &Proven) -> Result<ClusterName, Status> {
        let found = self.hub.identity(key_id(key)).await.map_err(|error| status(&error))?;
        let identity = found.ok_or_else(|| {
            Status::permission_denied("this key is not registered, or was revoked; ask for a new invitation")
        })?;
        Ok(identity.cluster)
    }
}

/// The key of a proof that belongs to this session.
fn proved(proof: Option<grpc::Proof>, session: &Session) -> Result<Proven, Status> {
    let proof = proof.ok_or_else(|| Status::invalid_argument("the proof is missing"))?;
    let refused = |error: certs::enroll::ProofError| Status::unauthenticated(error.to_string());
    Proof::from_parts(&proof.public_key, &proof.signature)
        .and_then(|proof| proof.verify(session.exporter()))
        .map_err(refused)
}

fn key_id(key: &Proven) -> KeyId {
    KeyId(key.public().digest())
}

/// A text that is no token is answered as a token that is unknown.
fn no_such_token() -> Status {
    status(&crate::error::HubError::TokenRefused)
}
