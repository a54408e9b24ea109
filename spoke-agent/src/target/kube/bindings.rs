//! All bindings of roles, watched only while somebody asks about them.

use super::mirror::Mirror;
use super::rest::Rest;
use crate::target::TargetError;
use kube::api::Api;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use policy::access::{Binding, Bindings, GROUP, KINDS};
use policy::object::{Identity, ObjectId};
use std::sync::Arc;
use tokio::sync::Notify;

/// The watches, while there are any.
#[derive(Debug, Default)]
pub(super) struct Watched(Vec<Mirror<ObjectId, Binding>>);

impl Watched {
    /// All of them; `wake` is woken when one comes, goes or says something else.
    ///
    /// # Errors
    /// [`TargetError`] when the agent cannot look at them.
    pub(super) async fn all(&mut self, rest: &Rest, wake: &Arc<Notify>) -> Result<Bindings, TargetError> {
        if self.0.is_empty() {
            self.0 = KINDS.iter().map(|(kind, plural)| start(rest, kind, plural, Arc::clone(wake))).collect();
        }
        let mut parts = Vec::new();
        for mirror in &self.0 {
            // What was listed before may be old, and nobody hears what changes since.
            let listed = mirror.all().await.and_then(|part| mirror.failing().map_or(Ok(part), Err));
            parts.push(listed.map_err(|blind| TargetError::Server(blind.why))?);
        }
        Ok(Bindings(parts))
    }

    /// Nobody asks any more.
    pub(super) fn end(&mut self) {
        self.0.clear();
    }
}

fn start(rest: &Rest, kind: &'static str, plural: &'static str, wake: Arc<Notify>) -> Mirror<ObjectId, Binding> {
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, "v1", kind), plural);
    let api: Api<DynamicObject> = Api::all_with(rest.client(), &resource);
    Mirror::start(plural, api, move |object| read(kind, object), wake)
}

fn read(kind: &str, object: &DynamicObject) -> Option<(ObjectId, Binding)> {
    let namespace = object.metadata.namespace.as_ref().and_then(|name| name.parse().ok());
    let name = object.metadata.name.clone()?;
    let id = Identity { group: GROUP.to_owned(), kind: kind.to_owned(), namespace, name };
    Some((ObjectId::from(id), Binding::read(&serde_json::to_value(object).ok()?)?))
}
