//! Signatures with OpenPGP keys (RFC 9580). A revocation that stands beside a key counts whoever made it: nobody but who
//! may change authority/ puts it there.

use super::Anonymous;
use jiff::Timestamp;
use pgp::composed::{Deserializable as _, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails as _, PublicParams, Tag};

/// How far the clock of who signed may be ahead, in seconds.
const AHEAD: i64 = 300;
/// The least modulus of an RSA key.
const RSA_BYTES: usize = 2048 / 8;
/// Digests that nobody can make collide.
const STRONG: [HashAlgorithm; 5] = [
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha384,
    HashAlgorithm::Sha512,
    HashAlgorithm::Sha3_256,
    HashAlgorithm::Sha3_512,
];

/// One person's key, with its subkeys.
#[derive(Debug, Clone)]
pub(super) struct Key {
    person: String,
    key: SignedPublicKey,
}

impl Key {
    /// Reads an armored public key.
    pub(super) fn read(person: &str, text: &str) -> Result<Self, String> {
        let (key, _) = SignedPublicKey::from_string(text).map_err(|error| error.to_string())?;
        Ok(Self { person: person.to_owned(), key })
    }
}

/// Whose signature it is.
pub(super) fn who<'k>(keys: &'k [Key], armored: &str, payload: &[u8], now: Timestamp) -> Result<&'k str, Anonymous> {
    let (signature, _) = DetachedSignature::from_string(armored).map_err(|_| Anonymous::Unreadable)?;
    let signature = &signature.signature;
    for Key { person, key } in keys {
        let primary = signature.verify(&key.primary_key, payload).is_ok();
        let sub = key.public_subkeys.iter().find(|sub| signature.verify(&sub.key, payload).is_ok());
        if !primary && sub.is_none() {
            continue;
        }
        let fit = sound(signature, now).and_then(|()| match sub.filter(|_| !primary) {
            None => may_sign_itself(key, now),
            Some(sub) => ended(key, now).map_or_else(|| may_sign(key, sub, now), Err),
        });
        let params = sub.filter(|_| !primary).map_or(key.primary_key.public_params(), |sub| sub.key.public_params());
        let fit = fit.and_then(|()| if is_short(params) { Err("it is too short") } else { Ok(()) });
        return fit.map(|()| person.as_str()).map_err(|why| Anonymous::Unfit(person.clone(), why));
    }
    let issuers = signature.issuer_fingerprint().into_iter().map(ToString::to_string);
    let known = |id: &String| {
        let of = |key: &SignedPublicKey| {
            let subs = key.public_subkeys.iter().map(|sub| sub.key.fingerprint().to_string());
            subs.chain([key.fingerprint().to_string()]).any(|fingerprint| fingerprint.eq_ignore_ascii_case(id))
        };
        keys.iter().any(|key| of(&key.key))
    };
    match issuers.collect::<Vec<_>>().as_slice() {
        [id, ..] if known(id) => Err(Anonymous::Forged),
        [id, ..] => Err(Anonymous::Unlisted(id.clone())),
        [] => Err(Anonymous::Unlisted("it does not say which".to_owned())),
    }
}

/// Whether it is an RSA key whose modulus is too short. As it is written, there is little beside the modulus.
fn is_short(params: &PublicParams) -> bool {
    matches!(params, PublicParams::RSA(_)) && params.write_len() < RSA_BYTES
}

/// What is wrong with a signature that verifies.
fn sound(signature: &Signature, now: Timestamp) -> Result<(), &'static str> {
    if signature.typ() != Some(SignatureType::Binary) {
        return Err("the signature is of another type");
    }
    if !signature.hash_alg().is_some_and(|digest| STRONG.contains(&digest)) {
        return Err("the signature's digest is weak");
    }
    let made = signature.created().ok_or("the signature does not say when it was made")?.as_secs().into();
    if made > now.as_second().saturating_add(AHEAD) {
        return Err("the signature was made in the future");
    }
    let lasts = signature.signature_expiration_time().map(pgp::types::Duration::as_secs);
    if is_over(made, lasts, now) { Err("the signature has ended") } else { Ok(()) }
}

/// Whether something of `from` that lasts so many seconds (none or zero: for ever) is over.
fn is_over(from: i64, lasts: Option<u32>, now: Timestamp) -> bool {
    lasts.filter(|lasts| *lasts > 0).is_some_and(|lasts| from.saturating_add(lasts.into()) <= now.as_second())
}

/// The newest of the signatures by which a key speaks of itself.
fn of_itself(key: &SignedPublicKey) -> Option<&Signature> {
    let direct = key.details.direct_signatures.iter().filter(|signature| {
        signature.typ() == Some(SignatureType::Key) && signature.verify_key(&key.primary_key).is_ok()
    });
    let users = key.details.users.iter().filter(|user| !user.signatures.iter().any(is_revocation));
    let users = users.flat_map(|user| user.signatures.iter().map(move |signature| (user, signature)));
    let users = users.filter(|(user, signature)| {
        signature.is_certification() && signature.verify_certification(&key.primary_key, Tag::UserId, &user.id).is_ok()
    });
    direct.chain(users.map(|(_, signature)| signature)).max_by_key(|signature| signature.created())
}

fn is_revocation(signature: &Signature) -> bool {
    let revocations = [SignatureType::CertRevocation, SignatureType::SubkeyRevocation, SignatureType::KeyRevocation];
    signature.typ().is_some_and(|of| revocations.contains(&of))
}

/// Why a key as a whole no longer counts.
fn ended(key: &SignedPublicKey, now: Timestamp) -> Option<&'static str> {
    if !key.details.revocation_signatures.is_empty() {
        return Some("it was revoked");
    }
    let Some(own) = of_itself(key) else { return Some("it does not say whose it is") };
    let lasts = own.key_expiration_time().map(pgp::types::Duration::as_secs);
    is_over(key.created_at().as_secs().into(), lasts, now).then_some("it has ended")
}

fn may_sign_itself(key: &SignedPublicKey, now: Timestamp) -> Result<(), &'static str> {
    if let Some(why) = ended(key, now) {
        return Err(why);
    }
    let signs = of_itself(key).is_some_and(|own| own.key_flags().sign());
    if signs { Ok(()) } else { Err("it is not for signing") }
}

/// Whether a subkey may sign: bound to the key, for signing, and by its own word too.
fn may_sign(key: &SignedPublicKey, sub: &SignedPublicSubKey, now: Timestamp) -> Result<(), &'static str> {
    if sub.signatures.iter().any(is_revocation) {
        return Err("its subkey was revoked");
    }
    let bound = |signature: &&Signature| signature.verify_subkey_binding(&key.primary_key, &sub.key).is_ok();
    let binding = sub.signatures.iter().filter(bound).max_by_key(|signature| signature.created());
    let binding = binding.ok_or("its subkey is not bound to it")?;
    let agrees = |back: &Signature| back.verify_primary_key_binding(&sub.key, &key.primary_key).is_ok();
    if !binding.key_flags().sign() || !binding.embedded_signature().is_some_and(agrees) {
        return Err("its subkey is not for signing");
    }
    let lasts = binding.key_expiration_time().map(pgp::types::Duration::as_secs);
    let over = is_over(sub.key.created_at().as_secs().into(), lasts, now);
    if over { Err("its subkey has ended") } else { Ok(()) }
}
