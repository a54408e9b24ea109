//! Catalogs, and what the shipped `writ catalog render` makes of them.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use xtask::lab::{binaries, files};
use xtask::tools;

/// The cluster that is rendered for; examples/acme has it too.
const CLUSTER: &str = "eu-1";

const ROOT: &str = "apiVersion: writ.dev/v1alpha1
kind: Catalog
metadata: {name: acme}
spec:
  regions: [eu]
  teams: {platform: {members: [ada]}}
";

/// It pins what it serves: NetworkPolicies, and not what bounds them, which the evaluator does not know.
const DECLARED: &str = "apiVersion: writ.dev/v1alpha1
kind: Cluster
metadata: {name: eu-1}
spec:
  region: eu
  mode: enforce
  facts: {kubernetes: \"1.36\", apis: [networking.k8s.io/v1, rbac.authorization.k8s.io/v1]}
";

/// The NetworkPolicies that a cluster gets in every selected namespace.
pub(crate) struct Rendered(Vec<Value>);

impl Rendered {
    /// Those of one namespace.
    pub(crate) fn within(&self, namespace: &str) -> impl Iterator<Item = Value> {
        self.0.iter().cloned().map(move |mut policy| {
            let metadata = policy.get_mut("metadata").and_then(Value::as_object_mut);
            metadata.map(|metadata| metadata.insert("namespace".to_owned(), namespace.into()));
            policy
        })
    }
}

/// Of one intent, whose own spec and scope these are.
pub(crate) fn of_intent(spec: &Value, scope: &Value) -> Result<Rendered> {
    let mut whole = json!({"owner": {"team": "platform"}, "rationale": "A truth table.", "risk": "low",
        "mode": "enforce", "scope": {"clusters": {}, "namespaces": scope}});
    let (own, governance) = (spec.as_object().context("a spec")?, whole.as_object_mut().context("a spec")?);
    governance.extend(own.clone());
    let intent = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "NetworkSegmentation",
        "metadata": {"name": "sample"}, "spec": whole});
    rendered_of(&[("intents", intent.to_string())], "NetworkSegmentation/sample")
}

/// Of a rule that docs/kinds.md shows.
pub(crate) fn of_docs(rule: &str) -> Result<Rendered> {
    let page = std::fs::read_to_string(tools::root().join("docs/kinds.md"))?;
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let documents = blocks.flat_map(|block| block.split("---\n"));
    let folder = |text: &str| if text.contains("kind: Parameters") { "parameters" } else { "intents" };
    rendered_of(&documents.map(|text| (folder(text), text.to_owned())).collect::<Vec<_>>(), rule)
}

/// Of a rule of examples/acme.
pub(crate) fn of_acme(rule: &str) -> Result<Rendered> {
    rendered(&tools::root().join("examples/acme"), rule)
}

fn rendered_of(documents: &[(&str, String)], rule: &str) -> Result<Rendered> {
    let catalog = tempfile::tempdir()?;
    files::write(&catalog.path().join("writ.yaml"), ROOT)?;
    files::write(&catalog.path().join("clusters/eu-1.yaml"), DECLARED)?;
    for (index, (folder, text)) in documents.iter().enumerate() {
        files::write(&catalog.path().join(folder).join(format!("{index}.yaml")), text)?;
    }
    rendered(catalog.path(), rule)
}

fn rendered(catalog: &Path, rule: &str) -> Result<Rendered> {
    let mut call = Command::new(binaries::path("writ")?);
    call.args(["catalog", "render"]).arg(catalog).args(["--cluster", CLUSTER, "--output", "json"]);
    let told: Value = serde_json::from_str(&tools::stdout(&mut call)?)?;
    let entries = told.pointer("/entries").and_then(Value::as_array).context("no entries")?;
    let is_it = |entry: &&Value| entry.get("name") == Some(&json!(rule));
    let entry = entries.iter().find(is_it).with_context(|| format!("{rule} is not rendered"))?;
    let templates = entry.pointer("/body/objects/templates").and_then(Value::as_array).into_iter().flatten();
    let manifests = templates.filter_map(|template| template.get("manifest"));
    let policies = manifests.filter(|manifest| manifest.get("kind") == Some(&json!("NetworkPolicy")));
    Ok(Rendered(policies.cloned().collect()))
}
