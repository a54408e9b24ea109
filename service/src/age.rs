//! Times, as people like to read them.

use jiff::Timestamp;

/// How long ago, or how soon: `12s ago`, `in 3h`. One unit, rounded down.
#[must_use]
pub fn relative(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - time.as_second();
    let span = rounded(seconds.unsigned_abs());
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("{span} ago"),
        _ => format!("in {span}"),
    }
}

fn rounded(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_is_enough() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let told = |seconds: i64| relative(Timestamp::from_second(1_000_000 - seconds).unwrap(), now);
        assert_eq!(told(0), "now");
        assert_eq!(told(59), "59s ago");
        assert_eq!(told(3_599), "59m ago");
        assert_eq!(told(172_800), "2d ago");
        assert_eq!(told(-7_200), "in 2h");
    }
}
