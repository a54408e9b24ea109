//! The join string: `writ1.` and base64url of `{hubs, cluster, token, trust}`.

use super::token::{JoinToken, NotAToken};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use zeroize::Zeroizing;

const PREFIX: &str = "writ1.";
const MOST_CHARACTERS: usize = 4096;
const MOST_HUBS: usize = 16;

/// Why a text is no join string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// Something else entirely, or of another version.
    #[error("a join string begins with `writ1.`; copy the whole line that `writ cluster invite` printed")]
    Prefix,
    /// Cut off or altered.
    #[error("the join string is damaged; copy the whole line that `writ cluster invite` printed")]
    Damaged,
    /// Its token.
    #[error("the join string is damaged; copy the whole line that `writ cluster invite` printed")]
    Token(#[source] NotAToken),
}

/// What a join string says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Where hubs answer: `host:port`.
    pub hubs: Vec<String>,
    /// Who the spoke will be.
    pub cluster: ClusterName,
    /// The single-use token.
    pub token: JoinToken,
    /// The digest of the payload of the trust document to begin from.
    pub trust: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    hubs: Vec<String>,
    cluster: ClusterName,
    token: Zeroizing<String>,
    trust: Digest,
}

impl Invitation {
    /// The join string. It is a secret until it is used.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let wire = Wire {
            hubs: self.hubs.clone(),
            cluster: self.cluster.clone(),
            token: self.token.reveal(),
            trust: self.trust,
        };
        let json = Zeroizing::new(serde_json::to_string(&wire).unwrap_or_default());
        Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json.as_bytes())))
    }
}

impl FromStr for Invitation {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(InvitationError::Prefix)?;
        if encoded.len() > MOST_CHARACTERS {
            return Err(InvitationError::Damaged);
        }
        let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| InvitationError::Damaged)?);
        let wire: Wire = serde_json::from_slice(&json).map_err(|_| InvitationError::Damaged)?;
        if wire.hubs.is_empty() || wire.hubs.len() > MOST_HUBS {
            return Err(InvitationError::Damaged);
        }
        let token = wire.token.parse().map_err(InvitationError::Token)?;
        Ok(Self { hubs: wire.hubs, cluster: wire.cluster, token, trust: wire.trust })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_hides_in_debug() {
        let invitation = Invitation {
            hubs: vec!["hub.acme.example:7443".to_owned()],
            cluster: "prod-1".parse().unwrap(),
            token: JoinToken::generate(&mut rand::rng()),
            trust: Digest::of(b"trust"),
        };
        let text = invitation.reveal();
        assert_eq!(text.parse::<Invitation>().unwrap(), invitation);
        assert!(!format!("{invitation:?}").contains(invitation.token.reveal().as_str()));
        assert_eq!(text[..text.len() - 2].parse::<Invitation>(), Err(InvitationError::Damaged));
        assert_eq!(text[6..].parse::<Invitation>(), Err(InvitationError::Prefix));
        let endless = format!("writ1.{}", "a".repeat(5000));
        assert_eq!(endless.parse::<Invitation>(), Err(InvitationError::Damaged));
    }
}
