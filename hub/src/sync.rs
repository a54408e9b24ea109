//! Following the catalog: fetch, check, then publish at once or refuse and keep what stands.

use crate::changes::Before;
use crate::error::HubError;
use crate::hub::{Hub, InForce};
use crate::records::{self, Accepted, Only, Refusal};
use crate::source::Judged;
use catalog::Commit;
use policy::diagnostic::{Diagnostic, Severity};
use policy::digest::Digest;
use proto::rest::catalog::{Refreshed, Verdict};
use service::health::Gate;
use service::supervisor::Context;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The answer to one refresh.
type Answer = Result<Refreshed, Arc<HubError>>;

/// How many refreshes may wait for the one that runs; they are all answered by the next.
const QUEUE: usize = 64;

/// Where refreshes are asked for.
pub(crate) type Refreshes = mpsc::Sender<oneshot::Sender<Answer>>;

/// The sync's work: refreshes that were asked for. Given once to [`Hub::keep_syncing`].
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<oneshot::Sender<Answer>>);

/// A queue of refreshes.
pub(crate) fn requests() -> (Refreshes, Requests) {
    let (refreshes, requests) = mpsc::channel(QUEUE);
    (refreshes, Requests(requests))
}

/// The catalog as it was read last, for status.
#[derive(Debug, Clone, Default)]
pub struct LastRead {
    /// What was found at the newest commit.
    latest: Option<Arc<Found>>,
    /// When the repository was last read.
    pub at: Option<jiff::Timestamp>,
    /// Why it could not be read, when it could not.
    pub unreadable: Option<String>,
    /// What else kept the newest commit from being judged or published: nothing that is wrong with the repository.
    pub failed: Option<String>,
}

/// What was found at one commit. Whether it is published changes with pins and holds, so that is asked anew each time.
#[derive(Debug)]
struct Found {
    revision: String,
    is_refused: bool,
    diagnostics: Vec<Diagnostic>,
    /// The hold by which alone it is refused.
    hold: Option<Digest>,
}

impl Hub {
    /// Fetches and publishes now, and says what came of it.
    ///
    /// # Errors
    /// When the repository cannot be read or the store fails.
    pub async fn refresh(&self) -> Result<Refreshed, Arc<HubError>> {
        let (answer, answered) = oneshot::channel();
        let stopping = || Arc::new(HubError::Stopping);
        self.refreshes.send(answer).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }

