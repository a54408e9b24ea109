//! What a region adds may not weaken what holds for everybody: it may close more traffic, and open none that the
//! baseline closes.

use super::Group;
use super::area::Area;
use super::tally::{Tally, where_they_meet};
use crate::bundle::entry::{Body, Entry, Template};
use crate::catalog::{Rule, region_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::kube_kinds::traffic::{Direction, Opening, Traffic, is_strange, traffic};
use crate::name::ClusterName;
use crate::object::Object;
use crate::selector::Meeting;
use std::collections::BTreeSet;

/// One object of a rule that concerns traffic.
#[derive(Clone)]
struct Policy<'c> {
    rule: &'c Rule,
    place: String,
    area: Area,
    clusters: BTreeSet<&'c ClusterName>,
    traffic: Traffic,
}

/// What regions open, and what the baseline closes and opens.
#[derive(Default)]
pub(super) struct Openings<'c> {
    regional: Vec<Policy<'c>>,
    closed: Vec<Policy<'c>>,
    opened: Vec<Policy<'c>>,
}

impl<'c> Openings<'c> {
    /// Notes what the group's objects do to traffic.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry, tally: &mut Tally<'c>) {
        let Body::Objects { templates, .. } = &entry.body else { return };
        let (rule, clusters): (&Rule, BTreeSet<_>) = (group.choice.rule.rule, group.clusters.iter().copied().collect());
        let is_regional = region_of(&rule.doc.file).is_some();
        for (index, template) in templates.iter().enumerate() {
            let Ok(object) = Object::try_from(template.manifest.clone()) else { continue };
            let place = format!("/spec{}", group.choice.rule.translator.origin(index));
            if is_regional && is_strange(&template.manifest) {
                tally.within(strange(rule, &place, &object), clusters.iter().copied());
            }
            for traffic in traffic(&template.manifest) {
                let (place, area) = (place.clone(), area(template, &object, entry, &traffic));
                self.take(is_regional, Policy { rule, place, area, clusters: clusters.clone(), traffic });
            }
        }
    }

    fn take(&mut self, is_regional: bool, policy: Policy<'c>) {
        if is_regional {
            self.regional.push(policy);
            return;
        }
        if policy.traffic.closes() {
            self.closed.push(policy.clone());
        }
        self.opened.push(policy);
    }

    /// Tells each opening of a region what it opens that the baseline closes.
    pub(super) fn told(self, tally: &mut Tally<'c>) {
        for regional in &self.regional {
            for closed in &self.closed {
                compare(regional, closed, &self.opened, tally);
            }
        }
    }
}

/// Where a policy holds: an object of the cluster may select namespaces itself.
fn area(template: &Template, object: &Object, entry: &Entry, traffic: &Traffic) -> Area {
    match &traffic.namespaces {
        Some(labels) if template.namespace_at.is_empty() => Area::selected(labels),
        _ => Area::of_object(template.per_namespace, object, entry),
    }
}

fn compare<'c>(regional: &Policy<'c>, closed: &Policy<'c>, opened: &[Policy<'c>], tally: &mut Tally<'c>) {
    let meeting = told(regional.area.meets(&closed.area)).min(pods(regional, closed));
    let Some(found) = where_they_meet(meeting, || fault(regional, closed)) else { return };
    let both: BTreeSet<_> = regional.clusters.intersection(&closed.clusters).copied().collect();
    let news = regional.traffic.opens.iter().filter(|opening| regional.traffic.escapes(opening, &closed.traffic));
    let new_in = |opening: &Opening| {
        let known =
            |cluster: &&ClusterName| opened.iter().any(|by| by.opens_already(opening, regional, closed, cluster));
        both.iter().copied().filter(|cluster| !known(cluster)).collect::<Vec<_>>()
    };
    let clusters: BTreeSet<_> = news.flat_map(new_in).collect();
    if !clusters.is_empty() {
        tally.within(found, clusters);
    }
}

fn pods(one: &Policy<'_>, other: &Policy<'_>) -> Meeting {
    told(one.traffic.pods.domain().meets(&other.traffic.pods.domain()))
}

/// Pods and namespaces have many labels: selectors of different ones select some together, and nobody says so later.
const fn told(meeting: Meeting) -> Meeting {
    match meeting {
        Meeting::Untold => Meeting::Perhaps,
        told => told,
    }
}

impl Policy<'_> {
    /// Whether this policy of the baseline opens the same already to what `regional` opens it to, past `closed`. What the
    /// policy that closes opens itself is nothing new either.
    fn opens_already(&self, opening: &Opening, regional: &Self, closed: &Self, cluster: &ClusterName) -> bool {
        let same = |mine: &&Opening| mine.whom == opening.whom;
        let Some(mine) = self.traffic.opens.iter().find(same).filter(|_| self.clusters.contains(cluster)) else {
            return false;
        };
        let is_itself = std::ptr::eq(self.rule, closed.rule) && self.traffic == closed.traffic;
        let covers = regional.area.within(&self.area)
            && regional.traffic.pods.domain().within(&self.traffic.pods.domain())
            && self.traffic.escapes_surely(mine, &closed.traffic);
        self.traffic.lets(mine) && (is_itself || covers)
    }
}

