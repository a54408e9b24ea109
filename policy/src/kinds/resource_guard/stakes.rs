//! What guards that overlap mean for each other. Every quota and every greatest limit holds, so the lesser decides; of
//! two defaults a container gets either.

use super::spec::{Amounts, Spec};
use crate::document::pointer::join;
use crate::kinds::kind::{Says, Stake};
use crate::quantity::Quantity;

pub(super) fn stakes(spec: &Spec) -> Vec<Stake> {
    let containers = spec.containers.as_ref();
    let parts = [
        (spec.quota.as_ref(), "/quota", "the quota of", Says::AtMost as fn(Quantity) -> Says),
        (containers.and_then(|all| all.max.as_ref()), "/containers/max", "the greatest limit of", Says::AtMost),
        (containers.and_then(|all| all.default.as_ref()), "/containers/default", "the default limit of", Says::Exactly),
        (
            containers.and_then(|all| all.default_request.as_ref()),
            "/containers/defaultRequest",
            "the default request of",
            Says::Exactly,
        ),
    ];
    parts.into_iter().flat_map(|(amounts, place, words, says)| of(amounts, place, words, says)).collect()
}

fn of(amounts: Option<&Amounts>, place: &str, words: &str, says: fn(Quantity) -> Says) -> Vec<Stake> {
    let stake = |(resource, amount): (&String, &Quantity)| Stake {
        about: format!("{words} {resource}"),
        place: join(place, resource),
        says: says(amount.clone()),
    };
    amounts.into_iter().flatten().map(stake).collect()
}
