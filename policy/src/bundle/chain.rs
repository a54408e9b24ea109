//! The chain of trust documents: believed from a pinned version on, each version vouched for by the one before.

use super::dsse::Envelope;
use super::trust::{MAX_VERSIONS, PAYLOAD_TYPE, Trust, TrustError};
use crate::digest::Digest;
use serde::{Deserialize, Serialize};

/// One verified version, with the envelope it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    digest: Digest,
    trust: Trust,
    envelope: Envelope,
}

/// A verified chain: never empty, versions rising by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    first: Link,
    later: Vec<Link>,
}

/// What is stored of a chain; loading it verifies it again.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    anchor: Digest,
    versions: Vec<Envelope>,
}

impl Chain {
    /// Believes the document whose payload has the digest `anchor`, and what follows it in `envelopes` (by rising
    /// version). What comes before it is ignored.
    ///
    /// # Errors
    /// [`TrustError`] names the first document that is not as it must be.
    pub fn anchored(anchor: Digest, envelopes: &[Vec<u8>]) -> Result<Self, TrustError> {
        let envelopes = parse(envelopes)?;
        Self::from_envelopes(anchor, &envelopes)
    }

    fn from_envelopes(anchor: Digest, envelopes: &[Envelope]) -> Result<Self, TrustError> {
        let pinned = |envelope: &Envelope| envelope.payload().is_ok_and(|payload| is_pinned(&payload, anchor));
        let at = envelopes.iter().position(pinned).ok_or(TrustError::NotPinned(anchor))?;
        let mut rest = envelopes.iter().enumerate().skip(at);
        let (at, envelope) = rest.next().ok_or(TrustError::NotPinned(anchor))?;
        let payload = envelope.payload().map_err(|error| TrustError::Envelope(at + 1, error))?;
        let first = signed_by_its_own_roots(at + 1, envelope, &payload)?;
        rest.try_fold(Self { first, later: Vec::new() }, |chain, (at, envelope)| chain.follow(at + 1, envelope))
    }

    /// The chain with newer versions. Versions that it knows already, and what comes before them, are ignored.
    ///
    /// # Errors
    /// [`TrustError`]; the chain is as it was then.
    pub fn extend(&self, envelopes: &[Vec<u8>]) -> Result<Self, TrustError> {
        let envelopes = parse(envelopes)?;
        let known = |envelope: &Envelope| {
            let digest = envelope.payload().map(|payload| Digest::of(&payload));
            digest.is_ok_and(|digest| self.links().any(|link| link.digest == digest))
        };
        let new = envelopes.iter().rposition(known).map_or(0, |at| at + 1);
        let mut rest = envelopes.iter().enumerate().skip(new);
        rest.try_fold(self.clone(), |chain, (at, envelope)| chain.follow(at + 1, envelope))
    }

    /// One version more: signed by the roots of the one before, then (once it may be read) by its own.
    fn follow(mut self, at: usize, envelope: &Envelope) -> Result<Self, TrustError> {
        let payload = signed_by_predecessor(at, envelope, self.latest())?;
        let link = signed_by_its_own_roots(at, envelope, &payload)?;
        version_rises_by_one(link.trust.version, self.latest().version)?;
        if self.later.len() + 1 >= MAX_VERSIONS {
            return Err(TrustError::TooLong);
        }
        self.later.push(link);
        Ok(self)
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The newest version: its keys are those that count.
    #[must_use]
    pub fn latest(&self) -> &Trust {
        &self.later.last().unwrap_or(&self.first).trust
    }

    /// The digest of the newest version's payload: what a join string pins.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.later.last().unwrap_or(&self.first).digest
    }

    /// The digest of the first version's payload: what this chain is believed by.
    #[must_use]
    pub const fn anchor(&self) -> Digest {
        self.first.digest
    }

    /// The newest version's number.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.latest().version
    }

    /// The trust domain of SPIFFE URIs.
    #[must_use]
    pub fn trust_domain(&self) -> &str {
        &self.latest().trust_domain
    }

    /// The CA certificates for transport, DER.
    pub fn authorities(&self) -> impl Iterator<Item = &[u8]> {
        self.latest().authorities.iter().map(|authority| authority.0.as_slice())
    }

    /// The signed envelopes (JSON) from version `from` on, by rising version.
    #[must_use]
    pub fn envelopes(&self, from: u64) -> Vec<Vec<u8>> {
        self.links().filter(|link| link.trust.version >= from).map(|link| link.envelope.to_bytes()).collect()
    }

    /// What is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let versions = self.links().map(|link| link.envelope.clone()).collect();
        serde_json::json!(Stored { anchor: self.first.digest, versions }).to_string().into_bytes()
    }

    /// Reads what [`Chain::to_bytes`] made and verifies it again from its anchor.
    ///
    /// # Errors
    /// [`TrustError`] as for [`Chain::anchored`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrustError> {
        within_limit(bytes.len().div_ceil(super::dsse::MAX_ENVELOPE))?;
        let stored: Stored = serde_json::from_slice(bytes).map_err(TrustError::Stored)?;
        within_limit(stored.versions.len())?;
        Self::from_envelopes(stored.anchor, &stored.versions)
    }
}

