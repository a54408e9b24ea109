//! The verbs that ask a hub, where there is none.

use super::writ;
use certs::ca::{Chain, Root, Validity};
use certs::enroll::Proven;
use certs::identity::{SpiffeId, TrustDomain};
use certs::key::LeafKey;
use service::clock::{Clock, SystemClock};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// An operator's folder, as `writ-hub init` makes it, with a certificate that lives this long.
fn operator(life: Duration) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let domain: TrustDomain = "acme.example".parse().unwrap();
    let now = SystemClock::new().wall();
    let long = Validity::starting(now, Duration::from_secs(86_400)).unwrap();
    let root = Root::create(domain, long, &mut rand::rng()).unwrap();
    let issuer = root.issuer(long, &mut rand::rng()).unwrap();
    let key = LeafKey::generate().unwrap();
    let ada = SpiffeId::Person("ada".parse().unwrap());
    let begun = now - jiff::SignedDuration::from_secs(60);
    let validity = Validity::starting(begun, life).unwrap();
    let chain = issuer.issue(&ada, &Proven::own(&key), validity, &mut rand::rng()).unwrap();
    fs::write(folder.path().join("cert.pem"), chain.to_pem()).unwrap();
    fs::write(folder.path().join("roots.pem"), Chain::from_der(&[root.certificate()]).unwrap().to_pem()).unwrap();
    key.save(&folder.path().join("key.pem")).unwrap();
    folder
}

fn status(hub: &str, identity: &Path) -> (i32, String) {
    let run = writ(identity, &["--hub", hub, "status", "--identity", identity.to_str().unwrap()]);
    assert_eq!(run.out, "");
    (run.code, run.err)
}

#[test]
fn a_hub_that_does_not_answer_is_absent() {
    let identity = operator(Duration::from_secs(3_600));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, error) = status(&format!("https://{closed}"), identity.path());
    assert_eq!(code, 3, "{error}");
    assert!(error.starts_with("error: the hub at https://127.0.0.1:") && error.contains("does not answer"), "{error}");
}

#[test]
fn an_expired_certificate_is_said_before_anything_is_sent() {
    let identity = operator(Duration::from_secs(1));
    let (code, error) = status("https://127.0.0.1:1", identity.path());
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("ask for a new one"), "{error}");
}

#[test]
fn an_identity_that_is_not_there_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let (code, error) = status("https://127.0.0.1:1", folder.path());
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("cert.pem"), "{error}");
}

#[test]
fn which_hub_and_who_must_be_said() {
    let here = std::env::temp_dir();
    for verb in [&["status"][..], &["cluster", "list"], &["pin"], &["hold", "list"], &["catalog", "refresh"]] {
        let run = writ(&here, verb);
        assert_eq!(run.code, 2, "{verb:?}: {}", run.err);
        assert!(run.err.contains("WRIT_HUB"), "{}", run.err);
    }
}
