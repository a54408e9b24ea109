//! The only maker of a [`Bundle`]. Anything that did not pass through here is bytes.
//!
//! The order of the steps is part of the promise: limits before parsing, the signature before any byte is read as policy.

mod error;

pub use error::VerifyError;

use super::chain::Chain;
use super::companion::{self, Companion};
use super::contents::{Contents, FORMAT, Line};
use super::dsse::{Envelope, MAX_ENVELOPE};
use super::entry::Entry;
use super::head::{Head, PAYLOAD_TYPE};
use super::trust::Trust;
use crate::digest::Digest;
use crate::name::{ClusterName, RuleName};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The most bytes of contents.
pub const MAX_CONTENTS: usize = 1024 * 1024;
/// The most bytes of one entry.
pub const MAX_ENTRY: usize = 1024 * 1024;
/// The most bytes of a bundle's head, contents and entries together.
pub const MAX_BUNDLE: usize = 64 * 1024 * 1024;

/// A head with its contents and entries, all verified. Made by [`verify`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    head: Head,
    contents: Contents,
    entries: BTreeMap<RuleName, Entry>,
    companions: BTreeMap<RuleName, Companion>,
}

impl Bundle {
    /// The head: also the watermark from now on.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The list of entries.
    #[must_use]
    pub const fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The entries that are rules.
    #[must_use]
    pub const fn entries(&self) -> &BTreeMap<RuleName, Entry> {
        &self.entries
    }

    /// The other entries: what has a say over rules.
    #[must_use]
    pub const fn companions(&self) -> &BTreeMap<RuleName, Companion> {
        &self.companions
    }
}

/// Verifies a whole bundle: `head` as [`verify_head`] does, then `contents`, then every entry of it in `entries`.
///
/// # Errors
/// [`VerifyError`] names the first step that failed.
pub fn verify<B: AsRef<[u8]>>(
    trust: &Chain,
    audience: &ClusterName,
    watermark: Option<&Head>,
    head: &[u8],
    contents: &[u8],
    entries: &BTreeMap<Digest, B>,
) -> Result<Bundle, VerifyError> {
    // 1 to 6. The head.
    let verified = verify_head(trust, audience, watermark, head)?;
    // 7. The contents are within their limit and those that the head names; then they are read.
    let contents = verify_contents(&verified, contents)?;
    // 8. What the contents list is within the limits, before a byte of it is touched.
    lines_within_limits(&contents)?;
    // 9. Every listed entry is there, has the listed size and digest; then it is read, and bears its listed name.
    let (companions, rules): (Vec<_>, Vec<_>) = contents.entries.iter().partition(|line| is_companion(line));
    let rules = rules.into_iter().map(|line| verify_entry(line, entries, |entry: &Entry| &entry.name));
    let companions = companions.into_iter().map(|line| verify_entry(line, entries, |entry: &Companion| &entry.name));
    let (rules, companions) = (rules.collect::<Result<_, _>>()?, companions.collect::<Result<_, _>>()?);
    Ok(Bundle { head: verified, contents, entries: rules, companions })
}

/// Verifies a head alone, so that nothing is fetched for one that is not believed.
///
/// # Errors
/// [`VerifyError`] names the first step that failed.
pub fn verify_head(
    trust: &Chain,
    audience: &ClusterName,
    watermark: Option<&Head>,
    head: &[u8],
) -> Result<Head, VerifyError> {
    // 1. The envelope is within its limit; then it is read.
    within_limit("the head", head.len() as u64, MAX_ENVELOPE)?;
    let envelope = Envelope::parse(head).map_err(VerifyError::Envelope)?;
    // 2. It carries a head, and enough distinct bundle keys signed it.
    let payload = signed_by_bundle_keys(&envelope, trust.latest())?;
    // 3. Only now is its payload read.
    let head: Head = read("the head", &payload)?;
    // 4. It is for this cluster.
    is_for(&head, audience)?;
    if let Some(watermark) = watermark {
        // 5. Its sequence is not below the watermark.
        not_below(&head, watermark)?;
        // 6. At equal sequence it says the same, and no earlier.
        no_equivocation(&head, watermark)?;
        not_superseded(&head, watermark)?;
    }
    Ok(head)
}

/// Verifies contents against a verified head (step 7), so that only the entries that are lacking need be fetched.
///
/// # Errors
/// [`VerifyError`] names the first step that failed.
pub fn verify_contents(head: &Head, contents: &[u8]) -> Result<Contents, VerifyError> {
    within_limit("the contents", contents.len() as u64, MAX_CONTENTS)?;
    is_named_by(head, contents)?;
    let contents: Contents = read("the contents", contents)?;
    if contents.format != FORMAT {
        return Err(VerifyError::Format(contents.format));
    }
    sorted_and_unique(&contents)?;
    Ok(contents)
}

