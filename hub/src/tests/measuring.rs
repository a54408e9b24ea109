//! What the hub measures.

use super::site::{Site, cluster};
use crate::measures::metrics;
use crate::spokes::fixture::report;

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted_and_the_fleet_is_shown() {
    let site = Site::published().await;
    site.write("intents/two.yaml", "kind: Nothing\n");
    site.commit().await;
    site.hub.report(&cluster("eu-1"), report(None)).await.unwrap();
    site.clock.forward(std::time::Duration::from_secs(60));
    site.hub.look().await;
    let text = metrics(&site.hub, Vec::new()).text();
    let lines = [
        "writ_publishes_total{result=\"published\"} ",
        "writ_publish_seconds_count ",
        "writ_refused_revisions_total 1\n",
        "writ_reports_total 1\n",
        "writ_connected_spokes 0\n",
        "writ_holds 0\n",
        "writ_accepted_age_seconds 60\n",
        "writ_clusters{state=\"Declared\"} 2\n",
    ];
    for line in lines {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
