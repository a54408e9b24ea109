//! What the log says of the connection: that a hub is heard, and that none is, in turns. Sessions that end soon after
//! they began would fill it, so after a few of them only one that lasts is told again.

use std::convert::Infallible;
use std::time::Duration;

/// A session that stood this long was a good one.
pub(super) const GOOD: Duration = Duration::from_secs(30);
/// So many sessions in a row that end too soon are told one by one.
const FALLS: u32 = 3;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Voice {
    /// What was said last.
    heard: Option<bool>,
    /// Sessions in a row that ended too soon.
    falls: u32,
}

impl Voice {
    /// A session with `hub` stands. Never returns: it says so in its time, unless the session ends before.
    pub(super) async fn stands(&mut self, hub: &str) -> Infallible {
        tokio::time::sleep(self.patience()).await;
        self.heard(hub);
        std::future::pending().await
    }

    fn heard(&mut self, hub: &str) {
        if self.heard.replace(true) != Some(true) {
            tracing::info!(hub, "a hub is heard");
        }
    }

    fn patience(&self) -> Duration {
        if self.falls < FALLS { Duration::ZERO } else { GOOD }
    }

    /// No session stands; `stood` is how long the last one did, if this try came so far. The first reason is told: an
    /// outage is one change, however many tries it sees.
    pub(crate) fn lost(&mut self, why: &str, stood: Option<Duration>) {
        match stood {
            Some(stood) if stood < GOOD => self.falls = self.falls.saturating_add(1),
            Some(_) => self.falls = 0,
            None => {}
        }
        if self.heard.replace(false) == Some(false) {
            tracing::debug!(error = why, "a try failed");
        } else {
            tracing::warn!(error = why, "no hub is heard; what is in force stays in force");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_fall_at_once_are_told_a_few_times_and_then_one_that_lasts() {
        let (mut voice, soon) = (Voice::default(), Duration::from_millis(1));
        voice.lost("no hub", None);
        for _ in 0..FALLS {
            assert_eq!(voice.patience(), Duration::ZERO);
            voice.heard("hub");
            voice.lost("cut", Some(soon));
        }
        assert_eq!((voice.patience(), voice.heard), (GOOD, Some(false)));
        voice.lost("no hub", None);
        assert_eq!(voice.patience(), GOOD, "an outage between them changes nothing");
        voice.heard("hub");
        voice.lost("cut", Some(GOOD));
        assert_eq!(voice.patience(), Duration::ZERO);
    }
}
