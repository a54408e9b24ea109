//! The listener of spokes: one gRPC server behind one gate, with bounds on everything a caller can make it hold.

mod admission;
mod caller;
#[cfg(test)]
pub(crate) mod fixture;
mod serve;
mod status;
#[cfg(test)]
mod tests;

pub use admission::Admission;
pub use caller::{ClusterId, Session};
pub use serve::{Services, serve};
pub(crate) use status::status;
