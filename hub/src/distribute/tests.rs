//! Over real TLS: what a spoke hears, and what it may have.

use crate::following::Published;
use crate::records::{self, HoldKind, KeptReport, ReportedFacts};
use crate::spokes::fixture::{Running, held, name, report, until};
use crate::store::{Action, Actor};
use bytes::Bytes;
use futures::StreamExt as _;
use policy::bundle::contents::Contents;
use policy::plan::prune::Held;
use policy::report::MAX_NAMED;
use proto::grpc::distribution_client::DistributionClient;
use proto::grpc::{Facts, FetchRequest, FollowRequest, FollowResponse, ReportRequest};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::CompressionEncoding::Zstd;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

/// Longer than the least time between two changes of what a cluster says.
const PACE: Duration = Duration::from_secs(11);

fn facts() -> Facts {
    Facts { kubernetes: "1.36".to_owned(), apis: vec!["apps/v1".to_owned()] }
}

fn opening(head: Bytes) -> FollowRequest {
    FollowRequest { facts: Some(facts()), cluster_uid: "uid-1".to_owned(), head }
}

fn next_after(head: Bytes) -> FollowRequest {
    FollowRequest { facts: None, cluster_uid: String::new(), head }
}

/// One spoke's side of the stream.
struct Following {
    asks: mpsc::Sender<FollowRequest>,
    answers: Streaming<FollowResponse>,
}

impl Following {
    async fn start(mut client: DistributionClient<Channel>, opening: FollowRequest) -> Self {
        let (asks, requests) = mpsc::channel(8);
        asks.send(opening).await.unwrap();
        let answers = client.follow(ReceiverStream::new(requests)).await.unwrap().into_inner();
        Self { asks, answers }
    }

    async fn answer(&mut self) -> FollowResponse {
        let answer = tokio::time::timeout(Duration::from_secs(10), self.answers.message()).await;
        answer.expect("an answer in time").unwrap().expect("an open stream")
    }

    /// Whether nothing comes for a moment.
    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(200), self.answers.message()).await.is_err()
    }
}

async fn blob(client: &mut DistributionClient<Channel>, digest: &str) -> Result<Vec<u8>, Status> {
    let mut parts = client.fetch(FetchRequest { digests: vec![digest.to_owned()] }).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        let part = part?;
        assert_eq!(part.digest, digest);
        bytes.extend_from_slice(&part.data);
        if part.last {
            return Ok(bytes);
        }
    }
    panic!("the last part never came")
}

fn entry(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn names(answer: &FollowResponse) -> Vec<&str> {
    answer.changed.iter().map(|line| line.name.as_str()).collect()
}

#[tokio::test]
async fn nothing_comes_before_a_head_is_there_and_then_the_whole_contents() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let mut following = Following::start(running.distribution(&member).await, opening(Bytes::new())).await;
    assert!(following.is_silent().await);
    let published = running.publish("a", 1, &[("one", entry("1")), ("two", entry("2"))]).await;
    let answer = following.answer().await;
    assert_eq!((answer.head.clone(), answer.base.as_str()), (published.envelope.clone(), ""));
    assert_eq!(names(&answer), ["ConfigTemplate/one", "ConfigTemplate/two"]);
    let kept = records::get::<ReportedFacts>(running.hub.store.as_ref(), &name("a")).await.unwrap().unwrap();
    assert_eq!((kept.record.uid.as_str(), kept.record.capabilities.kubernetes.as_str()), ("uid-1", "1.36"));
}

#[tokio::test]
async fn a_delta_leads_from_what_the_spoke_holds_to_the_newest() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let first = running.publish("a", 1, &[("gone", entry("0")), ("same", entry("1")), ("turns", entry("2"))]).await;
    let mut following = Following::start(running.distribution(&member).await, opening(first.envelope.clone())).await;
    assert!(following.is_silent().await, "it holds the newest");
    running.publish("a", 2, &[("new", entry("9")), ("same", entry("1")), ("turns", entry("3"))]).await;
    let answer = following.answer().await;
    assert_eq!(answer.base, first.contents.digest.to_string());
    assert_eq!(names(&answer), ["ConfigTemplate/new", "ConfigTemplate/turns"]);
    assert_eq!(answer.removed, ["ConfigTemplate/gone"]);
}

