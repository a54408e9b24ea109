//! Whether authority/ lets the teams that own rules own them.

use super::Catalog;
use crate::authority::{Authority, OwnAsked};
use crate::diagnostic::{Code, Diagnostic};

/// Asks authority/ of the owner of every rule. A catalog without it lets every team own what it says it owns.
pub(super) fn check(catalog: &Catalog, authority: &Authority, found: &mut Vec<Diagnostic>) {
    if !authority.is_given() {
        return;
    }
    for rule in catalog.rules.values() {
        let (owner, risk, path) = (&rule.governance.owner, rule.governance.risk, rule.doc.file.as_str());
        if authority.permits_own(&OwnAsked { rule: &rule.name, owner, risk, path, root: &catalog.root }) {
            continue;
        }
        let written = rule.doc.value.pointer("/spec/owner").is_some();
        let at = if written { "/spec/owner" } else { "/spec" };
        let (team, risk) = (&owner.team, risk.as_str());
        let message = format!("authority/ does not let team `{team}` own {} of risk {risk} here", rule.name);
        let help = "name another owner, move the rule to a path of its owner's, or permit `own` in authority/";
        found.push(rule.doc.key_error(Code::Unauthorised, at, message).help(help));
    }
}
