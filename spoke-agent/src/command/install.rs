//! `writ-spoke install`.

use super::output::{Format, machine, say};
use crate::target::kube::install::{Installed, install};
use policy::kube_kinds::Grant;
use policy::name::Namespace;
use proto::install::Install;
use serde_json::{Value, json};
use service::exit::{self, Exit};
use service::help;
use std::path::PathBuf;

/// Prepare a cluster for the agent: custom resources, its namespace, its account and what that may do
///
/// It acts as the person of the kubeconfig and may be repeated: what is no longer allowed is taken away. With --output
/// yaml nothing is applied; the manifests are printed, for kubectl apply --server-side -f -.
#[derive(Debug, clap::Args)]
#[command(after_help = help::below("writ-spoke install --kubeconfig admin.kubeconfig --allow quota,network,config", &[
    (Exit::Fine, "it stands"),
    (Exit::Findings, "the cluster refused"),
    (Exit::Usage, "wrong usage, or a kubeconfig that cannot be used"),
    (Exit::Absent, "the cluster does not answer"),
]))]
pub(super) struct Arguments {
    /// The kubeconfig of a person who may do this
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The agent's own namespace
    #[arg(long, default_value_t = Namespace::of_writ(), value_parser = proto::install::own_namespace, value_name = "NAME")]
    namespace: Namespace,
    /// What the agent may write, of quota, network, access, workload and config; with access it may give away rights
    #[arg(long, value_delimiter = ',', default_value = proto::install::GRANTED_TEXT, value_name = "WHAT")]
    allow: Vec<Grant>,
    /// How to tell what was done: human or json; yaml prints the manifests instead
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    output: Format,
}

/// No cluster is named.
#[derive(Debug, thiserror::Error)]
#[error("no cluster is named: write --kubeconfig FILE, or --output yaml to print the manifests")]
struct Nowhere;

pub(super) async fn run(arguments: &Arguments) -> Exit {
    let decided = Install { namespace: arguments.namespace.clone(), allow: arguments.allow.iter().copied().collect() };
    let manifests = decided.manifests();
    match (arguments.output, &arguments.kubeconfig) {
        (Format::Yaml, _) => say(&proto::install::yaml(&manifests), Exit::Fine),
        (_, None) => {
            exit::print(&Nowhere);
            Exit::Usage
        }
        (output, Some(kubeconfig)) => {
            let mut all = Vec::new();
            let told = |installed: Installed| {
                if output == Format::Human {
                    say(&line(&installed), Exit::Fine);
                }
                all.push(installed);
            };
            match install(kubeconfig, &manifests, told).await {
                Ok(()) => end(&decided, &all, output),
                Err(error) => {
                    exit::print(&error);
                    error.exit()
                }
            }
        }
    }
}

fn line(installed: &Installed) -> String {
    format!("{:<9} {}", installed.done.as_str(), installed.id)
}

fn end(decided: &Install, all: &[Installed], output: Format) -> Exit {
    let (namespace, allowed) = (&decided.namespace, decided.allowed());
    match output {
        Format::Human => {
            let account = format!("ServiceAccount {} in {namespace}", proto::install::SPOKE);
            say(&format!("the agent runs as {account} and may write: {allowed}"), Exit::Fine)
        }
        Format::Json | Format::Yaml => say(&machine(&done(namespace, &allowed, all), false), Exit::Fine),
    }
}

fn done(namespace: &Namespace, allowed: &str, all: &[Installed]) -> Value {
    let item = |installed: &Installed| json!({"object": installed.id, "done": installed.done.as_str()});
    let items: Vec<Value> = all.iter().map(item).collect();
    json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Installation", "namespace": namespace, "allow": allowed,
        "items": items})
}
