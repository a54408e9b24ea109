//! Getting bundles out: `Follow` pushes the newest head with what changed, `Fetch` gives the blobs that the caller may
//! have. The third call of the service, `Report`, is [`crate::intake`]'s.

mod facts;
mod fetch;
mod follow;
mod held;

#[cfg(test)]
mod tests;

use crate::hub::Hub;
use crate::intake;
use crate::spokes::ClusterId;
use follow::Conversation;
use futures::stream::BoxStream;
use proto::grpc::distribution_server::Distribution;
use proto::grpc::{FetchRequest, FetchResponse, FollowRequest, FollowResponse, ReportRequest, ReportResponse};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// Serves `Distribution`.
#[derive(Clone)]
pub struct Distributor {
    hub: Arc<Hub>,
    stopping: CancellationToken,
}

impl Distributor {
    /// Serves what `hub` publishes; streams end at `stopping`.
    #[must_use]
    pub const fn new(hub: Arc<Hub>, stopping: CancellationToken) -> Self {
        Self { hub, stopping }
    }
}

#[tonic::async_trait]
impl Distribution for Distributor {
    type FollowStream = BoxStream<'static, Result<FollowResponse, Status>>;
    type FetchStream = BoxStream<'static, Result<FetchResponse, Status>>;

    async fn follow(&self, request: Request<Streaming<FollowRequest>>) -> Result<Response<Self::FollowStream>, Status> {
        let cluster = ClusterId::of(&request)?;
        let conversation =
            Conversation::new(Arc::clone(&self.hub), cluster, request.into_inner(), self.stopping.clone());
        Ok(Response::new(conversation.answers()))
    }

    async fn fetch(&self, request: Request<FetchRequest>) -> Result<Response<Self::FetchStream>, Status> {
        let cluster = ClusterId::of(&request)?;
        let digests = fetch::wanted(&self.hub, &cluster, &request.into_inner())?;
        Ok(Response::new(fetch::blobs(Arc::clone(&self.hub), digests)))
    }

    async fn report(&self, request: Request<ReportRequest>) -> Result<Response<ReportResponse>, Status> {
        let cluster = ClusterId::of(&request)?;
        intake::take(&self.hub, &cluster, &request.into_inner().report).await?;
        Ok(Response::new(ReportResponse { undeclared: self.hub.is_undeclared(cluster.name()) }))
    }
}
