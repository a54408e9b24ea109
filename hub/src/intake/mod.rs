//! Reports: bounded before they are read, and the latest wins.

mod bounds;

use crate::hub::Hub;
use crate::spokes::{ClusterId, status};
use policy::report::Report;
use tonic::Status;

/// Takes in a report of the calling cluster.
pub(crate) async fn take(hub: &Hub, cluster: &ClusterId, bytes: &[u8]) -> Result<(), Status> {
    let report = Report::from_bytes(bytes).map_err(|error| Status::invalid_argument(error.to_string()))?;
    bounds::check(&report).map_err(|unfit| Status::invalid_argument(unfit.to_string()))?;
    let held = report.held.clone();
    hub.report(cluster.name(), report).await.map_err(|error| status(&error))?;
    hub.removals_reported(cluster.name(), held.as_ref()).await.map_err(|error| status(&error))
}
