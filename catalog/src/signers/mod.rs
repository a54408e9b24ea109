//! Who signs with which key, in git's own two formats, and whose a signature is.
//!
//! Keys stand in `authority/` of a catalog: SSH ones in `allowed_signers`, OpenPGP ones in `openpgp/PERSON.asc`. Nothing
//! is asked of the machine: no agent, no keyring, no program.

mod allowed;
mod folder;
mod openpgp;
mod ssh;
mod window;

use jiff::Timestamp;
use policy::authority::ANONYMOUS;
use policy::catalog::{ALLOWED_SIGNERS, OPENPGP, Sources};
use policy::diagnostic::{Code, Diagnostic, Span};

/// Something that was signed, as git keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The armored signature.
    pub(crate) signature: Vec<u8>,
    /// What it is of.
    pub(crate) payload: Vec<u8>,
}

/// Why nobody is known to have signed, as people are told after `which`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Anonymous {
    /// There is no signature.
    #[error("is not signed")]
    Unsigned,
    /// Neither SSH nor OpenPGP, or in no form that is understood.
    #[error("has a signature that cannot be read")]
    Unreadable,
    /// A key that nobody is listed with.
    #[error("is signed with a key that the catalog does not list ({0})")]
    Unlisted(String),
    /// The signature is not by that key, or of something else.
    #[error("has a signature that is not of this content")]
    Forged,
    /// The key of this person has ended, was revoked, may not sign, or signed with a weak algorithm.
    #[error("is signed with a key of `{0}` that does not count: {1}")]
    Unfit(String, &'static str),
}

/// Everybody who may sign.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    ssh: Vec<ssh::Key>,
    openpgp: Vec<openpgp::Key>,
}

impl Signers {
    /// Reads the keys among the files of a catalog, and what is wrong with them. A key that is faulty is left out.
    #[must_use]
    pub fn read(sources: &Sources) -> (Self, Vec<Diagnostic>) {
        let (mut signers, mut found) = (Self::default(), Vec::new());
        if let Some(text) = sources.get(ALLOWED_SIGNERS) {
            signers.ssh = allowed::read(ALLOWED_SIGNERS, text, &mut found);
        }
        for (path, text) in sources.range(OPENPGP.to_owned()..).take_while(|(path, _)| path.starts_with(OPENPGP)) {
            let Some(person) = path.strip_prefix(OPENPGP).and_then(|name| name.strip_suffix(".asc")) else { continue };
            match openpgp::Key::read(person, text) {
                Ok(key) if is_person(person) => signers.openpgp.push(key),
                Ok(_) => found.push(fault(path, Span::START, format!("`{person}` cannot be a person's name"))),
                Err(why) => found.push(
                    fault(path, Span::START, format!("this is no OpenPGP public key: {why}"))
                        .help("write what `gpg --armor --export KEY` prints"),
                ),
            }
        }
        (signers, found)
    }

    /// Whether nobody is listed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ssh.is_empty() && self.openpgp.is_empty()
    }

    /// The person who signed.
    ///
    /// # Errors
    /// [`Anonymous`] says why nobody is known to have.
    pub fn who(&self, signed: Option<&Signed>, now: Timestamp) -> Result<&str, Anonymous> {
        let signed = signed.ok_or(Anonymous::Unsigned)?;
        let text = std::str::from_utf8(&signed.signature).map_err(|_| Anonymous::Unreadable)?;
        match text.trim_start() {
            text if text.starts_with("-----BEGIN SSH SIGNATURE-----") => {
                ssh::who(&self.ssh, text, &signed.payload, now)
            }
            text if text.starts_with("-----BEGIN PGP SIGNATURE-----") => {
                openpgp::who(&self.openpgp, text, &signed.payload, now)
            }
            _ => Err(Anonymous::Unreadable),
        }
    }
}

/// Whether a text can be the name of somebody who signs: as certificates name people.
fn is_person(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=128).contains(&name.len()) && name.bytes().all(allowed) && name.bytes().any(|b| b != b'.') && name != ANONYMOUS
}

fn fault(path: &str, span: Span, message: String) -> Diagnostic {
    Diagnostic::error(Code::InvalidValue, path, span, message)
}

#[cfg(test)]
mod tests;
