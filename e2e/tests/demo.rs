//! The demo is the main story, and checks itself.

use anyhow::Result;
use xtask::demo::{Options, run};

#[test]
fn the_demo_holds() -> Result<()> {
    run(&Options { kube: false })
}

#[test]
fn the_demo_holds_on_real_clusters() -> Result<()> {
    run(&Options { kube: true })
}
