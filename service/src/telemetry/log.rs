//! The log: to stderr, one event a line.

use super::escape::Escaping;
use std::env;
use std::io;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `WRIT_LOG` is no filter.
    #[error("WRIT_LOG is not a log filter; write a level such as `info`, or `info,writ_hub=debug`")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// `WRIT_LOG_FORMAT` is no format.
    #[error("WRIT_LOG_FORMAT is `{0}`; write `human` or `json`")]
    Format(String),
    /// A subscriber stands already.
    #[error("logging was started twice")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Starts logging for this process: filter from `WRIT_LOG` (default `info`), format from `WRIT_LOG_FORMAT` (`human` or
/// `json`).
pub fn init() -> Result<(), TelemetryError> {
    let filter = env::var("WRIT_LOG").unwrap_or_else(|_| "info".into());
    let filter = EnvFilter::try_new(filter).map_err(TelemetryError::Filter)?;
    let format = format(env::var("WRIT_LOG_FORMAT").ok().as_deref())?;
    start(filter, format).map_err(TelemetryError::Twice)
}

fn format(word: Option<&str>) -> Result<Format, TelemetryError> {
    match word {
        None | Some("human") => Ok(Format::Human),
        Some("json") => Ok(Format::Json),
        Some(other) => Err(TelemetryError::Format(super::escape(other))),
    }
}

fn start(filter: EnvFilter, format: Format) -> Result<(), tracing_subscriber::util::TryInitError> {
    let writer = || Escaping(io::stderr());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer);
    match format {
        Format::Human => log.finish().try_init(),
        Format::Json => log.json().finish().try_init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named() {
        assert_eq!(format(None).unwrap(), Format::Human);
        assert_eq!(format(Some("json")).unwrap(), Format::Json);
        assert!(format(Some("xml")).is_err());
    }
}
