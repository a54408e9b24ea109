//! What regions override: only what a rule declares for regions, within its bounds, and where authority/ permits it.

use super::Group;
use super::tally::Tally;
use crate::authority::{Authority, OverrideAsked, Overrider};
use crate::bundle::entry::Body;
use crate::catalog::{Catalog, RegionalOverride};
use crate::compile::prepare::Prepared;
use crate::compile::slot::{By, Refused, Slot};
use crate::diagnostic::{Code, Diagnostic};
use crate::kinds::translator::Sight;
use crate::name::RegionName;

/// Whether something that the group's region overrides does not count; each is told in its own document.
pub(super) fn refused<'c>(group: &Group<'_, 'c>, authority: &Authority, tally: &mut Tally<'c>) -> bool {
    if group.choice.overrides.is_empty() {
        return false;
    }
    let slots = match group.choice.without_overrides().entry(Sight::Best).body {
        Body::Objects { slots, .. } => slots,
        // What is wrong with the rule itself is told of the rule.
        Body::Unsupported { .. } => return false,
    };
    let faults = group.choice.overrides.iter().filter_map(|given| fault(group, given, &slots, authority));
    let faults: Vec<Diagnostic> = faults.collect();
    let refused = !faults.is_empty();
    faults.into_iter().for_each(|fault| tally.everywhere(fault));
    refused
}

/// Tells of overrides of rules that hold in no cluster of their region.
pub(super) fn unused(catalog: &Catalog, prepared: &Prepared<'_>, tally: &mut Tally<'_>) {
    for (region, given) in catalog.overrides.iter().flat_map(|(region, all)| all.iter().map(move |one| (region, one))) {
        let mut clusters = catalog.clusters.values().filter(|cluster| cluster.declared.region == *region);
        let rule = prepared.rules.iter().find(|rule| rule.rule.name == given.spec.rule);
        let holds = rule.is_some_and(|rule| clusters.any(|cluster| prepared.choice(rule, &cluster.declared).is_some()));
        if !holds {
            let message =
                format!("{} holds in no cluster of region {region}, so this overrides nothing", given.spec.rule);
            let help = "remove the override, or widen the rule's scope";
            tally.everywhere(given.doc.warning(Code::SelectsNothing, "/spec/rule", message).help(help));
        }
    }
}

fn fault(group: &Group<'_, '_>, given: &RegionalOverride, slots: &[Slot], authority: &Authority) -> Option<Diagnostic> {
    let (rule, spec, doc) = (group.choice.rule.rule, &given.spec, &given.doc);
    let declared = rule.governance.overridable.iter().any(|one| one.by == By::Region && one.field == spec.field);
    if !declared {
        let message = format!("{} does not let regions override {}", rule.name, spec.field);
        let help = "ask the rule's owner to declare it: `overridable: [{field: …, by: region, bounds: …}]`";
        return Some(doc.error(Code::OverrideRefused, "/spec/field", message).help(help));
    }
    // A field that is declared and has no slot is told of the rule.
    let slot = slots.iter().find(|slot| slot.by == By::Region && slot.field == spec.field)?;
    if let Err(refused) = slot.admits(&spec.value) {
        return Some(beyond(given, &refused));
    }
    let region = region(given)?;
    let asked = OverrideAsked {
        by: Overrider::Region(&region),
        rule: &rule.name,
        owner: &rule.governance.owner,
        risk: rule.governance.risk,
        field: &spec.field.to_string(),
        old: &slot.default,
        new: &spec.value,
    };
    if authority.permits_override(&asked) {
        return None;
    }
    let message = format!("authority/ does not let region {region} override {} of {} to this", spec.field, rule.name);
    let help = "permit the action `override` to that region in authority/, or remove the override";
    Some(doc.error(Code::OverrideRefused, "/spec/value", message).help(help))
}

fn beyond(given: &RegionalOverride, refused: &Refused) -> Diagnostic {
    let help = "give a value within the bounds that the rule declares, or ask its owner to widen them";
    given.doc.error(Code::OverrideRefused, "/spec/value", refused.to_string()).help(help)
}

fn region(given: &RegionalOverride) -> Option<RegionName> {
    crate::catalog::region_of(&given.doc.file)
}
