use crate::kinds::fixture::Case;

const KIND: &str = "ConfigTemplate";

const TELEMETRY: &str = r#"
parameters: [{name: endpoint, type: string, default: "https://otel.example"}, {name: replicas, type: integer, default: 2}]
objects:
- adopt: true
  manifest:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: otel, namespace: observability}
    data: {endpoint: {$param: endpoint}}
- manifest:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: collector}
    spec: {replicas: {$param: replicas}}
- own: fields
  manifest:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop, annotations: {otel: {$param: endpoint}}}
"#;

fn one(manifest: &str) -> String {
    format!("objects: [{{manifest: {manifest}}}]")
}

#[test]
fn renders_manifests_with_their_parameters() {
    insta::assert_yaml_snapshot!(Case::new(KIND, true, TELEMETRY).translated().unwrap());
}

#[test]
fn an_api_that_is_not_served_is_told() {
    let case = Case::new(KIND, true, TELEMETRY);
    assert_eq!(case.translated_where(&["batch/v1"]).unwrap_err().to_string(), "the cluster does not serve apps/v1");
    assert_eq!(case.translated_where(&["apps/v1"]), case.translated());
}

#[test]
fn objects_that_govern_access_or_hold_secrets_are_refused() {
    for (api, kind) in [
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicyBinding"),
        ("v1", "Secret"),
        ("v1", "List"),
    ] {
        let manifest = format!("{{apiVersion: {api}, kind: {kind}, metadata: {{name: x}}}}");
        let faults = Case::new(KIND, true, &one(&manifest)).faults();
        let refused = format!("ObjectRefused at /objects/0/manifest/kind: a {kind} may not stand in a template");
        assert!(faults.iter().any(|fault| fault.starts_with(&refused)), "{kind}: {faults:?}");
    }
}

#[test]
fn a_kind_of_the_same_name_in_another_group_is_taken() {
    let manifest = "{apiVersion: vault.example/v1, kind: Secret, metadata: {name: x, namespace: shop}}";
    assert_eq!(Case::new(KIND, false, &one(manifest)).faults(), [""; 0]);
}

#[test]
fn faults_of_manifests_stand_in_their_places() {
    let cases = [
        (false, "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: shop}}"),
        (false, "{apiVersion: {$param: api}, kind: ConfigMap, metadata: {name: x, namespace: shop}}"),
        (false, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"),
        (false, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: Shop}}"),
        (true, "{apiVersion: v1, kind: Namespace, metadata: {name: x}}"),
        (false, "{apiVersion: v1, kind: Namespace, metadata: {name: x, namespace: shop}}"),
        (false, "{apiVersion: v1, kind: Widget}"),
    ];
    let told: Vec<_> =
        cases.map(|(namespaced, manifest)| Case::new(KIND, namespaced, &one(manifest)).faults()).concat();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn faults_of_parameters_stand_in_their_places() {
    let spec = r#"
parameters: [{name: replicas, type: integer, default: two}, {name: size, type: string}, {name: size, type: string}]
objects: [{manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: shop}, data: {a: {$param: sise}}}}]
"#;
    insta::assert_snapshot!(Case::new(KIND, false, spec).faults().join("\n"));
}
