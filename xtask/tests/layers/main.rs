//! The layers: which crate is built on which, and which module knows what. CONTRIBUTING.md has them in words.

mod crates;
mod modules;
