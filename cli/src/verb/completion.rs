//! `writ completion SHELL`.

use crate::arguments::Arguments;
use crate::fault::Fault;
use crate::help;
use crate::output::Output;
use clap::CommandFactory;
use clap_complete::Shell;
use service::exit::Exit;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = help::offline("writ completion bash > ~/.local/share/bash-completion/completions/writ", "never"))]
pub(crate) struct Completion {
    /// Which shell
    shell: Shell,
}

impl Completion {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Fault> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "writ", &mut script);
        output.text(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Fine)
    }
}
