//! What is told of brakes: a condition while one holds, and Events when one is set and when it is over.

use super::changes::ours;
use super::conditions::Judged;
use crate::reconcile::Round;
use crate::target::News;
use jiff::Timestamp;
use policy::report::Truth;
use proto::resources::{self, BrakeStatus};

/// The brakes of a round that hold.
pub(super) fn held(round: &Round, now: Timestamp) -> Vec<BrakeStatus> {
    round.brakes.iter().filter(|brake| now < brake.until).cloned().collect()
}

/// Condition Braked.
pub(super) fn judged(round: &Round, now: Timestamp) -> Judged {
    let held = held(round, now);
    if held.is_empty() {
        (Truth::False, "NoBrake".into(), String::new())
    } else {
        (Truth::True, "BrakeSet".into(), held.iter().map(in_words).collect::<Vec<_>>().join("; "))
    }
}

/// What was set since `before`, and what of that is over.
pub(super) fn news(before: &[BrakeStatus], round: &Round, now: Timestamp) -> Vec<News> {
    let held = held(round, now);
    let over = before.iter().filter(|brake| !held.contains(brake));
    let over = over.map(|brake| ("BrakeOver", format!("{} goes again as far as it may", what(brake))));
    let set = held.iter().filter(|brake| !before.contains(brake)).map(|brake| ("Braked", in_words(brake)));
    let news = |(reason, note): (&str, String)| {
        let about = ours("Enforcement", resources::ENFORCEMENT.to_owned());
        News { about, warning: false, reason: reason.to_owned(), note, at: now }
    };
    over.chain(set).map(news).collect()
}

fn what(brake: &BrakeStatus) -> String {
    brake.rule.as_ref().map_or_else(|| "every rule".to_owned(), ToString::to_string)
}

/// What a brake caps, until when, and why.
fn in_words(brake: &BrakeStatus) -> String {
    let BrakeStatus { until, reason, .. } = brake;
    let why = if reason.is_empty() { "no reason is given" } else { reason };
    format!("{} goes no further than warn until {until:.0}: {why}", what(brake))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv30_a_brake_is_told_while_it_holds_and_when_it_begins_and_ends() {
        let at = |hour: u8| format!("2026-11-21T{hour:02}:00:00Z").parse::<Timestamp>().unwrap();
        let rule = Some("ResourceGuard/quota".parse().unwrap());
        let brake =
            BrakeStatus { rule, until: at(5), asked: None, over: false, reason: "INC-7".to_owned(), since: at(3) };
        let round = Round { brakes: vec![brake.clone()], ..Round::default() };
        let (truth, _, message) = judged(&round, at(4));
        assert_eq!(truth, Truth::True);
        assert_eq!(message, "ResourceGuard/quota goes no further than warn until 2026-11-21T05:00:00Z: INC-7");
        assert_eq!(judged(&round, at(5)).0, Truth::False);
        let told = |before: &[BrakeStatus], now| {
            news(before, &round, now).into_iter().map(|news| news.reason).collect::<Vec<_>>()
        };
        assert_eq!(told(&[], at(4)), ["Braked"]);
        assert!(told(std::slice::from_ref(&brake), at(4)).is_empty());
        assert_eq!(told(&[brake], at(5)), ["BrakeOver"]);
        assert!(told(&[], at(6)).is_empty(), "it stands there still, and is over");
    }
}
