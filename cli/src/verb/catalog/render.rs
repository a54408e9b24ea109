//! `writ catalog render [DIR] --cluster NAME`.

use super::new_folder::refuse_unless_empty;
use super::rendering::Rendering;
use super::{facts, working_copy};
use crate::fault::Fault;
use crate::help;
use crate::output::diagnostics::{self, Form};
use crate::output::{FormatArgument, Output};
use policy::catalog::{Catalog, Cluster};
use policy::compile::{NoMemo, compile};
use policy::facts::{Capabilities, Facts};
use policy::name::ClusterName;
use service::atomic::{self, Access};
use service::exit::Exit;
use std::path::{Path, PathBuf};

/// The exact manifests that a cluster would get
#[derive(Debug, clap::Args)]
#[command(after_help = help::offline(
    "writ catalog render --cluster eu-1 --out rendered",
    "the catalog has faults, or a rule cannot be rendered for this cluster"
))]
pub(crate) struct Render {
    /// The folder with writ.yaml
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The cluster, as the catalog declares it
    #[arg(long, value_name = "NAME")]
    cluster: ClusterName,
    /// What the cluster can do: a Cluster document with spec.facts [default: those pinned in the catalog]
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// Write a file for each object to this new or empty folder instead
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
}

impl Render {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Fault> {
        let copy = working_copy::read(&self.dir)?;
        let Some(catalog) = copy.catalog else {
            let form = Form::from(self.format.output);
            diagnostics::print(output, form, &copy.diagnostics, &copy.sources, &self.dir.to_string_lossy())?;
            return Ok(Exit::Findings);
        };
        let facts = self.facts(&catalog)?;
        let rendering = Rendering::new(facts.declared.clone(), &compile(&catalog, &facts, &NoMemo))?;
        match &self.out {
            Some(folder) => write(&rendering, folder, output)?,
            None => output.result(self.format.output, &rendering)?,
        }
        Ok(if rendering.is_whole() { Exit::Fine } else { Exit::Findings })
    }

    fn facts(&self, catalog: &Catalog) -> Result<Facts, Fault> {
        let cluster = catalog.clusters.get(&self.cluster).ok_or_else(|| unknown(&self.cluster, catalog))?;
        let capabilities = match &self.facts {
            Some(file) => facts::read(file)?,
            None => pinned(cluster)?,
        };
        Ok(Facts { declared: cluster.declared.clone(), capabilities })
    }
}

fn unknown(name: &ClusterName, catalog: &Catalog) -> Fault {
    let names: Vec<_> = catalog.clusters.keys().map(ToString::to_string).collect();
    Fault::Usage(format!("the catalog declares no cluster `{name}`; it has {}", names.join(", ")))
}

fn pinned(cluster: &Cluster) -> Result<Capabilities, Fault> {
    let name = &cluster.declared.name;
    cluster.pinned.clone().ok_or_else(|| {
        Fault::Usage(format!(
            "the catalog pins no facts of `{name}`; add spec.facts to its document, or name a file with --facts"
        ))
    })
}

fn write(rendering: &Rendering, folder: &Path, output: &mut Output) -> Result<(), Fault> {
    refuse_unless_empty(folder)?;
    let files = rendering.files()?;
    for (name, text) in &files {
        let path = folder.join(name);
        atomic::create_folder(path.parent().unwrap_or(folder), Access::Everyone)?;
        atomic::create_new(&path, text.as_bytes(), Access::Everyone)?;
    }
    let mut page = output.page();
    page.line(&format!("wrote {} objects to {}", files.len(), folder.display()));
    rendering.unsupported().for_each(|(rule, why)| page.line(&format!("{rule} cannot be rendered: {why}")));
    output.text(&page.finish())
}
