//! The commands of `writ-hub`.

use crate::config::HubConfig;
use crate::init::init;
use crate::wiring::{self, ServeError};
use clap::{Parser, Subcommand};
use rand::rngs::StdRng;
use service::clock::{Clock as _, SystemClock};
use service::exit::{self, Exit};
use service::{help, telemetry};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The hub of Writ: follows a git catalog, checks it, and signs one bundle per cluster.
#[derive(Debug, Parser)]
#[command(
    name = "writ-hub",
    version,
    term_width = 100,
    after_help = help::below("writ-hub serve --config hub.yaml", &help::EXITS)
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new hub: keys, the first trust document, the first operator's certificate. Never overwrites
    #[command(after_help = help::below("writ-hub init --config hub.yaml", &[
        (Exit::Fine, "made"),
        (Exit::Findings, "there is one already, or the folder cannot be written"),
        (Exit::Usage, "wrong usage or configuration"),
    ]))]
    Init {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Run the hub
    #[command(after_help = help::below("writ-hub serve --config hub.yaml", &[
        (Exit::Fine, "stopped when asked to"),
        (Exit::Findings, "failed; a port is in use, for example"),
        (Exit::Usage, "wrong usage or configuration, or `init` was never run"),
    ]))]
    Serve {
        #[command(flatten)]
        config: ConfigFile,
        /// Write the bound addresses to this file (JSON) once all listeners are bound
        #[arg(long, value_name = "PATH")]
        ready_file: Option<PathBuf>,
    },
    /// Check a configuration file
    #[command(after_help = help::below("writ-hub check-config --config hub.yaml", &[
        (Exit::Fine, "valid"),
        (Exit::Usage, "not valid"),
    ]))]
    CheckConfig {
        #[command(flatten)]
        config: ConfigFile,
    },
}

#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file (kind HubConfig)
    #[arg(long = "config", value_name = "FILE", env = "WRIT_HUB_CONFIG", hide_env_values = true)]
    path: PathBuf,
}

/// Runs a command to its end.
pub async fn run(arguments: Arguments) -> Exit {
    let (Command::Init { config } | Command::Serve { config, .. } | Command::CheckConfig { config }) =
        &arguments.command;
    let path = config.path.display().to_string();
    let config = match HubConfig::load(&config.path) {
        Ok(config) => config,
        Err(error) => return failed(&error, Exit::Usage),
    };
    match arguments.command {
        Command::Init { .. } => make(&config).await,
        Command::Serve { ready_file, .. } => serve(&config, ready_file.as_deref()).await,
        Command::CheckConfig { .. } => say(&format!("{path} is valid")),
    }
}

async fn make(config: &HubConfig) -> Exit {
    match init(config, SystemClock::new().wall(), &mut rand::make_rng::<StdRng>()).await {
        Ok(layout) => say(&format!(
            "A new hub is in {}. The first operator's certificate is in {}; keep trust/keys/root.pem offline.",
            config.data.display(),
            layout.operator("").display()
        )),
        Err(error) => failed(&error, Exit::Findings),
    }
}

async fn serve(config: &HubConfig, ready_file: Option<&Path>) -> Exit {
    if let Err(error) = telemetry::init() {
        return failed(&error, Exit::Usage);
    }
    match wiring::serve(config, ready_file).await {
        Ok(()) => Exit::Fine,
        Err(error @ ServeError::NoHub(_)) => failed(&error, Exit::Usage),
        Err(error) => failed(&error, Exit::Findings),
    }
}

fn failed(error: &(dyn Error + 'static), exit: Exit) -> Exit {
    exit::print(error);
    exit
}

fn say(text: &str) -> Exit {
    // A reader that went away needs no answer.
    drop(writeln!(std::io::stdout(), "{text}"));
    Exit::Fine
}