fn within_limit(what: &str, size: u64, limit: usize) -> Result<(), VerifyError> {
    if size > limit as u64 { Err(VerifyError::Oversized { what: what.to_owned(), size, limit }) } else { Ok(()) }
}

fn read<'a, T: serde::Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, VerifyError> {
    serde_json::from_slice(bytes).map_err(|source| VerifyError::Malformed { what: what.to_owned(), source })
}

fn signed_by_bundle_keys(envelope: &Envelope, trust: &Trust) -> Result<Vec<u8>, VerifyError> {
    envelope.verified(PAYLOAD_TYPE, &trust.bundles).map_err(VerifyError::Envelope)
}

fn is_for(head: &Head, audience: &ClusterName) -> Result<(), VerifyError> {
    if head.cluster.name == *audience {
        return Ok(());
    }
    Err(VerifyError::Audience { found: head.cluster.name.clone(), audience: audience.clone() })
}

const fn not_below(head: &Head, watermark: &Head) -> Result<(), VerifyError> {
    if head.sequence >= watermark.sequence {
        return Ok(());
    }
    Err(VerifyError::Rollback { found: head.sequence, watermark: watermark.sequence })
}

/// At equal sequence a head [says](Head::says) the same.
fn no_equivocation(head: &Head, watermark: &Head) -> Result<(), VerifyError> {
    if head.sequence == watermark.sequence && head.says() != watermark.says() {
        return Err(VerifyError::Equivocation { sequence: head.sequence });
    }
    Ok(())
}

/// At equal sequence the later issuedAt wins; the very same head may come again.
fn not_superseded(head: &Head, watermark: &Head) -> Result<(), VerifyError> {
    let newer = head.sequence > watermark.sequence || head.issued_at > watermark.issued_at || head == watermark;
    if newer { Ok(()) } else { Err(VerifyError::Superseded { sequence: head.sequence }) }
}

fn is_named_by(head: &Head, contents: &[u8]) -> Result<(), VerifyError> {
    if Digest::of(contents) == head.contents {
        return Ok(());
    }
    Err(VerifyError::ContentsDigest { wanted: head.contents })
}

fn sorted_and_unique(contents: &Contents) -> Result<(), VerifyError> {
    let mut pairs = contents.entries.iter().zip(contents.entries.iter().skip(1));
    match pairs.find(|(line, next)| line.name >= next.name) {
        Some((_, next)) => Err(VerifyError::Order(next.name.clone())),
        None => Ok(()),
    }
}

fn lines_within_limits(contents: &Contents) -> Result<(), VerifyError> {
    for line in &contents.entries {
        within_limit(&line.name.to_string(), line.size, MAX_ENTRY)?;
    }
    let total = contents.entries.iter().fold(0u64, |total, line| total.saturating_add(line.size));
    within_limit("the bundle", total, MAX_BUNDLE - MAX_CONTENTS - MAX_ENVELOPE)
}

fn is_companion(line: &Line) -> bool {
    companion::KINDS.contains(&line.name.kind())
}

fn verify_entry<E: DeserializeOwned, B: AsRef<[u8]>>(
    line: &Line,
    entries: &BTreeMap<Digest, B>,
    own_name: impl Fn(&E) -> &RuleName,
) -> Result<(RuleName, E), VerifyError> {
    let (name, digest) = (line.name.clone(), line.digest);
    let bytes = entries.get(&digest).ok_or(VerifyError::EntryMissing { name: name.clone(), digest })?.as_ref();
    is_listed(line, bytes)?;
    let entry: E = read(&name.to_string(), bytes)?;
    let found = own_name(&entry).clone();
    if found == name { Ok((name, entry)) } else { Err(VerifyError::EntryName { listed: name, found }) }
}

/// Whether `bytes` are the entry of `line`, by size and digest.
///
/// # Errors
/// [`VerifyError::EntrySize`] or [`VerifyError::EntryDigest`].
pub fn is_listed(line: &Line, bytes: &[u8]) -> Result<(), VerifyError> {
    let (name, found) = (line.name.clone(), bytes.len() as u64);
    if found != line.size {
        return Err(VerifyError::EntrySize { name, found, listed: line.size });
    }
    if Digest::of(bytes) != line.digest {
        return Err(VerifyError::EntryDigest { name, digest: line.digest });
    }
    Ok(())
}
