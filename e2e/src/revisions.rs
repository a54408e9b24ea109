//! Revisions of the tests: each changes how the telemetry of a cluster is compressed.

use anyhow::Result;
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, cluster};
use xtask::wait;

/// The object that every revision changes.
pub const TELEMETRY: &str = "observability/ConfigMap..otel.yaml";

/// The intent behind it.
pub const INTENT: &str = "intents/observability/telemetry.yaml";

/// What the compression is in examples/acme.
pub const FIRST: &str = "zstd";

/// Commits the next revision: another compression. Gives the commit's id.
///
/// # Errors
/// When the compression is not `from`, or git fails.
pub fn commit(cast: &Cast, from: &str, to: &str) -> Result<String> {
    xtask::demo::edit(cast, INTENT, &format!("compression: {from}"), &format!("compression: {to}"))?;
    cast.commit(&format!("Compression {to}"))
}

/// Commits the next revision, and has the hub take it up.
///
/// # Errors
/// As [`commit`]; when the hub does not answer.
pub fn publish(cast: &Cast, from: &str, to: &str) -> Result<()> {
    commit(cast, from, to)?;
    cast.writ(&["catalog", "refresh"]).map(drop)
}

/// The cluster has the revision with this compression.
///
/// # Errors
/// When it has another, or none.
pub fn stands(cast: &Cast, name: &str, compression: &str) -> Result<()> {
    cluster::expect(cast, name, TELEMETRY, "/data/compression", compression)
}

/// Waits until the cluster has the revision with this compression.
///
/// # Errors
/// When that takes too long.
pub fn arrives(cast: &Cast, name: &str, compression: &str) -> Result<()> {
    wait::until(&format!("{name} has {compression}"), PATIENCE, || stands(cast, name, compression))
}
