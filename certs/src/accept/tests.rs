//! Over real sockets: caps, slow handshakes, and proofs that belong to one session.

use super::Limits;
use crate::enroll::{Exporter, Proof, ProofError};
use crate::key::LeafKey;
use crate::testing::{Listening, Town, exchange, speak, until};
use crate::tls::{Audience, Standing};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

async fn start(town: &Town, limits: Limits) -> Listening {
    Listening::start(&town.gate(Audience::Spokes, Standing::by(|_| true)), limits).await
}

#[tokio::test]
async fn attack12_slow_handshakes_hold_nobody_and_end() {
    let town = Town::new();
    let handshake = Duration::from_millis(500);
    let hub = start(&town, Limits { handshake, ..Limits::default() }).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(hub.address).await.unwrap());
    }
    let quick = tokio::time::timeout(handshake, speak(hub.address, town.client_of("prod")));
    quick.await.expect("nobody waits for the silent ones").unwrap();
    for stream in &mut silent {
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut [0])).await;
        assert!(matches!(closed, Ok(Ok(0) | Err(_))), "a handshake never ends");
    }
}

#[tokio::test]
async fn attack12_one_address_takes_its_share_only() {
    let town = Town::new();
    let hub = start(&town, Limits { per_address: 2, ..Limits::default() }).await;
    let client = town.client_of("prod");
    let mut first = speak(hub.address, client.clone()).await.unwrap();
    let second = speak(hub.address, client.clone()).await.unwrap();
    assert!(speak(hub.address, client.clone()).await.is_err());
    exchange(&mut first).await.expect("those inside are not touched");
    drop(second);
    until("the place is given back", async || speak(hub.address, client.clone()).await.is_ok()).await;
}

#[tokio::test]
async fn attack12_above_the_total_callers_wait() {
    let town = Town::new();
    let hub = start(&town, Limits { total: 1, ..Limits::default() }).await;
    let client = town.client_of("prod");
    let first = speak(hub.address, client.clone()).await.unwrap();
    let second = speak(hub.address, client);
    tokio::pin!(second);
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut second).await.is_err());
    drop(first);
    second.await.expect("there is room now");
}

#[tokio::test]
async fn attack12_sessions_without_a_certificate_do_not_last() {
    let town = Town::new();
    let hub = start(&town, Limits { nameless: Duration::from_millis(300), ..Limits::default() }).await;
    let mut member = speak(hub.address, town.client_of("prod")).await.unwrap();
    let mut nameless = speak(hub.address, town.client(None)).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(10), nameless.read(&mut [0])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "it is closed without being asked");
    exchange(&mut member).await.expect("members stay");
}

#[tokio::test]
async fn attack04_a_proof_holds_in_its_own_session_only() {
    let town = Town::new();
    let hub = start(&town, Limits::default()).await;
    let mine = speak(hub.address, town.client(None)).await.unwrap();
    let _theirs = speak(hub.address, town.client(None)).await.unwrap();
    let key = LeafKey::generate().unwrap();
    let proof = Proof::make(&key, &Exporter::of(mine.get_ref().1).unwrap()).unwrap();
    let peers = hub.peers.lock().unwrap().clone();
    assert_eq!(proof.clone().verify(peers[0].exporter()).unwrap().public(), key.public());
    assert_eq!(proof.verify(peers[1].exporter()), Err(ProofError::Wrong));
}
