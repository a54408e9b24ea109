//! `writ catalog init | check | render`.

use super::{Run, acme, edit, starter, writ};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A catalog with faults of several sorts.
fn faulty() -> TempDir {
    let folder = starter();
    let intent = folder.path().join("intents/team-quota.yaml");
    edit(&intent, "rationale:", "rationle:");
    edit(&intent, "risk: medium", "risk: enormous");
    edit(&folder.path().join("rulesets/baseline.yaml"), "ResourceGuard/team-quota", "ResourceGuard/team-qouta");
    folder
}

fn check(folder: &Path, more: &[&str]) -> Run {
    writ(folder, &[&["catalog", "check"], more].concat())
}

#[test]
fn what_init_writes_is_fine_and_renders() {
    let folder = starter();
    let run = check(folder.path(), &["--fail-on", "warning"]);
    assert_eq!((run.code, run.out.as_str()), (0, "The catalog is fine.\n"));
    let run = writ(folder.path(), &["catalog", "render", "--cluster", "first"]);
    assert_eq!(run.code, 0, "{}", run.err);
    // The first line has the digest of the contents, which is not for this test to fix.
    let (_, manifests) = run.out.split_once('\n').unwrap();
    insta::assert_snapshot!("render_starter", manifests);
}

#[test]
fn init_refuses_a_folder_in_use() {
    let folder = starter();
    let run = writ(folder.path(), &["catalog", "init", "."]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("is not empty"), "{}", run.err);
}

#[test]
fn acme_is_fine_in_every_cluster() {
    let run = check(&acme(), &["--fail-on", "warning"]);
    assert_eq!(run.code, 0, "{}", run.out);
    for cluster in ["eu-1", "eu-2", "us-1", "us-lab"] {
        let run = writ(&acme(), &["catalog", "render", "--cluster", cluster]);
        assert_eq!(run.code, 0, "{}", run.err);
    }
}

#[test]
fn faults_are_shown_in_every_form() {
    let folder = faulty();
    for form in ["human", "json", "yaml", "sarif", "github"] {
        let run = check(folder.path(), &["--output", form]);
        assert_eq!(run.code, 1, "{form}: {}", run.err);
        insta::assert_snapshot!(format!("check_{form}"), run.out);
    }
}

#[test]
fn faults_are_named_from_where_the_caller_stands() {
    let folder = faulty();
    let above = folder.path().parent().unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let run = check(above, &[name, "--output", "github"]);
    assert!(run.out.contains(&format!("file={name}/intents/team-quota.yaml,line=")), "{}", run.out);
}

#[test]
fn warnings_fail_only_when_asked_to() {
    let folder = starter();
    edit(&folder.path().join("intents/team-quota.yaml"), "clusters: {}", "clusters: {names: []}");
    let run = check(folder.path(), &[]);
    assert!(run.out.contains("warning[SelectsNothing]"), "{}", run.out);
    assert_eq!(run.code, 0);
    assert_eq!(check(folder.path(), &["--fail-on", "warning"]).code, 1);
}

#[test]
fn a_file_cannot_write_to_the_terminal() {
    let folder = starter();
    edit(&folder.path().join("intents/team-quota.yaml"), "risk: medium", "risk: \"\\e[31mred\"");
    let run = check(folder.path(), &[]);
    assert_eq!(run.code, 1);
    assert!(!run.out.contains('\u{1b}'), "{}", run.out);
}

#[test]
fn render_writes_a_file_for_each_object() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("rendered");
    let run = writ(&acme(), &["catalog", "render", "--cluster", "eu-1", "--out", folder.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let telemetry = fs::read_to_string(folder.join("observability/ConfigMap..otel.yaml")).unwrap();
    assert!(telemetry.contains("https://otel.eu.acme.example"));
    assert!(folder.join("_each/NetworkPolicy.networking.k8s.io.default-deny-ingress.yaml").is_file());
    assert!(folder.join("_cluster/Namespace..payments.yaml").is_file());
    let again = writ(&acme(), &["catalog", "render", "--cluster", "eu-1", "--out", folder.to_str().unwrap()]);
    assert_eq!(again.code, 1);
}

#[test]
fn render_says_what_a_cluster_cannot_have() {
    let folder = tempfile::tempdir().unwrap();
    let facts = folder.path().join("cluster.yaml");
    let text = "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nspec: {facts: {kubernetes: \"1.30\", apis: [apps/v1]}}\n";
    fs::write(&facts, text).unwrap();
    let render = ["catalog", "render", "--cluster", "eu-1", "--facts", facts.to_str().unwrap()];
    let run = writ(&acme(), &render);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("# ConfigTemplate/default-deny cannot be rendered for this cluster:"), "{}", run.out);
    fs::write(&facts, text.replace("facts:", "fcats:")).unwrap();
    let run = writ(&acme(), &render);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cluster.yaml:3:"), "{}", run.err);
}

