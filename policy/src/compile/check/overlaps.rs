//! Rules of one kind that speak of one thing where both hold: what that means is said by each kind's stakes.

use super::Group;
use super::area::Area;
use super::tally::{Tally, blamed, where_they_meet};
use crate::bundle::entry::Entry;
use crate::catalog::Rule;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::kinds::kind::{Says, Stake};
use crate::name::ClusterName;
use crate::selector::Meeting;
use std::collections::BTreeMap;

/// What a rule has at stake in some clusters.
struct Held<'c> {
    rule: &'c Rule,
    area: Area,
    clusters: Vec<&'c ClusterName>,
    /// By what it is about.
    stakes: BTreeMap<String, Stake>,
}

/// All that rules have at stake, by kind.
#[derive(Default)]
pub(super) struct Stakes<'c>(BTreeMap<&'c str, Vec<Held<'c>>>);

impl<'c> Stakes<'c> {
    /// Notes what the group's rule has at stake.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry) {
        let (prepared, spec) = (group.choice.rule, group.choice.spec());
        let stakes = prepared.translator.stakes(&group.choice.intent(&spec));
        let stakes: BTreeMap<_, _> = stakes.into_iter().map(|stake| (stake.about.clone(), stake)).collect();
        if !stakes.is_empty() {
            let (rule, area, clusters) = (prepared.rule, Area::of(&entry.envelope), group.clusters.clone());
            self.0.entry(rule.name.kind()).or_default().push(Held { rule, area, clusters, stakes });
        }
    }

    /// Tells each later rule what an earlier one says otherwise in the same cluster.
    pub(super) fn told(self, tally: &mut Tally<'c>) {
        for held in self.0.into_values() {
            for (index, later) in held.iter().enumerate() {
                let others = held.iter().take(index).filter(|earlier| earlier.rule.name != later.rule.name);
                for earlier in others {
                    let (mine, theirs) = blamed(later, earlier, |held| held.rule);
                    compare(mine, theirs, tally);
                }
            }
        }
    }
}

/// The dearest question, which clusters have both, comes last.
fn compare<'c>(mine: &Held<'c>, theirs: &Held<'c>, tally: &mut Tally<'c>) {
    let meeting = mine.area.meets(&theirs.area);
    if meeting <= Meeting::Untold {
        return;
    }
    for (about, stake) in &mine.stakes {
        let other = theirs.stakes.get(about);
        let found = other.and_then(|other| differ(mine.rule, stake, theirs.rule, other));
        let Some(found) = found.and_then(|found| where_they_meet(meeting, || found)) else { continue };
        let mut both = mine.clusters.iter().copied().filter(|name| theirs.clusters.contains(name)).peekable();
        if both.peek().is_some() {
            tally.within(found, both);
        }
    }
}

/// The table of what it means that two rules speak of one thing.
fn differ(mine: &Rule, stake: &Stake, theirs: &Rule, other: &Stake) -> Option<Diagnostic> {
    let (about, rule) = (&stake.about, &theirs.name);
    let (severity, message) = match (&stake.says, &other.says) {
        (Says::Exactly(here), Says::Exactly(there)) if here != there => {
            let (here, there) = (here.as_str(), there.as_str());
            let message = format!("{about} is {here} here and {there} by {rule}: which one counts is left to chance");
            (Severity::Error, message)
        }
        (Says::AtMost(here), Says::AtMost(there)) if here != there => {
            let (here, there) = (here.as_str(), there.as_str());
            let message = format!("{about} is {here} here and {there} by {rule}: both hold, so the lesser decides");
            (Severity::Warning, message)
        }
        (Says::Alone, Says::Alone | Says::Also) => {
            (Severity::Error, format!("{about} is said by this rule alone, and {rule} says it too"))
        }
        (Says::Also, Says::Alone) => (Severity::Error, format!("{about} is said by {rule} alone")),
        _ => return None,
    };
    let help = "let one rule say it, or narrow the scopes until no namespace has both";
    let found = mine.doc.error(Code::Conflict, &format!("/spec{}", stake.place), message).help(help);
    Some(Diagnostic { severity, ..found })
}

