//! What `cargo xtask` does, as a library for the tests across processes: they start the same cast as the demo.

pub mod assets;
pub mod bench;
pub mod demo;
pub mod guards;
pub mod lab;
pub mod test;
pub mod tools;
pub mod wait;
