use crate::kinds::fixture::Case;

const KIND: &str = "ResourceGuard";

const GUARD: &str = r#"
quota: {requests.cpu: "20", pods: "100"}
containers: {defaultRequest: {cpu: 100m, memory: 128Mi}, default: {memory: 512Mi}, max: {memory: 8Gi}}
"#;

#[test]
fn renders_the_limits_and_then_the_quota() {
    insta::assert_yaml_snapshot!(Case::new(KIND, true, GUARD).translated().unwrap());
}

#[test]
fn renders_only_what_is_said() {
    let kinds = |spec: &str| {
        let templates = Case::new(KIND, true, spec).translated().unwrap();
        templates.into_iter().map(|template| template.manifest["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("quota: {pods: '5'}"), ["ResourceQuota"]);
    assert_eq!(kinds("containers: {max: {cpu: '5'}}"), ["LimitRange"]);
}

#[test]
fn a_sound_guard_has_no_faults() {
    assert_eq!(Case::new(KIND, true, GUARD).faults(), [""; 0]);
    let extended = "quota: {requests.nvidia.com/gpu: '4', count/jobs.batch: '10', requests.hugepages-2Mi: 1Gi}";
    assert_eq!(Case::new(KIND, true, extended).faults(), [""; 0]);
}

#[test]
fn faults_stand_in_their_places() {
    let told = [
        Case::new(KIND, false, GUARD),
        Case::new(KIND, true, "{quota: {}}"),
        Case::new(KIND, true, "quota: {request.cpu: '1', pods: '-1'}"),
        Case::new(KIND, true, "containers: {defaultRequest: {cpu: '2'}, default: {cpu: 1500m}, max: {cpu: '1'}}"),
    ]
    .map(|case| case.faults())
    .concat();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_amount_that_is_none_is_not_translated() {
    let told = Case::new(KIND, true, "quota: {pods: many}").translated().unwrap_err().to_string();
    assert!(told.starts_with("spec.quota.pods: `many` is not a Kubernetes quantity"), "{told}");
}