#[cfg(test)]
mod tests {
    use crate::authority::Authority;
    use crate::catalog::Catalog;
    use crate::compile::fixture::{catalog, rule, rule_set};
    use crate::diagnostic::{Diagnostic, Severity};
    use crate::kinds::Schemas;

    const WEB: &str = "{matchLabels: {team: web}}";
    const TEAMS: &str = "{matchExpressions: [{key: team, operator: Exists}]}";
    const WEB_OR_DATA: &str = "{matchExpressions: [{key: team, operator: In, values: [web, data]}]}";
    const DATA_OR_OPS: &str = "{matchExpressions: [{key: team, operator: In, values: [data, ops]}]}";
    const TIER: &str = "{matchLabels: {tier: core}}";

    fn all_told(catalog: &Catalog) -> Vec<Diagnostic> {
        crate::compile::check(catalog, &Schemas::default(), &Authority::default())
    }

    /// What is told of two rules of a kind, `one` and `two`, by their namespaces and specs.
    fn told(kind: &str, one: (Option<&str>, &str), two: (Option<&str>, &str)) -> Vec<(Severity, String)> {
        let rules = [("one", one), ("two", two)].map(|(name, (scope, spec))| rule(kind, name, scope, spec));
        all_told(&catalog(rules)).into_iter().map(|found| (found.severity, found.message)).collect()
    }

    fn severities(kind: &str, one: (Option<&str>, &str), two: (Option<&str>, &str)) -> Vec<Severity> {
        told(kind, one, two).into_iter().map(|(severity, _)| severity).collect()
    }

    #[test]
    fn rules_meet_by_their_namespaces() {
        let quota = |pods: u8| format!("  containers: {{default: {{cpu: '{pods}'}}}}");
        let (one, two) = (quota(1), quota(2));
        for (first, second, severities_of) in [
            ("{}", WEB, &[Severity::Error][..]),
            (TEAMS, WEB, &[Severity::Error]),
            (WEB_OR_DATA, DATA_OR_OPS, &[Severity::Warning]),
            (WEB, TIER, &[]),
            (WEB, "{matchLabels: {team: data}}", &[]),
            ("{names: [shop]}", "{except: [shop]}", &[]),
        ] {
            let found = severities("ResourceGuard", (Some(first), &one), (Some(second), &two));
            assert_eq!(found, severities_of, "{first} and {second}");
        }
    }

    #[test]
    fn what_it_means_is_said_by_the_kind() {
        let guard = |one: &str, two: &str| told("ResourceGuard", (Some(TEAMS), one), (Some(WEB), two));
        assert_eq!(guard("  quota: {pods: '5'}", "  quota: {pods: 5000m}"), []);
        assert_eq!(guard("  quota: {pods: '5'}", "  quota: {secrets: '6'}"), []);
        let found = guard("  quota: {pods: '5'}", "  quota: {pods: '6'}");
        let message = "the quota of pods is 6 here and 5 by ResourceGuard/one: both hold, so the lesser decides in cluster eu-1 and 2 more clusters";
        assert_eq!(found, [(Severity::Warning, message.to_owned())]);
        let [request, other] = ["100m", "200m"].map(|cpu| format!("  containers: {{defaultRequest: {{cpu: {cpu}}}}}"));
        let found = guard(&request, &other);
        let message = "the default request of cpu is 200m here and 100m by ResourceGuard/one: which one counts is left to chance in cluster eu-1 and 2 more clusters";
        assert_eq!(found, [(Severity::Error, message.to_owned())]);
        let policies = |app: &str| format!("  segments: [{{name: a, pods: {{matchLabels: {{app: {app}}}}}}}]");
        assert_eq!(
            told("NetworkSegmentation", (Some(TEAMS), &policies("a")), (Some(WEB), &policies("b"))),
            [],
            "they add up"
        );
    }

