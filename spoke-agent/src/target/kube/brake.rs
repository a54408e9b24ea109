//! The brake of a cluster: annotations of its Enforcement, which a person sets with their own rights.

use super::fault::Fault;
use super::rest::{Ask, Rest};
use super::status::ENFORCEMENTS;
use crate::target::TargetError;
use http::{Method, StatusCode};
use policy::local::{Brakes, Change};
use proto::resources::ENFORCEMENT;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The field manager of people who brake.
const MANAGER: &str = "writ-spoke-brake";
/// How often a change is made anew because somebody else changed the Enforcement in between.
const TRIES: usize = 5;

/// Changes the brakes, and gives all that are set then.
pub(super) async fn change(rest: &Rest, change: &Change) -> Result<Brakes, TargetError> {
    let path = format!("{ENFORCEMENTS}/{ENFORCEMENT}");
    for _ in 0..TRIES {
        let there = rest.get(&Ask::get(&path).metadata()).await.map_err(failed)?;
        let brakes = Brakes::read(&there.as_ref().map(annotations).unwrap_or_default()).0.after(change);
        if there.is_none() && brakes == Brakes::default() {
            return Ok(brakes);
        }
        match rest.ask(&write(&path, there.as_ref(), &brakes)).await {
            Ok(_) => return Ok(brakes),
            Err(fault) if fault.is(StatusCode::CONFLICT) => {}
            Err(fault) if fault.is(StatusCode::NOT_FOUND) && there.is_none() => {
                return Err(TargetError::NotInstalled("Enforcement"));
            }
            Err(fault) if fault.is(StatusCode::NOT_FOUND) => {}
            Err(fault) => return Err(failed(fault)),
        }
    }
    Err(TargetError::Server("somebody else writes the Enforcement all the time; try again".to_owned()))
}

/// Over what was read, and over nothing else. Where there is no Enforcement yet, it is made.
fn write(path: &str, there: Option<&Value>, brakes: &Brakes) -> Ask {
    let said = brakes.annotations();
    let query = format!("fieldManager={MANAGER}");
    match there.map(|there| there.pointer("/metadata/resourceVersion")) {
        Some(version) => {
            let body = json!({"metadata": {"annotations": said, "resourceVersion": version}});
            Ask::merge(format!("{path}?{query}"), &body)
        }
        None => {
            let said: BTreeMap<_, _> = said.into_iter().filter(|(_, text)| text.is_some()).collect();
            let metadata = json!({"name": ENFORCEMENT, "annotations": said});
            let body = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement", "metadata": metadata});
            Ask::send(Method::POST, format!("{ENFORCEMENTS}?{query}"), &body)
        }
    }
}

/// The annotations of an object.
fn annotations(object: &Value) -> BTreeMap<String, String> {
    let found = object.pointer("/metadata/annotations").cloned().unwrap_or_default();
    serde_json::from_value(found).unwrap_or_default()
}

fn failed(fault: Fault) -> TargetError {
    if fault.is(StatusCode::FORBIDDEN) {
        let why = service::exit::chain(&fault);
        return TargetError::Server(format!("{why}; ClusterRole {} grants it", proto::install::OPERATOR));
    }
    fault.into()
}
