//! An agent that has joined.

use crate::hub::{Hub, cluster, domain};
use crate::world::World;
use certs::enroll::Proven;
use certs::identity::SpiffeId;
use policy::digest::Digest;
use writ_spoke_agent::identity::{Files, Joined};

/// As after `writ-spoke join` with a string of `hub`, which answers at `hubs`.
pub(crate) fn joined(world: &World, hub: &Hub, hubs: &[&str]) {
    let files = Files::under(&world.data());
    let key = files.key_or_new().unwrap();
    let chain = hub.certify(&SpiffeId::Cluster(cluster()), &Proven::own(&key));
    files.renewed(&chain, &cluster(), &domain()).unwrap();
    let hubs = hubs.iter().map(|hub| (*hub).to_owned()).collect();
    let (token, trust) = (Digest::of(b"token"), hub.chain.anchor());
    files.remember(&Joined { cluster: cluster(), hubs, token, trust }).unwrap();
    std::fs::write(world.data().join("trust.json"), hub.chain.to_bytes()).unwrap();
}