fn fault(regional: &Policy<'_>, closed: &Policy<'_>) -> Diagnostic {
    let traffic = match regional.traffic.direction {
        Direction::Ingress => "to pods",
        Direction::Egress => "from pods",
    };
    let rule = &closed.rule.name;
    let message =
        format!("this opens traffic {traffic} that {rule} closes, and a region only adds to what holds for all");
    let help = format!("close more here, or let {rule} open it: by an override that it allows, or itself");
    regional.rule.doc.error(Code::Weakens, &regional.place, message).help(help)
}

fn strange(rule: &Rule, place: &str, object: &Object) -> Diagnostic {
    let (kind, group) = (&object.id().kind, &object.id().group);
    let message = format!(
        "what a {kind} of {group} opens or closes cannot be judged, and a region only adds to what holds for all"
    );
    let help = "say it in a NetworkSegmentation or NetworkPolicies, or have somebody who knows it look at it";
    rule.doc.error(Code::Weakens, place, message).help(help).lessened()
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
    const DATA: &str = "{matchLabels: {team: data}}";
    const DENY: &str = "  segments: []";
    const OPEN: &str = "  defaultDeny: false\n  segments: [{name: web, pods: {matchLabels: {app: web}}, ingress: {cidrs: [10.0.0.0/8]}}]\n  directions: [ingress]";

    const OPEN_TO_ALL: &str = "  segments: [{name: web, pods: {matchLabels: {app: web}}}]\n  flows: [{from: [web], to: [{namespaces: {}}]}]\n  directions: [egress]";

    fn template(spec: &str) -> String {
        format!(
            "  objects: [{{manifest: {{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: x}}, spec: {spec}}}}}]"
        )
    }

    /// What is told of a regional rule beside one for all, each by kind, namespaces and spec.
    fn told(baseline: (&str, &str, &str), regional: (&str, &str, &str)) -> Vec<Severity> {
        let global = rule(baseline.0, "all", Some(baseline.1), baseline.2);
        severities(global, rule(regional.0, "own", Some(regional.1), regional.2))
    }

    fn severities(global: Rule, mut own: Rule) -> Vec<Severity> {
        Arc::make_mut(&mut own.doc).file = "regions/eu/intents/own.yaml".to_owned();
        own.governance.scope.clusters.regions = Some(vec!["eu".parse().unwrap()]);
        let found = crate::compile::check(&catalog([global, own]), &Schemas::default(), &Authority::default());
        let found = found.into_iter().filter(|found| found.code == Code::Weakens);
        found.inspect(|found| assert!(found.file.starts_with("regions/eu/"))).map(|found| found.severity).collect()
    }

    #[test]
    fn inv26_a_region_opens_nothing_that_the_baseline_closes() {
        let (segments, manifests) = ("NetworkSegmentation", "ConfigTemplate");
        let closes = (segments, TEAMS, DENY);
        let any = template("{podSelector: {}, ingress: [{}]}");
        for (regional, expected) in [
            ((segments, WEB, OPEN), &[Severity::Error][..]),
            ((segments, WEB, DENY), &[]),
            ((manifests, WEB, any.as_str()), &[Severity::Error]),
            ((manifests, "{names: [shop]}", any.as_str()), &[Severity::Warning]),
            ((manifests, WEB, &template("{podSelector: {}, policyTypes: [Ingress, Egress]}")), &[]),
        ] {
            assert_eq!(told(closes, regional), expected, "{regional:?}");
        }
        assert_eq!(told((segments, DATA, DENY), (segments, WEB, OPEN)), [], "other namespaces");
    }

    #[test]
    fn pods_of_other_labels_may_be_the_same() {
        let closes = |pods: &str| template(&format!("{{podSelector: {{matchLabels: {{{pods}}}}}}}"));
        let told = |pods: &str| told(("ConfigTemplate", WEB, &closes(pods)), ("NetworkSegmentation", WEB, OPEN));
        assert_eq!(told("app: web"), [Severity::Error]);
        assert_eq!(told("tier: front"), [Severity::Warning]);
        assert_eq!(told("app: data"), []);
    }

    #[test]
    fn what_the_baseline_opens_itself_is_nothing_new() {
        let open = |port: u16| template(&format!("{{podSelector: {{}}, ingress: [{{ports: [{{port: {port}}}]}}]}}"));
        let regional = |port: u16| open(port).replace("name: x", "name: y");
        let told = |port| told(("ConfigTemplate", WEB, &open(80)), ("ConfigTemplate", WEB, &regional(port)));
        assert_eq!((told(80), told(81)), (vec![], vec![Severity::Error]));
    }

    /// A ClusterNetworkPolicy over the namespaces of a label.
    fn around(tier: &str, priority: u32, action: &str, labels: &str) -> String {
        let rules = format!("[{{action: {action}, from: [{{namespaces: {{}}}}]}}]");
        let spec =
            format!("{{tier: {tier}, priority: {priority}, subject: {{namespaces: {labels}}}, ingress: {rules}}}");
        let api = "apiVersion: policy.networking.k8s.io/v1beta1, kind: ClusterNetworkPolicy";
        format!("  objects: [{{manifest: {{{api}, metadata: {{name: NAME}}, spec: {spec}}}}}]")
    }

    /// What is told of two of those, or of one beside a rule of namespaces.
    fn told_around(baseline: (Option<&str>, &str), regional: (Option<&str>, &str)) -> Vec<Severity> {
        let kind = |spec: &str| if spec.contains("objects") { "ConfigTemplate" } else { "NetworkSegmentation" };
        let of = |name: &str, (namespaces, spec): (Option<&str>, &str)| {
            rule(kind(spec), name, namespaces, &spec.replace("NAME", name))
        };
        severities(of("all", baseline), of("own", regional))
    }

    #[test]
    fn inv26_a_region_may_deny_and_passes_or_accepts_nothing_that_the_baseline_denies() {
        let deny = around("Admin", 10, "Deny", WEB);
        for (tier, priority, action, expected) in [
            ("Admin", 1, "Deny", &[][..]),
            ("Admin", 11, "Deny", &[]),
            ("Admin", 9, "Pass", &[Severity::Error]),
            ("Admin", 9, "Accept", &[Severity::Error]),
            ("Admin", 10, "Accept", &[Severity::Error]),
            ("Admin", 11, "Accept", &[]),
            ("Baseline", 1, "Accept", &[]),
        ] {
            let regional = around(tier, priority, action, WEB);
            assert_eq!(told_around((None, &deny), (None, &regional)), expected, "{tier} {priority} {action}");
        }
        assert_eq!(told_around((None, &deny), (None, &around("Admin", 9, "Accept", DATA))), [], "other namespaces");
        assert_eq!(
            told_around((None, &deny), (Some(WEB), &OPEN.replace("directions", "ownPolicies: widen\n  directions"))),
            []
        );
        let below = around("Baseline", 10, "Deny", WEB);
        assert_eq!(told_around((None, &below), (Some(WEB), OPEN)), [Severity::Error], "a NetworkPolicy comes before");
        // Of the segmentation's own objects, its NetworkPolicy closes below what is accepted above.
        assert_eq!(told_around((Some(WEB), DENY), (None, &around("Admin", 9, "Accept", WEB))), [Severity::Error]);
    }

    #[test]
    fn a_region_opens_what_the_baseline_opens_by_other_objects() {
        let same = |namespaces| told_around((Some(TEAMS), OPEN_TO_ALL), (Some(namespaces), OPEN_TO_ALL));
        assert_eq!(same(WEB), []);
        assert_eq!(same("{matchLabels: {tier: core}}"), [Severity::Warning], "perhaps elsewhere");
        assert_eq!(told_around((Some(TEAMS), DENY), (Some(WEB), OPEN_TO_ALL)), [Severity::Error]);
    }

    #[test]
    fn inv26_what_the_baseline_accepts_after_it_denies_it_is_not_open() {
        let policy = |priority: u32, rules: &str| {
            let spec =
                format!("{{tier: Admin, priority: {priority}, subject: {{namespaces: {WEB}}}, egress: {rules}}}");
            let api = "apiVersion: policy.networking.k8s.io/v1beta1, kind: ClusterNetworkPolicy";
            format!("  objects: [{{manifest: {{{api}, metadata: {{name: NAME}}, spec: {spec}}}}}]")
        };
        let (deny, accept) =
            ("{action: Deny, to: [{networks: [10.1.0.0/16]}]}", "{action: Accept, to: [{networks: [10.0.0.0/8]}]}");
        let regional = policy(9, &format!("[{accept}]"));
        for (rules, expected) in
            [(format!("[{deny}, {accept}]"), &[Severity::Error][..]), (format!("[{accept}, {deny}]"), &[])]
        {
            assert_eq!(told_around((None, &policy(10, &rules)), (None, &regional)), expected, "{rules}");
        }
    }

    #[test]
    fn what_nobody_here_can_judge_is_a_warning() {
        let regional = "  objects: [{manifest: {apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: NAME}, spec: {}}}]";
        assert_eq!(told_around((Some(WEB), DENY), (Some(WEB), regional)), [Severity::Warning]);
        assert_eq!(told_around((Some(WEB), regional), (Some(WEB), DENY)), [], "the baseline judges for itself");
    }
}
