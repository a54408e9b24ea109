//! What a region adds may not weaken what holds for everybody: it may close more traffic, and open none that the
//! baseline closes.

use super::Group;
use super::area::Area;
use super::tally::{Tally, where_they_meet};
use crate::bundle::entry::{Body, Entry};
use crate::catalog::{Rule, region_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::kube_kinds::traffic::{Direction, Traffic, traffic};
use crate::name::ClusterName;
use crate::object::Object;
use crate::selector::Meeting;
use std::collections::BTreeSet;

/// One object of a rule that concerns traffic.
struct Policy<'c> {
    rule: &'c Rule,
    place: String,
    area: Area,
    clusters: BTreeSet<&'c ClusterName>,
    traffic: Traffic,
}

/// What regions open, and what the baseline closes.
#[derive(Default)]
pub(super) struct Openings<'c> {
    opened: Vec<Policy<'c>>,
    closed: Vec<Policy<'c>>,
}

impl<'c> Openings<'c> {
    /// Notes what the group's objects do to traffic.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry) {
        let Body::Objects { templates, .. } = &entry.body else { return };
        let (rule, clusters): (&Rule, BTreeSet<_>) = (group.choice.rule.rule, group.clusters.iter().copied().collect());
        let is_regional = region_of(&rule.doc.file).is_some();
        for (index, template) in templates.iter().enumerate() {
            let Ok(object) = Object::try_from(template.manifest.clone()) else { continue };
            let area = Area::of_object(template.per_namespace, &object, entry);
            for traffic in traffic(&template.manifest) {
                let place = format!("/spec{}", group.choice.rule.translator.origin(index));
                let policy = Policy { rule, place, area: area.clone(), clusters: clusters.clone(), traffic };
                match is_regional {
                    true if !policy.traffic.opens.is_empty() => self.opened.push(policy),
                    false if policy.traffic.closes => self.closed.push(policy),
                    _ => (),
                }
            }
        }
    }

    /// Tells each opening of a region what it opens that the baseline closes.
    pub(super) fn told(self, tally: &mut Tally<'c>) {
        for opened in &self.opened {
            for closed in &self.closed {
                compare(opened, closed, tally);
            }
        }
    }
}

fn compare<'c>(opened: &Policy<'c>, closed: &Policy<'c>, tally: &mut Tally<'c>) {
    let (opens, closes) = (&opened.traffic, &closed.traffic);
    // What the baseline opens itself is nothing new.
    let new = opens.opens.iter().any(|rule| !closes.opens.contains(rule));
    if opens.direction != closes.direction || !new {
        return;
    }
    // Pods have many labels: selectors of different ones select some pods together.
    let pods = match opens.pods.domain().meets(&closes.pods.domain()) {
        Meeting::Untold => Meeting::Perhaps,
        told => told,
    };
    let meeting = opened.area.meets(&closed.area).min(pods);
    let Some(found) = where_they_meet(fault(opened, closed), meeting) else { return };
    let mut both = opened.clusters.intersection(&closed.clusters).copied().peekable();
    if both.peek().is_some() {
        tally.within(found, both);
    }
}

fn fault(opened: &Policy<'_>, closed: &Policy<'_>) -> Diagnostic {
    let traffic = match opened.traffic.direction {
        Direction::Ingress => "to pods",
        Direction::Egress => "from pods",
    };
    let rule = &closed.rule.name;
    let message =
        format!("this opens traffic {traffic} that {rule} closes, and a region only adds to what holds for all");
    let help = format!("close more here, or let {rule} open it: by an override that it allows, or itself");
    opened.rule.doc.error(Code::Weakens, &opened.place, message).help(help)
}

#[cfg(test)]
mod tests {
    use crate::authority::Authority;
    use crate::compile::fixture::{catalog, rule};
    use crate::diagnostic::{Code, Severity};
    use crate::kinds::Schemas;
    use std::sync::Arc;

    const WEB: &str = "{matchLabels: {team: web}}";
    const TEAMS: &str = "{matchExpressions: [{key: team, operator: Exists}]}";
    const DATA: &str = "{matchLabels: {team: data}}";
    const DENY: &str = "  segments: []";
    const OPEN: &str = "  defaultDeny: false\n  segments: [{name: web, pods: {matchLabels: {app: web}}, ingress: {cidrs: [10.0.0.0/8]}}]\n  directions: [ingress]";

    fn template(spec: &str) -> String {
        format!(
            "  objects: [{{manifest: {{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: x}}, spec: {spec}}}}}]"
        )
    }

    /// What is told of a regional rule beside one for all, each by kind, namespaces and spec.
    fn told(baseline: (&str, &str, &str), regional: (&str, &str, &str)) -> Vec<Severity> {
        let global = rule(baseline.0, "all", Some(baseline.1), baseline.2);
        let mut own = rule(regional.0, "own", Some(regional.1), regional.2);
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
            ((manifests, "{names: [shop]}", any.as_str()), &[]),
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
}
