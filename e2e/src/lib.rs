//! Tests across processes, on the shipped binaries. The cast is the demo's.

pub mod access;
pub mod disk;
pub mod faults;
pub mod inventory;
pub mod kube;
pub mod notes;
pub mod proxy;
pub mod revisions;
pub mod trial;
pub mod webhook;
pub mod world;

use anyhow::Result;
use std::sync::Once;
use xtask::lab::{Cast, Options, binaries};

static BUILT: Once = Once::new();

/// The cast of examples/acme with so many spokes, and these settings of the hub.
///
/// # Errors
/// When something does not build or start.
pub fn cast(spokes: usize, set: &[(&str, &str)]) -> Result<Cast> {
    build();
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Cast::start(&Options { spokes, set, ..Options::default() })
}

/// Builds the binaries, once per test program.
#[expect(clippy::expect_used, reason = "no test can run without the binaries")]
pub fn build() {
    BUILT.call_once(|| binaries::build().expect("the binaries build"));
}
