use super::site::{Site, cluster, intent, who};
use crate::error::HubError;
use crate::publish::Outcome;
use crate::publish::standing::Standing;
use crate::records::{self, Accepted, HoldKind, Only, Pointer, PruneRelease, Writes as _};
use crate::spokes::fixture::held;
use crate::store::{Action, Change, Precondition, StoreError};
use policy::digest::Digest;
use proto::rest::catalog::Verdict;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn inv24_removals_wait_until_a_person_releases_their_digest() {
    let site = Site::published().await;
    let held = held(7);
    let digest = held.digest;
    site.hub.prune_hold_reported(&cluster("eu-1"), &held).await.unwrap();
    site.hub.prune_hold_reported(&cluster("eu-1"), &held).await.unwrap();
    assert_eq!(site.hub.holds().await.unwrap().len(), 1);
    assert_eq!(site.newest("eu-1").head.prune, None);
    let other = Digest::of(b"other rows");
    assert!(matches!(site.hub.kept_hold(other).await, Err(HubError::UnknownHold(_))));
    let judged = site.hub.kept_hold(digest).await.unwrap();
    site.hub.release(&judged, &who(), Some("meant")).await.unwrap();
    let head = site.until("eu-1", |newest| newest.head.prune == Some(digest)).await;
    assert_eq!(head.head.sequence, 1, "the removal is released, nothing else has changed");
    assert_eq!(site.newest("us-1").head.prune, None);
    let audited = site.hub.audit(1).await.unwrap();
    assert_eq!((audited[0].entry.action, &audited[0].entry.by), (Action::Release, &who()));
    let hold = site.hub.hold(digest).await.unwrap();
    assert!(matches!(hold.kind, HoldKind::Removals { count: 7, .. }) && hold.released.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_a_release_is_for_the_hold_as_it_was_judged() {
    let site = Site::published().await;
    let held = held(7);
    let digest = held.digest;
    site.hub.prune_hold_reported(&cluster("eu-1"), &held).await.unwrap();
    let judged = site.hub.kept_hold(digest).await.unwrap();
    site.hub.prune_hold_reported(&cluster("us-1"), &held).await.unwrap();
    let refused = site.hub.release(&judged, &who(), None).await;
    assert!(matches!(refused, Err(HubError::Store(StoreError::Conflict { .. }))), "{refused:?}");
    assert!(site.hub.hold(digest).await.unwrap().stands());
    let released = records::list::<PruneRelease>(site.hub.store.as_ref()).await.unwrap();
    assert_eq!(released, [], "not even the cluster that was judged");
    site.release(digest).await;
    assert_eq!(records::list::<PruneRelease>(site.hub.store.as_ref()).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_more_clusters_than_one_change_takes_are_released_at_once() {
    let site = Site::published().await;
    let held = held(7);
    let digest = held.digest;
    for number in 0..=crate::store::change::MOST {
        site.hub.prune_hold_reported(&cluster(&format!("c-{number}")), &held).await.unwrap();
    }
    site.release(digest).await;
    let released = records::list::<PruneRelease>(site.hub.store.as_ref()).await.unwrap();
    assert_eq!(released.len(), crate::store::change::MOST + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_a_release_is_for_one_sequence() {
    let site = Site::published().await;
    let held = held(7);
    let digest = held.digest;
    site.hub.prune_hold_reported(&cluster("eu-1"), &held).await.unwrap();
    site.release(digest).await;
    site.until("eu-1", |newest| newest.head.prune == Some(digest)).await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit().await;
    let next = site.until("eu-1", |newest| newest.head.sequence == 2).await;
    assert_eq!(next.head.prune, None, "the same removal would pass unasked");
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_that_have_ended_are_dropped_after_a_while_and_stay_in_the_audit_log() {
    let site = Site::published().await;
    let (hub, eu) = (&site.hub, cluster("eu-1"));
    let (lapsed, released, stands) = (held(7), held(8), held(9));
    hub.prune_hold_reported(&eu, &lapsed).await.unwrap();
    hub.prune_holds_left(&eu, None).await.unwrap();
    hub.prune_hold_reported(&eu, &released).await.unwrap();
    site.release(released.digest).await;
    hub.prune_hold_reported(&eu, &stands).await.unwrap();
    let left = async || {
        hub.tidy().await.unwrap();
        hub.holds().await.unwrap().into_iter().map(|hold| hold.digest).collect::<BTreeSet<_>>()
    };
    assert_eq!(left().await.len(), 3, "each can still be looked at");
    site.clock.forward(Duration::from_secs(3_600));
    assert_eq!(left().await, BTreeSet::from([released.digest, stands.digest]));
    site.clock.forward(Duration::from_secs(7 * 24 * 3_600));
    assert_eq!(left().await, BTreeSet::from([stands.digest]));
    hub.prune_hold_reported(&eu, &released).await.unwrap();
    assert_eq!(left().await.len(), 1, "what is released waits for nobody, whatever is dropped");
    let actions: BTreeSet<Action> = hub.audit(100).await.unwrap().into_iter().map(|told| told.entry.action).collect();
    assert!(actions.is_superset(&BTreeSet::from([Action::Hold, Action::Lapse, Action::Release, Action::Tidy])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_stops_rules_and_unpinning_lets_the_newest_pass() {
    let site = Site::published().await;
    let first = site.newest("eu-1");
    let authority = || site.hub.current().unwrap().authority;
    let read = authority();
    let pinning = site.hub.pin(None, &who(), Some("sales weekend")).await.unwrap();
    assert_eq!((&pinning.pin.accepted.revision, &pinning.replaced), (&first.head.revision, &None));
    site.write("intents/one.yaml", &intent("one", None, "b"));
    let waiting = site.commit().await;
    let why = waiting.pin.map(|pin| (pin.revision, pin.reason));
    assert_eq!(
        (waiting.verdict, why),
        (Verdict::Waiting, Some((first.head.revision.clone(), Some("sales weekend".to_owned()))))
    );
    let again = site.hub.pin(None, &who(), None).await.unwrap();
    assert_eq!(again.replaced, Some(pinning.pin));
    assert_eq!(site.newest("eu-1").head.contents, first.head.contents);
    assert!(Arc::ptr_eq(&read, &authority()), "the authority of a commit is read once");
    assert_eq!(site.hub.unpin(&who()).await.unwrap(), again.pin);
    let second = site.until("eu-1", |newest| newest.head.revision == waiting.revision).await;
    assert_ne!(second.head.contents, first.head.contents);
    assert!(matches!(site.hub.unpin(&who()).await, Err(HubError::NotPinned)));
    let back = site.hub.pin(Some(&first.head.revision[..12]), &who(), None).await.unwrap();
    assert_eq!(back.pin.accepted.revision, first.head.revision);
    let third = site.until("eu-1", |newest| newest.head.revision == first.head.revision).await;
    assert_eq!((third.head.sequence, third.head.contents), (3, first.head.contents));
    let unknown = site.hub.pin(Some("0123456789ab"), &who(), None).await;
    assert!(matches!(unknown, Err(HubError::RevisionRefused { .. })));
}

/// As though an older Writ, with other translators, had published something else for the same rules and facts.
#[tokio::test(flavor = "multi_thread")]
async fn a_rendering_that_only_an_upgrade_changed_waits_for_a_person() {
    let site = Site::published().await;
    let issued = site.newest("eu-1").head.contents;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit().await;
    let newest = site.newest("eu-1").head.sequence;
    upgraded(&site, issued, None).await;
    let site = site.restart(|_| {}).await;
    let held = site.until("eu-1", |_| true).await;
    assert_eq!(held.head.contents, issued, "the old rendering stays");
    site.write("intents/two.yaml", &intent("two", None, "b"));
    assert_eq!(site.commit().await.verdict, Verdict::Waiting, "commits wait");
    let hold = site.hub.holds().await.unwrap().pop().unwrap();
    let HoldKind::Rendering { rules, unreadable: None } = &hold.kind else { panic!("{hold:?}") };
    assert_eq!(rules[&cluster("eu-1")].iter().map(ToString::to_string).collect::<Vec<_>>(), ["ConfigTemplate/one"]);
    site.release(hold.digest).await;
    let head = site.until("eu-1", |published| published.head.sequence > newest).await;
    assert_eq!(head.contents.contents.entries.len(), 2);
}

/// The published revision no longer passes the checks of the new Writ, or the mirror no longer has it.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_cannot_read_what_is_published_waits_for_a_person_and_then_goes_on() {
    for is_refused in [true, false] {
        let site = Site::published().await;
        let issued = site.newest("eu-1").head.contents;
        let lost = if is_refused {
            site.write("intents/two.yaml", "not: [a document\n");
            let refused = site.commit().await;
            assert_eq!(refused.verdict, Verdict::Refused);
            refused.revision
        } else {
            "0123456789abcdef0123456789abcdef01234567".to_owned()
        };
        upgraded(&site, issued, Some(&lost)).await;
        site.write("intents/two.yaml", &intent("two", None, "b"));
        site.commit_unread();
        let site = site.restart(|_| {}).await;
        assert_eq!(site.hub.refresh().await.unwrap().verdict, Verdict::Waiting, "{lost}");
        let hold = site.hub.holds().await.unwrap().pop().expect("a hold");
        let HoldKind::Rendering { rules, unreadable } = &hold.kind else { panic!("{hold:?}") };
        assert_eq!((unreadable.as_ref(), rules[&cluster("eu-1")].len()), (Some(&lost), 1));
        assert_eq!(site.until("eu-1", |_| true).await.head.contents, issued);
        site.release(hold.digest).await;
        let head = site.until("eu-1", |published| published.head.sequence > 1).await;
        assert_eq!(head.contents.contents.entries.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_renderings_lapses_with_the_difference_and_stands_again_with_it() {
    let site = Site::published().await;
    let first = site.newest("eu-1").head.clone();
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit().await;
    let second = site.newest("eu-1").head.clone();
    let mut held = Vec::new();
    for (issued, revision) in [(&first, &second), (&second, &first), (&first, &second), (&second, &second)] {
        upgraded(&site, issued.contents, Some(&revision.revision)).await;
        let outcome = site.hub.publish(None).await.unwrap();
        let holds = site.hub.holds().await.unwrap();
        let standing: Vec<Digest> = holds.iter().filter(|hold| hold.stands()).map(|hold| hold.digest).collect();
        let differs = issued.contents != revision.contents;
        assert_eq!(outcome, if differs { Outcome::Waiting } else { Outcome::Published });
        assert_eq!(standing.len(), usize::from(differs), "{holds:?}");
        held.extend(standing);
    }
    assert_ne!(held[0], held[1]);
    assert_eq!(held[0], held[2], "the same difference again waits again");
}

async fn upgraded(site: &Site, contents: Digest, lost: Option<&str>) {
    let store = site.hub.store.as_ref();
    // The hub goes on from it, or it would collect what it does not know.
    let mut standing = site.hub.standing.lock().await;
    let mut fleet = site.hub.issued().as_ref().clone();
    for issued in fleet.clusters.values_mut() {
        issued.previous = Some(std::mem::replace(&mut issued.contents, contents));
    }
    let bytes = serde_json::to_vec(&fleet).unwrap();
    let blob = crate::store::Blob { digest: Digest::of(&bytes), bytes: bytes.into() };
    let pointer = records::get::<Pointer>(store, &Only).await.unwrap().unwrap().record;
    let accepted = lost.map_or(pointer.accepted, Accepted::at);
    let pointer = Pointer { fleet: blob.digest, translators: Digest::of(b"older"), accepted };
    store.put_contents(vec![blob]).await.unwrap();
    let change = Change::new().set(&Only, &pointer, Precondition::Unconditional).unwrap();
    let change = change.set(&Only, &pointer.accepted, Precondition::Unconditional).unwrap();
    store.commit(change, site.hub.entry(who(), Action::Publish, &"older", json!(null))).await.unwrap();
    *standing = Standing::load(store).await.unwrap();
}
