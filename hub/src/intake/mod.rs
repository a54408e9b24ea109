//! Reports: bounded before they are read, and the latest wins.

use crate::hub::Hub;
use crate::spokes::{ClusterId, status};
use policy::report::{MAX_NAMED, Report};
use tonic::Status;

/// Takes in a report of the calling cluster.
pub(crate) async fn take(hub: &Hub, cluster: &ClusterId, bytes: &[u8]) -> Result<(), Status> {
    let report = Report::from_bytes(bytes).map_err(|error| Status::invalid_argument(error.to_string()))?;
    names_no_more_than_it_may(&report)?;
    let held = report.held.clone();
    hub.report(cluster.name(), report).await.map_err(|error| status(&error))?;
    let holds = held.as_ref().map(|held| held.digest);
    hub.prune_holds_left(cluster.name(), holds).await.map_err(|error| status(&error))?;
    if let Some(held) = held {
        hub.prune_hold_reported(cluster.name(), &held).await.map_err(|error| status(&error))?;
    }
    Ok(())
}

fn names_no_more_than_it_may(report: &Report) -> Result<(), Status> {
    let held = report.held.as_ref().map_or(0, |held| held.rows.len());
    let most = report.units.len().max(report.findings.len()).max(report.conditions.len()).max(held);
    if most <= MAX_NAMED {
        Ok(())
    } else {
        Err(Status::invalid_argument(format!("a report names at most {MAX_NAMED} units, findings and rows")))
    }
}
