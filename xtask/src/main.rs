//! Tools for building and testing Writ.
fn main() {}
