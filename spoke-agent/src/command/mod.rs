//! The commands of `writ-spoke`.

mod brake;
mod explain;
mod install;
mod leave;
mod output;
mod status;

use crate::config::Config;
use crate::identity::join::{Joining, join};
use crate::identity::{Files, IdentityProblem};
use crate::target::TargetError;
use crate::wiring;
use certs::enroll::Invitation;
use clap::{Parser, Subcommand};
use output::say;
use service::clock::SystemClock;
use service::config::ConfigError;
use service::exit::{self, Exit};
use service::lock::DirLock;
use service::{atomic, help, telemetry};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Builder;

pub use output::Format;

/// The spoke agent of Writ: makes one cluster hold what its bundle says, with or without a hub.
#[derive(Debug, Parser)]
#[command(
    name = "writ-spoke",
    version,
    term_width = 100,
    after_help = help::below("writ-spoke run --config spoke.yaml", &help::EXITS)
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Join with a string from `writ cluster invite`. May be repeated with the same string
    #[command(after_help = help::below("writ-spoke join writ1.eyJo… --config spoke.yaml", &[
        (Exit::Fine, "joined, now or before"),
        (Exit::Findings, "the hub refused: a string that is used, expired or of another hub"),
        (Exit::Usage, "wrong usage or configuration; the string can still be used"),
        (Exit::Absent, "no hub could be reached, or the cluster could not"),
    ]))]
    Join {
        /// The join string
        #[arg(env = proto::install::agent::VARIABLE, hide_env_values = true)]
        string: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Run the agent
    #[command(after_help = help::below("writ-spoke run --config spoke.yaml", &[
        (Exit::Fine, "stopped when asked to"),
        (Exit::Findings, "failed"),
        (Exit::Usage, "wrong usage or configuration, no target, or `join` was never run"),
    ]))]
    Run {
        #[command(flatten)]
        config: ConfigFile,
        /// Write the bound addresses to this file (JSON) once the agent listens
        #[arg(long, value_name = "PATH")]
        ready_file: Option<PathBuf>,
    },
    Install(install::Arguments),
    Leave(leave::Arguments),
    Brake(brake::Arguments),
    Explain(explain::Arguments),
    /// Show what is in force: from the running agent, else from its files
    #[command(after_help = help::below("writ-spoke status --config spoke.yaml --output json", &[
        (Exit::Fine, "it could answer"),
        (Exit::Usage, "wrong usage or configuration"),
        (Exit::Absent, "neither agent nor files are there"),
    ]))]
    Status {
        #[command(flatten)]
        config: ConfigFile,
        /// How to print it: human, json or yaml
        #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
        output: Format,
    },
    /// Check a configuration file, and that its target can be used
    #[command(after_help = help::below("writ-spoke check-config --config spoke.yaml", &[
        (Exit::Fine, "valid"),
        (Exit::Usage, "not valid, or the cluster does not take the credentials"),
        (Exit::Absent, "the cluster could not be reached"),
    ]))]
    CheckConfig {
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file (kind SpokeConfig)
    #[arg(long = "config", value_name = "FILE", env = "WRIT_SPOKE_CONFIG", hide_env_values = true)]
    path: PathBuf,
}

/// Threads for files. Each costs memory of its own, and an agent has one disk.
const FILES: usize = 4;

/// The program. Here and not in the binary, so that its futures are compiled once.
#[must_use]
pub fn main() -> Exit {
    let arguments = Arguments::parse();
    match Builder::new_multi_thread().max_blocking_threads(FILES).enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => {
            exit::print(&error);
            Exit::Findings
        }
    }
}

/// Runs a command to its end.
async fn run(arguments: Arguments) -> Exit {
    match arguments.command {
        Command::Join { string, config } => {
            with(Config::load_with_target(&config.path), async |config| joined(&string, &config).await).await
        }
        Command::Run { config, ready_file } => {
            let run = async |config: Config| served(&config, ready_file.as_deref()).await;
            with(Config::load_with_target(&config.path), run).await
        }
        Command::Install(arguments) => install::run(&arguments).await,
        Command::Leave(arguments) => {
            let leave = async |config: Config| leave::run(&arguments, &config).await;
            with(Config::load_with_target(&arguments.config.path), leave).await
        }
        Command::Brake(arguments) => brake::run(&arguments).await,
        Command::Explain(arguments) => {
            with(Config::load(&arguments.config.path), async |config| explain::run(&arguments, &config).await).await
        }
        Command::Status { config, output } => {
            with(Config::load(&config.path), async |config| status::show(&config, output).await).await
        }
        Command::CheckConfig { config } => {
            let path = config.path.display().to_string();
            let valid = async |config: Config| match config.target.inspect().await {
                Ok(()) => say(&format!("{path} is valid"), Exit::Fine),
                Err(error) => unusable(&error),
            };
            with(Config::load_with_target(&config.path), valid).await
        }
    }
}

async fn with(loaded: Result<Config, ConfigError>, work: impl AsyncFnOnce(Config) -> Exit) -> Exit {
    match loaded {
        Ok(config) => work(config).await,
        Err(error) => failed(&error, ConfigError::EXIT),
    }
}

fn failed(error: &(dyn Error + 'static), exit: Exit) -> Exit {
    exit::print(error);
    exit
}

/// A target that cannot be used as it is.
fn unusable(error: &TargetError) -> Exit {
    failed(error, if error.is_absence() { Exit::Absent } else { Exit::Usage })
}

/// Whatever would keep the agent from running is told before the string, which works once, is used up.
async fn joined(string: &str, config: &Config) -> Exit {
    let invitation: Invitation = match string.parse() {
        Ok(invitation) => invitation,
        Err(error) => return failed(&error, Exit::Usage),
    };
    if let Err(error) = config.target.inspect().await {
        return unusable(&error);
    }
    // A running agent holds its folder; joining again with the same string is still answered.
    let lock = atomic::create_folder(&config.data, atomic::Access::Owner).and_then(|()| DirLock::acquire(&config.data));
    if let (Err(error), Ok(None)) = (&lock, Files::under(&config.data).joined()) {
        return failed(error, Exit::Findings);
    }
    match join(&invitation, &config.data, Arc::new(SystemClock::new())).await {
        Ok(Joining::Before(joined)) => say(&format!("joined as {} before", joined.cluster), Exit::Fine),
        Ok(Joining::Done(joined)) => say(&format!("joined as {}", joined.cluster), Exit::Fine),
        Err(problem) => failed(&problem, if problem.is_absence() { Exit::Absent } else { Exit::Findings }),
    }
}

async fn served(config: &Config, ready_file: Option<&Path>) -> Exit {
    if let Err(error) = telemetry::init() {
        return failed(&error, Exit::Usage);
    }
    match Files::under(&config.data).joined() {
        Ok(Some(_)) => {}
        Ok(None) => return failed(&IdentityProblem::NotJoined(config.data.clone()), Exit::Usage),
        Err(problem) => return failed(&problem, Exit::Findings),
    }
    match wiring::run(config, ready_file).await {
        Ok(()) => Exit::Fine,
        Err(error) => {
            let misconfigured = error.downcast_ref().is_some_and(TargetError::is_configuration);
            failed(error.as_ref(), if misconfigured { Exit::Usage } else { Exit::Findings })
        }
    }
}
