//! Reading a leaf certificate. Chains are verified elsewhere; here we insist on the one shape that Writ issues.

use super::spiffe::{IdentityError, SpiffeId, TrustDomain};
use jiff::Timestamp;
use policy::digest::Digest;
use std::fmt;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// The serial number of a certificate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub(crate) Vec<u8>);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a certificate is not a leaf of Writ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not X.509.
    #[error("the certificate does not parse")]
    Malformed,
    /// It could sign others.
    #[error("the certificate is an authority's, not a leaf")]
    Authority,
    /// Not exactly one subject alternative name, or not a URI.
    #[error("the certificate must carry exactly one name, a SPIFFE URI")]
    Names,
    /// The URI is no identity here.
    #[error("the certificate's URI is refused")]
    Identity(#[source] IdentityError),
    /// Not the one usage that belongs to the identity.
    #[error("the certificate of `{0}` must be for {usage} only", usage = usage_of(.0))]
    Usage(SpiffeId),
}

const fn usage_of(id: &SpiffeId) -> &'static str {
    match id {
        SpiffeId::Hub => "server authentication",
        SpiffeId::Cluster(_) | SpiffeId::Person(_) => "client authentication",
    }
}

/// What Writ reads from a leaf certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    id: SpiffeId,
    serial: Serial,
    key: Digest,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Leaf {
    /// Reads `der`, which must carry exactly one name, a SPIFFE URI of `domain`, must not be an authority, and must be
    /// good for exactly the usage that belongs to that identity.
    ///
    /// # Errors
    /// [`LeafError`] names the first rule that is broken.
    pub fn read(der: &[u8], domain: &TrustDomain) -> Result<Self, LeafError> {
        let (rest, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| LeafError::Malformed)?;
        if !rest.is_empty() {
            return Err(LeafError::Malformed);
        }
        refuse_authority(&certificate)?;
        let id = SpiffeId::parse(only_uri(&certificate)?, domain).map_err(LeafError::Identity)?;
        require_usage(&certificate, &id)?;
        let moment = |seconds| Timestamp::from_second(seconds).map_err(|_| LeafError::Malformed);
        Ok(Self {
            id,
            serial: Serial(certificate.raw_serial().to_vec()),
            key: Digest::of(certificate.public_key().raw),
            not_before: moment(certificate.validity().not_before.timestamp())?,
            not_after: moment(certificate.validity().not_after.timestamp())?,
        })
    }

    /// The trust domain of a certificate that the caller holds the key of. A peer's domain is never the peer's to say.
    ///
    /// # Errors
    /// [`LeafError`] when it carries anything but exactly one SPIFFE URI.
    pub fn own_domain(der: &[u8]) -> Result<TrustDomain, LeafError> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| LeafError::Malformed)?;
        let uri = only_uri(&certificate)?;
        let path = uri.strip_prefix("spiffe://").ok_or(LeafError::Names)?;
        let domain = path.split_once('/').map_or(path, |(domain, _)| domain);
        domain.parse().map_err(LeafError::Identity)
    }

    /// Who it speaks for.
    #[must_use]
    pub const fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// Its serial number.
    #[must_use]
    pub const fn serial(&self) -> &Serial {
        &self.serial
    }

    /// The digest of its public key (SPKI DER).
    #[must_use]
    pub const fn key(&self) -> Digest {
        self.key
    }

    /// The first moment at which it is valid.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last moment at which it is valid.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether it is valid at `now`. A session does not outlive its certificate (invariant 11).
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

fn refuse_authority(certificate: &X509Certificate<'_>) -> Result<(), LeafError> {
    let constraints = certificate.basic_constraints().map_err(|_| LeafError::Malformed)?;
    let usage = certificate.key_usage().map_err(|_| LeafError::Malformed)?;
    let authority = constraints.is_some_and(|c| c.value.ca) || usage.is_some_and(|u| u.value.key_cert_sign());
    if authority { Err(LeafError::Authority) } else { Ok(()) }
}

fn only_uri<'a>(certificate: &'a X509Certificate<'_>) -> Result<&'a str, LeafError> {
    let names = certificate.subject_alternative_name().map_err(|_| LeafError::Malformed)?.ok_or(LeafError::Names)?;
    match names.value.general_names.as_slice() {
        [GeneralName::URI(uri)] => Ok(uri),
        _ => Err(LeafError::Names),
    }
}

fn require_usage(certificate: &X509Certificate<'_>, id: &SpiffeId) -> Result<(), LeafError> {
    let wrong = || LeafError::Usage(id.clone());
    let usage = certificate.extended_key_usage().map_err(|_| LeafError::Malformed)?.ok_or_else(wrong)?.value;
    let others = usage.any
        || usage.code_signing
        || usage.email_protection
        || usage.time_stamping
        || usage.ocsp_signing
        || !usage.other.is_empty();
    let (server, client) = (usage.server_auth, usage.client_auth);
    let right = match id {
        SpiffeId::Hub => server && !client,
        SpiffeId::Cluster(_) | SpiffeId::Person(_) => client && !server,
    };
    if right && !others { Ok(()) } else { Err(wrong()) }
}
