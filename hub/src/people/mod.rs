//! The people API: REST over mutual TLS, every route judged by Cedar before its handler.
//!
//! [`table`] says which routes there are and which Cedar action each is; the router is built from it, so no route stands
//! outside authorisation. Handlers are thin: they ask the [`Hub`](crate::hub::Hub) and show what it says.

mod action;
mod body;
mod caller;
mod content;
mod gate;
mod handle;
mod headers;
mod judge;
mod problem;
mod resource;
mod router;
mod serve;
pub mod table;
#[cfg(test)]
mod tests;
mod view;

pub use action::Action;
pub use judge::{Judge, JudgeError};
pub use router::{People, router};
pub use serve::serve;
pub(crate) use view::status as overview;
