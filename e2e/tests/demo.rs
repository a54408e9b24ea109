//! The demo is the main story, and checks itself.

use anyhow::Result;

#[test]
fn the_demo_holds() -> Result<()> {
    xtask::demo::run(&xtask::demo::Options {})
}
