//! Supervised tasks: each has a name and a rule for when it ends; none is lost.

mod run;
mod task;
#[cfg(test)]
mod tests;

pub use run::{Fatal, Supervisor};
pub use task::{Cause, Context, Policy, Task};

/// The signal to stop, shared by all tasks; whoever waits selects on `cancelled()`.
pub type Shutdown = tokio_util::sync::CancellationToken;
