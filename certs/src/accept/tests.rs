//! Over real sockets: caps, slow handshakes, and proofs that belong to one session.

use super::Limits;
use crate::enroll::{Exporter, Proof, ProofError};
use crate::key::LeafKey;
use crate::testing::{Listening, Town, exchange, speak, speak_from, until};
use crate::tls::{Audience, Standing};
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
async fn attack12_beyond_their_room_members_wait() {
    let town = Town::new();
    let hub = start(&town, Limits { members: 1, ..Limits::default() }).await;
    let client = town.client_of("prod");
    let first = speak(hub.address, client.clone()).await.unwrap();
    let second = speak(hub.address, client);
    tokio::pin!(second);
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut second).await.is_err());
    drop(first);
    second.await.expect("there is room now");
}

#[tokio::test]
async fn attack12_strangers_shut_no_member_out() {
    let town = Town::new();
    let limits = Limits { members: 2, strangers: 4, ..Limits::default() };
    let hub = start(&town, limits).await;
    let mut early = speak(hub.address, town.client_of("early")).await.unwrap();
    let (mut silent, mut nameless) = (Vec::new(), Vec::new());
    for _ in 0..limits.strangers * 3 {
        silent.push(TcpStream::connect(hub.address).await.unwrap());
        nameless.push(speak(hub.address, town.client(None)).await.expect("the newest stranger is let in"));
    }
    let late = tokio::time::timeout(limits.handshake / 2, speak(hub.address, town.client_of("late")));
    let mut late = late.await.expect("a member waits for no stranger").unwrap();
    for _ in 0..limits.strangers {
        nameless.push(speak(hub.address, town.client(None)).await.unwrap());
    }
    for member in [&mut early, &mut late] {
        exchange(member).await.expect("a member makes way for nobody");
    }
    let peers = hub.peers.lock().unwrap().clone();
    let inside = peers.iter().filter(|peer| peer.leaf().is_none() && !peer.token().is_cancelled()).count();
    assert!(inside <= limits.strangers, "{inside} strangers are inside");
}

#[tokio::test]
async fn attack12_strangers_of_one_address_drive_out_only_each_other() {
    let town = Town::new();
    let limits = Limits { strangers: 3, ..Limits::default() };
    let hub = start(&town, limits).await;
    let mut joins = speak_from([127, 0, 0, 2], hub.address, town.client(None)).await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..limits.strangers * 4 {
        crowd.push(speak(hub.address, town.client(None)).await.unwrap());
    }
    exchange(&mut joins).await.expect("who joins from elsewhere stays");
    assert!(exchange(&mut crowd[0]).await.is_err(), "the oldest of the crowd made way");
    exchange(crowd.last_mut().unwrap()).await.expect("the newest is inside");
}

#[tokio::test]
async fn attack12_strangers_of_an_address_take_up_no_members_room_there() {
    let town = Town::new();
    let limits = Limits { strangers: 3, per_address: 3, ..Limits::default() };
    let hub = start(&town, limits).await;
    let (mut strangers, mut members) = (Vec::new(), Vec::new());
    for _ in 0..limits.per_address {
        strangers.push(speak(hub.address, town.client(None)).await.unwrap());
    }
    for _ in 0..limits.per_address {
        let member = speak(hub.address, town.client_of("prod")).await;
        members.push(member.expect("the strangers of its address keep no member out"));
    }
    speak(hub.address, town.client(None)).await.expect("nor do members keep out who joins from there");
    assert!(speak(hub.address, town.client_of("prod")).await.is_err(), "members have a share of their own");
    for member in &mut members {
        exchange(member).await.expect("those inside are not touched");
    }
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

#[tokio::test]
async fn inv11_a_change_of_standing_cuts_by_standing_alone() {
    let town = Town::new();
    let hub = start(&town, Limits::default()).await;
    let _session = speak(hub.address, town.client_of("prod")).await.unwrap();
    let peer = hub.peers.lock().unwrap()[0].clone();
    let revoked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&revoked);
    let gate = town.gate(Audience::Spokes, Standing::by(move |_| !seen.load(Ordering::SeqCst)));
    // No judgement would let this chain pass, so one that is made is seen.
    let _inside = gate.registry().add(peer.clone(), vec![CertificateDer::from(vec![0])]);
    gate.review();
    assert!(!peer.token().is_cancelled(), "every chain is verified again whenever a member joins");
    revoked.store(true, Ordering::SeqCst);
    gate.review();
    assert!(peer.token().is_cancelled());
}
