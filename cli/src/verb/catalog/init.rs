//! `writ catalog init DIR`.

use super::new_folder::refuse_unless_empty;
use crate::fault::Fault;
use crate::help;
use crate::output::Output;
use service::atomic::{self, Access};
use service::exit::Exit;
use std::path::PathBuf;

/// The files of a new catalog.
const STARTER: [(&str, &str); 4] = [
    ("writ.yaml", include_str!("../../../starter/writ.yaml")),
    ("clusters/first.yaml", include_str!("../../../starter/clusters/first.yaml")),
    ("intents/team-quota.yaml", include_str!("../../../starter/intents/team-quota.yaml")),
    ("rulesets/baseline.yaml", include_str!("../../../starter/rulesets/baseline.yaml")),
];

/// Write a small, valid, commented catalog
#[derive(Debug, clap::Args)]
#[command(after_help = help::offline("writ catalog init catalog", "the folder is not empty"))]
pub(crate) struct Init {
    /// A new or empty folder; a fresh git repository will do
    dir: PathBuf,
}

impl Init {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Fault> {
        refuse_unless_empty(&self.dir)?;
        let mut page = output.page();
        for (name, text) in STARTER {
            let path = self.dir.join(name);
            atomic::create_folder(path.parent().unwrap_or(&self.dir), Access::Everyone)?;
            atomic::create_new(&path, text.as_bytes(), Access::Everyone)?;
            page.line(&format!("wrote {}", path.display()));
        }
        page.line(&format!("Next: writ catalog check {}", self.dir.display()));
        output.text(&page.finish())?;
        Ok(Exit::Fine)
    }
}
