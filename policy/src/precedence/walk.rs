//! The first table: every combination of all that has a say.

use super::{Levels, MODES, PLAIN, Place, each, refused, won};
use crate::bundle::fixture::hour;
use crate::mode::Mode;
use crate::resolve::{Memo, Settings, resolve};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an exception and a brake do whose end is this very moment is said beside the walk, and so is which level of
/// parameters counts.
#[test]
fn every_combination_comes_out_as_the_table_says() {
    let mut plays = each(vec![PLAIN], &MODES, |play, mode| play.rule = mode);
    plays = each(plays, &[None, Some(Mode::Audit), Some(Mode::Warn)], |play, mode| play.set = mode);
    plays = each(plays, &MODES, |play, mode| play.cluster = mode);
    plays = each(plays, &[None, Some(11)], |play, until| play.exception = until);
    plays = each(plays, &[false, true], |play, is| play.overrule = is);
    plays = each(plays, &[None, Some("20")], |play, value| play.region = value);
    plays = each(plays, &[None, Some(Levels::default())], |play, levels| play.levels = levels);
    let central = plays.len();
    let refused = refused(&["10", "20", "30"]);
    let mut memo = Memo::default();
    let mut walked = 0;
    for play in plays {
        let bundle = play.bundle();
        let mut operators = each(vec![play], &[false, true], |play, is| play.constraint = is);
        operators = each(operators, &[None, Some("30")], |play, value| play.local = value);
        operators = each(operators, &[None, Some(11)], |play, until| play.brake = until);
        for play in operators {
            let local = Arc::new(play.local());
            let places = [Place::Selected, Place::Relabelled, Place::Terminating, Place::Gone];
            let here = each(vec![play], &places, |play, place| play.place = place);
            for play in each(here, &[false, true], |play, is| play.refused = is) {
                let mut seen = play.seen(Arc::clone(&local));
                seen.refused = if play.refused { refused.clone() } else { seen.refused };
                let resolved = resolve(&bundle, &seen, &Settings::default(), hour(10), &mut memo);
                assert_eq!(won(&resolved), play.expected(), "{play:?}");
                let overruled: usize = resolved.overruled.values().map(BTreeSet::len).sum();
                let asked = play.constraint && play.value().is_some() && matches!(play.place, Place::Selected);
                assert_eq!(overruled, usize::from(asked && play.overrule), "{play:?}");
                walked += 1;
            }
        }
    }
    assert_eq!((central, walked), (3 * 3 * 3 * 2 * 2 * 2 * 2, central * 2 * 2 * 2 * 4 * 2));
}
