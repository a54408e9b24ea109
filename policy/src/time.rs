//! Time as data. Nothing here reads a clock: readings come from outside.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The JSON Schema of a time (RFC 3339).
#[must_use]
pub fn moment(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "string", "format": "date-time"})
}

/// A span as people write it: `72h`, `10m`, `30s`, `500ms`, `1h30m`, `7d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

impl Span {
    /// The span of a standard duration.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }

    /// As a standard duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

/// A text that is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write whole numbers with units, such as `72h`, `10m` or `1h30m`")]
pub struct NotASpan(String);

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let wrong = || NotASpan(text.to_owned());
        let (mut rest, mut total) = (text, Duration::ZERO);
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let number: u64 = number.parse().map_err(|_| wrong())?;
            let milliseconds: u64 = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(wrong()),
            };
            let part = number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(wrong)?;
            total = total.checked_add(part).ok_or_else(wrong)?;
            rest = tail;
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_millis();
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            if left >= size {
                write!(f, "{}{unit}", left / size)?;
                left %= size;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = crate::name::text_schema(
            "^([0-9]+(ms|s|m|h|d))+$",
            "a duration: whole numbers with units, such as `72h`, `10m` or `1h30m`",
        );
        schema.insert("x-writ-number".to_owned(), "did you mean `{}s`?".into());
        schema
    }
}

/// A moment that no end (of an exception, a brake, freshness) can be read earlier than.
/// Only [`TrustedClock`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustedTime {
    now: Timestamp,
    is_certain: bool,
}

impl TrustedTime {
    /// The moment itself.
    #[must_use]
    pub const fn get(self) -> Timestamp {
        self.now
    }

    /// Whether an exception may be in force at all: not while the wall clock was found below the stored time and no hub has
    /// been heard since, for nobody knows then how long the machine was off (invariant 7).
    #[must_use]
    pub const fn lets_waive(self) -> bool {
        self.is_certain
    }
}

/// Trusted time = max(wall, stored trusted time + monotonic elapsed, signed times).
///
/// A state machine without a clock: its owner passes readings in. The wall clock is believed when it runs
/// ahead by no more than what signed time and the monotonic clock explain plus `slack`; a larger jump is
/// reported by [`TrustedClock::suspect`] and never stored.
#[derive(Debug, Clone)]
pub struct TrustedClock {
    floor: Timestamp,
    floor_at: Duration,
    slack: SignedDuration,
    suspect: bool,
    /// Whether the wall clock stood below the stored time at the start, and no signed time has come since.
    set_back: bool,
}

impl TrustedClock {
    /// Starts from the time stored by an earlier run, if any. `monotonic` is the reading that belongs to `wall`.
    #[must_use]
    pub fn start(stored: Option<Timestamp>, wall: Timestamp, monotonic: Duration, slack: Duration) -> Self {
        let floor = stored.map_or(wall, |stored| stored.max(wall));
        let slack = SignedDuration::try_from(slack).unwrap_or(SignedDuration::MAX);
        let set_back = stored.is_some_and(|stored| wall < stored);
        Self { floor, floor_at: monotonic, slack, suspect: false, set_back }
    }

    /// Takes in a signed time: the issue time of a verified head.
    pub fn signed(&mut self, signed: Timestamp, monotonic: Duration) {
        let explained = self.explained(monotonic);
        self.advance(explained.max(signed), monotonic);
        self.set_back = false;
    }

    /// The trusted time for these readings.
    pub fn read(&mut self, wall: Timestamp, monotonic: Duration) -> TrustedTime {
        let explained = self.explained(monotonic);
        self.suspect = wall.duration_since(explained) > self.slack;
        let now = if self.suspect { explained } else { explained.max(wall) };
        self.advance(now, monotonic);
        TrustedTime { now, is_certain: !self.set_back }
    }

    /// Whether the wall clock ran ahead further than anything explains (condition `ClockSuspect`).
    #[must_use]
    pub const fn suspect(&self) -> bool {
        self.suspect
    }

    fn explained(&self, monotonic: Duration) -> Timestamp {
        let elapsed = SignedDuration::try_from(monotonic.saturating_sub(self.floor_at)).unwrap_or(SignedDuration::MAX);
        self.floor.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    fn advance(&mut self, to: Timestamp, monotonic: Duration) {
        self.floor = self.floor.max(to);
        self.floor_at = self.floor_at.max(monotonic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }
    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn spans_read_what_they_print() {
        for text in ["72h", "10m", "1h30m", "500ms", "0s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("7d".parse::<Span>().unwrap().to_string(), "168h");
        for bad in ["", "5", "h", "-1h", "1.5h", "1y", "99999999999999999999s"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn never_goes_back_with_the_wall_clock() {
        let mut clock = TrustedClock::start(None, at(0), secs(0), secs(60));
        assert_eq!(clock.read(at(10), secs(10)).get(), at(10));
        assert_eq!(clock.read(at(-500), secs(20)).get(), at(20));
    }

    #[test]
    fn a_wall_clock_that_jumps_is_suspect_and_poisons_nothing() {
        let mut clock = TrustedClock::start(None, at(0), secs(0), secs(60));
        assert_eq!(clock.read(at(9_000), secs(10)).get(), at(10));
        assert!(clock.suspect());
        assert_eq!(clock.read(at(20), secs(20)).get(), at(20));
        assert!(!clock.suspect());
    }

    #[test]
    fn starts_no_lower_than_what_was_stored() {
        let mut clock = TrustedClock::start(Some(at(100)), at(0), secs(0), secs(60));
        assert_eq!(clock.read(at(5), secs(5)).get(), at(105));
        clock.signed(at(200), secs(6));
        assert_eq!(clock.read(at(5), secs(7)).get(), at(201));
    }

    #[test]
    fn inv07_nothing_is_waived_after_the_clock_was_set_back_until_a_hub_is_heard() {
        for (stored, certain) in [(None, true), (Some(at(0)), true), (Some(at(1)), false)] {
            let mut clock = TrustedClock::start(stored, at(0), secs(0), secs(60));
            assert_eq!(clock.read(at(90), secs(90)).lets_waive(), certain, "{stored:?}");
            clock.signed(at(100), secs(100));
            assert!(clock.read(at(100), secs(100)).lets_waive());
        }
    }
}
