//! Brakes as annotations of the `Enforcement`: what people set and read, in a cluster or in a directory.

use super::brake::Written;
use super::{Brake, Brakes};
use crate::name::RuleName;
use crate::time::Span;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Until when every rule is braked (RFC 3339).
const UNTIL: &str = "writ.dev/brake-until";
/// Why.
const REASON: &str = "writ.dev/brake-reason";
/// For how long it was asked for; with the next, this counts from when an agent first sees it.
const FOR: &str = "writ.dev/brake-for";
/// When it was asked for, by the clock of who asked.
const ASKED: &str = "writ.dev/brake-asked";
/// Brakes of single rules: JSON `{"Kind/name": {"until": …, "reason": …, "for": …, "asked": …}}`.
const RULES: &str = "writ.dev/brakes";

/// Every annotation that says something of brakes.
pub const ANNOTATIONS: [&str; 5] = [UNTIL, REASON, FOR, ASKED, RULES];

impl Brakes {
    /// What annotations say, and what of them cannot be understood, for people. Others are passed over.
    #[must_use]
    pub fn read(annotations: &BTreeMap<String, String>) -> (Self, Vec<String>) {
        let text = |name: &str| annotations.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let (mut brakes, mut faults) = (Self::default(), Vec::new());
        if let Some(until) = text(UNTIL) {
            match until.parse::<Timestamp>() {
                Ok(until) => {
                    let reason = text(REASON).unwrap_or_default().to_owned();
                    let span = text(FOR).and_then(|span| span.parse::<Span>().ok());
                    let asked = text(ASKED).and_then(|asked| asked.parse().ok());
                    brakes.all = Some(Brake::from(Written { until, reason, span, asked }));
                }
                Err(_) => faults.push(format!(
                    "{UNTIL}: `{until}` is no time, so nothing is braked by it; write one such as 2026-11-21T12:00:00Z"
                )),
            }
        }
        match text(RULES).map(serde_json::from_str::<BTreeMap<RuleName, Brake>>) {
            Some(Ok(rules)) => brakes.rules = rules,
            Some(Err(error)) => faults.push(format!(
                "{RULES} cannot be understood, so no rule is braked by it: {error}; write it with `writ-spoke brake`"
            )),
            None => {}
        }
        (brakes, faults)
    }

    /// The annotations that say this; none: it must not stand there.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<&'static str, Option<String>> {
        let all = self.all.clone().map(Written::from);
        let reason = all.as_ref().map(|brake| brake.reason.clone()).filter(|reason| !reason.is_empty());
        // Names and texts have a form in JSON.
        let rules = (!self.rules.is_empty()).then(|| serde_json::to_string(&self.rules).unwrap_or_default());
        BTreeMap::from([
            (UNTIL, all.as_ref().map(|brake| brake.until.to_string())),
            (REASON, reason),
            (FOR, all.as_ref().and_then(|brake| Some(brake.span?.to_string()))),
            (ASKED, all.as_ref().and_then(|brake| Some(brake.asked?.to_string()))),
            (RULES, rules),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
        texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn reads_what_it_writes() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let asked = at("2026-11-21T11:59:59.7Z");
        let lasting = Brake::lasting("1h30m".parse().unwrap(), asked, "INC-7: \"all\"".to_owned());
        assert_eq!((lasting.asked, lasting.until), (Some(at("2026-11-21T12:00:00Z")), at("2026-11-21T13:30:00Z")));
        let until = Brake { until: at("2026-11-21T13:00:00Z"), asked: None, reason: String::new() };
        let rule = |name: &str| format!("ResourceGuard/{name}").parse::<RuleName>().unwrap();
        for all in [lasting.clone(), until.clone()] {
            let rules = BTreeMap::from([(rule("a"), until.clone()), (rule("b"), lasting.clone())]);
            let brakes = Brakes { all: Some(all), rules };
            let written = brakes.annotations().into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
            assert_eq!(Brakes::read(&written.collect()), (brakes, Vec::new()));
        }
        assert!(Brakes::default().annotations().values().all(Option::is_none));
    }

    #[test]
    fn who_moves_the_end_by_hand_means_that_moment() {
        let asked = [(FOR, "2h"), (ASKED, "2026-11-21T10:00:00Z")];
        let read =
            |until: &str, rest: &[(&str, &str)]| Brakes::read(&annotations(&[&[(UNTIL, until)], rest].concat())).0;
        let spans = |until: &str, rest: &[(&str, &str)]| read(until, rest).all.unwrap().span().is_some();
        assert!(spans("2026-11-21T12:00:00Z", &asked));
        assert!(!spans("2026-11-21T13:00:00Z", &asked));
        assert!(!spans("2026-11-21T12:00:00Z", &asked[..1]) && !spans("2026-11-21T12:00:00Z", &asked[1..]));
        assert!(!spans("2026-11-21T12:00:00Z", &[(FOR, "two hours"), asked[1]]));
    }

    #[test]
    fn what_cannot_be_understood_brakes_nothing_and_is_told() {
        let (brakes, faults) = Brakes::read(&annotations(&[(UNTIL, "2h"), (RULES, "{"), ("theirs", "x")]));
        assert_eq!((brakes, faults.len()), (Brakes::default(), 2));
        assert!(faults.first().is_some_and(|fault| fault.contains("`2h` is no time")), "{faults:?}");
        let until = "2026-11-21T12:00:00+02:00";
        let (brakes, faults) = Brakes::read(&annotations(&[(UNTIL, until), (RULES, "not json")]));
        assert_eq!((brakes.all.unwrap().until.to_string().as_str(), faults.len()), ("2026-11-21T10:00:00Z", 1));
    }
}
