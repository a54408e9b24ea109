//! How much a range may cost to judge: one budget for all of its commits, so that a history made to cost much costs no more
//! than one large change.

/// How many paths, over all commits.
pub(super) const PATHS: usize = 40_000;
/// How many entries of folders are looked at: a folder in which one file changed is read as a whole.
const ENTRIES: usize = 10_000_000;
/// How many commits are walked to find where the two sides of merges parted.
const STEPS: usize = 20_000_000;
/// What it costs to look up a folder, or two commits, in entries.
const LOOKED_UP: usize = 50;

/// It is spent.
#[derive(Debug)]
pub(super) struct Spent;

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) paths: usize,
    pub(super) entries: usize,
    pub(super) steps: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { paths: PATHS, entries: ENTRIES, steps: STEPS }
    }
}

impl Budget {
    /// Two commits are compared.
    pub(super) fn compares(&mut self) -> Result<(), Spent> {
        spend(&mut self.entries, LOOKED_UP)
    }

    /// A folder with so many entries was read.
    pub(super) fn looks_at(&mut self, entries: usize) -> Result<(), Spent> {
        spend(&mut self.entries, entries + LOOKED_UP)
    }

    /// A path differs.
    pub(super) fn tells(&mut self) -> Result<(), Spent> {
        spend(&mut self.paths, 1)
    }

    /// A commit is walked.
    pub(super) fn walks(&mut self) -> Result<(), Spent> {
        spend(&mut self.steps, 1)
    }
}

fn spend(left: &mut usize, cost: usize) -> Result<(), Spent> {
    *left = left.checked_sub(cost).ok_or(Spent)?;
    Ok(())
}
