//! Following hubs over a change of certificates.

use crate::hub::{Hub, cluster, domain};
use crate::join::joined;
use crate::serving::{Event, Serving};
use crate::world::{World, until};
use certs::enroll::Proven;
use certs::identity::SpiffeId;
use service::clock::SystemClock;
use service::health::Health;
use service::supervisor::{Context, Shutdown};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use writ_spoke_agent::connection::{self, Beginning};
use writ_spoke_agent::follow;
use writ_spoke_agent::identity::{Credentials, Files};

pub(crate) fn context() -> Context {
    let heartbeat = Health::new(Arc::new(SystemClock::new())).heartbeat("a test", Duration::MAX);
    Context { shutdown: Shutdown::new(), heartbeat }
}

#[tokio::test]
async fn a_session_is_left_only_once_one_stands_that_presents_the_newer_certificate() {
    let (world, hub) = (World::new(), Arc::new(Hub::new().await));
    let serving = Serving::start(Arc::clone(&hub), hub.parts("eu-1", 1, &[]).await).await;
    // The first of the hubs never answers.
    joined(&world, &hub, &["127.0.0.1:1", &serving.address]);
    let started = world.agent().await;
    let Beginning { files, trusted, .. } = started.beginning;
    let (credentials, none) = Credentials::of(trusted.unwrap(), files, &cluster());
    assert!(none.is_none(), "{none:?}");
    let serial = || credentials.newest.get().unwrap().leaf().serial().clone();
    let first = serial();
    let mut tasks = JoinSet::new();
    tasks.spawn(follow::run(Arc::clone(&started.agent), credentials.clone(), context()));
    until("a hub is followed", || serving.events() == [Event::Followed(first.clone())]).await;
    serving.admits.store(false, Ordering::Relaxed);
    let files = Files::under(&world.data());
    let chain = hub.certify(&SpiffeId::Cluster(cluster()), &Proven::own(&files.key().unwrap()));
    credentials.newest.put(files.renewed(&chain, &cluster(), &domain()).unwrap());
    until("it is refused twice", || serving.gate.refused() >= 2).await;
    assert_eq!(serving.events(), [Event::Followed(first.clone())]);
    serving.admits.store(true, Ordering::Relaxed);
    let second = serial();
    assert_ne!(first, second);
    let wanted = [Event::Followed(first.clone()), Event::Followed(second), Event::Left(first)];
    until("the newer one follows, then the older one leaves", || serving.events() == wanted).await;
}

#[tokio::test]
async fn a_certificate_that_is_lost_is_had_again_by_the_key() {
    let (world, hub) = (World::new(), Arc::new(Hub::new().await));
    let serving = Serving::start(Arc::clone(&hub), hub.parts("eu-1", 1, &[]).await).await;
    joined(&world, &hub, &[&serving.address]);
    let certificate = world.data().join("identity/cert.pem");
    std::fs::write(&certificate, "none").unwrap();
    let started = world.agent().await;
    let faults = started.agent.faults.watch();
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&started.agent), started.beginning, context()));
    until("a bundle is in force", || started.agent.force().bundle.is_some()).await;
    assert!(faults.borrow().is_empty(), "{:?}", faults.borrow());
    assert!(std::fs::read_to_string(&certificate).unwrap().contains("BEGIN CERTIFICATE"));
}