#[test]
fn what_is_not_there_is_said() {
    let run = writ(&acme(), &["catalog", "render", "--cluster", "eu-9"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.err, "error: the catalog declares no cluster `eu-9`; it has eu-1, eu-2, us-1, us-lab\n");
    let run = check(Path::new("/"), &["/there/is/nothing/here"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("there is no folder"), "{}", run.err);
}

#[test]
fn schemas_are_printed_for_editors() {
    let here = std::env::temp_dir();
    let schema = |arguments: &[&str]| {
        let run = writ(&here, &[&["catalog", "schema"], arguments].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    let one: serde_json::Value = serde_json::from_str(&schema(&["Cluster"])).unwrap();
    assert_eq!(one["properties"]["kind"]["const"], "Cluster");
    assert_eq!(
        one["properties"]["spec"]["properties"]["mode"]["enum"],
        serde_json::json!(["audit", "warn", "enforce"])
    );
    let all: serde_json::Value = serde_json::from_str(&schema(&["--output", "json"])).unwrap();
    let kinds: Vec<_> = all["anyOf"].as_array().unwrap().iter().map(|kind| kind["title"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"ResourceGuard") && kinds.contains(&"Catalog"), "{kinds:?}");
    assert!(schema(&["Cluster", "-o", "yaml"]).contains("const: Cluster"));
    assert!(schema(&["--cedar"]).contains("namespace meta::v1"));
    assert!(schema(&["--cedar", "authority"]).contains(r#"action "override" appliesTo"#));
    assert!(schema(&["--cedar", "constraints"]).contains("entity NetworkPolicy"));
    let unknown = writ(&here, &["catalog", "schema", "Clustr"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("a similar value exists: 'Cluster'"), "{}", unknown.err);
}

/// Runs git in a catalog.
fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "commit.gpgsign=false"];
    let status = std::process::Command::new("git").args(identity).args(arguments).current_dir(folder).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

#[test]
fn what_somebody_changed_is_judged_by_the_authority_of_before() {
    let folder = starter();
    let root = folder.path();
    fs::create_dir(root.join("authority")).unwrap();
    let policies = "permit (principal, action == Writ::Action::\"own\", resource);\n\
                    permit (principal == Writ::Person::\"ada\", action == Writ::Action::\"change\", resource);\n\
                    permit (principal, action == Writ::Action::\"change\", resource in Writ::Domain::\"parameters\");\n";
    fs::write(root.join("authority/people.cedar"), policies).unwrap();
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "First"]);
    edit(&root.join("intents/team-quota.yaml"), "risk: medium", "risk: low");
    fs::write(root.join("authority/people.cedar"), policies.replace("\"ada\"", "\"bob\"")).unwrap();
    fs::write(root.join("README.md"), "Of no effect.\n").unwrap();
    fs::create_dir(root.join("parameters")).unwrap();
    let parameters = "apiVersion: writ.dev/v1alpha1\nkind: Parameters\nmetadata: {name: a}\nspec: {values: {a: 1}}\n";
    fs::write(root.join("parameters/a.yaml"), parameters).unwrap();
    let by = |who: &str, revision: &str| check(root, &["--changed-by", who, "--against", revision, "-o", "github"]);
    assert_eq!(by("ada", "main").code, 0, "{}", by("ada", "main").out);
    let run = by("bob", "HEAD");
    let told: Vec<&str> = run.out.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!((run.code, told.len()), (1, 2), "{}{}", run.out, run.err);
    assert!(told[0].contains("file=authority/people.cedar") && told[0].contains("`bob` may not change this file"));
    assert!(told[1].contains("file=intents/team-quota.yaml") && told[1].contains("(ResourceGuard/team-quota)"));
    for (who, revision, said) in [("bob", "nowhere", "has no commit `nowhere`"), ("bob", "--output", "--against")] {
        let run = by(who, revision);
        assert!(run.code == 2 && run.err.contains(said), "{}", run.err);
    }
    assert_eq!(check(root, &["--changed-by", "bob"]).code, 2);
    let other = starter();
    let run = check(other.path(), &["--changed-by", "bob", "--against", "HEAD"]);
    assert!(run.code == 2 && run.err.contains("lies in no git repository"), "{}", run.err);
}
