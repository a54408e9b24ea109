//! The commands of `writ-spoke`.

mod output;
mod status;

use crate::config::Config;
use crate::identity::Files;
use crate::identity::join::{Joining, join};
use crate::wiring;
use clap::{Parser, Subcommand};
use output::say;
use service::clock::SystemClock;
use service::exit::{self, Exit};
use service::lock::DirLock;
use service::{atomic, telemetry};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use output::Format;

/// The spoke agent of Writ: makes one cluster hold what its bundle says, with or without a hub.
#[derive(Debug, Parser)]
#[command(name = "writ-spoke", version, after_help = EXITS)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXITS: &str = "Exit codes: 0 fine; 1 refused; 2 wrong usage or configuration; 3 something needed is absent.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Join with a string from `writ cluster invite`. May be repeated with the same string.
    #[command(after_help = "Example: writ-spoke join writ1.eyJo… --config spoke.yaml\n\n\
        Exit codes: 0 joined (now or before); 1 the hub refused (used, expired or foreign token); \
        2 wrong usage or configuration; 3 no hub could be reached.")]
    Join {
        /// The join string.
        string: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Run the agent.
    #[command(after_help = "Example: writ-spoke run --config spoke.yaml\n\n\
        Exit codes: 0 stopped when asked to; 1 failed; 2 wrong usage or configuration.")]
    Run {
        #[command(flatten)]
        config: ConfigFile,
        /// Write the bound addresses to this file (JSON) once the agent listens.
        #[arg(long, value_name = "PATH")]
        ready_file: Option<PathBuf>,
    },
    /// Show what is in force: from the running agent, else from its files.
    #[command(after_help = "Example: writ-spoke status --config spoke.yaml --output json\n\n\
        Exit codes: 0 it could answer; 2 wrong usage or configuration; 3 neither agent nor files are there.")]
    Status {
        #[command(flatten)]
        config: ConfigFile,
        /// How to print it.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        output: Format,
    },
    /// Check a configuration file.
    #[command(after_help = "Example: writ-spoke check-config --config spoke.yaml\n\n\
        Exit codes: 0 valid; 2 not valid.")]
    CheckConfig {
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file (kind SpokeConfig).
    #[arg(long = "config", value_name = "FILE", env = "WRIT_SPOKE_CONFIG")]
    path: PathBuf,
}

/// Runs a command to its end.
pub async fn run(arguments: Arguments) -> Exit {
    match arguments.command {
        Command::Join { string, config } => with(&config.path, async |config| joined(&string, &config).await).await,
        Command::Run { config, ready_file } => {
            with(&config.path, async |config| served(&config, ready_file.as_deref()).await).await
        }
        Command::Status { config, output } => {
            with(&config.path, async |config| status::show(&config, output).await).await
        }
        Command::CheckConfig { config } => {
            let path = config.path.display().to_string();
            with(&config.path, async |_| say(&format!("{path} is valid"), Exit::Fine)).await
        }
    }
}

async fn with(path: &Path, work: impl AsyncFnOnce(Config) -> Exit) -> Exit {
    match Config::load(path) {
        Ok(config) => work(config).await,
        Err(error) => {
            exit::print(&error);
            service::config::ConfigError::EXIT
        }
    }
}

async fn joined(string: &str, config: &Config) -> Exit {
    // A running agent holds its folder; joining again with the same string is still answered.
    let lock = atomic::create_folder(&config.data, atomic::Access::Owner).and_then(|()| DirLock::acquire(&config.data));
    if let (Err(error), Ok(None)) = (&lock, Files::under(&config.data).joined()) {
        exit::print(error);
        return Exit::Findings;
    }
    match join(string, &config.data, Arc::new(SystemClock::new())).await {
        Ok(Joining::Before(joined)) => say(&format!("joined as {} before", joined.cluster), Exit::Fine),
        Ok(Joining::Done(joined)) => say(&format!("joined as {}", joined.cluster), Exit::Fine),
        Err(problem) => {
            exit::print(&problem);
            if problem.is_absence() { Exit::Absent } else { Exit::Findings }
        }
    }
}

async fn served(config: &Config, ready_file: Option<&Path>) -> Exit {
    if let Err(error) = telemetry::init() {
        exit::print(&error);
        return Exit::Usage;
    }
    match wiring::run(config, ready_file).await {
        Ok(()) => Exit::Fine,
        Err(error) => {
            exit::print(error.as_ref());
            Exit::Findings
        }
    }
}
