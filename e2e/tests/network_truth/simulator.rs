//! Asking cyclonus.

use crate::table::{Row, Table};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::process::Command;
use xtask::{assets, tools};

/// Whether each row's connection comes about under these NetworkPolicies, in order.
pub(crate) fn judge(table: &Table, policies: &[Value]) -> Result<Vec<bool>> {
    let folder = tempfile::tempdir()?;
    let (list, traffic) = (folder.path().join("policies.json"), folder.path().join("traffic.json"));
    let policies = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": policies});
    std::fs::write(&list, policies.to_string())?;
    let rows: Vec<Value> = table.rows.iter().map(|row| connection(table, row)).collect::<Result<_>>()?;
    std::fs::write(&traffic, Value::from(rows).to_string())?;
    let mut call = Command::new(assets::simulator()?);
    call.args(["analyze", "--mode", "query-traffic", "--simplify-policies=false", "--policy-path"]).arg(list);
    let told = tools::stdout(call.arg("--traffic-path").arg(traffic))?;
    let verdicts: Vec<bool> =
        told.lines().filter(|line| line.contains("IS ALLOWED?")).map(verdict).collect::<Result<_>>()?;
    ensure!(verdicts.len() == table.rows.len(), "{} verdicts of {} rows", verdicts.len(), table.rows.len());
    Ok(verdicts)
}

/// The verdict in `| IS ALLOWED? | TRUE | …`.
fn verdict(line: &str) -> Result<bool> {
    let said = line.split('|').nth(2).context("no verdict")?.trim().to_lowercase();
    said.parse().with_context(|| line.to_owned())
}

fn connection(table: &Table, row: &Row) -> Result<Value> {
    let called = table.pods.get(&row.to);
    let named = called.into_iter().flat_map(|pod| &pod.ports);
    let name = named.into_iter().find(|(_, (port, protocol))| (*port, protocol) == (row.port, &row.protocol));
    Ok(json!({
        "Source": end(table, &row.from)?,
        "Destination": end(table, &row.to)?,
        "ResolvedPort": row.port,
        "ResolvedPortName": name.map_or("", |(name, _)| name),
        "Protocol": row.protocol,
    }))
}

/// A pod, or an address outside the cluster.
fn end(table: &Table, text: &str) -> Result<Value> {
    let Some((namespace, _)) = text.split_once('/') else { return Ok(json!({"IP": text})) };
    let pod = table.pods.get(text).with_context(|| format!("there is no pod {text}"))?;
    let mut labels = table.namespaces.get(namespace).with_context(|| format!("no namespace of {text}"))?.clone();
    labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
    Ok(json!({"IP": pod.ip,
        "Internal": {"PodLabels": pod.labels, "NamespaceLabels": labels, "Namespace": namespace}}))
}
