//! SARIF 2.1.0 (OASIS), as code scanning services take it up.

use super::from_caller;
use policy::diagnostic::{Diagnostic, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One log with one run.
pub(super) fn log(diagnostics: &[Diagnostic], root: &str) -> Value {
    let codes: BTreeSet<_> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let rules: Vec<_> = codes.iter().map(|code| json!({"id": code, "name": code})).collect();
    let results: Vec<_> = diagnostics.iter().map(|diagnostic| result(diagnostic, root)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "writ", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(diagnostic: &Diagnostic, root: &str) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help = diagnostic.help.iter().map(|help| format!("\n{help}")).collect::<String>();
    json!({
        "ruleId": diagnostic.code,
        "level": level,
        "message": {"text": format!("{}{help}", diagnostic.message)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&from_caller(root, &diagnostic.file))},
            "region": {
                "startLine": diagnostic.line,
                "startColumn": diagnostic.column,
                "endLine": diagnostic.end_line,
                "endColumn": diagnostic.end_column,
            },
        }}],
    })
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
