//! The verbs that ask a hub, where there is none, or not the right one.

use super::town::{HOUR, Town};
use super::writ;
use certs::tls::Audience;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

fn status(hub: &str, identity: &Path) -> (i32, String) {
    let run = writ(identity, &["--hub", hub, "status", "--identity", identity.to_str().unwrap()]);
    assert_eq!(run.out, "");
    (run.code, run.err)
}

#[test]
fn a_hub_that_does_not_answer_is_absent() {
    let identity = Town::new().operator(HOUR);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, error) = status(&format!("https://{closed}"), identity.path());
    assert_eq!(code, 3, "{error}");
    let told = format!(
        "error: the hub at https://{closed}/ does not answer: nothing listens there; check that it runs, and the address\n"
    );
    assert_eq!(error, told);
}

#[test]
fn something_else_that_listens_there_is_no_hub() {
    let identity = Town::new().operator(HOUR);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let web = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 64]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
        let _ = stream.read(&mut [0; 64]);
    });
    let (code, error) = status(&format!("https://{address}"), identity.path());
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("is no hub: it does not speak TLS 1.3"), "{error}");
    web.join().unwrap();
}

#[test]
fn another_hub_is_told_from_one_that_does_not_answer() {
    let (ours, theirs) = (Town::new(), Town::new());
    let (identity, hub) = (ours.operator(HOUR), theirs.hub(Audience::People));
    let (code, error) = status(&format!("https://{}", hub.address), identity.path());
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("is not the hub of the identity in `"), "{error}");
}

#[test]
fn the_listener_of_spokes_lets_no_person_in() {
    let town = Town::new();
    let (identity, hub) = (town.operator(HOUR), town.hub(Audience::Spokes));
    let (code, error) = status(&format!("https://{}", hub.address), identity.path());
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("does not let the identity in `") && error.contains("listener for people"), "{error}");
}

#[test]
fn an_expired_certificate_is_said_before_anything_is_sent() {
    let identity = Town::new().operator(Duration::from_secs(1));
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
