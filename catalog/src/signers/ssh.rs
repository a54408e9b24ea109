//! Signatures with SSH keys (PROTOCOL.sshsig of OpenSSH), as git makes them.

use super::Anonymous;
use super::window::Window;
use jiff::Timestamp;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey, SshSig};

/// The namespace in which git signs: a signature made for anything else says nothing of a commit.
const NAMESPACE: &str = "git";
/// The least modulus of an RSA key.
const RSA_BITS: usize = 2048;

/// One person's key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) person: String,
    pub(super) key: KeyData,
    pub(super) window: Window,
}

/// Whose signature it is.
pub(super) fn who<'k>(keys: &'k [Key], armored: &str, payload: &[u8], now: Timestamp) -> Result<&'k str, Anonymous> {
    let signature = SshSig::from_pem(armored.trim()).map_err(|_| Anonymous::Unreadable)?;
    let by = signature.public_key();
    let Some(key) = keys.iter().find(|key| key.key == *by) else {
        return Err(Anonymous::Unlisted(by.fingerprint(HashAlg::Sha256).to_string()));
    };
    if !verified(&key.key, payload, &signature) {
        return Err(Anonymous::Forged);
    }
    if !key.window.holds(now) {
        return Err(Anonymous::Unfit(key.person.clone(), "it is not valid at this time"));
    }
    if is_short(&key.key) {
        return Err(Anonymous::Unfit(key.person.clone(), "it is too short"));
    }
    Ok(&key.person)
}

/// Whether the key made this signature, of this, as git does.
fn verified(key: &KeyData, payload: &[u8], signature: &SshSig) -> bool {
    PublicKey::from(key.clone()).verify(NAMESPACE, payload, signature).is_ok()
}

fn is_short(key: &KeyData) -> bool {
    let bits = |rsa: &ssh_key::public::RsaPublicKey| rsa.n.as_positive_bytes().map_or(0, |bytes| bytes.len() * 8);
    key.rsa().is_some_and(|rsa| bits(rsa) < RSA_BITS)
}
