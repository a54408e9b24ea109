//! Certificates that Writ would never issue, signed by an authority's real key: what a stolen or careless one could do.

use super::town::Town;
use rcgen::{CertificateParams, IsCa, KeyPair, SanType};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::sync::Arc;

/// A certificate with its key.
pub(crate) struct Forged {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: KeyPair,
}

impl Forged {
    /// `client`, presenting this instead.
    pub(crate) fn presented_by(&self, mut client: ClientConfig) -> ClientConfig {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let certified = CertifiedKey::from_der(self.chain.clone(), key, client.crypto_provider()).unwrap();
        client.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        client
    }

    /// A leaf that this certificate's key signed, as if it were an authority.
    pub(crate) fn signs(&self, params: &CertificateParams) -> Self {
        let issuer = rcgen::Issuer::from_ca_cert_der(&self.chain[0], &self.key).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap().der().clone();
        Self { chain: std::iter::once(leaf).chain(self.chain.iter().cloned()).collect(), key }
    }
}

/// Parameters like those of a cluster's certificate, for a test to spoil.
pub(crate) fn forge(uris: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())).collect();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

impl Town {
    /// The issuing intermediate itself, key and all.
    pub(crate) fn stolen_issuer(&self) -> Forged {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        self.issuer.save(&certificate, &key).unwrap();
        let chain = crate::ca::Chain::load(&certificate).unwrap().certificates().to_vec();
        Forged { chain, key: KeyPair::from_pem(&std::fs::read_to_string(key).unwrap()).unwrap() }
    }
}
