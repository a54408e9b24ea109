//! Taking up a bundle as a state machine without I/O: a head is offered, what is lacking is asked for and given, and
//! only what verifies as a whole comes out. Whatever is refused leaves the old bundle in force.

use bytes::Bytes;
use policy::bundle::chain::Chain;
use policy::bundle::contents::{Contents, Line};
use policy::bundle::delta::{self, Delta};
use policy::bundle::head::Head;
use policy::bundle::verify::{self, Bundle, MAX_BUNDLE, VerifyError};
use policy::digest::Digest;
use policy::name::ClusterName;
use proto::grpc::{EntryLine, FollowResponse};
use std::collections::BTreeMap;

/// More lines in one message than any cluster has entries.
const LINES: usize = 20_000;

/// Contents and entries by digest.
pub type Blobs = BTreeMap<Digest, Vec<u8>>;

/// Why an offer is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It does not verify.
    #[error("an offered bundle is refused, and the old one stays")]
    Verify(#[from] VerifyError),
    /// The message itself is none of ours.
    #[error("an offered bundle is refused, and the old one stays: {0}")]
    Message(&'static str),
    /// The head names a newer trust document than we have.
    #[error("the head needs trust document {wanted}; we have {held}")]
    Trust {
        /// What the head names.
        wanted: u64,
        /// What we have.
        held: u64,
    },
}

impl Refused {
    /// Why, in a word.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Verify(error) => error.reason(),
            Self::Message(_) => "Malformed",
            Self::Trust { .. } => "Trust",
        }
    }
}

/// What an offer is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'a> {
    /// Whose signatures count.
    pub trust: &'a Chain,
    /// Which cluster we are.
    pub audience: &'a ClusterName,
    /// The newest head ever seen.
    pub watermark: Option<&'a Head>,
    /// The contents in force, with their digest.
    pub held: Option<(Digest, &'a Contents)>,
}

/// An offer whose head verified.
#[derive(Debug)]
pub struct Offer {
    bytes: Bytes,
    head: Head,
    contents: Option<(Vec<u8>, Contents)>,
    entries: Blobs,
}

/// Everything that a bundle consists of, verified as a whole.
#[derive(Debug)]
pub struct Accepted {
    /// The head's envelope.
    pub head: Bytes,
    /// The contents' bytes.
    pub contents: Vec<u8>,
    /// The entries' bytes.
    pub entries: Blobs,
    /// The bundle.
    pub bundle: Bundle,
}

impl Offer {
    /// Judges the head; then what the message and `held` make of its contents. Contents that the delta does not lead to
    /// are simply lacking.
    ///
    /// # Errors
    /// [`Refused`] when the head is not believed.
    pub fn judge(grounds: Grounds<'_>, message: &FollowResponse) -> Result<Self, Refused> {
        let head = verify::verify_head(grounds.trust, grounds.audience, grounds.watermark, &message.head)?;
        knows_the_trust(&head, grounds.trust)?;
        let mut offer = Self { bytes: message.head.clone(), head, contents: None, entries: BTreeMap::new() };
        if let Some(bytes) = assembled(grounds.held, message, offer.head.contents) {
            offer.contents(bytes)?;
        }
        Ok(offer)
    }

    /// The head that is offered.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The digest of the contents, if they must be fetched whole.
    #[must_use]
    pub fn lacks_contents(&self) -> Option<Digest> {
        self.contents.is_none().then_some(self.head.contents)
    }

    /// Takes the contents in.
    ///
    /// # Errors
    /// [`Refused`] when they are not those of the head, or too large, or list more than a bundle may have.
    pub fn contents(&mut self, bytes: Vec<u8>) -> Result<(), Refused> {
        let contents = verify::verify_contents(&self.head, &bytes)?;
        let total = contents.entries.iter().fold(0_u64, |total, line| total.saturating_add(line.size));
        if total > MAX_BUNDLE as u64 {
            return Err(Refused::Message("its contents list more than a bundle may have"));
        }
        self.contents = Some((bytes, contents));
        Ok(())
    }

    /// The lines whose entries neither `held` has nor anybody gave.
    pub fn lacks_entries(&mut self, mut held: impl FnMut(&Digest) -> Option<Vec<u8>>) -> Vec<Line> {
        let lines = self.contents.as_ref().map_or(&[][..], |(_, contents)| &contents.entries);
        let mut lacking = Vec::new();
        for line in lines {
            if self.entries.contains_key(&line.digest) {
                continue;
            }
            match held(&line.digest) {
                Some(bytes) => drop(self.entries.insert(line.digest, bytes)),
                None => lacking.push(line.clone()),
            }
        }
        lacking
    }

    /// Takes an entry in.
    ///
    /// # Errors
    /// [`Refused`] when it is not the one listed.
    pub fn entry(&mut self, line: &Line, bytes: Vec<u8>) -> Result<(), Refused> {
        verify::is_listed(line, &bytes)?;
        self.entries.insert(line.digest, bytes);
        Ok(())
    }

    /// What was given so far, for another try. No more than a bundle may have.
    #[must_use]
    pub fn into_blobs(self) -> Blobs {
        let mut blobs = self.entries;
        blobs.extend(self.contents.map(|(bytes, _)| (self.head.contents, bytes)));
        blobs
    }

    /// Verifies the whole.
    ///
    /// # Errors
    /// [`Refused`] names what is not as it must be.
    pub fn accept(self, grounds: Grounds<'_>) -> Result<Accepted, Refused> {
        let (contents, _) = self.contents.ok_or(Refused::Message("its contents were not given"))?;
        let (trust, audience, watermark) = (grounds.trust, grounds.audience, grounds.watermark);
        let bundle = verify::verify(trust, audience, watermark, &self.bytes, &contents, &self.entries)?;
        Ok(Accepted { head: self.bytes, contents, entries: self.entries, bundle })
    }
}

impl Accepted {
    /// What it consists of beside its head, for another try.
    #[must_use]
    pub fn into_blobs(self) -> Blobs {
        let mut blobs = self.entries;
        blobs.insert(self.bundle.head().contents, self.contents);
        blobs
    }
}

fn knows_the_trust(head: &Head, trust: &Chain) -> Result<(), Refused> {
    let held = trust.latest().version;
    if head.trust > held { Err(Refused::Trust { wanted: head.trust, held }) } else { Ok(()) }
}

/// The contents that a delta leads to, where it starts from what we hold and arrives at what the head names.
fn assembled(held: Option<(Digest, &Contents)>, message: &FollowResponse, wanted: Digest) -> Option<Vec<u8>> {
    let delta = delta_of(message).ok()?;
    let base = match (delta.base, held) {
        (None, _) => None,
        (Some(base), Some((digest, contents))) if base == digest => Some(contents),
        (Some(_), _) => return None,
    };
    delta::apply(base, &delta, wanted).ok()
}

fn delta_of(message: &FollowResponse) -> Result<Delta, Refused> {
    if message.changed.len() + message.removed.len() > LINES {
        return Err(Refused::Message("it has too many lines"));
    }
    let wrong = || Refused::Message("a line of it cannot be read");
    let base = (!message.base.is_empty()).then(|| message.base.parse()).transpose().map_err(|_| wrong())?;
    let changed = message.changed.iter().map(line).collect::<Option<_>>().ok_or_else(wrong)?;
    let removed = message.removed.iter().map(|name| name.parse().ok()).collect::<Option<_>>().ok_or_else(wrong)?;
    Ok(Delta { base, changed, removed })
}

fn line(line: &EntryLine) -> Option<Line> {
    Some(Line { name: line.name.parse().ok()?, digest: line.digest.parse().ok()?, size: line.size })
}
