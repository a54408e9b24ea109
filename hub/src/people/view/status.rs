//! The fleet on one screen.

use super::cluster::state;
use crate::error::HubError;
use crate::hub::Hub;
use crate::store::Action;
use crate::views::ClusterView;
use jiff::Timestamp;
use policy::outcome::{Finding, FindingCode, NoteCode, OutcomeCode};
use policy::report::Report;
use proto::rest::catalog::CatalogStatus;
use proto::rest::status::{Proposal, Status};
use std::collections::BTreeMap;

/// How far back the audit log is looked through for the newest accepted commit.
const LOOK_BACK: u32 = 64;

pub(crate) async fn status(hub: &Hub) -> Result<Status, HubError> {
    let views = hub.clusters().await?;
    let reports: Vec<_> = views.iter().filter_map(|seen| Some((seen, seen.told()?))).collect();
    let holds = hub.holds().await?;
    let (proposals, more_proposals) = proposals(hub, &reports);
    Ok(Status {
        name: hub.catalog().map(|catalog| catalog.name.clone()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        catalog: catalog(hub).await?,
        clusters: counted(views.iter().map(|seen| (state(seen), 1))),
        current: reports.iter().filter(|(seen, report)| is_current(seen, report)).count() as u64,
        units: counted(
            reports.iter().flat_map(|(_, report)| report.counts.iter().map(|(code, count)| (*code, *count))),
        ),
        findings: reports.iter().fold(0, |sum, (_, report)| sum.saturating_add(report.total())),
        proposals,
        more_proposals,
        pin: hub.pinned().await?.map(Into::into),
        holds: holds.iter().filter(|hold| hold.stands()).count() as u64,
    })
}

/// So many proposals are on the screen.
const PROPOSALS: usize = 50;

/// What regions and clusters would have otherwise, and how much more of it there is: a refused override and a veto are how
/// they say so.
fn proposals(hub: &Hub, reports: &[(&ClusterView, &Report)]) -> (Vec<Proposal>, u64) {
    let proposes = |finding: &&Finding| {
        let (refused, vetoed) = (FindingCode::Note(NoteCode::OverrideRefused), FindingCode::Unit(OutcomeCode::Vetoed));
        finding.outcome == refused || finding.outcome == vetoed
    };
    let catalog = hub.catalog();
    let owner = |finding: &Finding| Some(catalog.as_ref()?.rules.get(&finding.rule)?.governance.owner.team.clone());
    let of = |seen: &ClusterView, finding: &Finding| Proposal {
        cluster: seen.name.clone(),
        owner: owner(finding),
        finding: finding.clone(),
    };
    let all = reports.iter().flat_map(|(seen, report)| {
        let findings = report.findings.iter().filter(proposes);
        findings.map(|finding| of(seen, finding))
    });
    let mut all = all.peekable();
    let first = all.by_ref().take(PROPOSALS).collect();
    (first, all.count() as u64)
}

fn counted<K: Ord>(pairs: impl Iterator<Item = (K, u64)>) -> BTreeMap<K, u64> {
    pairs.fold(BTreeMap::new(), |mut counts, (key, count)| {
        let sum = counts.entry(key).or_insert(0_u64);
        *sum = sum.saturating_add(count);
        counts
    })
}

/// Whether the spoke enforces what is published.
fn is_current(seen: &ClusterView, report: &Report) -> bool {
    let issued = seen.issued.as_ref().map(|issued| issued.sequence);
    issued.is_some() && issued == report.head.as_ref().map(|head| head.sequence)
}

async fn catalog(hub: &Hub) -> Result<CatalogStatus, HubError> {
    let last = hub.last_read();
    let published = hub.published_revision();
    let accepted_at = match &published {
        Some(revision) => accepted_at(hub, revision).await?,
        None => None,
    };
    Ok(CatalogStatus {
        repository: hub.source().location.to_string(),
        r#ref: hub.source().name.to_string(),
        published,
        accepted_at,
        latest: hub.latest().await?,
        read_at: last.at,
        unreadable: last.unreadable,
        failed: last.failed,
    })
}

/// When the commit was accepted: published at once, or accepted while something else held it back.
async fn accepted_at(hub: &Hub, revision: &str) -> Result<Option<Timestamp>, HubError> {
    let entries = hub.audit(LOOK_BACK).await?.into_iter().map(|audited| audited.entry);
    let mut accepted = entries.filter(|entry| matches!(entry.action, Action::Publish | Action::Accept));
    Ok(accepted.find(|entry| entry.subject == revision).map(|entry| entry.at))
}
