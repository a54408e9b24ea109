//! Where catalogs come from: the mirror of a git repository, read at a commit, each region's folder perhaps at an
//! earlier one. Everything here blocks.

use crate::error::HubError;
use crate::records::Accepted;
use catalog::{Commit, CommitId, FetchOptions, Limits, Location, Read, RefName, Repository, Signers};
use policy::catalog::{Catalog, Checked, Checker, Sources, region_of};
use policy::diagnostic::{Diagnostic, Severity};
use policy::kinds::catalog::Verify;
use policy::name::RegionName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A repository with the ref that is followed.
pub struct Source {
    /// Its mirror in the data folder.
    pub(crate) mirror: Repository,
    /// Where it is.
    pub(crate) location: Location,
    /// Which ref.
    pub(crate) name: RefName,
    /// How to fetch it.
    options: FetchOptions,
    /// Who may sign the first revision; none: whoever can write to the repository.
    pub(crate) anchor: Option<Signers>,
    /// Knows what the files of the last revision held.
    checker: Mutex<Checker>,
}

/// What checking one commit came to.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The catalog, unless the commit is refused as a whole.
    pub(crate) accepted: Option<(Accepted, Catalog)>,
    /// Everything found, also in what was refused.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Judged {
    fn of(accepted: Accepted, catalog: Option<Catalog>, diagnostics: Vec<Diagnostic>) -> Self {
        let signed = |catalog: &Catalog| catalog.root.verify != Verify::None;
        let accepted = catalog.map(|catalog| (Accepted { signed: signed(&catalog), ..accepted }, catalog));
        Self { accepted, diagnostics }
    }
}

impl Source {
    /// What is read of `location` into `mirror`.
    #[must_use]
    pub fn new(mirror: Repository, location: Location, name: RefName, options: FetchOptions) -> Self {
        Self { mirror, location, name, options, anchor: None, checker: Mutex::default() }
    }

    /// Where nothing is accepted yet, only a revision that one of these signed.
    #[must_use]
    pub fn anchored(self, anchor: Option<Signers>) -> Self {
        Self { anchor, ..self }
    }

    /// Brings the ref and says where it stands.
    pub(crate) fn fetch(&self) -> Result<Commit, HubError> {
        self.mirror.fetch(&self.location, &self.name, &self.options).map_err(fault)
    }

    /// Judges `revision`, of which `read` is what stands there. A fault in a region's own folder leaves that folder where
    /// `before` has it; any other fault refuses the commit.
    pub(crate) fn judge(&self, revision: CommitId, read: Read, before: Option<&Accepted>) -> Result<Judged, HubError> {
        let first = self.checked(read.clone());
        if !first.refused() {
            let accepted = Accepted::at(&revision.to_string());
            return Ok(Judged::of(accepted, first.catalog, first.diagnostics));
        }
        let Some(regions) = only_in_regions(&first.diagnostics) else {
            return Ok(Judged { accepted: None, diagnostics: first.diagnostics });
        };
        let accepted = kept_back(revision, &regions, before);
        let second = self.checked(self.overlaid(read, &accepted)?);
        if second.refused() {
            let diagnostics = with_kept_back(first.diagnostics, second.diagnostics, &accepted);
            return Ok(Judged { accepted: None, diagnostics });
        }
        Ok(Judged::of(accepted, second.catalog, first.diagnostics))
    }

    /// Reads what was accepted before, as after a restart or for a pin.
    pub(crate) fn load(&self, accepted: &Accepted) -> Result<Checked, HubError> {
        let read = self.read(id(&accepted.revision)?)?;
        Ok(self.checked(self.overlaid(read, accepted)?))
    }

    pub(crate) fn read(&self, revision: CommitId) -> Result<Read, HubError> {
        self.mirror.read(revision, Limits::default()).map_err(fault)
    }

    fn checked(&self, read: Read) -> Checked {
        let mut checked = self.checker.lock().unwrap_or_else(PoisonError::into_inner).check(&read.sources);
        checked.diagnostics.extend(read.diagnostics);
        checked.diagnostics.sort();
        checked
    }

    /// The files of a commit with each kept-back region's folder as `accepted` has it.
    fn overlaid(&self, mut read: Read, accepted: &Accepted) -> Result<Read, HubError> {
        for (region, revision) in &accepted.regions {
            let folder = format!("regions/{region}/");
            read.sources.retain(|path, _| !path.starts_with(&folder));
            read.diagnostics.retain(|diagnostic| !diagnostic.file.starts_with(&folder));
            if !revision.is_empty() {
                let earlier: Sources = self.read(id(revision)?)?.sources;
                read.sources.extend(earlier.into_iter().filter(|(path, _)| path.starts_with(&folder)));
            }
        }
        Ok(read)
    }
}

pub(crate) fn id(revision: &str) -> Result<CommitId, HubError> {
    revision.parse().map_err(fault)
}

pub(crate) fn fault(error: impl std::error::Error + Send + Sync + 'static) -> HubError {
    HubError::Catalog(Box::new(error))
}

fn errors(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
}

/// The regions in whose own folders all errors lie; none when one lies elsewhere.
fn only_in_regions(diagnostics: &[Diagnostic]) -> Option<BTreeSet<RegionName>> {
    errors(diagnostics).map(|diagnostic| region_of(&diagnostic.file)).collect()
}

/// What is wrong with the commit itself, then what is wrong because regions were kept back for it.
fn with_kept_back(mut found: Vec<Diagnostic>, second: Vec<Diagnostic>, accepted: &Accepted) -> Vec<Diagnostic> {
    let folders: Vec<String> = accepted.regions.keys().map(|region| format!("regions/{region}")).collect();
    let why = format!("{} stays as accepted before, for its own faults; mend those first", folders.join(" and "));
    let mut new: Vec<Diagnostic> = second.into_iter().filter(|diagnostic| !found.contains(diagnostic)).collect();
    for diagnostic in new.iter_mut().filter(|diagnostic| diagnostic.severity == Severity::Error) {
        let help = diagnostic.help.take().map(|help| format!("{help}; "));
        diagnostic.help = Some(format!("{}{why}", help.unwrap_or_default()));
    }
    found.append(&mut new);
    found
}

/// `revision` with these regions where they were.
fn kept_back(revision: CommitId, regions: &BTreeSet<RegionName>, before: Option<&Accepted>) -> Accepted {
    let stay = |region: &RegionName| before.map_or_else(String::new, |b| b.region_revision(region).to_owned());
    let regions: BTreeMap<_, _> = regions.iter().map(|region| (region.clone(), stay(region))).collect();
    Accepted { revision: revision.to_string(), regions, signed: false }
}
