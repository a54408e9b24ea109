//! Objects that touch what stays local.

use super::Group;
use super::tally::Tally;
use crate::authority::{Authority, LocalAsked};
use crate::bundle::entry::{Body, Entry};
use crate::catalog::Catalog;
use crate::diagnostic::Code;
use crate::kube_kinds::local::touched;

/// Tells what of the group's objects stays local by writ.yaml, unless authority/ lets the rule overrule that.
pub(super) fn check<'c>(
    catalog: &Catalog,
    authority: &Authority,
    group: &Group<'_, 'c>,
    entry: &Entry,
    tally: &mut Tally<'c>,
) {
    let local = &catalog.root.local_domains;
    let Body::Objects { templates, .. } = &entry.body else { return };
    if local.is_empty() {
        return;
    }
    let rule = group.choice.rule.rule;
    let (owner, risk) = (&rule.governance.owner, rule.governance.risk);
    for (index, template) in templates.iter().enumerate() {
        for (domain, at) in touched(&template.manifest).into_iter().filter(|(domain, _)| local.contains(domain)) {
            if authority.permits_local(&LocalAsked { rule: &rule.name, owner, risk, domain }) {
                continue;
            }
            let place = format!("/spec{}", group.choice.rule.translator.origin(index));
            let message = format!("`{domain}` stays local by writ.yaml, and this object touches it, at {at}");
            let help = format!("leave it to the clusters, or permit `overrule` of Writ::LocalDomain::\"{domain}\"");
            tally.everywhere(rule.doc.error(Code::LocalDomain, &place, message).help(help));
        }
    }
}
