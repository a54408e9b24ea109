//! `writ cluster invite NAME`.

use crate::fault::Fault;
use crate::help;
use crate::hub::{Hub, HubArguments};
use crate::output::Output;
use policy::kube_kinds::Grant;
use policy::name::{ClusterName, Namespace};
use policy::time::Span;
use proto::install::agent::Agent;
use proto::install::{self, Install};
use proto::rest::cluster::{Invitation, InviteRequest};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Print a join string for a declared cluster
///
/// Whoever has it can join as that cluster, once, until it expires: hand it over as you would a password. With --output
/// manifests it stands in a Secret, beside everything that an agent in the cluster needs: for kubectl apply -f -.
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ-spoke join \"$(writ cluster invite eu-1)\" --config spoke.yaml", "the hub refused"))]
pub(crate) struct Invite {
    /// The cluster, as the catalog declares it
    name: ClusterName,
    /// How long the join string may be used, at most 7d
    #[arg(long, default_value = "1h", value_name = "DURATION")]
    ttl: Span,
    /// Also for a cluster that has joined already: its present identity ends when the new one joins
    #[arg(long)]
    replace: bool,
    /// How to print the result: join (the string alone), manifests, json or yaml
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    output: Form,
    /// For manifests: the image that holds writ-spoke
    #[arg(long, value_name = "IMAGE", required_if_eq("output", "manifests"))]
    image: Option<String>,
    /// For manifests: the agent's own namespace
    #[arg(long, default_value_t = Namespace::of_writ(), value_parser = install::own_namespace, value_name = "NAME")]
    namespace: Namespace,
    /// For manifests: what the agent may write, of quota, network, access, workload and config
    #[arg(long, value_delimiter = ',', default_value = install::GRANTED_TEXT, value_name = "WHAT")]
    allow: Vec<Grant>,
    #[command(flatten)]
    hub: HubArguments,
}

/// The forms of an invitation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// The join string alone
    #[default]
    Join,
    /// For `kubectl apply -f -`
    Manifests,
    /// Stable, for programs
    Json,
    /// The same as YAML
    Yaml,
}

impl Invite {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let request = InviteRequest { ttl: Some(self.ttl), replace: self.replace };
        let route = path::of_cluster(path::INVITE, &self.name);
        let invitation: Resource<Invitation> = Hub::open(&self.hub.or(root))?.post(&route, &request)?;
        match self.output {
            Form::Join => output.text(&format!("{}\n", invitation.body.join))?,
            Form::Manifests => output.text(&format!("{}\n", self.manifests(&invitation.body)))?,
            Form::Json => output.json(&invitation)?,
            Form::Yaml => output.yaml(&invitation)?,
        }
        Ok(Exit::Fine)
    }

    fn manifests(&self, invitation: &Invitation) -> String {
        let install = Install { namespace: self.namespace.clone(), allow: self.allow.iter().copied().collect() };
        let image = self.image.clone().unwrap_or_default();
        install::yaml(&Agent { install, image, join: invitation.join.clone() }.manifests())
    }
}
