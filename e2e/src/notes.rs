//! What an agent says beside the outcomes of units.

use crate::world::World;
use anyhow::{Result, ensure};
use serde_json::Value;
use std::time::Duration;
use xtask::wait;

/// Long before the slow scan.
const SOON: Duration = Duration::from_secs(10);

/// The notes of the agent, each as its code, rule, reason and object's name.
///
/// # Errors
/// When it has nothing to tell.
pub fn notes(world: &World) -> Result<Vec<String>> {
    let status = world.status()?;
    let notes = status.pointer("/status/notes").and_then(Value::as_array).into_iter().flatten();
    let text = |note: &Value, at: &str| note.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = |note: &Value| ["/outcome", "/rule", "/reason", "/object/name"].map(|at| text(note, at)).join(" ");
    Ok(notes.map(|note| line(note).trim_end().to_owned()).collect())
}

/// Waits until the agent's notes are exactly these.
///
/// # Errors
/// When that takes too long.
pub fn noted(world: &World, wanted: &[&str]) -> Result<()> {
    wait::until(&format!("the notes are {wanted:?}"), SOON, || {
        let found = notes(world)?;
        ensure!(found == wanted, "{found:?}");
        Ok(())
    })
}
