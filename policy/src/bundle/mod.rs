//! What travels: entries, contents, heads, the trust document, and the one way to believe them.

#[cfg(test)]
mod attacks;
pub mod chain;
pub mod companion;
pub mod contents;
pub mod delta;
pub mod dsse;
pub mod entry;
#[cfg(test)]
pub(crate) mod fixture;
pub mod head;
pub mod key;
pub mod trust;
pub mod verify;
