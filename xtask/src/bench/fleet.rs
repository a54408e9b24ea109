//! A large catalog: so many clusters, no two alike, and so many intents.

use crate::lab::files::write;
use anyhow::Result;
use std::fmt::Write as _;
use std::path::Path;

/// Writes a catalog with `clusters` clusters and no rule.
pub(crate) fn clusters(catalog: &Path, clusters: u32) -> Result<()> {
    write(&catalog.join("writ.yaml"), CATALOG)?;
    for region in ["eu", "us"] {
        write(&catalog.join(format!("regions/{region}/parameters/values.yaml")), &parameters(region))?;
    }
    for number in 0..clusters {
        let region = if number.is_multiple_of(2) { "eu" } else { "us" };
        write(&catalog.join(format!("clusters/{region}/c{number}.yaml")), &cluster(number, region))?;
    }
    Ok(())
}

/// Writes `intents` intents, half of them quotas, half of them templates with a regional value.
pub(crate) fn intents(catalog: &Path, intents: u32) -> Result<()> {
    (0..intents).try_for_each(|number| intent(catalog, number, 100))
}

/// Writes one intent, with a number in it that can be changed.
pub(crate) fn intent(catalog: &Path, number: u32, value: u32) -> Result<()> {
    let mut text = format!(
        "apiVersion: writ.dev/v1alpha1\nkind: {}\n",
        if number.is_multiple_of(2) { "ResourceGuard" } else { "ConfigTemplate" }
    );
    write!(
        text,
        "metadata: {{name: rule-{number}}}\nspec:\n  rationale: A rule of the benchmark.\n  risk: low\n  mode: enforce\n  \
         scope: {{clusters: {{}}, namespaces: {{matchLabels: {{rule: r{number}}}}}}}\n"
    )?;
    if number.is_multiple_of(2) {
        writeln!(text, "  quota: {{requests.cpu: \"20\", requests.memory: 64Gi, pods: \"{value}\"}}")?;
        text.push_str("  containers: {defaultRequest: {cpu: 100m, memory: 128Mi}, default: {memory: 512Mi}, max: {memory: 8Gi}}\n");
    } else {
        text.push_str("  parameters: [{name: endpoint, type: string}]\n  objects:\n  - manifest:\n      apiVersion: v1\n      kind: ConfigMap\n");
        write!(
            text,
            "      metadata: {{name: rule-{number}}}\n      data: {{endpoint: {{$param: endpoint}}, value: \"{value}\"}}\n"
        )?;
    }
    write(&catalog.join(format!("intents/rule-{number}.yaml")), &text)
}

const CATALOG: &str = "apiVersion: writ.dev/v1alpha1\nkind: Catalog\nmetadata: {name: bench}\nspec:\n  regions: [eu, us]\n  \
    teams:\n    platform: {members: [ada]}\n  domains:\n  - {path: intents, owner: platform}\n  - {path: clusters, owner: platform}\n";

fn parameters(region: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: Parameters\nmetadata: {{name: {region}}}\nspec:\n  region: {region}\n  \
         values: {{endpoint: \"https://{region}.example\"}}\n"
    )
}

fn cluster(number: u32, region: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: c{number}, labels: {{seat: s{number}}}}}\nspec:\n  \
         region: {region}\n  mode: enforce\n  facts: {{kubernetes: \"1.{}\", apis: [apps/v1, \"bench{number}.example/v1\"]}}\n",
        30 + number % 7
    )
}
