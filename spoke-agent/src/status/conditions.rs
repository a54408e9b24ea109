//! The conditions of an agent.

use super::brakes;
use super::since::Since;
use crate::agent::{Agent, Force, Link};
use crate::identity::IdentityProblem;
use crate::reconcile::Round;
use jiff::Timestamp;
use policy::name::ClusterName;
use policy::outcome::OutcomeCode;
use policy::report::{Condition, ConditionKind, Truth};
use std::borrow::Cow;

/// Every condition once.
pub(super) fn conditions(agent: &Agent, force: &Force, round: &Round, since: &mut Since) -> Vec<Condition> {
    let now = agent.time.now().get();
    let until = force.bundle.as_ref().map(|bundle| bundle.head().fresh_until);
    let all = [
        (ConditionKind::Connected, connected(agent, since)),
        (ConditionKind::Fresh, fresh(until, now)),
        (ConditionKind::Applied, applied(round)),
        (ConditionKind::Degraded, degraded(agent, round)),
        (ConditionKind::Braked, brakes::judged(round, now)),
        (ConditionKind::ClockSuspect, suspect(agent)),
    ];
    let condition = |(kind, (status, reason, message)): (ConditionKind, Judged)| Condition {
        kind,
        status,
        reason: reason.into_owned(),
        message,
        last_transition_time: since.of_kind(kind, status, now),
    };
    all.into_iter().map(condition).collect()
}

/// Status, reason and message.
pub(super) type Judged = (Truth, Cow<'static, str>, String);

/// Until a hub is heard or missed, what was told before stands: a restart alone is no news.
fn connected(agent: &Agent, since: &Since) -> Judged {
    match &*agent.link.borrow() {
        Link::Revoked => {
            let ask = format!(
                "unless another agent is to be {0}, ask for `writ cluster invite {0} --replace`",
                agent.cluster
            );
            (Truth::False, "Revoked".into(), format!("{}; {ask}", IdentityProblem::Revoked))
        }
        Link::Pending => since.connected.clone().unwrap_or((Truth::Unknown, "Starting".into(), String::new())),
        Link::Up { undeclared: true, .. } => (Truth::True, "Undeclared".into(), undeclared(&agent.cluster)),
        Link::Up { .. } => (Truth::True, "Following".into(), String::new()),
        Link::Down { why } => (Truth::False, "NoHub".into(), why.clone()),
    }
}

fn undeclared(cluster: &ClusterName) -> String {
    format!(
        "the catalog declares this cluster no longer, so no new rules come; what is in force stays, and is repaired; \
         declare it again, or end its identity with `writ cluster revoke {cluster}`"
    )
}

/// Fresh while trusted time is below the signed freshUntil.
fn fresh(until: Option<Timestamp>, now: Timestamp) -> Judged {
    match until {
        None => (Truth::False, "NoBundle".into(), "no bundle is in force".to_owned()),
        Some(until) if now < until => (Truth::True, "Fresh".into(), String::new()),
        Some(until) => (Truth::False, "Stale".into(), format!("no newer head came since {until}")),
    }
}

fn applied(round: &Round) -> Judged {
    // A unit whose objects were removed is as it should be.
    let done = |code: OutcomeCode| matches!(code, OutcomeCode::Applied | OutcomeCode::Removed);
    let open = round.outcomes.values().filter(|outcome| !done(outcome.code)).count();
    match open {
        0 => (Truth::True, "AllApplied".into(), String::new()),
        open => {
            (Truth::False, "NotAllApplied".into(), format!("{open} of {} units are not applied", round.outcomes.len()))
        }
    }
}

fn degraded(agent: &Agent, round: &Round) -> Judged {
    let faults = agent.faults.watch().borrow().clone();
    let all: Vec<String> = faults.into_values().chain(round.faults.iter().cloned()).collect();
    if all.is_empty() {
        (Truth::False, "AsExpected".into(), String::new())
    } else {
        (Truth::True, "Faults".into(), all.join("; "))
    }
}

fn suspect(agent: &Agent) -> Judged {
    if agent.time.suspect() {
        (
            Truth::True,
            "Jumped".into(),
            "the wall clock ran ahead further than anything explains, and is not believed".to_owned(),
        )
    } else {
        (Truth::False, "AsExpected".into(), String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::{Outcome, UnitId};
    use std::collections::BTreeMap;

    #[test]
    fn inv06_what_no_hub_confirms_is_no_longer_fresh_at_the_signed_moment() {
        let until = Timestamp::from_second(1_700_000_000).unwrap();
        let at = |milliseconds: i64| until + jiff::SignedDuration::from_millis(milliseconds);
        let truth = |now| fresh(Some(until), now).0;
        assert_eq!([at(-1), at(0), at(1)].map(truth), [Truth::True, Truth::False, Truth::False]);
        assert_eq!(fresh(None, at(-1)).0, Truth::False, "nothing is in force");
    }

    #[test]
    fn what_was_removed_is_done_and_what_is_being_removed_is_not() {
        let judged = |code| {
            let unit = UnitId { rule: "ConfigTemplate/otel".parse().unwrap(), namespace: None };
            let outcomes = BTreeMap::from([(unit, Outcome::new(code, "Word"))]);
            applied(&Round { outcomes, ..Round::default() }).0
        };
        assert_eq!([OutcomeCode::Applied, OutcomeCode::Removed].map(judged), [Truth::True; 2]);
        assert_eq!([OutcomeCode::Removing, OutcomeCode::Held].map(judged), [Truth::False; 2]);
    }
}
