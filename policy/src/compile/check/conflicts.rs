//! Objects that two rules claim in one cluster: wholly, or one of its fields with two values. A spoke gives an object to one
//! rule alone.

use super::Group;
use super::area::Area;
use super::tally::{Tally, blamed, where_they_meet};
use crate::bundle::entry::{Body, Entry, Own, Template};
use crate::catalog::{Rule, region_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::kube_kinds::merge::{Clash, clash};
use crate::name::ClusterName;
use crate::object::{Identity, Object, ObjectId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

struct Claim<'c> {
    id: ObjectId,
    rule: &'c Rule,
    own: Own,
    area: Area,
    place: String,
    clusters: BTreeSet<&'c ClusterName>,
    /// What is claimed of it, where that is not the whole.
    fields: Value,
}

/// Who claims what: by identity, wherever it stands.
#[derive(Default)]
pub(super) struct Claims<'c>(BTreeMap<ObjectId, Vec<Claim<'c>>>);

impl<'c> Claims<'c> {
    /// Notes the objects of `entry`.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry) {
        let Body::Objects { templates, .. } = &entry.body else { return };
        for (index, template) in templates.iter().enumerate() {
            if let Some((id, area)) = claimed(template, entry) {
                let place = format!("/spec{}", group.choice.rule.translator.origin(index));
                let clusters = group.clusters.iter().copied().collect();
                let anywhere = ObjectId::from(Identity { namespace: None, ..Identity::clone(&id) });
                let (rule, own) = (group.choice.rule.rule, template.own);
                let fields = if own == Own::Fields { template.manifest.clone() } else { Value::Null };
                let claim = Claim { id, rule, own, area, place, clusters, fields };
                self.0.entry(anywhere).or_default().push(claim);
            }
        }
    }

    /// Tells each later claim of an object that an earlier one has in the same cluster.
    pub(super) fn told(self, tally: &mut Tally<'c>) {
        for claims in self.0.into_values() {
            for (index, later) in claims.iter().enumerate() {
                for earlier in claims.iter().take(index) {
                    let (mine, theirs) = blamed(later, earlier, |claim| claim.rule);
                    contested(mine, theirs, tally);
                }
            }
        }
    }
}

/// What a template claims, and where.
fn claimed(template: &Template, entry: &Entry) -> Option<(ObjectId, Area)> {
    let object = Object::try_from(template.manifest.clone()).ok()?;
    Some((object.id().clone(), Area::of_object(template.per_namespace, &object, entry)))
}

fn contested<'c>(mine: &Claim<'c>, theirs: &Claim<'c>, tally: &mut Tally<'c>) {
    let mut both = mine.clusters.intersection(&theirs.clusters).copied().peekable();
    let found = where_they_meet(mine.area.meets(&theirs.area), || fault(mine, theirs));
    if let Some(found) = found.filter(|_| both.peek().is_some()) {
        tally.within(found, both);
    }
}

/// The table of what it means that two rules claim one object. Only one of them gets it, so it is refused where that takes
/// something away: a value, or what holds for all by a region's rule.
fn fault(mine: &Claim<'_>, theirs: &Claim<'_>) -> Diagnostic {
    let regional = |claim: &Claim<'_>| region_of(&claim.rule.doc.file).is_some();
    let fields = (mine.own, theirs.own) == (Own::Fields, Own::Fields);
    match clash(&mine.fields, &theirs.fields).filter(|_| fields) {
        Some(clash) => differs(mine, theirs, &clash),
        None if (mine.own, theirs.own) == (Own::Whole, Own::Whole) || regional(mine) != regional(theirs) => {
            shared(mine, theirs)
        }
        None => shared(mine, theirs).lessened(),
    }
}

fn shared(mine: &Claim<'_>, theirs: &Claim<'_>) -> Diagnostic {
    let Claim { id, rule, .. } = mine;
    let message = format!(
        "{id} is also an object of {}, at {}, and a spoke gives it to one of them",
        theirs.rule.name,
        theirs.at("")
    );
    let help = "give it to one of the two, with the fields of both, or name it otherwise";
    rule.doc.error(Code::Conflict, &mine.place, message).help(help)
}

