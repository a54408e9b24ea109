//! What the agent measures of itself: counted where it happens, or read from the newest report when somebody asks.

use crate::agent::Agent;
use policy::report::{ConditionKind, Report, Truth};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use service::telemetry::Metrics;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One label with words of ours.
type Label = [(&'static str, &'static str); 1];

/// Counters and histograms. Clones share them.
#[derive(Debug, Clone)]
pub struct Measures {
    rounds: Family<Label, Counter>,
    seconds: Histogram,
    writes: Counter,
    repairs: Counter,
    refused: Family<Label, Counter>,
}

impl Default for Measures {
    fn default() -> Self {
        // From a millisecond to a minute.
        let seconds = Histogram::new(exponential_buckets(0.001, 4.0, 9));
        let (writes, repairs) = (Counter::default(), Counter::default());
        Self { rounds: Family::default(), seconds, writes, repairs, refused: Family::default() }
    }
}

impl Measures {
    /// A round was made, or could not be.
    pub fn round(&self, made: bool, took: Duration) {
        self.rounds.get_or_create(&[("result", if made { "made" } else { "failed" })]).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// The cluster was written to.
    pub fn wrote(&self) {
        self.writes.inc();
    }

    /// What somebody else had changed was brought back.
    pub fn repaired(&self) {
        self.repairs.inc();
    }

    /// An offer was refused.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&[("reason", reason)]).inc();
    }

    fn register(&self, metrics: &Metrics) {
        metrics.register(|registry| {
            registry.register("rounds", "Rounds", self.rounds.clone());
            registry.register("round_seconds", "How long rounds take", self.seconds.clone());
            registry.register("writes", "Objects written or removed", self.writes.clone());
            registry.register("repairs", "Objects brought back that somebody else had changed", self.repairs.clone());
            registry.register("refused_offers", "Bundles that were offered and refused", self.refused.clone());
        });
    }
}

/// The metrics of an agent.
#[must_use]
pub fn metrics(agent: &Arc<Agent>) -> Metrics {
    let metrics = Metrics::new();
    agent.measures.register(&metrics);
    metrics.register(|registry| registry.register_collector(Box::new(Told(Arc::clone(agent)))));
    metrics
}

/// What the newest report says.
#[derive(Debug)]
struct Told(Arc<Agent>);

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let report = self.0.report.borrow().clone();
        report.map_or(Ok(()), |report| encode(&report, &mut encoder))
    }
}

fn encode(report: &Report, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let sequence = report.head.as_ref().map_or(0, |head| head.sequence);
    gauge(encoder, "head_sequence", "The sequence in force; 0 before the first.", sequence)?;
    gauge(encoder, "fresh", "Whether the head in force is fresh.", holds(report, ConditionKind::Fresh))?;
    gauge(encoder, "connected", "Whether a hub is heard.", holds(report, ConditionKind::Connected))?;
    let mut units = encoder.encode_descriptor("units", "Units by outcome.", None, MetricType::Gauge)?;
    for (code, count) in &report.counts {
        let label = [("outcome", format!("{code:?}"))];
        ConstGauge::new(*count).encode(units.encode_family(&label)?)?;
    }
    Ok(())
}

fn holds(report: &Report, kind: ConditionKind) -> u64 {
    u64::from(report.conditions.iter().any(|condition| condition.kind == kind && condition.status == Truth::True))
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}
