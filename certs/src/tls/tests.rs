//! Over real sockets: what is negotiated, who is let in, and when a session ends.

use super::{Audience, Standing};
use crate::accept::Limits;
use crate::identity::SpiffeId;
use crate::testing::{Listening, Town, exchange, forge, speak, until};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, SanType};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::{ClientConfig, HandshakeKind, NamedGroup, ProtocolVersion};
use service::clock::Clock as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

async fn spokes(town: &Town) -> Listening {
    Listening::start(&town.gate(Audience::Spokes, Standing::by(|_| true)), Limits::default()).await
}

fn with_groups(client: ClientConfig, groups: Vec<&'static dyn rustls::crypto::SupportedKxGroup>) -> ClientConfig {
    let provider = rustls::crypto::CryptoProvider { kx_groups: groups, ..default_provider() };
    let mut config = ClientConfig::builder_with_details(Arc::new(provider), Arc::clone(&client.time_provider))
        .with_protocol_versions(super::provider::VERSIONS)
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    // Only the groups differ: the group is chosen before the server's certificate is looked at.
    config.alpn_protocols = client.alpn_protocols;
    config
}

#[tokio::test]
async fn speaks_tls_1_3_with_the_hybrid_group() {
    let town = Town::new();
    let hub = spokes(&town).await;
    let session = speak(hub.address, town.client_of("prod")).await.unwrap();
    let (_, session) = session.get_ref();
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(session.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
}

#[tokio::test]
async fn takes_classical_groups_but_no_others() {
    let town = Town::new();
    let hub = spokes(&town).await;
    // Against this client the server gets as far as its certificate, which has no known root.
    for group in [kx_group::X25519, kx_group::SECP256R1] {
        let error = speak(hub.address, with_groups(town.client(None), vec![group])).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    let error = speak(hub.address, with_groups(town.client(None), vec![kx_group::SECP384R1])).await.unwrap_err();
    assert!(error.to_string().contains("HandshakeFailure"), "{error}");
}

#[tokio::test]
async fn refuses_tls_1_2() {
    let town = Town::new();
    let hub = spokes(&town).await;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let error = speak(hub.address, config).await.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
}

#[tokio::test]
async fn attack02_no_session_is_resumed() {
    let town = Town::new();
    let hub = spokes(&town).await;
    let mut client = town.client_of("prod");
    client.resumption = Resumption::in_memory_sessions(8);
    for _ in 0..3 {
        let session = speak(hub.address, client.clone()).await.unwrap();
        let (_, session) = session.get_ref();
        assert_eq!(session.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(session.tls13_tickets_received(), 0);
    }
}

#[tokio::test]
async fn attack05_only_leaves_of_the_right_shape_are_let_in() {
    let town = Town::new();
    let hub = spokes(&town).await;
    let issuer = town.stolen_issuer();
    let client = || town.client(None);
    let prod = "spiffe://acme.example/cluster/prod";

    let honest = issuer.signs(&forge(&[prod]));
    speak(hub.address, honest.presented_by(client())).await.unwrap();

    let spoiled = |spoil: fn(&mut rcgen::CertificateParams)| {
        let mut params = forge(&["spiffe://acme.example/cluster/prod"]);
        spoil(&mut params);
        params
    };
    let shapes = [
        ("two names", forge(&[prod, "spiffe://acme.example/cluster/other"])),
        ("no name", forge(&[])),
        ("another domain", forge(&["spiffe://evil.example/cluster/prod"])),
        ("a person's name", forge(&["spiffe://acme.example/person/ada"])),
        ("the hub's name", forge(&["spiffe://acme.example/hub"])),
        ("a DNS name beside", spoiled(|p| p.subject_alt_names.push(SanType::DnsName("a.example".try_into().unwrap())))),
        ("an authority", spoiled(|p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)))),
        ("both usages", spoiled(|p| p.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth))),
        ("the other usage", spoiled(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])),
        ("no usage", spoiled(|p| p.extended_key_usages.clear())),
    ];
    for (what, params) in shapes {
        let forged = issuer.signs(&params);
        assert!(speak(hub.address, forged.presented_by(client())).await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn attack05_chains_are_not_confused() {
    let town = Town::new();
    let hub = spokes(&town).await;
    let issuer = town.stolen_issuer();
    let refused = async |what: &str, config| assert!(speak(hub.address, config).await.is_err(), "{what}");

    refused("an intermediate as a leaf", issuer.presented_by(town.client(None))).await;
    let leaf = issuer.signs(&forge(&["spiffe://acme.example/cluster/prod"]));
    let below = leaf.signs(&forge(&["spiffe://acme.example/cluster/other"]));
    refused("a leaf signed by a leaf", below.presented_by(town.client(None))).await;
    let twin = town.beside("acme.example").stolen_issuer().signs(&forge(&["spiffe://acme.example/cluster/prod"]));
    refused("another root of the same name", twin.presented_by(town.client(None))).await;
    let hub_as_client = town.client(Some(town.identity(&SpiffeId::Hub)));
    refused("the hub's own certificate", hub_as_client).await;
}

#[tokio::test]
async fn people_and_spokes_have_their_own_listeners() {
    let town = Town::new();
    let gate = town.gate(Audience::People, Standing::by(|_| true));
    let people = Listening::start(&gate, Limits::default()).await;
    let ada = SpiffeId::Person("ada".parse().unwrap());
    speak(people.address, town.client(Some(town.identity(&ada)))).await.unwrap();
    assert!(speak(people.address, town.client_of("prod")).await.is_err());
    assert!(speak(people.address, town.client(None)).await.is_err(), "nobody without a certificate");
    let hub = spokes(&town).await;
    assert!(speak(hub.address, town.client(Some(town.identity(&ada)))).await.is_err());
    speak(hub.address, town.client(None)).await.expect("enrollment presents none");
}

#[tokio::test]
async fn clients_know_the_hub_by_its_uri() {
    let town = Town::new();
    for (what, other) in [("domain", town.beside("evil.example")), ("root", town.beside("acme.example"))] {
        let impostor = spokes(&other).await;
        assert!(speak(impostor.address, town.client(None)).await.is_err(), "another {what}");
    }
    let gate = town.gate(Audience::Spokes, Standing::by(|_| true));
    let spoke = super::ServerTls { identity: town.identity(&Town::cluster("prod")), ..town.server(Audience::Spokes) };
    gate.swap(spoke).unwrap();
    let impostor = Listening::start(&gate, Limits::default()).await;
    assert!(speak(impostor.address, town.client(None)).await.is_err(), "a spoke that plays the hub");
}

#[tokio::test]
async fn inv11_no_session_outlives_its_certificate() {
    let town = Town::new();
    let hub = spokes(&town).await;
    let client = town.client_of("prod");
    let mut session = speak(hub.address, client.clone()).await.unwrap();
    town.clock.advance(Duration::from_secs(86_399));
    exchange(&mut session).await.unwrap();
    town.clock.advance(Duration::from_secs(2));
    until("the session is cut", async || exchange(&mut session).await.is_err()).await;
    let peer = hub.peers.lock().unwrap()[0].clone();
    assert!(peer.identity(town.clock.wall()).is_err());
    assert!(speak(hub.address, client).await.is_err(), "an expired certificate is refused");
}

#[tokio::test]
async fn inv11_revoked_sessions_are_cut_and_refused() {
    let town = Town::new();
    let revoked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&revoked);
    let standing = Standing::by(move |leaf| *leaf.id() != Town::cluster("prod") || !seen.load(Ordering::SeqCst));
    let gate = town.gate(Audience::Spokes, standing);
    let hub = Listening::start(&gate, Limits::default()).await;
    let client = town.client_of("prod");
    let mut session = speak(hub.address, client.clone()).await.unwrap();
    let mut other = speak(hub.address, town.client_of("other")).await.unwrap();
    revoked.store(true, Ordering::SeqCst);
    gate.review();
    until("the session is cut", async || exchange(&mut session).await.is_err()).await;
    assert!(speak(hub.address, client).await.is_err());
    exchange(&mut other).await.expect("nobody else is touched");
}

#[tokio::test]
async fn inv11_swapping_the_configuration_cuts_those_of_a_removed_authority_only() {
    let old = Town::new();
    let new = old.beside("acme.example");
    let both = crate::ca::Authorities::from_certificates(
        old.domain.clone(),
        [old.root.certificate().clone(), new.root.certificate().clone()],
    )
    .unwrap();
    let gate = old.gate(Audience::Spokes, Standing::by(|_| true));
    gate.swap(super::ServerTls { authorities: both, ..old.server(Audience::Spokes) }).unwrap();
    let hub = Listening::start(&gate, Limits::default()).await;
    let mut stays = {
        let mut client = old.client(None);
        client.client_auth_cert_resolver = new.client_of("new").client_auth_cert_resolver;
        speak(hub.address, client).await.unwrap()
    };
    let mut goes = speak(hub.address, old.client_of("old")).await.unwrap();
    gate.swap(new.server(Audience::Spokes)).unwrap();
    until("the session of the removed authority is cut", async || exchange(&mut goes).await.is_err()).await;
    exchange(&mut stays).await.expect("the other lives on");
    speak(hub.address, new.client_of("new")).await.expect("new sessions see the new certificate");
}
