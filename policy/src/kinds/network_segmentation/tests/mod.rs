mod evaluator;
mod order;
mod truth;

use crate::kinds::fixture::Case;

const KIND: &str = "NetworkSegmentation";

const SHOP: &str = r#"
segments:
- name: web
  pods: {matchLabels: {app: web}}
  ingress: {cidrs: [0.0.0.0/0], ports: [443]}
- name: db
  pods: {matchExpressions: [{key: app, operator: In, values: [postgres, redis]}]}
  egress: {cidrs: [198.51.100.0/24], ports: [{port: 5000, endPort: 5010, protocol: UDP}]}
flows:
- {from: [web], to: [db], ports: [5432, {name: redis}]}
- {from: [{namespaces: {matchLabels: {team: data}, except: [scratch]}, pods: {matchLabels: {app: etl}}}], to: [db]}
- {from: [web], to: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}, {namespaces: {names: [mail]}}], ports: [25]}
system:
  dns: {}
  metrics: {namespaces: {names: [monitoring]}, ports: [{name: metrics}]}
  apiserver: {cidrs: [192.0.2.1/32], segments: [db]}
encryption: required
"#;

fn faults(specs: &[&str]) -> String {
    specs.iter().flat_map(|spec| Case::new(KIND, true, spec).faults()).collect::<Vec<_>>().join("\n")
}

#[test]
fn renders_a_policy_for_each_segment_and_one_for_everyone() {
    insta::assert_yaml_snapshot!(Case::new(KIND, true, SHOP).translated_where(&["networking.k8s.io/v1"]).unwrap());
}

#[test]
fn renders_the_bound_where_the_cluster_serves_it() {
    let case = Case::new(KIND, true, SHOP);
    let bounds = |api: &str| case.translated_where(&["networking.k8s.io/v1", api]).unwrap().split_off(3);
    let beta = bounds("policy.networking.k8s.io/v1beta1");
    insta::assert_yaml_snapshot!(beta);
    let mut alpha = bounds("policy.networking.k8s.io/v1alpha2");
    for template in &mut alpha {
        assert_eq!(template.manifest["apiVersion"], "policy.networking.k8s.io/v1alpha2");
        template.manifest["apiVersion"] = "policy.networking.k8s.io/v1beta1".into();
    }
    assert_eq!(alpha, beta);
    assert_eq!(case.translated().unwrap()[3..], beta);
}

#[test]
fn there_is_no_bound_where_own_policies_may_widen_or_pods_stay_open() {
    for more in ["ownPolicies: widen", "defaultDeny: false"] {
        let templates = Case::new(KIND, true, &format!("{SHOP}{more}")).translated().unwrap();
        assert!(templates.iter().all(|template| template.manifest["kind"] == "NetworkPolicy"), "{more}");
    }
}

#[test]
fn a_cluster_without_network_policies_is_told() {
    let told = Case::new(KIND, true, SHOP).translated_where(&[]).unwrap_err().to_string();
    assert_eq!(told, "the cluster does not serve networking.k8s.io/v1");
}

#[test]
fn encryption_is_told_and_nothing_else() {
    let told = Case::new(KIND, true, SHOP).faults();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("warning: Unsupported at /encryption: nothing enforces encryption yet"), "{told:?}");
}

#[test]
fn faults_of_the_whole_stand_in_their_places() {
    let unscoped = Case::new(KIND, false, "{}").faults().join("\n");
    let rest = faults(&[
        "{defaultDeny: false}",
        "{segments: [{name: web, pods: {matchLabels: {app: web}}}], defaultDeny: false, ownPolicies: narrow}",
        "{directions: [ingress], system: {dns: {}}}",
        "{directions: [egress], system: {metrics: {namespaces: {names: [Mon]}, ports: [{}]}}}",
        "{system: {apiserver: {cidrs: [10.0.0.1/8, 10.0.0.1], ports: [{name: https}]}}}",
        "{system: {webhooks: {cidrs: [192.0.2.0/24, 192.0.2.0/24], ports: [8443], segments: [hooks]}}}",
        "{system: {dns: {pods: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: DoesNotExist}]}}}}",
    ]);
    insta::assert_snapshot!(format!("{unscoped}\n{rest}"));
}

