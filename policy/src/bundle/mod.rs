//! What travels: entries, contents, heads, the trust document, and the one way to believe them.

pub mod contents;
pub mod dsse;
pub mod entry;
pub mod head;
pub mod trust;
pub mod verify;