fn parse(envelopes: &[Vec<u8>]) -> Result<Vec<Envelope>, TrustError> {
    within_limit(envelopes.len())?;
    let numbered = envelopes.iter().enumerate();
    numbered.map(|(at, bytes)| Envelope::parse(bytes).map_err(|error| TrustError::Envelope(at + 1, error))).collect()
}

fn within_limit(versions: usize) -> Result<(), TrustError> {
    if versions > MAX_VERSIONS { Err(TrustError::TooLong) } else { Ok(()) }
}

fn is_pinned(payload: &[u8], anchor: Digest) -> bool {
    Digest::of(payload) == anchor
}

fn signed_by_predecessor(at: usize, envelope: &Envelope, before: &Trust) -> Result<Vec<u8>, TrustError> {
    envelope.verified(PAYLOAD_TYPE, &before.root).map_err(|error| TrustError::Envelope(at, error))
}

/// Reads a document that its digest or its predecessor already vouches for, and checks that its own roots agree.
fn signed_by_its_own_roots(at: usize, envelope: &Envelope, payload: &[u8]) -> Result<Link, TrustError> {
    let trust: Trust = serde_json::from_slice(payload).map_err(|error| TrustError::Malformed(at, error))?;
    envelope.verified(PAYLOAD_TYPE, &trust.root).map_err(|error| TrustError::Envelope(at, error))?;
    Ok(Link { digest: Digest::of(payload), trust, envelope: envelope.clone() })
}

fn version_rises_by_one(found: u64, before: u64) -> Result<(), TrustError> {
    let expected = before.saturating_add(1);
    if found == expected { Ok(()) } else { Err(TrustError::Version { found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture::Keys;
    use crate::bundle::trust::Authority;

    fn document(version: u64, threshold: u32, roots: &[u8], by: &[u8]) -> Vec<u8> {
        let keys = Keys;
        let trust = Trust {
            version,
            trust_domain: "acme.example".to_owned(),
            root: keys.set(threshold, roots),
            bundles: keys.set(1, &[9]),
            audit: keys.set(1, &[10]),
            authorities: vec![Authority(vec![1, 2, 3])],
        };
        let payload = crate::canonical::to_vec(&trust).unwrap();
        keys.sign(PAYLOAD_TYPE, &payload, by).to_bytes()
    }

    fn digest(document: &[u8]) -> Digest {
        Digest::of(&Envelope::parse(document).unwrap().payload().unwrap())
    }

    /// Roots 1 and 2 rotate to 2 and 3, then to 3 and 4.
    fn rotation() -> [Vec<u8>; 3] {
        [document(1, 2, &[1, 2], &[1, 2]), document(2, 2, &[2, 3], &[1, 2, 3]), document(3, 2, &[3, 4], &[2, 3, 4])]
    }

    #[test]
    fn inv16_follows_a_rotation_from_any_pinned_version() {
        let versions = rotation();
        for pinned in &versions {
            let chain = Chain::anchored(digest(pinned), &versions).unwrap();
            assert_eq!((chain.version(), chain.trust_domain()), (3, "acme.example"));
            assert_eq!(chain.authorities().collect::<Vec<_>>(), [[1, 2, 3]]);
            assert_eq!(Chain::from_bytes(&chain.to_bytes()).unwrap(), chain);
            assert_eq!(chain.extend(&versions).unwrap(), chain);
        }
        let stale = Chain::anchored(digest(&versions[0]), &versions[..1]).unwrap();
        assert_eq!(stale.extend(&versions[1..]).unwrap().version(), 3);
        assert_eq!(stale.extend(&versions).unwrap().envelopes(2).len(), 2);
    }

    #[test]
    fn inv16_trusts_nothing_that_is_not_pinned() {
        let versions = rotation();
        let other = document(1, 1, &[7], &[7]);
        assert!(matches!(Chain::anchored(digest(&other), &versions), Err(TrustError::NotPinned(_))));
    }

    #[test]
    fn inv16_a_successor_needs_both_the_old_roots_and_its_own() {
        let first = document(1, 2, &[1, 2], &[1, 2]);
        let chain = Chain::anchored(digest(&first), std::slice::from_ref(&first)).unwrap();
        for (by, who) in [(&[2, 3][..], "its own alone"), (&[1, 2], "the old alone"), (&[1, 1, 2], "the old twice")] {
            let next = document(2, 2, &[2, 3], by);
            assert!(matches!(chain.extend(&[next]), Err(TrustError::Envelope(1, _))), "{who}");
        }
        let skips = document(3, 2, &[1, 2], &[1, 2]);
        assert!(matches!(chain.extend(&[skips]), Err(TrustError::Version { found: 3, expected: 2 })));
        let rewrites = document(1, 1, &[1, 2], &[1, 2]);
        assert!(matches!(chain.extend(&[rewrites]), Err(TrustError::Version { found: 1, expected: 2 })));
    }

    #[test]
    fn inv16_a_pinned_document_must_be_signed_too() {
        let unsigned = document(1, 2, &[1, 2], &[1]);
        assert!(matches!(Chain::anchored(digest(&unsigned), &[unsigned]), Err(TrustError::Envelope(1, _))));
    }
}
