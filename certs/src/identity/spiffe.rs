//! SPIFFE URIs (github.com/spiffe/spiffe, SPIFFE-ID.md), the three shapes that Writ knows.

use policy::name::{ClusterName, NameError};
use std::fmt;
use std::str::FromStr;

/// Why a text is no identity of this trust domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not a trust domain.
    #[error(
        "`{0}` is not a trust domain: at most 255 lower-case letters, digits, `.`, `-` and `_`, such as `acme.example`"
    )]
    TrustDomain(String),
    /// Not the name of a person.
    #[error("`{0}` is not a person's name: at most 128 letters, digits, `.`, `-` and `_`")]
    Person(String),
    /// The path names a cluster that cannot be.
    #[error("the identity names no valid cluster")]
    Cluster(#[source] NameError),
    /// Another scheme, domain or path.
    #[error("`{uri}` is not an identity of the trust domain `{domain}`")]
    Foreign {
        /// What was presented.
        uri: String,
        /// What was expected.
        domain: TrustDomain,
    },
}

/// A SPIFFE trust domain, such as `acme.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrustDomain {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
        if (1..=255).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdentityError::TrustDomain(text.to_owned()))
        }
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a person, as one segment of a SPIFFE path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) && text.bytes().any(|b| b != b'.') {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdentityError::Person(text.to_owned()))
        }
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who a certificate speaks for, within one trust domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpiffeId {
    /// `spiffe://<domain>/hub`: any hub of the domain.
    Hub,
    /// `spiffe://<domain>/cluster/<name>`: the spoke of one cluster.
    Cluster(ClusterName),
    /// `spiffe://<domain>/person/<name>`: someone with an operator certificate.
    Person(PersonName),
}

impl SpiffeId {
    /// Parses a URI of `domain`.
    ///
    /// # Errors
    /// [`IdentityError`] for any other spelling, domain or shape.
    pub fn parse(uri: &str, domain: &TrustDomain) -> Result<Self, IdentityError> {
        let foreign = || IdentityError::Foreign { uri: uri.chars().take(300).collect(), domain: domain.clone() };
        let rest = uri.strip_prefix("spiffe://").ok_or_else(foreign)?;
        let path = rest.strip_prefix(domain.as_str()).and_then(|rest| rest.strip_prefix('/')).ok_or_else(foreign)?;
        match path.split_once('/') {
            None if path == "hub" => Ok(Self::Hub),
            Some(("cluster", name)) => name.parse().map(Self::Cluster).map_err(IdentityError::Cluster),
            Some(("person", name)) => name.parse().map(Self::Person),
            _ => Err(foreign()),
        }
    }

    /// The URI in `domain`.
    #[must_use]
    pub fn uri(&self, domain: &TrustDomain) -> String {
        format!("spiffe://{domain}/{self}")
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.write_str("hub"),
            Self::Cluster(name) => write!(f, "cluster/{name}"),
            Self::Person(name) => write!(f, "person/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> TrustDomain {
        "acme.example".parse().unwrap()
    }

    #[test]
    fn reads_what_it_prints() {
        let ids =
            [SpiffeId::Hub, SpiffeId::Cluster("prod-1".parse().unwrap()), SpiffeId::Person("ada.l".parse().unwrap())];
        for id in ids {
            assert_eq!(SpiffeId::parse(&id.uri(&domain()), &domain()), Ok(id));
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        for bad in [
            "",
            "spiffe://acme.example",
            "spiffe://acme.example/",
            "spiffe://acme.example/hub/",
            "spiffe://acme.example/Hub",
            "SPIFFE://acme.example/hub",
            "spiffe://acme.example.evil/hub",
            "spiffe://evil/acme.example/hub",
            "spiffe://acme.example//hub",
            "spiffe://acme.example/cluster/",
            "spiffe://acme.example/cluster/a/b",
            "spiffe://acme.example/cluster/a%2fb",
            "spiffe://acme.example/cluster/a?x",
            "spiffe://acme.example/person/..",
            "spiffe://acme.example/person/a b",
            "spiffe://acme.example:443/hub",
            "https://acme.example/hub",
        ] {
            assert!(SpiffeId::parse(bad, &domain()).is_err(), "{bad}");
        }
    }
}
