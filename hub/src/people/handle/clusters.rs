//! Clusters: reading, inviting, revoking.

use super::{Answered, resource};
use crate::members;
use crate::people::body::{Body, Named};
use crate::people::caller::Caller;
use crate::people::problem::Answer;
use crate::people::router::Shared;
use crate::people::view;
use axum::extract::{RawQuery, State};
use certs::enroll::JoinToken;
use policy::name::ClusterName;
use policy::time::Span;
use proto::rest::cluster::{Cluster, Invitation, InviteRequest, RevokeRequest};
use proto::rest::explain::{Asked, Explanation};
use proto::rest::problem::{Problem, Reason};
use proto::rest::{Kind, List};
use std::time::Duration;

/// How long a join string may be used where nobody says.
const TTL: Span = Span::new(Duration::from_secs(3_600));
/// A secret that lies about for longer is no longer single-use in spirit.
const LONGEST: Span = Span::new(Duration::from_secs(7 * 86_400));

pub(in crate::people) async fn list(State(people): State<Shared>) -> Answered<List<Cluster>> {
    let views = people.hub.clusters().await?;
    let items = views.into_iter().map(|seen| view::cluster(&people.hub, seen)).collect();
    resource(Kind::ClusterList, List { items })
}

pub(in crate::people) async fn read(
    State(people): State<Shared>,
    Named(name): Named<ClusterName>,
) -> Answered<Cluster> {
    let seen = people.hub.cluster(&name).await?;
    resource(Kind::Cluster, view::cluster(&people.hub, seen))
}

pub(in crate::people) async fn explain(
    State(people): State<Shared>,
    Named(name): Named<ClusterName>,
    RawQuery(query): RawQuery,
) -> Answered<Explanation> {
    let Some(asked) = Asked::of_query(query.as_deref().unwrap_or_default()) else {
        let why = "name a rule or an object as KIND/NAME, such as ResourceGuard/team-quota";
        return Err(Problem::new(Reason::Invalid, why).into());
    };
    resource(Kind::Explanation, people.hub.explain(&name, &asked).await?)
}

pub(in crate::people) async fn invite(
    State(people): State<Shared>,
    caller: Caller,
    Named(cluster): Named<ClusterName>,
    Body(request): Body<InviteRequest>,
) -> Answered<Invitation> {
    let InviteRequest { ttl, replace } = request;
    let invitation = members::Invitation { cluster: cluster.clone(), ttl: bounded(ttl.unwrap_or(TTL))?, replace };
    let token = JoinToken::generate(&mut rand::rng());
    let invited = people.hub.invite(&invitation, token, caller.actor()).await?;
    let (join, expires_at) = (invited.join.to_string(), invited.expires);
    resource(Kind::Invitation, Invitation { cluster, join, expires_at })
}

fn bounded(ttl: Span) -> Result<Span, Answer> {
    let why = match ttl.get().is_zero() {
        true => format!("a join string that may be used for {ttl} is of no use; write `1h`, or up to {LONGEST}"),
        false if ttl > LONGEST => format!("a join string may be used for {LONGEST} at most, not {ttl}"),
        false => return Ok(ttl),
    };
    Err(Problem::new(Reason::Invalid, why).into())
}

pub(in crate::people) async fn revoke(
    State(people): State<Shared>,
    caller: Caller,
    Named(cluster): Named<ClusterName>,
    Body(request): Body<RevokeRequest>,
) -> Answered<Cluster> {
    people.hub.revoke(&cluster, caller.actor(), request.reason.as_deref()).await?;
    let seen = people.hub.cluster(&cluster).await?;
    resource(Kind::Cluster, view::cluster(&people.hub, seen))
}
