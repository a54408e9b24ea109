//! `writ status`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::{Page, Tone};
use crate::output::table::Table;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use proto::rest::catalog::CatalogStatus;
use proto::rest::status::Proposal;
use proto::rest::{Resource, path, status};
use service::exit::Exit;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The whole fleet on one screen: catalog, clusters, findings, and what needs a person
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ status", "the hub refused"))]
pub(crate) struct Status {
    #[command(flatten)]
    asking: Asking,
}

impl Status {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        self.asking.read::<status::Status>(path::STATUS, root, output)
    }
}

impl Human for Resource<status::Status> {
    fn lay_out(&self, page: &mut Page) {
        let status = &self.body;
        catalog(&status.catalog, page);
        page.pair("clusters", &format!("{}; {} as published", counts(&status.clusters), status.current));
        page.pair("units", &counts(&status.units));
        page.pair("findings", &status.findings.to_string());
        match &status.pin {
            Some(pin) => page.toned(Tone::Warning, &format!("pinned      {}", super::pin::told(pin, page))),
            None => page.pair("pinned", "no"),
        }
        match status.holds {
            0 => page.pair("holds", "none"),
            holds => page.toned(Tone::Warning, &format!("holds       {holds} wait for a person: writ hold list")),
        }
        proposals(status, page);
    }
}

fn proposals(status: &status::Status, page: &mut Page) {
    if status.proposals.is_empty() {
        return;
    }
    let mut table = Table::new(&["PROPOSAL", "CLUSTER", "RULE", "OWNER", "SINCE", "MESSAGE"]);
    for Proposal { cluster, owner, finding } in &status.proposals {
        let owner = owner.as_ref().map(ToString::to_string).unwrap_or_default();
        let (code, rule) = (finding.outcome.to_string(), finding.rule.to_string());
        table.row([code, cluster.to_string(), rule, owner, page.age(finding.since), finding.message.clone()]);
    }
    page.gap();
    page.table(&table, "");
    if status.more_proposals > 0 {
        page.line(&format!("{} more: writ cluster show NAME", status.more_proposals));
    }
}

fn catalog(catalog: &CatalogStatus, page: &mut Page) {
    let published = catalog.published.as_deref().unwrap_or("nothing yet");
    page.pair("published", published);
    page.pair("from", &format!("{} ({})", catalog.repository, catalog.r#ref));
    if let Some(read_at) = catalog.read_at {
        page.pair("read", &page.age(read_at));
    }
    if let Some(unreadable) = &catalog.unreadable {
        page.toned(Tone::Bad, &format!("unreadable  {unreadable}"));
    }
    if let Some(failed) = &catalog.failed {
        page.toned(Tone::Bad, &format!("failed      {failed}"));
    }
    if let Some(latest) = catalog.latest.as_ref().filter(|latest| catalog.published.as_ref() != Some(&latest.revision))
    {
        page.toned(Tone::Warning, &format!("newest      {} ({})", latest.revision, latest.verdict));
    }
}

/// `3 Connected, 1 Declared`; `none` where there is nothing.
pub(crate) fn counts<K: Display>(counts: &BTreeMap<K, u64>) -> String {
    let told: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).map(|(key, n)| format!("{n} {key}")).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}