    #[test]
    fn a_role_that_one_rule_gives_alone_is_given_by_no_other() {
        let grant =
            |role: &str, more: &str| format!("  grants: [{{name: a, subjects: {{groups: [x]}}, {role}{more}}}]");
        let (shared, alone) = (grant("clusterRole: view", ""), grant("clusterRole: view", ", exclusive: true"));
        let told = |one: (Option<&str>, &str), two: (Option<&str>, &str)| {
            let found = told("AccessControl", one, two).into_iter();
            found.filter(|(_, message)| !message.contains("yet")).collect::<Vec<_>>()
        };
        assert_eq!(told((Some(WEB), &shared), (Some(WEB), &shared)), []);
        assert_eq!(told((Some(WEB), &grant("role: view", "")), (Some(WEB), &alone)), [], "another role");
        for (one, two) in [(&shared, &alone), (&alone, &shared), (&alone, &alone)] {
            let found = told((Some(WEB), one), (Some(TEAMS), two));
            assert!(
                matches!(&found[..], [(Severity::Error, message)] if message.starts_with("who holds ClusterRole view is said by")),
                "{found:?}"
            );
            assert_eq!(told((Some(WEB), one), (Some("{matchLabels: {team: data}}"), two)), []);
            assert_eq!(told((None, one), (Some(WEB), two)).len(), 1, "the cluster has all namespaces in it");
        }
    }

    #[test]
    fn rules_that_share_no_cluster_do_not_meet() {
        let mut rules = ["one", "two"].map(|name| {
            rule(
                "ResourceGuard",
                name,
                Some("{}"),
                &format!("  quota: {{pods: '{}'}}", name.len() + usize::from(name == "one")),
            )
        });
        for (rule, region) in rules.iter_mut().zip(["eu", "us"]) {
            rule.governance.scope.clusters.regions = Some(vec![region.parse().unwrap()]);
        }
        assert_eq!(all_told(&catalog(rules)), []);
    }

    #[test]
    fn rule_sets_narrow_where_rules_meet() {
        let guard =
            |name: &str, pods: u8| rule("ResourceGuard", name, Some("{}"), &format!("  quota: {{pods: '{pods}'}}"));
        let mut catalog = catalog([guard("one", 1), guard("two", 2)]);
        assert_eq!(all_told(&catalog).len(), 1);
        for (name, include, team) in [("a", "one", "web"), ("b", "two", "data"), ("c", "two", "ops")] {
            let set = format!(
                "{{include: [ResourceGuard/{include}], scope: {{clusters: {{}}, namespaces: {{matchLabels: {{team: {team}}}}}}}, mode: enforce}}"
            );
            catalog.rule_sets.insert(name.parse().unwrap(), rule_set(&set));
        }
        assert_eq!(all_told(&catalog), []);
    }

    #[test]
    fn inv26_a_region_is_blamed_for_what_it_adds_whatever_it_is_called() {
        let guard = |name: &str, pods: u8| {
            rule("ResourceGuard", name, Some("{}"), &format!("  containers: {{default: {{cpu: '{pods}'}}}}"))
        };
        let mut regional = guard("a", 1);
        std::sync::Arc::make_mut(&mut regional.doc).file = "regions/eu/intents/a.yaml".to_owned();
        let found = all_told(&catalog([regional, guard("z", 2)]));
        assert_eq!(found.iter().map(|found| found.file.as_str()).collect::<Vec<_>>(), ["regions/eu/intents/a.yaml"]);
        let found = all_told(&catalog([guard("a", 1), guard("z", 2)]));
        assert_eq!(found.iter().map(|found| found.file.as_str()).collect::<Vec<_>>(), ["intents/z.yaml"]);
    }

    const CONFIG: &str = "  objects: [{manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: shared}}}]";

    #[test]
    fn an_object_is_of_one_rule_wherever_their_namespaces_meet() {
        let placed = CONFIG.replace("name: shared", "name: shared, namespace: shop");
        for (one, two, severities_of) in [
            ((Some(TEAMS), CONFIG), (Some(WEB), CONFIG), &[Severity::Error][..]),
            ((Some(WEB_OR_DATA), CONFIG), (Some(DATA_OR_OPS), CONFIG), &[Severity::Warning]),
            ((Some(WEB), CONFIG), (Some(TIER), CONFIG), &[]),
            ((Some("{}"), CONFIG), (None, &placed), &[Severity::Error]),
            ((Some("{except: [shop]}"), CONFIG), (None, &placed), &[]),
            ((None, &placed), (None, &placed), &[Severity::Error]),
        ] {
            assert_eq!(severities("ConfigTemplate", one, two), severities_of, "{one:?} and {two:?}");
        }
    }
}
