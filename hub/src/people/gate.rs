//! Before every handler: who calls, may they, and is it asked for as it should be. Refused attempts are audited.

use super::body::nothing_there;
use super::caller::{Caller, Judged};
use super::content::refuse_forms;
use super::judge::Judge;
use super::problem::Answer;
use super::resource::Resource;
use super::router::Shared;
use super::table::{Route, Subject};
use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{Hold, HoldKind};
use crate::store::{self, Actor, Change};
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use certs::accept::Peer;
use certs::identity::{PersonName, SpiffeId};
use http::Extensions;
use jiff::Timestamp;
use policy::digest::Digest;
use policy::name::ClusterName;
use proto::rest::problem::{Problem, Reason};
use serde_json::json;

/// One route's gate.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) people: Shared,
    pub(super) route: &'static Route,
}

/// Lets permitted requests through to the handler.
pub(super) async fn judged(
    State(gate): State<Gate>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    // The request itself is not held while the hub is asked: its body cannot be shared.
    let person = person(request.extensions(), gate.people.hub.clock.wall());
    let form = refuse_forms(request.method(), request.headers());
    match gate.admit(person, &params).await.and_then(|caller| form.map(|()| caller)) {
        Ok((caller, hold)) => {
            request.extensions_mut().insert(caller);
            if let Some(hold) = hold {
                request.extensions_mut().insert(hold);
            }
            next.run(request).await
        }
        Err(answer) => answer.into_response(),
    }
}

/// Before what is no route: strangers learn nothing of what exists.
pub(super) async fn known(State(people): State<Shared>, request: Request, next: Next) -> Response {
    match person(request.extensions(), people.hub.clock.wall()) {
        Ok(_) => next.run(request).await,
        Err(answer) => answer.into_response(),
    }
}

impl Gate {
    async fn admit(
        &self,
        person: Result<PersonName, Answer>,
        params: &RawPathParams,
    ) -> Result<(Caller, Option<Judged>), Answer> {
        let person = person?;
        let (resource, hold) = resource(&self.people.hub, self.route.subject, params).await?;
        if !self.permits(&person, &resource) {
            return Err(self.refused(&person, &resource).await);
        }
        Ok((Caller::new(&person), hold))
    }

    /// By the hub's own policies, or by those of the catalog in force.
    fn permits(&self, person: &PersonName, resource: &Resource) -> bool {
        let (people, action) = (&self.people, self.route.action);
        people.judge.permits(person, action, resource)
            || people.hub.current().is_some_and(|in_force| Judge::catalog_permits(&in_force, person, action, resource))
    }

    async fn refused(&self, person: &PersonName, resource: &Resource) -> Answer {
        let (hub, action) = (&self.people.hub, self.route.action);
        tracing::warn!(%person, %action, subject = resource.subject(), "a request was refused");
        let by = Actor::Person(person.as_str().to_owned());
        let entry = hub.entry(by, store::Action::Refuse, &resource.subject(), json!({"action": action.id()}));
        if let Err(error) = hub.store.commit(Change::new(), entry).await {
            tracing::error!(error = service::exit::chain(&error), "a refused request was not audited");
        }
        let detail = format!("`{person}` may not {action} {}; ask an operator of this hub", resource.subject());
        Problem::new(Reason::Unauthorised, detail).into()
    }
}

/// Who calls, from the TLS session, judged anew at each request.
fn person(extensions: &Extensions, now: Timestamp) -> Result<PersonName, Answer> {
    let unknown = |why: &str| Answer::from(Problem::new(Reason::Unauthenticated, why));
    let peer = extensions.get::<Peer>().ok_or_else(|| unknown("present the certificate of a person"))?;
    match peer.identity(now).map_err(|error| unknown(&error.to_string()))? {
        SpiffeId::Person(name) => Ok(name.clone()),
        SpiffeId::Hub | SpiffeId::Cluster(_) => Err(unknown("present the certificate of a person")),
    }
}

/// What the request is about; of a hold, also the state of it that is judged.
async fn resource(hub: &Hub, subject: Subject, params: &RawPathParams) -> Result<(Resource, Option<Judged>), Answer> {
    let (_, text) = params.iter().next().unwrap_or_default();
    match subject {
        Subject::Fleet => Ok((Resource::Fleet, None)),
        Subject::Cluster => Ok((cluster(hub, text.parse().map_err(|_| nothing_there())?), None)),
        Subject::Hold => match hub.kept_hold(digest(text)?).await {
            Ok(kept) => Ok((held(hub, &kept.record), Some(Judged(Ok(kept))))),
            // The fleet's, as a hold of several clusters: so who may not look cannot tell that it is not there.
            Err(unknown @ HubError::UnknownHold(_)) => Ok((Resource::Fleet, Some(Judged(Err(unknown.into()))))),
            Err(error) => Err(error.into()),
        },
    }
}

fn cluster(hub: &Hub, name: ClusterName) -> Resource {
    let declared = hub.declared(&name).ok().map(|cluster| cluster.declared);
    Resource::Cluster { name, declared }
}

/// A hold of several clusters is the fleet's.
fn held(hub: &Hub, hold: &Hold) -> Resource {
    let HoldKind::Removals { clusters, .. } = &hold.kind else { return Resource::Fleet };
    let mut names = clusters.iter();
    match (names.next(), names.next()) {
        (Some(name), None) => cluster(hub, name.clone()),
        _ => Resource::Fleet,
    }
}

/// The digest of a hold, which stands in a path in hex.
fn digest(hex: &str) -> Result<Digest, Answer> {
    format!("sha256:{hex}").parse().map_err(|_| nothing_there())
}
