//! What people do while the hub is killed.

use anyhow::Result;
use std::time::Duration;
use writ_e2e::revisions::{self, FIRST, INTENT};
use xtask::lab::{Cast, files};
use xtask::wait;

/// How long a hub under strace may take until it answers.
const STARTING: Duration = Duration::from_secs(15);

/// The cluster that has joined before.
pub(crate) const JOINED: &str = "eu-1";

/// One thing that people do.
pub(crate) struct Deed {
    /// What is pushed before the call.
    push: Option<fn(&Pushes) -> &String>,
    /// The call of `writ`.
    call: &'static [&'static str],
    /// How it ends where the hub answers.
    exit: i32,
    /// The word that the audit log has for it; none where nothing may move.
    pub(crate) audited: Option<&'static str>,
}

const fn deed(call: &'static [&'static str], audited: Option<&'static str>) -> Deed {
    Deed { push: None, call, exit: 0, audited }
}

const REFRESH: &[&str] = &["catalog", "refresh"];

/// All of it, in order.
pub(crate) const WORK: [Deed; 6] = [
    deed(&["pin"], Some("pin")),
    deed(&["cluster", "invite", "eu-2"], Some("invite")),
    deed(&["unpin"], Some("unpin")),
    Deed { push: Some(|pushes| &pushes.good), ..deed(REFRESH, Some("publish")) },
    Deed { push: Some(|pushes| &pushes.bad), exit: 1, ..deed(REFRESH, None) },
    deed(&["cluster", "revoke", JOINED], Some("revoke")),
];

/// How many deeds are done when the publish begins.
pub(crate) const AT_PUBLISH: usize = 3;

/// What the catalog's branch is at, one after the other.
pub(crate) struct Pushes {
    /// What was published before.
    pub(crate) first: String,
    /// What is published.
    pub(crate) good: String,
    /// What is refused.
    pub(crate) bad: String,
}

impl Pushes {
    /// Commits all of them; none is pushed yet.
    pub(crate) fn commit(cast: &Cast) -> Result<Self> {
        let first = cast.commit_id()?;
        let good = revisions::commit(cast, FIRST, "gzip")?;
        xtask::demo::edit(cast, INTENT, "risk: medium", "risk: enormous")?;
        let bad = cast.commit("What is refused")?;
        let pushes = Self { first, good, bad };
        pushes.take_back(cast)?;
        Ok(pushes)
    }

    /// The branch is at the first again.
    pub(crate) fn take_back(&self, cast: &Cast) -> Result<()> {
        push(cast, &self.first)
    }
}

fn push(cast: &Cast, revision: &str) -> Result<()> {
    files::git(&cast.repository, &["update-ref", "refs/heads/main", revision]).map(drop)
}

/// Does the work once the hub answers, until a call is no longer answered; gives how many were acknowledged.
pub(crate) fn work(cast: &Cast, pushes: &Pushes) -> Result<usize> {
    // A hub that is killed while it starts never answers.
    if wait::until("the hub answers", STARTING, || cast.writ(&["status"])).is_err() {
        return Ok(0);
    }
    for (done, deed) in WORK.iter().enumerate() {
        if let Some(pushed) = deed.push {
            push(cast, pushed(pushes))?;
        }
        if cast.writ_output(deed.call)?.status.code() != Some(deed.exit) {
            return Ok(done);
        }
    }
    Ok(WORK.len())
}
