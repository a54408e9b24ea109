//! Who holds which role, as the bindings of a cluster say it: those of others too.

mod binding;
mod exclusive;
mod lifeline;

pub use binding::{Binding, Bindings, GROUP, KINDS, Role, Subject, is_binding};
pub use exclusive::Exclusive;
pub use lifeline::Lifeline;
