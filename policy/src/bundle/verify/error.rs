//! Every way in which a bundle can fail to be believed.

use crate::bundle::contents::FORMAT;
use crate::bundle::dsse::EnvelopeError;
use crate::digest::Digest;
use crate::name::{ClusterName, RuleName};

/// Why a bundle is not believed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Something is larger than allowed.
    #[error("{what} has {size} bytes; at most {limit} are allowed")]
    Oversized {
        /// What.
        what: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// The head's envelope: shape, payload type or signatures.
    #[error("the head is not signed as it must be")]
    Envelope(#[source] EnvelopeError),
    /// Signed, or hashed as it must be, but not of the shape.
    #[error("{what} cannot be read")]
    Malformed {
        /// What.
        what: String,
        /// Where it went wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A head for another cluster.
    #[error("the head is for cluster {found}, this is {audience}")]
    Audience {
        /// Whom it is for.
        found: ClusterName,
        /// Who we are.
        audience: ClusterName,
    },
    /// A sequence below the watermark.
    #[error("the head has sequence {found}, below {watermark} that was seen already")]
    Rollback {
        /// The head's.
        found: u64,
        /// The watermark's.
        watermark: u64,
    },
    /// The watermark's sequence with something else in what may not differ.
    #[error("two heads of sequence {sequence} say different things: one signer contradicts itself")]
    Equivocation {
        /// The sequence of both.
        sequence: u64,
    },
    /// The watermark's sequence, issued before it.
    #[error("a later head of sequence {sequence} was seen already")]
    Superseded {
        /// The sequence of both.
        sequence: u64,
    },
    /// The contents are not those that the head names.
    #[error("the contents are not those that the head names ({wanted})")]
    ContentsDigest {
        /// What the head names.
        wanted: Digest,
    },
    /// Contents of a format that this version does not know.
    #[error("contents of format {0}; this version knows format {FORMAT}")]
    Format(u32),
    /// Names out of order, or one twice.
    #[error("the contents list {0} twice or out of order")]
    Order(RuleName),
    /// An entry was not given.
    #[error("entry {name} ({digest}) is missing")]
    EntryMissing {
        /// Its name.
        name: RuleName,
        /// Its digest.
        digest: Digest,
    },
    /// An entry has another size than listed.
    #[error("entry {name} has {found} bytes where {listed} are listed")]
    EntrySize {
        /// Its name.
        name: RuleName,
        /// Its size.
        found: u64,
        /// The listed one.
        listed: u64,
    },
    /// An entry has another digest than listed.
    #[error("entry {name} is not the one listed ({digest})")]
    EntryDigest {
        /// Its name.
        name: RuleName,
        /// The listed digest.
        digest: Digest,
    },
    /// An entry calls itself otherwise than listed.
    #[error("the entry listed as {listed} calls itself {found}")]
    EntryName {
        /// The name in the contents.
        listed: RuleName,
        /// The name in the entry.
        found: RuleName,
    },
}

impl VerifyError {
    /// A stable word for reports and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Oversized { .. } | Self::Envelope(EnvelopeError::Oversized) => "Oversized",
            Self::Envelope(EnvelopeError::Threshold { .. }) => "Signature",
            Self::Envelope(EnvelopeError::PayloadType { .. }) => "PayloadType",
            Self::Envelope(_) | Self::Malformed { .. } => "Malformed",
            Self::Audience { .. } => "Audience",
            Self::Rollback { .. } => "Rollback",
            Self::Equivocation { .. } => "Equivocation",
            Self::Superseded { .. } => "Superseded",
            Self::ContentsDigest { .. } => "ContentsDigest",
            Self::Format(_) => "Format",
            Self::Order(_) => "Order",
            Self::EntryMissing { .. } => "EntryMissing",
            Self::EntrySize { .. } => "EntrySize",
            Self::EntryDigest { .. } => "EntryDigest",
            Self::EntryName { .. } => "EntryName",
        }
    }
}
