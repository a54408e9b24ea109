//! Inviting: a token under its hash in the store, the token itself in a join string that is shown once.

use crate::error::HubError;
use crate::hub::Hub;
use crate::members::Invitation;
use crate::records::TokenHash;
use crate::store::Actor;
use certs::enroll::JoinToken;
use jiff::Timestamp;
use zeroize::Zeroizing;

/// A join string. It is a secret until it is used or has expired.
#[derive(Clone)]
pub struct Invited {
    /// What `writ-spoke join` takes.
    pub join: Zeroizing<String>,
    /// Until when it may be used.
    pub expires: Timestamp,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invited {{ join: [redacted], expires: {} }}", self.expires)
    }
}

impl Hub {
    /// Makes a join string for a declared cluster, with a token that nobody else has.
    ///
    /// # Errors
    /// [`HubError::UnknownCluster`]; [`HubError::AlreadyJoined`] unless it shall replace.
    pub async fn invite(&self, invitation: &Invitation, token: JoinToken, who: &Actor) -> Result<Invited, HubError> {
        let expires = self.keep_token(TokenHash(token.digest()), invitation, who).await?;
        let wire = certs::enroll::Invitation {
            hubs: self.settings.hubs.clone(),
            cluster: invitation.cluster.clone(),
            token,
            trust: self.trust.digest(),
        };
        Ok(Invited { join: wire.reveal(), expires })
    }
}