#[tokio::test]
async fn contents_older_than_the_newest_two_are_followed_by_the_whole() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let first = running.publish("a", 1, &[("one", entry("1"))]).await;
    running.publish("a", 2, &[("one", entry("2"))]).await;
    running.publish("a", 3, &[("one", entry("3"))]).await;
    let mut following = Following::start(running.distribution(&member).await, opening(first.envelope.clone())).await;
    let answer = following.answer().await;
    assert_eq!((answer.base.as_str(), answer.changed.len()), ("", 1));
}

#[tokio::test]
async fn a_slow_spoke_skips_what_lies_between_and_delays_nobody() {
    let running = Running::start().await;
    let (slow, quick) = (running.join("a").await, running.join("b").await);
    let mut slow = Following::start(running.distribution(&slow).await, opening(Bytes::new())).await;
    let mut quick = Following::start(running.distribution(&quick).await, opening(Bytes::new())).await;
    running.publish("a", 1, &[("one", entry("0"))]).await;
    let mut newest = slow.answer().await.head;
    for sequence in 2..=50 {
        let text = sequence.to_string();
        newest = running.publish("a", sequence, &[("one", entry(&text))]).await.envelope.clone();
        let published = running.publish("b", sequence, &[("one", entry(&text))]).await;
        let answer = quick.answer().await;
        assert_eq!(answer.head, published.envelope);
        quick.asks.send(next_after(answer.head)).await.unwrap();
    }
    slow.asks.send(next_after(Bytes::new())).await.unwrap();
    assert_eq!(slow.answer().await.head, newest, "the newest, and none of those between");
}