fn differs(mine: &Claim<'_>, theirs: &Claim<'_>, clash: &Clash<'_>) -> Diagnostic {
    let Clash { at, other_at, says, other_says } = clash;
    let (id, rule, there) = (&mine.id, &theirs.rule.name, theirs.at(other_at));
    let message = format!("{at} of {id} is {says} here and {other_says} by {rule}, at {there}");
    let help = "let one of the two say it, or narrow the scopes until no cluster has both";
    mine.rule.doc.error(Code::Conflict, &format!("{}{at}", mine.place), message).help(help)
}

impl Claim<'_> {
    /// Where what it says of a field stands, as file:line:column.
    fn at(&self, field: &str) -> String {
        let doc = &self.rule.doc;
        let span = doc.span(&format!("{}{field}", self.place));
        format!("{}:{}:{}", doc.file, span.line, span.column)
    }
}

#[cfg(test)]
mod tests {
    use crate::authority::Authority;
    use crate::catalog::Rule;
    use crate::compile::fixture::{catalog, rule};
    use crate::diagnostic::{Code, Severity};
    use crate::kinds::Schemas;
    use std::sync::Arc;

    const WEB: &str = "{matchLabels: {team: web}}";
    const TEAMS: &str = "{matchExpressions: [{key: team, operator: Exists}]}";

    /// A rule that owns these fields of a service account in each namespace.
    fn fields(name: &str, namespaces: &str, labels: &str) -> Rule {
        let manifest =
            format!("{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, labels: {labels}}}}}");
        rule(
            "ConfigTemplate",
            name,
            Some(namespaces),
            &format!("  objects:\n  - own: fields\n    manifest: {manifest}"),
        )
    }

    fn of_region(mut rule: Rule) -> Rule {
        Arc::make_mut(&mut rule.doc).file = format!("regions/eu/intents/{}.yaml", rule.name.name());
        rule.governance.scope.clusters.regions = Some(vec!["eu".parse().unwrap()]);
        rule
    }

    fn told(rules: impl IntoIterator<Item = Rule>) -> Vec<(Severity, String)> {
        let found = crate::compile::check(&catalog(rules), &Schemas::default(), &Authority::default()).into_iter();
        let found = found.filter(|found| found.code == Code::Conflict);
        found.map(|found| (found.severity, found.to_string())).collect()
    }

    #[test]
    fn inv26_one_field_with_two_values_is_refused_in_the_place_of_both() {
        let found = told([fields("one", TEAMS, "{tier: core}"), fields("two", WEB, "{a: b, tier: edge}")]);
        let message = "intents/two.yaml:11:101: /metadata/labels/tier of ServiceAccount default is \"edge\" here and \"core\" by ConfigTemplate/one, at intents/one.yaml:11:95 in cluster eu-1 and 2 more clusters";
        assert_eq!(found, [(Severity::Error, message.to_owned())]);
    }

    #[test]
    fn inv26_a_region_shares_no_object_with_the_baseline() {
        let baseline = || fields("one", TEAMS, "{tier: core}");
        let found = |labels| told([baseline(), of_region(fields("a", WEB, labels))]);
        for (labels, says) in [("{tier: edge}", "is \"edge\" here"), ("{other: x}", "is also an object of")] {
            let found = found(labels);
            let [(Severity::Error, message)] = &found[..] else { panic!("{found:?}") };
            assert!(message.starts_with("regions/eu/intents/a.yaml:11:") && message.contains(says), "{message}");
            assert!(message.contains("ConfigTemplate/one, at intents/one.yaml:11:"), "{message}");
        }
    }

    #[test]
    fn other_fields_of_one_object_are_a_warning_as_only_one_rule_gets_it() {
        let found = told([fields("one", TEAMS, "{tier: core}"), fields("two", WEB, "{other: x}")]);
        assert!(
            matches!(&found[..], [(Severity::Warning, message)] if message.contains("a spoke gives it to one")),
            "{found:?}"
        );
        let elsewhere = "{matchLabels: {team: data}}";
        assert_eq!(told([fields("one", elsewhere, "{tier: core}"), fields("two", WEB, "{tier: edge}")]), []);
    }
}