#[test]
fn faults_of_segments_stand_in_their_places() {
    insta::assert_snapshot!(faults(&[
        "segments: [{name: a, pods: {matchLabels: {app: a}}}, {name: a, pods: {matchLabels: {app: b}}}]",
        "segments: [{name: deny, pods: {matchLabels: {app: a}}}]",
        "segments: [{name: a, pods: {}}, {name: b, pods: {matchLabels: {app: b}}}]",
        "segments: [{name: a, pods: {matchLabels: {app: a}}}, {name: b, pods: {matchLabels: {app: a}}}]",
        "segments: [{name: a, pods: {matchLabels: {app: a}}}, {name: b, pods: {matchLabels: {tier: b}}}]",
        "segments: [{name: a, pods: {matchLabels: {app: two words}, matchExpressions: [{key: b, operator: In}]}}]",
        "segments: [{name: a, pods: {}, egress: {cidrs: [10.0.0.0/33], ports: [{name: http}]}}]",
        "{directions: [egress], segments: [{name: a, pods: {}, ingress: {cidrs: [10.0.0.0/8], ports: [{name: Http}]}}]}",
    ]));
}

#[test]
fn faults_of_flows_stand_in_their_places() {
    let with = |flow: &str| format!("{{segments: [{{name: web, pods: {{}}}}], flows: [{flow}]}}");
    let specs = [
        "{from: [wep], to: [web]}",
        "{from: [{namespaces: {}}], to: [{pods: {}}]}",
        "{from: [{}], to: [web]}",
        "{from: [{segment: web}], to: [web]}",
        "{from: [{segment: web, pods: {}}], to: [web]}",
        "{from: [{except: [10.0.0.0/8]}], to: [web]}",
        "{from: [{cidr: 10.0.0.0/8, pods: {}}], to: [web]}",
        "{from: [web], to: [{cidr: 10.0.0.0/8, except: [11.0.0.0/8, 10.0.0.0/8, 10.1.0.0/16]}], ports: [{name: http}]}",
        "{from: [web], to: [{namespaces: {names: []}}]}",
        "{from: [{namespaces: {}, segment: wbe}], to: [web]}",
        "{from: [web], to: [web], ports: [{port: 9, endPort: 8}, {port: 9, name: x}, {name: x, endPort: 8}, {name: a--b}]}",
    ]
    .map(with);
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    let open =
        "{directions: [egress], segments: [{name: web, pods: {}}], flows: [{from: [{namespaces: {}}], to: [web]}]}";
    insta::assert_snapshot!(faults(&[&specs[..], &[open]].concat()));
}

#[test]
fn more_openings_than_a_bound_takes_are_told() {
    let cidrs: Vec<String> = (0..26).map(|number| format!("10.{number}.0.0/16")).collect();
    let spec = format!("segments: [{{name: web, pods: {{}}, egress: {{cidrs: [{}]}}}}]", cidrs.join(", "));
    assert!(
        faults(&[&spec]).starts_with("TooLarge at /segments/0: segment `web` has 26 openings"),
        "{}",
        faults(&[&spec])
    );
    assert_eq!(faults(&[&format!("{spec}\nownPolicies: widen")]), "");
}

/// An empty list of peers, or of ports, opens a NetworkPolicy to everybody; no override may come to that.
#[test]
fn what_an_override_empties_opens_nothing() {
    use crate::compile::slot::{By, Overridable, fill, probe::probe};
    use crate::kinds::kind::Intent;
    use crate::kinds::translator::Sight;
    use serde_json::{Value, json};
    let spec: Value = serde_yaml::from_str(SHOP).unwrap();
    let translator = crate::kinds::row(KIND).unwrap().translator.unwrap();
    let name = "sample".parse().unwrap();
    let translate =
        |spec: &Value| translator.translate(&Intent { name: &name, namespaced: true, spec }, Sight::Best).ok();
    let slot = |field: &str| {
        let declared = Overridable { field: field.parse().unwrap(), by: By::Region, bounds: <_>::default() };
        probe(&declared, &spec, &translate)
    };
    let cidrs = slot("spec.segments[db].egress.cidrs").unwrap();
    let filled = fill(translate(&spec).unwrap(), &[(&cidrs, &json!([]))]).unwrap();
    for template in &filled {
        for (list, peers) in [("ingress", "from"), ("egress", "to")] {
            let rules = template.manifest["spec"][list].as_array().unwrap();
            assert!(rules.iter().all(|rule| !rule[peers].as_array().unwrap().is_empty()), "{rules:?}");
        }
    }
    for field in ["spec.segments[web].ingress.ports", "spec.flows[#0].ports", "spec.flows[#0].from", "spec.segments"] {
        assert!(slot(field).is_none(), "{field}");
    }
}
