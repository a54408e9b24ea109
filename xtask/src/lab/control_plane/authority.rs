//! The certificate authority of a control plane, and what it signs. It lives as long as a test.

use super::flags::{self, Site};
use super::kubeconfig::private;
use anyhow::Result;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};

/// Signs for the server and for its clients.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Identity {
    /// The certificate.
    pub(crate) certificate: Certificate,
    /// The key.
    pub(crate) key: KeyPair,
}

impl Authority {
    /// A new one.
    pub(crate) fn new() -> Result<Self> {
        let mut params = named("writ-lab", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Its certificate.
    pub(crate) fn certificate(&self) -> &Certificate {
        self.0.as_ref()
    }

    /// Somebody whom kube-apiserver knows by name, and by one group.
    pub(crate) fn client(&self, name: &str, group: Option<&str>) -> Result<Identity> {
        self.sign(named(name, group), ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Writes what kube-apiserver and kube-controller-manager read: the authority, the server's certificate, and the key
    /// pair of service accounts' tokens.
    pub(crate) fn write(&self, site: Site<'_>) -> Result<()> {
        let mut params = CertificateParams::new(vec![site.apiserver.ip().to_string(), "localhost".to_owned()])?;
        params.distinguished_name = named("kube-apiserver", None).distinguished_name;
        let server = self.sign(params, ExtendedKeyUsagePurpose::ServerAuth)?;
        private(&site.folder.join(flags::AUTHORITY), &self.certificate().pem())?;
        private(&site.folder.join(flags::CERTIFICATE), &server.certificate.pem())?;
        private(&site.folder.join(flags::KEY), &server.key.serialize_pem())?;
        let tokens = KeyPair::generate()?;
        private(&site.folder.join(flags::TOKENS), &tokens.serialize_pem())?;
        private(&site.folder.join(flags::TOKENS_PUBLIC), &tokens.public_key_pem())
    }

    fn sign(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Result<Identity> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        Ok(Identity { certificate: params.signed_by(&key, &self.0)?, key })
    }
}

/// Kubernetes reads a user's name from the common name, and a group from the organisation.
fn named(name: &str, group: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params
}