    /// The catalog as it was read last.
    #[must_use]
    pub fn last_read(&self) -> LastRead {
        self.last_read.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What came of the newest commit that was read, as things stand now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latest(&self) -> Result<Option<Refreshed>, HubError> {
        match self.last_read().latest {
            Some(found) => self.as_it_stands(&found).await.map(Some),
            None => Ok(None),
        }
    }

    /// Syncs every `interval` and whenever asked to, until told to stop. `ready` opens after the first round that came
    /// to an end, and after any where nothing was ever accepted: then there is nothing to wait for.
    ///
    /// # Errors
    /// When the store can no longer be read or written.
    pub async fn keep_syncing(
        &self,
        mut requests: Requests,
        interval: Duration,
        ready: Gate,
        context: Context,
    ) -> Result<(), Arc<HubError>> {
        let mut tick = tokio::time::interval(interval);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                () = context.shutdown.cancelled() => return Ok(()),
                _ = tick.tick() => {}
                Some(first) = requests.0.recv() => waiting.push(first),
            }
            while let Ok(more) = requests.0.try_recv() {
                waiting.push(more);
            }
            let answer = self.round().await.map_err(Arc::new);
            if answer.is_ok() || self.standing.lock().await.accepted.is_none() {
                ready.open();
            }
            for asker in waiting {
                // Who no longer waits needs no answer.
                let _ = asker.send(answer.clone());
            }
            if answer.as_ref().is_err_and(|error| error.is_terminal()) {
                return answer.map(drop);
            }
            context.heartbeat.beat();
        }
    }

    /// One round, remembered and told.
    async fn round(&self) -> Result<Refreshed, HubError> {
        let found = self.sync().await;
        self.remember(&found);
        self.as_it_stands(found?.as_ref()).await
    }

    /// Fetch -> check -> publish, or refuse.
    async fn sync(&self) -> Result<Arc<Found>, HubError> {
        let commit = self.on_source(crate::source::Source::fetch).await?;
        if let Some(known) = self.known(&commit).await? {
            return Ok(known);
        }
        let id = commit.id;
        let found =
            |is_refused, diagnostics, hold| Arc::new(Found { revision: id.to_string(), is_refused, diagnostics, hold });
        let (Judged { accepted, mut diagnostics }, held) = self.judge(&commit).await?;
        if let Some((hold, refused)) = held {
            let waits = accepted.is_some().then_some(hold);
            diagnostics.splice(0..0, refused);
            self.refuse(&commit, &diagnostics, Vec::new()).await?;
            return Ok(found(true, diagnostics, waits));
        }
        let Some((accepted, catalog)) = accepted else {
            self.refuse(&commit, &diagnostics, Vec::new()).await?;
            return Ok(found(true, diagnostics, None));
        };
        if !accepted.regions.is_empty() {
            self.refuse(&commit, &diagnostics, accepted.regions.keys().cloned().collect()).await?;
        }
        let candidate = InForce::new(accepted, catalog, false);
        self.publish(Some(candidate)).await?;
        Ok(found(false, diagnostics, None))
    }

    /// Judges what the commit says, and whether who made it may. The second is the hold by which it is refused, and why;
    /// the hold stands where only that refuses it.
    async fn judge(&self, commit: &Commit) -> Result<(Judged, Option<(Digest, Vec<Diagnostic>)>), HubError> {
        let accepted = self.standing.lock().await.accepted();
        let before = self.before(accepted.as_ref()).await?;
        let (asked, of, now) = (commit.clone(), before.clone(), self.clock.wall());
        let (judged, refused) = self
            .on_source(move |source| {
                let read = source.read(asked.id)?;
                let refused = source.unauthorised(&asked, &read.sources, &of, now)?;
                Ok((source.judge(asked.id, read, accepted.as_ref())?, refused))
            })
            .await?;
        let hold = Self::of_changes(&before, commit)?;
        if refused.is_empty() || self.changes_pass(hold).await? {
            self.lapse_changes(None).await?;
            return Ok((judged, None));
        }
        let waits = judged.accepted.is_some().then_some(hold);
        self.lapse_changes(waits).await?;
        if waits.is_some() {
            self.hold_changes(hold, &before, commit, &refused).await?;
        }
        Ok((judged, Some((hold, refused))))
    }

    /// What stands before the next commit.
    async fn before(&self, accepted: Option<&Accepted>) -> Result<Before, HubError> {
        let Some(accepted) = accepted else { return Ok(Before::Nothing) };
        let revision = accepted.revision.clone();
        if !accepted.signed {
            return Ok(Before::Open(revision));
        }
        match self.known_or_loaded(accepted).await {
            Ok(in_force) => Ok(Before::Accepted(revision, in_force.catalog)),
            Err(error @ (HubError::Catalog(_) | HubError::RevisionRefused { .. })) => {
                Ok(Before::Unreadable(revision, service::exit::chain(&error)))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks at the followed commit soon: what was refused may pass now.
    pub(crate) fn look_again(&self) {
        let (answer, _) = oneshot::channel();
        // A full queue looks again anyway.
        let _ = self.refreshes.try_send(answer);
    }

    /// The same commit again tells nothing new, unless it waits.
    async fn known(&self, commit: &Commit) -> Result<Option<Arc<Found>>, HubError> {
        let Some(last) = self.last_read().latest.filter(|last| last.revision == commit.id.to_string()) else {
            return Ok(None);
        };
        let waits = self.as_it_stands(&last).await?.verdict == Verdict::Waiting;
        let passes = match last.hold {
            Some(hold) => self.changes_pass(hold).await?,
            None => false,
        };
        Ok((!waits && !passes).then_some(last))
    }

    /// The answer about a commit: it waits while another one is published, or somebody keeps it back.
    async fn as_it_stands(&self, found: &Found) -> Result<Refreshed, HubError> {
        let published = self.published_revision();
        let pin = self.pinned().await?.filter(|pin| pin.accepted.revision != found.revision);
        let is_published =
            pin.is_none() && published.as_ref() == Some(&found.revision) && self.standing_hold().await?.is_none();
        let verdict = match (found.is_refused, is_published) {
            (true, _) => Verdict::Refused,
            (false, true) => Verdict::Published,
            (false, false) => Verdict::Waiting,
        };
        let pin = pin.filter(|_| verdict == Verdict::Waiting).map(Into::into);
        let (revision, diagnostics) = (found.revision.clone(), found.diagnostics.clone());
        Ok(Refreshed { revision, verdict, published, pin, diagnostics })
    }

    async fn refuse(
        &self,
        commit: &Commit,
        diagnostics: &[Diagnostic],
        regions: Vec<policy::name::RegionName>,
    ) -> Result<(), HubError> {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let refusal = Refusal {
            revision: commit.id.to_string(),
            regions,
            count: errors.clone().count(),
            diagnostics: errors.take(Refusal::MOST).cloned().collect(),
            at: self.clock.wall(),
        };
        tracing::warn!(revision = %refusal.revision, errors = refusal.count, "refused; what was accepted stays");
        records::observe(self.store.as_ref(), &Only, &refusal).await?;
        self.measures.refused_revisions.inc();
        Ok(())
    }

    fn remember(&self, found: &Result<Arc<Found>, HubError>) {
        let mut last = self.last_read.write().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(found) => {
                let (latest, at) = (Some(found.clone()), Some(self.clock.wall()));
                *last = LastRead { latest, at, ..LastRead::default() };
            }
            Err(error @ HubError::Catalog(_)) => {
                let unreadable = Some(service::exit::chain(error));
                if last.unreadable != unreadable {
                    tracing::warn!(error = unreadable, "the catalog was not read; what is published stays");
                }
                *last = LastRead { unreadable, failed: None, ..last.clone() };
            }
            Err(error) => {
                let failed = Some(service::exit::chain(error));
                if last.failed != failed {
                    let kind = error.kind();
                    tracing::warn!(kind, error = failed, "the catalog was not published; what is published stays");
                }
                *last = LastRead { unreadable: None, failed, ..last.clone() };
            }
        }
    }
}
