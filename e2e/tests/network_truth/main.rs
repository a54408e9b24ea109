//! Network policies are right, not only well-formed: who may reach whom on which port is written down by hand, and an
//! outside evaluator (cyclonus, which knows nothing of Writ) reads the same from the policies that `writ catalog render`
//! prints.

mod catalogs;
mod simulator;
mod table;

use anyhow::{Context, Result, ensure};
use catalogs::Rendered;
use serde_json::Value;
use simulator::judge;
use table::Table;
use xtask::tools;

/// Where the tables of the kind itself are: each has its intent beside it.
const TABLES: &str = "policy/src/kinds/network_segmentation/tests/tables";

/// The table's connections, judged under the policies that are rendered for its namespaces and those of its own people.
fn agrees(name: &str, table: &Table, rendered: &Rendered) -> Result<()> {
    let made = table.selected.iter().flat_map(|namespace| rendered.within(namespace));
    let policies: Vec<Value> = made.chain(table.own.iter().cloned()).collect();
    ensure!(policies.len() > table.own.len(), "{name}: nothing is rendered");
    for (row, found) in table.rows.iter().zip(judge(table, &policies)?) {
        ensure!(found == row.allowed_by_network_policies(), "{name}: {row:?} is allowed: {found}");
    }
    Ok(())
}

#[test]
fn an_outside_evaluator_reads_what_the_tables_say() -> Result<()> {
    writ_e2e::build();
    let mut read = 0;
    for file in std::fs::read_dir(tools::root().join(TABLES))? {
        let path = file?.path();
        let table = Table::read(&path)?;
        let intent = table.intent.as_ref().context("the table has no intent")?;
        agrees(&path.to_string_lossy(), &table, &catalogs::of_intent(intent, &table.scope)?)?;
        read += 1;
    }
    ensure!(read >= 4, "{read} tables");
    Ok(())
}

#[test]
fn the_segments_that_the_docs_and_the_examples_show_mean_what_they_say() -> Result<()> {
    writ_e2e::build();
    let own = tools::root().join("e2e/tests/network_truth/tables");
    for (file, of) in [
        ("docs.yaml", catalogs::of_docs as fn(&str) -> Result<Rendered>),
        ("acme.yaml", catalogs::of_acme),
        ("acme_payments.yaml", catalogs::of_acme),
    ] {
        let table = Table::read(&own.join(file))?;
        let rule = table.rule.as_deref().context("the table names no rule")?;
        agrees(file, &table, &of(rule)?)?;
    }
    Ok(())
}

#[test]
fn the_evaluator_can_say_yes_and_no() -> Result<()> {
    let table = Table::read(&tools::root().join(TABLES).join("segments.yaml"))?;
    let found = judge(&table, &[])?;
    ensure!(found.iter().all(|allowed| *allowed) && found.len() == table.rows.len(), "{found:?}");
    let deny = serde_json::json!({"kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}});
    let found = judge(&table, &[deny])?;
    let touches = |row: &table::Row| [&row.from, &row.to].iter().any(|end| end.starts_with("shop/"));
    ensure!(table.rows.iter().map(|row| !touches(row)).eq(found.iter().copied()), "{found:?}");
    Ok(())
}
