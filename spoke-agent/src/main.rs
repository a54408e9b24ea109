//! `writ-spoke`.

fn main() {}
