//! Whole rounds, planner and target together, over a write that nobody answered.

use super::server::Trouble;
use super::{World, object, row};
use crate::apply::{Refusals, Repairs, Tools, apply};
use crate::measures::Measures;
use crate::target::{Sight, Target as _};
use http::Method;
use jiff::Timestamp;
use policy::bundle::entry::Own;
use policy::mode::Mode;
use policy::outcome::{Outcome, OutcomeCode};
use policy::plan::{in_question, plan};
use policy::resolve::{Desired, Settings, Want};
use policy::time::{TrustedClock, TrustedTime};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So many seconds after the first round.
fn at(seconds: i64) -> TrustedTime {
    let wall = Timestamp::from_second(1_770_000_000 + seconds).unwrap();
    TrustedClock::start(None, wall, Duration::ZERO, Duration::ZERO).read(wall, Duration::ZERO)
}

fn wanted() -> Want {
    Want::Have(vec![Desired { own: Own::Whole, adopt: false, object: object("1") }])
}

fn refused() -> Want {
    Want::Keep { outcome: Outcome::new(OutcomeCode::RolledBack, "Unwritable"), mode: Mode::Enforce }
}

impl World {
    async fn round(&self, want: Want, seconds: i64) -> OutcomeCode {
        let (now, unit, good) = (at(seconds), row("").unit(), self.good());
        let Sight { mut seen, .. } = self.kube.observe().await.unwrap();
        let named = seen.inventory.values().flat_map(|row| row.copies());
        seen.good = named.map(|digest| (digest, good.get(&digest).unwrap())).collect();
        let wants = BTreeMap::from([(unit.clone(), want)]);
        let looked = self.kube.look(&in_question(&wants, &seen.inventory), &seen).await.unwrap();
        (seen.objects, seen.unseen) = (looked.objects, looked.unseen);
        let plan = plan(&wants, &BTreeSet::new(), &seen, &Settings::default(), now);
        let (mut refusals, mut repairs) = (Refusals::default(), Repairs::new(Duration::ZERO));
        let mut tools = Tools {
            target: &self.kube,
            seen: &seen,
            good: &good,
            refusals: &mut refusals,
            repairs: &mut repairs,
            measures: &Measures::default(),
            now: now.get(),
            monotonic: Duration::ZERO,
            heartbeat: None,
        };
        apply(&mut tools, plan).await.outcomes[&unit].code
    }

    /// What stands, and how many rows.
    fn stands(&self) -> (bool, usize) {
        (self.server.data("otel").is_some(), self.server.rows().lines().count())
    }
}

#[tokio::test]
async fn inv35_what_was_stored_without_an_answer_is_found_in_the_very_next_round() {
    let world = World::new().await;
    world.server.trouble(Method::PATCH, Trouble::Lost);
    world.server.trouble(Method::GET, Trouble::NotServed);
    assert_eq!(world.round(wanted(), 0).await, OutcomeCode::Failed);
    assert_eq!(world.stands(), (true, 1), "it cannot be taken back yet");
    world.round(refused(), 0).await;
    assert_eq!(world.stands(), (true, 1));
    assert!(world.row().await.is_some_and(|row| row.owned()), "all that was wanted stands");
}

#[tokio::test]
async fn inv35_what_is_stored_late_has_its_row_still() {
    for (want, code, stands) in
        [(refused(), OutcomeCode::RolledBack, (false, 0)), (wanted(), OutcomeCode::Applied, (true, 1))]
    {
        let world = World::new().await;
        world.server.trouble(Method::PATCH, Trouble::Late);
        world.round(wanted(), 0).await;
        for seconds in [0, 1, 59] {
            assert_eq!(world.round(refused(), seconds).await, OutcomeCode::RolledBack);
            assert_eq!(world.stands(), (false, 1), "it may be stored yet");
        }
        world.server.do_what_is_late();
        world.kube.doubt().await;
        assert_eq!((world.round(want, 60).await, world.stands()), (code, stands));
    }
}

#[tokio::test]
async fn inv35_what_no_server_stores_any_more_has_no_row_for_ever() {
    let world = World::new().await;
    world.server.trouble(Method::PATCH, Trouble::Late);
    world.round(wanted(), 0).await;
    world.round(refused(), 0).await;
    assert_eq!(world.stands(), (false, 1));
    world.round(refused(), 3600).await;
    assert_eq!(world.stands(), (false, 0));
}

#[tokio::test]
async fn inv35_what_a_finalizer_holds_on_its_way_back_keeps_its_row_until_it_is_gone() {
    let world = World::new().await;
    world.server.trouble(Method::PATCH, Trouble::Late);
    world.round(wanted(), 0).await;
    world.round(refused(), 0).await;
    world.server.do_what_is_late();
    world.server.holds("otel");
    world.kube.doubt().await;
    for _ in 0..3 {
        world.round(refused(), 0).await;
        assert_eq!(world.stands(), (true, 1));
    }
    assert_eq!(world.server.asked(&Method::DELETE), 1, "it is deleted once");
    world.server.lets_go("otel");
    world.kube.doubt().await;
    world.round(refused(), 1).await;
    assert_eq!(world.stands(), (false, 0));
}
