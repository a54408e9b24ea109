//! The shipped binary with nothing but its own disk: no hub, killed, started again.

use crate::hub::{Hub, config_map, rule};
use crate::join::joined;
use crate::world::{World, until};
use policy::digest::Digest;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use writ_spoke_agent::cache::Bundles;

const FILE: &str = "objects/shop/ConfigMap..otel.yaml";

/// A running agent; it is killed when it is dropped.
struct Running(Child);

impl Running {
    /// Starts it; what it logs stands beside its configuration.
    fn start(config: &Path) -> Self {
        let log = File::options().create(true).append(true).open(config.with_file_name("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ-spoke"));
        Self(command.arg("run").arg("--config").arg(config).stderr(log).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Asks the running agent.
fn ask(world: &World, path: &str) -> Option<String> {
    let told = std::fs::read(world.data().join("local.json")).ok()?;
    let address: serde_json::Value = serde_json::from_slice(&told).ok()?;
    let mut stream = std::net::TcpStream::connect(address["local"].as_str()?).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: writ\r\nconnection: close\r\n\r\n");
    std::io::Write::write_all(&mut stream, request.as_bytes()).ok()?;
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).ok()?;
    Some(answer)
}

/// An agent's disk with one rule in force; gives its config.
async fn prepared(world: &World) -> PathBuf {
    let hub = Hub::new().await;
    joined(world, &hub, &["127.0.0.1:1"]);
    let parts = hub.parts("eu-1", 1, &[rule("otel", &[config_map("otel", "v")])]).await;
    let contents = (Digest::of(&parts.contents), parts.contents.as_slice());
    Bundles::under(&world.data()).store(&parts.head, contents, &parts.entries).unwrap();
    let config = world.root().with_file_name("spoke.yaml");
    let text = "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n  data: data\n  \
        target: {directory: cluster}\n  local: 127.0.0.1:0\n";
    std::fs::write(&config, text).unwrap();
    config
}

#[tokio::test]
async fn a_killed_agent_enforces_from_its_disk_alone() {
    let world = World::new();
    let config = prepared(&world).await;
    let right = || world.read(FILE).is_some_and(|text| text.contains("k: v"));
    let told = || world.read("status/enforcement.yaml").is_some_and(|text| text.contains("watermark"));
    for _ in 0..2 {
        let agent = Running::start(&config);
        until("the object is there", right).await;
        until("the status is told", told).await;
        world.write(FILE, &world.read(FILE).unwrap().replace("k: v", "k: tampered"));
        until("it is repaired", right).await;
        let measured =
            ["writ_units{outcome=\"Applied\"} 1\n", "writ_head_sequence 1\n", "writ_fresh 1\n", "writ_connected 0\n"];
        let counted = ["writ_writes_total ", "writ_rounds_total{result=\"made\"} ", "writ_round_seconds_count "];
        let shown = |text: &String| measured.iter().chain(&counted).all(|line| text.contains(line));
        until("it is measured", || ask(&world, "/metrics").as_ref().is_some_and(shown)).await;
        drop(agent);
        world.write(FILE, &world.read(FILE).unwrap().replace("k: v", "k: tampered"));
    }
}

#[tokio::test]
async fn a_target_that_vanishes_is_told_and_never_made_anew() {
    let world = World::new();
    let _agent = Running::start(&prepared(&world).await);
    let ready =
        |code: &str| ask(&world, "/readyz").is_some_and(|answer| answer.starts_with(&format!("HTTP/1.1 {code}")));
    until("the object is there", || world.read(FILE).is_some()).await;
    until("the agent is ready", || ready("200")).await;
    let aside = world.root().with_file_name("aside");
    std::fs::rename(world.root(), &aside).unwrap();
    until("the agent is not ready", || ready("503")).await;
    let told = || ask(&world, "/v1alpha1/status").unwrap_or_default();
    until("the status says why", || told().contains("cannot be looked at")).await;
    assert!(!world.root().exists(), "the agent made a directory in place of the one that is gone");
    std::fs::rename(&aside, world.root()).unwrap();
    until("the agent is ready again", || ready("200")).await;
}

#[tokio::test]
async fn inv04_without_its_trust_documents_it_keeps_the_last_good_state_and_the_watermark() {
    let world = World::new();
    let config = prepared(&world).await;
    let right = || world.read(FILE).is_some_and(|text| text.contains("k: v"));
    let told = |words: &[&str]| {
        let text = world.read("status/enforcement.yaml").unwrap_or_default();
        words.iter().all(|word| text.contains(word))
    };
    let agent = Running::start(&config);
    until("the first round is told", || right() && told(&["watermark", "Applied: 1"])).await;
    drop(agent);
    let trust = world.data().join("trust.json");
    let mut bytes = std::fs::read(&trust).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&trust, bytes).unwrap();
    let _agent = Running::start(&config);
    until("the status names the file", || told(&["trust.json", "last good", "watermark", "Unsupported: 1"])).await;
    world.write(FILE, &world.read(FILE).unwrap().replace("k: v", "k: tampered"));
    until("it is repaired", right).await;
}

#[tokio::test]
async fn what_happens_is_logged_once_and_no_value_with_it() {
    let world = World::new();
    let config = prepared(&world).await;
    let _agent = Running::start(&config);
    let log = || std::fs::read_to_string(config.with_file_name("log")).unwrap();
    let times = |what: &str| log().matches(what).count();
    let right = || world.read(FILE).is_some_and(|text| text.contains("k: v"));
    until("the object is there", right).await;
    // At one stroke: a file that is half written is drift too.
    let (object, aside) = (world.root().join(FILE), world.root().with_file_name("aside"));
    std::fs::write(&aside, world.read(FILE).unwrap().replace("k: v", "k: tampered")).unwrap();
    std::fs::rename(&aside, &object).unwrap();
    until("the repair is told", || times("drift is repaired") == 1).await;
    assert!(log().contains("ConfigMap shop/otel") && log().contains("data.k differed"), "{}", log());
    // A link where the object belongs: each round fails anew.
    std::os::unix::fs::symlink("/nonexistent", &aside).unwrap();
    std::fs::rename(&aside, &object).unwrap();
    let measured = |line: &str| ask(&world, "/metrics").is_some_and(|text| text.contains(line));
    until("the unit fails", || measured("writ_units{outcome=\"Failed\"} 1\n")).await;
    std::fs::remove_file(&object).unwrap();
    until("the unit is applied again", || measured("writ_units{outcome=\"Applied\"} 1\n")).await;
    until("that is told", || times("a unit changed") == 1).await;
    for what in ["the cached bundle is in force", "no hub is heard", "a unit is not as wanted", "drift is repaired"] {
        assert!(times(what) >= 1, "{what}: {}", log());
    }
    for what in ["the agent starts", "no hub is heard", "a unit is not as wanted", "a unit changed"] {
        assert_eq!(times(what), 1, "{what}: {}", log());
    }
    assert_eq!(times("tampered"), 0, "{}", log());
}
