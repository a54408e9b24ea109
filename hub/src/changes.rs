//! Who changed what since the last accepted revision, and whether that revision's authority lets them. Where nothing was
//! accepted yet, the hub's own configuration says who may begin.

use crate::error::HubError;
use crate::source::{Source, fault, id};
use catalog::{Anonymous, Commit, CommitId, RangeError, RepositoryError, Signed, Signers};
use jiff::Timestamp;
use policy::authority::{ANONYMOUS, Changes, unauthorised};
use policy::catalog::{Catalog, Sources};
use policy::diagnostic::{Code, Diagnostic, Span};
use policy::kinds::catalog::Verify;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The file that what concerns the whole catalog is told of.
const ROOT: &str = "writ.yaml";
/// How many digits of a commit people are shown.
const SHORT: usize = 12;

/// What stands before a commit.
#[derive(Debug, Clone)]
pub(crate) enum Before {
    /// Nothing was accepted yet.
    Nothing,
    /// A revision whose catalog lets the git server keep who changes what.
    Open(String),
    /// A revision whose catalog has signatures verified.
    Accepted(String, Arc<Catalog>),
    /// Such a revision, which can no longer be read: nobody can tell who may change it.
    Unreadable(String, String),
}

impl Before {
    /// The commit.
    pub(crate) fn revision(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Open(revision) | Self::Accepted(revision, _) | Self::Unreadable(revision, _) => Some(revision),
        }
    }
}

impl Source {
    /// Everything in the commits up to `commit`, where `sources` stand, that somebody changed without the authority for
    /// it, at the time `now`.
    pub(crate) fn unauthorised(
        &self,
        commit: &Commit,
        sources: &Sources,
        before: &Before,
        now: Timestamp,
    ) -> Result<Vec<Diagnostic>, HubError> {
        match before {
            Before::Nothing => self.beginning(commit, now),
            Before::Unreadable(revision, why) => Ok(vec![whole(
                format!("who may change the accepted revision {} cannot be told: {why}", short(revision)),
                "look at what has changed; it can be released as a hold",
            )]),
            Before::Open(_) => Ok(Vec::new()),
            Before::Accepted(revision, catalog) => {
                let from = id(revision)?;
                let signers = Signers::read(&self.read(from)?.sources).0;
                let changes = match self.changes(commit, from, catalog.root.verify, &signers, now) {
                    Err(RangeError::Mirror(error)) => return Err(fault(error)),
                    Err(error) => return Ok(vec![whole(error.to_string(), remedy(&error))]),
                    Ok(changes) => changes,
                };
                let mut found = unauthorised(catalog, sources, &changes);
                found.sort();
                Ok(found)
            }
        }
    }

    /// The first revision: by one whom the configuration lists, where it lists anybody.
    fn beginning(&self, commit: &Commit, now: Timestamp) -> Result<Vec<Diagnostic>, HubError> {
        let Some(anchor) = &self.anchor else { return Ok(Vec::new()) };
        let tag = self.mirror.tag_signature(commit.id, &self.name).map_err(fault)?;
        let (what, signed) = match tag {
            Some(signed) => (self.name.as_str().to_owned(), Some(signed)),
            None => (told(commit), self.mirror.signature(commit.id).map_err(fault)?),
        };
        let Err(why) = anchor.who(signed.as_ref(), now) else { return Ok(Vec::new()) };
        let message = format!(
            "nobody whom `catalog.signers` of the hub lists has signed the first revision ({what}, which {why})"
        );
        Ok(vec![whole(message, "let one of them sign it, or list who did")])
    }

    /// Who changed what, by the mode: each commit by its own signer, or all by the one of the head or the tag.
    fn changes(
        &self,
        commit: &Commit,
        from: CommitId,
        verify: Verify,
        signers: &Signers,
        now: Timestamp,
    ) -> Result<Vec<Changes>, RangeError> {
        let by =
            |what: String, signed: Option<&Signed>, paths: BTreeSet<String>| by(signers.who(signed, now), what, paths);
        if verify == Verify::Every {
            let links = self.mirror.range(from, commit.id)?;
            return Ok(links
                .into_iter()
                .map(|link| by(told(&link.commit), link.signed.as_ref(), link.paths))
                .collect());
        }
        let paths = self.mirror.changed(from, commit.id)?;
        let (what, signed) = self.signed(commit, verify)?;
        Ok(vec![by(what, signed.as_ref(), paths)])
    }

    /// What answers for a whole range, and its signature.
    fn signed(&self, commit: &Commit, verify: Verify) -> Result<(String, Option<Signed>), RepositoryError> {
        match verify {
            Verify::Tag => Ok((self.name.as_str().to_owned(), self.mirror.tag_signature(commit.id, &self.name)?)),
            Verify::None | Verify::Head | Verify::Every => Ok((told(commit), self.mirror.signature(commit.id)?)),
        }
    }
}

/// What to do where a range cannot be judged.
const fn remedy(error: &RangeError) -> &'static str {
    match error {
        RangeError::TooLarge { .. } => "move the ref on in smaller steps; or release it as a hold, once looked at",
        RangeError::Rewritten { .. } | RangeError::Mirror(_) => "it can be released as a hold, once looked at",
    }
}

fn by(who: Result<&str, Anonymous>, what: String, paths: BTreeSet<String>) -> Changes {
    match who {
        Ok(person) => Changes { who: person.to_owned(), from: what, paths },
        Err(why) => Changes { who: ANONYMOUS.to_owned(), from: format!("{what}, which {why}"), paths },
    }
}

/// A commit, for people: the author is who it says, not who is known.
fn told(commit: &Commit) -> String {
    format!("commit {} of {}", short(&commit.id.to_string()), commit.author)
}

fn short(revision: &str) -> String {
    revision.chars().take(SHORT).collect()
}

fn whole(message: String, help: &str) -> Diagnostic {
    Diagnostic::error(Code::Unauthorised, ROOT, Span::START, message).help(help)
}
