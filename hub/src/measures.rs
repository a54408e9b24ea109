//! What the hub measures of itself: counted where it happens, or looked at now and then for who asks.

use crate::error::HubError;
use crate::hub::Hub;
use crate::people;
use crate::publish::Outcome;
use certs::tls::Gate;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use proto::rest::cluster::State;
use proto::rest::status::Status;
use service::supervisor::Context;
use service::telemetry::Metrics;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the fleet is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// One label with words of ours.
type Label = [(&'static str, &'static str); 1];

/// The gates whose refusals are told, by listener.
pub type Gates = Vec<(&'static str, Arc<Gate>)>;

/// Counters, and the fleet as it was seen last.
#[derive(Debug)]
pub(crate) struct Measures {
    publishes: Family<Label, Counter>,
    seconds: Histogram,
    pub(crate) refused_revisions: Counter,
    pub(crate) reports: Counter,
    seen: watch::Sender<Option<Arc<Status>>>,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            publishes: Family::default(),
            // From a millisecond to a minute.
            seconds: Histogram::new(exponential_buckets(0.001, 4.0, 9)),
            refused_revisions: Counter::default(),
            reports: Counter::default(),
            seen: watch::Sender::new(None),
        }
    }
}

impl Measures {
    /// A publish came to an end.
    pub(crate) fn published(&self, outcome: Result<Outcome, &HubError>, took: Duration) {
        let result = match outcome {
            Ok(Outcome::Published) => "published",
            Ok(Outcome::Waiting) => "waiting",
            Ok(Outcome::Nothing) => "nothing",
            Err(error) => error.kind(),
        };
        self.publishes.get_or_create(&[("result", result)]).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    fn register(&self, metrics: &Metrics) {
        metrics.register(|registry| {
            registry.register("publishes", "Publishes", self.publishes.clone());
            registry.register("publish_seconds", "How long publishes take", self.seconds.clone());
            registry.register("refused_revisions", "Commits that were refused", self.refused_revisions.clone());
            registry.register("reports", "Reports taken in", self.reports.clone());
        });
    }
}

impl Hub {
    /// Looks at the fleet for the metrics now and then, until told to stop.
    ///
    /// # Errors
    /// None: what cannot be seen is not shown.
    pub async fn keep_measuring(&self, context: Context) -> Result<(), Infallible> {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = context.shutdown.cancelled() => return Ok(()),
                _ = tick.tick() => self.look().await,
            }
        }
    }

    /// Looks once.
    pub(crate) async fn look(&self) {
        let seen = people::overview(self).await;
        self.measures.seen.send_replace(seen.ok().map(Arc::new));
    }
}

/// The metrics of a hub.
#[must_use]
pub fn metrics(hub: &Arc<Hub>, gates: Gates) -> Metrics {
    let metrics = Metrics::new();
    hub.measures.register(&metrics);
    let seen = Seen { hub: Arc::clone(hub), gates };
    metrics.register(|registry| registry.register_collector(Box::new(seen)));
    metrics
}

/// What is read when somebody asks.
struct Seen {
    hub: Arc<Hub>,
    gates: Gates,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").finish_non_exhaustive()
    }
}

impl Collector for Seen {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut refused =
            encoder.encode_descriptor("refused_handshakes", "TLS handshakes refused.", None, MetricType::Counter)?;
        for (listener, gate) in &self.gates {
            ConstCounter::new(gate.refused()).encode(refused.encode_family(&[("listener", *listener)])?)?;
        }
        let seen = self.hub.measures.seen.borrow().clone();
        seen.map_or(Ok(()), |seen| self.fleet(&seen, &mut encoder))
    }
}

impl Seen {
    fn fleet(&self, seen: &Status, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let connected = seen.clusters.get(&State::Connected).copied().unwrap_or(0);
        gauge(encoder, "connected_spokes", "Spokes that follow.", connected)?;
        gauge(encoder, "holds", "Holds that wait for a person.", seen.holds)?;
        if let Some(at) = seen.catalog.accepted_at {
            let age = self.hub.clock.wall().duration_since(at).as_secs();
            let age = u64::try_from(age).unwrap_or(0);
            gauge(encoder, "accepted_age_seconds", "Age of the last accepted revision.", age)?;
        }
        let mut clusters = encoder.encode_descriptor("clusters", "Clusters by state.", None, MetricType::Gauge)?;
        for (state, count) in &seen.clusters {
            let label = [("state", state.to_string())];
            ConstGauge::new(*count).encode(clusters.encode_family(&label)?)?;
        }
        Ok(())
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}
