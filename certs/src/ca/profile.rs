//! The three shapes of certificate. Nothing of them comes from a request.

use super::issuer::IssueError;
use super::validity::Validity;
use crate::identity::{SpiffeId, TrustDomain};
use jiff::Timestamp;
use rand::CryptoRng;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SanType, SerialNumber, date_time_ymd,
};
use std::time::Duration;

/// The root: signs intermediates only.
pub(super) fn root(
    domain: &TrustDomain,
    validity: Validity,
    rng: &mut impl CryptoRng,
) -> Result<CertificateParams, IssueError> {
    let serial = serial(rng);
    // Two roots of one domain stand beside each other during a rotation, so their names must differ.
    authority(format!("Writ root of {domain}, {serial}"), IsCa::Ca(BasicConstraints::Constrained(1)), validity, serial)
}

/// The issuing intermediate: signs leaves only.
pub(super) fn intermediate(
    domain: &TrustDomain,
    validity: Validity,
    rng: &mut impl CryptoRng,
) -> Result<CertificateParams, IssueError> {
    let serial = serial(rng);
    let name = format!("Writ issuer of {domain}, {serial}");
    authority(name, IsCa::Ca(BasicConstraints::Constrained(0)), validity, serial)
}

fn authority(
    name: String,
    is_ca: IsCa,
    validity: Validity,
    serial: SerialNumber,
) -> Result<CertificateParams, IssueError> {
    let mut params = base(name, validity, serial)?;
    params.is_ca = is_ca;
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// A leaf for `id`: one URI, one usage, no authority.
pub(super) fn leaf(
    id: &SpiffeId,
    domain: &TrustDomain,
    validity: Validity,
    rng: &mut impl CryptoRng,
) -> Result<CertificateParams, IssueError> {
    let mut params = base(id.to_string(), validity, serial(rng))?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match id {
        SpiffeId::Hub => ExtendedKeyUsagePurpose::ServerAuth,
        SpiffeId::Cluster(_) | SpiffeId::Person(_) => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    params.subject_alt_names = vec![SanType::URI(id.uri(domain).try_into().map_err(IssueError::Library)?)];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn base(name: String, validity: Validity, serial: SerialNumber) -> Result<CertificateParams, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(serial);
    params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(validity.not_before)?;
    params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(validity.not_after)?;
    Ok(params)
}

fn since_epoch(moment: Timestamp) -> Result<Duration, IssueError> {
    u64::try_from(moment.as_second()).map(Duration::from_secs).map_err(|_| IssueError::BeforeEpoch)
}

/// 126 random bits, positive and of full length (RFC 5280, 4.1.2.2).
fn serial(rng: &mut impl CryptoRng) -> SerialNumber {
    let mut bytes = [0_u8; 16];
    rng.fill_bytes(&mut bytes);
    let [first, rest @ ..] = bytes;
    let head = [(first & 0x3f) | 0x40];
    SerialNumber::from_slice(&[head.as_slice(), &rest].concat())
}
