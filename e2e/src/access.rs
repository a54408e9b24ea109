//! Who may do what in a real cluster, as its API server says.

use crate::world::World;
use anyhow::{Context, Result};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::Api;
use kube::api::PostParams;
use std::process::Command;
use xtask::lab::binaries;
use xtask::tools;

/// A user, and the group that they are in.
pub type Who<'w> = (&'w str, &'w str);
/// The API group and resource of objects, and the name of one.
pub type What<'w> = (&'w str, &'w str, Option<&'w str>);

/// All Deployments.
pub const DEPLOYMENTS: What<'_> = ("apps", "deployments", None);

/// Lets the agent say who holds what, which by default it may not.
///
/// # Errors
/// When the cluster refuses that.
pub fn install_access(world: &World) -> Result<()> {
    let install = ["install", "--allow", "config,network,quota,workload,access", "--kubeconfig"];
    let mut installer = Command::new(binaries::path("writ-spoke")?);
    tools::stdout(installer.args(install).arg(world.plane.kubeconfig())).map(drop)
}

/// Whether the API server lets somebody do something, in a namespace or in all of them.
///
/// # Errors
/// When it does not answer.
pub fn may(world: &World, who: Who<'_>, verb: &str, what: What<'_>, namespace: Option<&str>) -> Result<bool> {
    let ((user, group), (api, resource, name)) = (who, what);
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(user.to_owned()),
            groups: Some(vec![group.to_owned()]),
            resource_attributes: Some(ResourceAttributes {
                verb: Some(verb.to_owned()),
                group: Some(api.to_owned()),
                resource: Some(resource.to_owned()),
                name: name.map(str::to_owned),
                namespace: namespace.map(str::to_owned),
                ..ResourceAttributes::default()
            }),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    let reviews: Api<SubjectAccessReview> = Api::all(world.kube.client());
    let answer = world.kube.wait(reviews.create(&PostParams::default(), &review))?;
    Ok(answer.status.context("a review has an answer")?.allowed)
}