#[tokio::test]
async fn the_first_message_must_carry_facts_and_nonsense_ends_the_stream() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let strange = FollowRequest {
        facts: Some(Facts { kubernetes: "\u{1b}[2J".to_owned(), apis: Vec::new() }),
        ..opening(Bytes::new())
    };
    for opening in [next_after(Bytes::new()), strange] {
        let mut following = Following::start(running.distribution(&member).await, opening).await;
        assert_eq!(following.answers.message().await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_head_that_the_spoke_refused_is_not_sent_again() {
    let running = Running::start().await;
    let member = running.join("a").await;
    running.publish("a", 1, &[("one", entry("1"))]).await;
    let mut following = Following::start(running.distribution(&member).await, opening(Bytes::new())).await;
    following.answer().await;
    following.asks.send(next_after(Bytes::new())).await.unwrap();
    assert!(following.is_silent().await);
}

#[tokio::test]
async fn inv24_a_head_newer_than_the_store_holds_the_hub_and_its_joins() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let published = running.publish("a", 1, &[("one", entry("1"))]).await;
    let newer = running.sign(&running.head("a", 7, published.contents.digest)).await;
    let mut following = Following::start(running.distribution(&member).await, opening(newer.into())).await;
    until("the hub holds itself", async || running.hub.standing_hold().await.unwrap().is_some()).await;
    assert!(following.is_silent().await, "nothing older is sent");
    let token = running.invite("b", true).await;
    let key = certs::key::LeafKey::generate().unwrap();
    assert_eq!(running.redeem(&token, &key).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn blobs_come_whole_in_parts() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let large: String = (0..120_000).map(|n| format!("{n};")).collect();
    let published = running.publish("a", 1, &[("one", entry(&large)), ("two", entry(""))]).await;
    let mut client = running.distribution(&member).await.accept_compressed(Zstd).send_compressed(Zstd);
    let contents = blob(&mut client, &published.contents.digest.to_string()).await.unwrap();
    assert_eq!(serde_json::from_slice::<Contents>(&contents).unwrap(), published.contents.contents);
    for (line, text) in published.contents.contents.entries.iter().zip([large.as_str(), ""]) {
        assert_eq!(blob(&mut client, &line.digest.to_string()).await.unwrap(), text.as_bytes());
    }
}

#[tokio::test]
async fn inv13_only_the_callers_own_newest_two_contents_can_be_fetched() {
    let running = Running::start().await;
    let (a, b) = (running.join("a").await, running.join("b").await);
    let theirs = running.publish("b", 1, &[("secret", entry("of b"))]).await;
    let mut history = Vec::new();
    for sequence in 1..=3 {
        history.push(running.publish("a", sequence, &[("one", entry(&sequence.to_string()))]).await);
    }
    let mut client = running.distribution(&a).await;
    let digests = |published: &Published| {
        [published.contents.digest.to_string(), published.contents.contents.entries[0].digest.to_string()]
    };
    for digest in digests(&theirs).iter().chain(&digests(&history[0])) {
        assert_eq!(blob(&mut client, digest).await.unwrap_err().code(), Code::PermissionDenied);
    }
    for digest in digests(&history[1]).iter().chain(&digests(&history[2])) {
        blob(&mut client, digest).await.unwrap();
    }
    let mut theirs_own = running.distribution(&b).await;
    blob(&mut theirs_own, &digests(&theirs)[1]).await.unwrap();
}

#[tokio::test]
async fn inv13_reports_and_facts_are_the_callers_whatever_they_say() {
    let running = Running::start().await;
    let (a, _b) = (running.join("a").await, running.join("b").await);
    let mut client = running.distribution(&a).await;
    client.report(telling(None)).await.unwrap();
    let store = running.hub.store.as_ref();
    let kept = records::get::<KeptReport>(store, &name("a")).await.unwrap().unwrap().record;
    assert_eq!(kept.report, Some(report(None)));
    assert!(records::get::<KeptReport>(store, &name("b")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_cluster_that_is_declared_no_longer_is_told_so_and_goes_on_reporting() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let mut client = running.distribution(&member).await;
    assert!(!client.report(telling(None)).await.unwrap().into_inner().undeclared);
    running.undeclare("a");
    assert!(client.report(telling(None)).await.unwrap().into_inner().undeclared);
    assert!(records::get::<KeptReport>(running.hub.store.as_ref(), &name("a")).await.unwrap().is_some());
}

#[tokio::test]
async fn inv24_a_hold_lapses_when_no_cluster_reports_it_any_more() {
    let running = Running::start().await;
    let (a, b) = (running.join("a").await, running.join("b").await);
    let held = held(7);
    let (digest, held) = (held.digest, Some(held));
    let (mut a, mut b) = (running.distribution(&a).await, running.distribution(&b).await);
    for client in [&mut a, &mut b] {
        client.report(telling(held.clone())).await.unwrap();
    }
    running.clock.advance(PACE);
    a.report(telling(None)).await.unwrap();
    let hold = running.hub.hold(digest).await.unwrap();
    assert!(hold.stands(), "the other cluster holds it still");
    b.report(telling(None)).await.unwrap();
    assert!(!running.hub.hold(digest).await.unwrap().stands());
    let last = running.hub.audit(1).await.unwrap().remove(0).entry;
    assert_eq!((last.action, last.by), (Action::Lapse, Actor::Cluster(name("b"))));
    let ada = Actor::Person("ada".to_owned());
    let released = running.hub.release(&running.hub.kept_hold(digest).await.unwrap(), &ada, None).await.unwrap_err();
    assert!(released.to_string().contains("no longer holds"), "{released}");
    running.clock.advance(PACE);
    b.report(telling(held)).await.unwrap();
    assert!(running.hub.hold(digest).await.unwrap().stands(), "wanted again, it waits again");
}

#[tokio::test]
async fn inv24_nobody_puts_removals_under_a_digest_that_others_have_shown() {
    let running = Running::start().await;
    let (a, b) = (running.join("a").await, running.join("b").await);
    let (mut a, mut b) = (running.distribution(&a).await, running.distribution(&b).await);
    let harmless = Held { digest: held(30).digest, ..held(1) };
    assert_eq!(a.report(telling(Some(harmless))).await.unwrap_err().code(), Code::InvalidArgument);
    assert!(running.hub.holds().await.unwrap().is_empty());

    let shown = held(MAX_NAMED + 2);
    a.report(telling(Some(shown.clone()))).await.unwrap();
    let mut others = shown.clone();
    others.rows.remove(0);
    let longer = Held { total: shown.total + 1, ..shown.clone() };
    let clusters = async || match running.hub.hold(shown.digest).await.unwrap().kind {
        HoldKind::Removals { clusters, .. } => clusters.len(),
        other => panic!("{other:?}"),
    };
    for other in [others, longer] {
        b.report(telling(Some(other))).await.unwrap();
        assert_eq!(clusters().await, 1, "a person reads one list and releases another");
        running.clock.advance(PACE);
    }
    b.report(telling(Some(shown.clone()))).await.unwrap();
    assert_eq!(clusters().await, 2);
}

#[tokio::test]
async fn attack12_a_spoke_that_holds_something_else_every_moment_leaves_few_records() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let mut client = running.distribution(&member).await;
    for count in 1..20 {
        client.report(telling(Some(held(count)))).await.unwrap();
    }
    assert_eq!(running.hub.holds().await.unwrap().len(), 1);
    running.clock.advance(PACE);
    client.report(telling(Some(held(20)))).await.unwrap();
    assert!(running.hub.hold(held(20).digest).await.unwrap().stands(), "later its newest counts");
    assert!(!running.hub.hold(held(1).digest).await.unwrap().stands());
}

fn telling(held: Option<Held>) -> ReportRequest {
    ReportRequest { report: report(held).to_bytes().unwrap().into() }
}

#[tokio::test]
async fn attack12_oversized_and_exploding_requests_are_refused() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let mut client = running.distribution(&member).await;
    let large = ReportRequest { report: vec![b' '; 3 << 20].into() };
    assert_eq!(client.report(large.clone()).await.unwrap_err().code(), Code::OutOfRange);
    let mut compressed = client.clone().send_compressed(Zstd);
    assert_eq!(compressed.report(large).await.unwrap_err().code(), Code::ResourceExhausted);
    let many = FetchRequest { digests: vec![policy::digest::Digest::of(b"x").to_string(); 4097] };
    assert_eq!(client.fetch(many).await.unwrap_err().code(), Code::InvalidArgument);
    let nonsense = ReportRequest { report: entry("{}") };
    assert_eq!(client.report(nonsense).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn streams_end_when_the_hub_stops() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let mut following = Following::start(running.distribution(&member).await, opening(Bytes::new())).await;
    let Following { answers, .. } = &mut following;
    running.stopping.cancel();
    assert!(matches!(answers.message().await, Ok(None) | Err(_)));
    tokio::time::timeout(Duration::from_secs(10), running.stop()).await.expect("all tasks end");
}

#[tokio::test]
async fn attack12_a_blob_named_twice_comes_once() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let published = running.publish("a", 1, &[("one", entry("1"))]).await;
    let digests = vec![published.contents.contents.entries[0].digest.to_string(); 3];
    let parts = running.distribution(&member).await.fetch(FetchRequest { digests }).await.unwrap().into_inner();
    assert_eq!(parts.count().await, 1);
}

#[tokio::test]
async fn attack12_facts_change_at_most_once_in_ten_seconds_and_the_latest_wins() {
    let running = Running::start().await;
    let (hub, a) = (&running.hub, name("a"));
    let facts = |minor: &str| policy::facts::Capabilities { kubernetes: minor.to_owned(), ..Default::default() };
    let stored = async || records::get::<ReportedFacts>(hub.store.as_ref(), &a).await.unwrap().unwrap().record;
    assert_eq!(hub.facts(&a, "uid", facts("1.35")).await.unwrap(), None);
    assert_eq!(hub.facts(&a, "uid", facts("1.36")).await.unwrap(), Some(Duration::from_secs(10)));
    assert_eq!(hub.facts(&a, "uid", facts("1.35")).await.unwrap(), None, "the same again is no change");
    assert_eq!(hub.facts(&name("b"), "uid", facts("1.36")).await.unwrap(), None, "each cluster has its own turn");
    assert_eq!(stored().await.capabilities, facts("1.35"));
    running.clock.advance(Duration::from_secs(10));
    assert_eq!(hub.facts(&a, "uid", facts("1.37")).await.unwrap(), None);
    assert_eq!(stored().await.capabilities, facts("1.37"));
}

#[tokio::test]
async fn facts_that_came_too_soon_are_taken_in_later() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let following = Following::start(running.distribution(&member).await, opening(Bytes::new())).await;
    let of = |minor: &str| FollowRequest {
        facts: Some(Facts { kubernetes: minor.to_owned(), apis: Vec::new() }),
        ..opening(Bytes::new())
    };
    let store = running.hub.store.as_ref();
    let stored = async || records::get::<ReportedFacts>(store, &name("a")).await.unwrap().map(|kept| kept.record);
    until("the first facts", async || stored().await.is_some()).await;
    following.asks.send(of("1.37")).await.unwrap();
    following.asks.send(of("1.38")).await.unwrap();
    until("the latest facts", async || {
        // Another message makes the stream look at the clock, which is set by hand here.
        running.clock.advance(Duration::from_secs(10));
        following.asks.send(next_after(Bytes::new())).await.unwrap();
        stored().await.is_some_and(|facts| facts.capabilities.kubernetes == "1.38")
    })
    .await;
}
