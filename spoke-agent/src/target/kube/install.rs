//! Putting an installation into a cluster, as the person of a kubeconfig.

use super::fault::Fault;
use super::rest::{Ask, Rest};
use super::served::{Kind, Resource};
use crate::target::TargetError;
use http::StatusCode;
use policy::kube_kinds::{Reach, Row};
use policy::object::{NotAnObject, Object, ObjectId};
use serde_json::Value;
use service::clock::SystemClock;
use service::exit::Exit;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who applies an installation, as the server notes it.
const MANAGER: &str = "writ-install";
/// How long a new kind may take to be served.
const ESTABLISHED: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What became of one object of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which.
    pub id: ObjectId,
    /// What became of it.
    pub done: Done,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was not there.
    Created,
    /// It said something else.
    Changed,
    /// It stood as it should.
    Unchanged,
}

impl Done {
    /// As it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Why an installation does not stand. What was applied before stays: it may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The kubeconfig cannot be used.
    #[error(transparent)]
    Connection(TargetError),
    /// The server refused, or did not answer.
    #[error("{id} cannot be installed: {why}")]
    Refused {
        /// Which object.
        id: Box<ObjectId>,
        /// What the server said.
        why: String,
        /// Whether it was not there to ask.
        absent: bool,
    },
    /// A kind is not served.
    #[error("{0} is applied, and the API server does not serve it after {s} s: look at its conditions", s = ESTABLISHED.as_secs())]
    NotEstablished(Box<ObjectId>),
    /// A manifest of ours is no object.
    #[error("a manifest cannot be applied; please report this defect")]
    Manifest(#[from] NotAnObject),
}

impl InstallError {
    /// How a command ends that meets it.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Connection(_) => Exit::Usage,
            Self::Refused { absent: true, .. } => Exit::Absent,
            Self::Refused { .. } | Self::NotEstablished(_) | Self::Manifest(_) => Exit::Findings,
        }
    }
}

/// Applies `manifests` in their order and waits until the kinds that they define are served. `told` hears of each.
///
/// # Errors
/// [`InstallError`] for the first that does not stand.
pub async fn install(
    kubeconfig: &Path,
    manifests: &[Value],
    mut told: impl FnMut(Installed),
) -> Result<(), InstallError> {
    let rest = super::rest(Some(kubeconfig), Arc::new(SystemClock::new())).await.map_err(InstallError::Connection)?;
    let objects = manifests.iter().cloned().map(Object::try_from).collect::<Result<Vec<_>, _>>()?;
    for object in &objects {
        let (id, done) = (object.id().clone(), apply(&rest, object).await?);
        told(Installed { id, done });
    }
    for object in objects.iter().filter(|object| object.id().kind == "CustomResourceDefinition") {
        established(&rest, object).await?;
    }
    Ok(())
}

async fn apply(rest: &Rest, object: &Object) -> Result<Done, InstallError> {
    let path = path(object);
    let refused = |fault: Fault| refused(object, &fault);
    let before = rest.get(&Ask::get(&path).metadata()).await.map_err(refused)?;
    let ask = Ask::apply(format!("{path}?fieldManager={MANAGER}&force=true"), object.tree());
    let (code, after) = rest.ask(&ask).await.map_err(refused)?;
    let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
    let same = before.as_ref().and_then(version) == version(&after);
    Ok(if code == StatusCode::CREATED {
        Done::Created
    } else if same {
        Done::Unchanged
    } else {
        Done::Changed
    })
}

/// Every kind of an installation has a row.
fn path(object: &Object) -> String {
    let (id, row) = (object.id(), Row::of(object.id()));
    let kind = Kind::of(id, object.api());
    let resource = Resource { kind, plural: row.plural(), namespaced: row.reach == Reach::Namespace };
    format!("{}/{}", resource.path(id.namespace.as_ref()), id.name)
}

async fn established(rest: &Rest, definition: &Object) -> Result<(), InstallError> {
    let path = path(definition);
    let looks = async {
        loop {
            let (_, found) = rest.ask(&Ask::get(&path)).await.map_err(|fault| refused(definition, &fault))?;
            if is_established(&found) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let late = |_| InstallError::NotEstablished(Box::new(definition.id().clone()));
    tokio::time::timeout(ESTABLISHED, looks).await.map_err(late)?
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let says = |condition: &Value, field: &str, text: &str| condition.get(field).and_then(Value::as_str) == Some(text);
    let mut conditions = conditions;
    conditions.any(|condition| says(condition, "type", "Established") && says(condition, "status", "True"))
}

fn refused(object: &Object, fault: &Fault) -> InstallError {
    let absent = fault.is_absence();
    InstallError::Refused { id: Box::new(object.id().clone()), why: service::exit::chain(fault), absent }
}
