//! Logs to stderr and metrics.

mod escape;
mod log;
mod metrics;

pub use escape::escape;
pub use log::{Format, TelemetryError, init};
pub use metrics::Metrics;
