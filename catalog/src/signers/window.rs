//! From when until when a key counts: `valid-after` and `valid-before` of allowed_signers.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A time without an end on either side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) after: Option<Timestamp>,
    pub(super) before: Option<Timestamp>,
}

impl Window {
    /// Whether `now` lies in it.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.after.is_none_or(|after| now >= after) && self.before.is_none_or(|before| now < before)
    }
}

/// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with or without a `Z`; always taken as UTC, so that it means one time everywhere.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || ![8, 12, 14].contains(&digits.len()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |text| text.parse::<i8>().ok());
    let year = digits.get(..4)?.parse().ok()?;
    let time = DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        for (text, means) in [
            ("20261121", "2026-11-21T00:00:00Z"),
            ("202611211530", "2026-11-21T15:30:00Z"),
            ("20261121153059Z", "2026-11-21T15:30:59Z"),
        ] {
            assert_eq!(time(text), Some(means.parse().unwrap()), "{text}");
        }
        for text in ["", "2026", "20261341", "2026-11-21", "20261121153", "+0261121"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn an_end_is_outside() {
        let window = Window { after: time("20260101"), before: time("20270101") };
        let at = |text: &str| window.holds(text.parse().unwrap());
        assert!(at("2026-01-01T00:00:00Z") && at("2026-12-31T23:59:59Z"));
        assert!(!at("2025-12-31T23:59:59Z") && !at("2027-01-01T00:00:00Z"));
    }
}
