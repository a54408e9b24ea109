//! Commits are judged by who signed them, and by the authority of the revision before them.

use super::site::{Site, cluster_yaml, intent, who};
use crate::error::HubError;
use crate::records::{Hold, HoldKind};
use policy::diagnostic::Code;
use proto::rest::catalog::{Refreshed, Verdict};
use std::fs;
use std::path::Path;
use std::process::Command;

const ADA: &str = "ada";
const EWA: &str = "ewa";
/// Has a key that the catalog does not list.
const MALLORY: &str = "mallory";

const POLICIES: &str = r#"permit (principal, action == Writ::Action::"own", resource);
permit (principal, action == Writ::Action::"change", resource) when { principal in resource.owner };
permit (principal == Writ::Person::"ada", action == Writ::Action::"change", resource);
"#;

/// Makes everybody's keys, and the list of those that count.
fn keys(folder: &Path) {
    let keys = folder.join("keys");
    fs::create_dir(&keys).unwrap();
    let mut list = String::new();
    for person in [ADA, EWA, MALLORY] {
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(keys.join(person)).status();
        assert!(made.unwrap().success());
        let public = fs::read_to_string(keys.join(format!("{person}.pub"))).unwrap();
        if person != MALLORY {
            list.push_str(&format!("{person} {public}"));
        }
    }
    fs::write(keys.join("allowed_signers"), list).unwrap();
}

fn root(verify: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: Catalog\nmetadata: {{name: acme}}\nspec:\n  regions: [eu]\n  \
         teams: {{platform: {{members: [ada]}}, eu-ops: {{members: [ewa]}}}}\n  domains:\n  \
         - {{path: intents, owner: platform}}\n  - {{path: regions/eu, owner: eu-ops}}\n  verify: {verify}\n"
    )
}

impl Site {
    /// A hub whose catalog verifies, with a first revision that nobody signed.
    async fn verifying(verify: &str) -> Self {
        let site = Self::configured("", keys).await;
        site.first(verify);
        assert_eq!(site.commit().await.verdict, Verdict::Published);
        site
    }

    fn first(&self, verify: &str) {
        self.write("writ.yaml", &root(verify));
        self.write("clusters/eu-1.yaml", &cluster_yaml("eu-1", "eu"));
        self.write("intents/one.yaml", &intent("one", None, "a"));
        self.write("authority/people.cedar", POLICIES);
        self.write("authority/allowed_signers", &fs::read_to_string(self.key("allowed_signers")).unwrap());
    }

    fn key(&self, name: &str) -> String {
        self.folder.path().join("keys").join(name).display().to_string()
    }

    /// Commits all that stands, signed with somebody's key, under the name of Ada.
    fn signed(&self, person: &str) {
        self.git(&["add", "-A"]);
        let key = format!("user.signingkey={}", self.key(person));
        let signed = ["-c", "gpg.format=ssh", "-c", &key, "commit", "-q", "-S", "--allow-empty", "-m", "signed"];
        self.git(&signed);
    }

    async fn read(&self) -> Refreshed {
        self.hub.refresh().await.unwrap()
    }

    /// What is refused, each by file and message.
    async fn refused(&self) -> Vec<String> {
        let refreshed = self.read().await;
        assert_eq!(refreshed.verdict, Verdict::Refused, "{:?}", refreshed.diagnostics);
        let of = refreshed.diagnostics.into_iter().filter(|found| found.code == Code::Unauthorised);
        of.map(|found| format!("{}: {}", found.file, found.message)).collect()
    }

    async fn held(&self) -> Vec<Hold> {
        self.hub.holds().await.unwrap().into_iter().filter(Hold::stands).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_commit_is_judged_by_its_own_signer() {
    let site = Site::verifying("every").await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.signed(ADA);
    site.write("regions/eu/intents/local.yaml", &intent("local", None, "a"));
    site.signed(EWA);
    assert_eq!(site.read().await.verdict, Verdict::Published);
    assert_eq!(site.held().await, []);
    // One commit of the range is beyond its signer: all of it waits.
    let before = site.newest("eu-1");
    site.write("intents/one.yaml", &intent("one", None, "c"));
    site.signed(EWA);
    site.write("intents/two.yaml", &intent("two", None, "a"));
    site.signed(ADA);
    let told = site.refused().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("intents/one.yaml: `ewa` may not change this file (ConfigTemplate/one) (commit "),
        "{told:?}"
    );
    assert_eq!(site.newest("eu-1"), before);
    let refusal = site.hub.refusal().await.unwrap().unwrap();
    assert_eq!((refusal.count, refusal.regions.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_the_key_is_anonymous() {
    let site = Site::verifying("every").await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.signed(MALLORY);
    let told = site.refused().await;
    let start = "intents/one.yaml: this file (ConfigTemplate/one) was changed by nobody who is known (commit ";
    assert!(
        told[0].starts_with(start) && told[0].contains("of Ada <ada@acme.example>, which is signed with a key"),
        "{told:?}"
    );
    site.write("README.md", "Of no effect.");
    site.commit_unread();
    assert_eq!(site.refused().await.len(), 1, "what has no effect needs no authority");
}

#[tokio::test(flavor = "multi_thread")]
async fn inv26_nobody_lets_themselves_in() {
    let site = Site::verifying("every").await;
    let allowed = fs::read_to_string(site.key("allowed_signers")).unwrap();
    let mallory = fs::read_to_string(site.key("mallory.pub")).unwrap();
    site.write("authority/allowed_signers", &format!("{allowed}mallory {mallory}"));
    site.write("authority/people.cedar", &POLICIES.replace("\"ada\"", "\"mallory\""));
    site.write("writ.yaml", &root("none"));
    site.signed(MALLORY);
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.signed(MALLORY);
    let files: Vec<String> = site.refused().await.iter().map(|told| told.split(':').next().unwrap().into()).collect();
    assert_eq!(files, ["authority/allowed_signers", "authority/people.cedar", "intents/one.yaml", "writ.yaml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_range_passes_once_a_person_releases_it() {
    let site = Site::verifying("every").await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit_unread();
    site.refused().await;
    let [hold] = &site.held().await[..] else { panic!("one hold") };
    let HoldKind::Changes { refused, count: 1, .. } = &hold.kind else { panic!("{:?}", hold.kind) };
    assert!(refused[0].contains("ConfigTemplate/one") && refused[0].contains("which is not signed"), "{refused:?}");
    assert_eq!(site.refused().await.len(), 1, "again it is the same");
    // The commits that are followed are others now: what was held is wanted no longer.
    site.write("intents/two.yaml", &intent("two", None, "a"));
    site.commit_unread();
    assert_eq!(site.refused().await.len(), 2);
    let [wider] = &site.held().await[..] else { panic!("one hold") };
    let judged = site.hub.kept_hold(hold.digest).await.unwrap();
    assert!(matches!(site.hub.release(&judged, &who(), None).await, Err(HubError::NoLongerHolds(_))));
    let before = site.newest("eu-1").head.sequence;
    site.release(wider.digest).await;
    site.until("eu-1", |newest| newest.head.sequence > before && newest.contents.contents.entries.len() == 2).await;
    assert_eq!((site.read().await.verdict, site.held().await), (Verdict::Published, vec![]));
    // It passed once; what comes next is judged anew.
    site.write("intents/one.yaml", &intent("one", None, "c"));
    site.commit_unread();
    assert_eq!(site.refused().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_faults_of_its_own_waits_for_nobody() {
    let site = Site::verifying("every").await;
    site.write("intents/one.yaml", "kind: Nothing\n");
    site.commit_unread();
    assert_eq!(site.refused().await.len(), 1);
    assert_eq!(site.held().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_not_pinned_instead() {
    let site = Site::verifying("every").await;
    let first = site.newest("eu-1").head.revision.clone();
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit_unread();
    let refused = site.read().await.revision;
    let pinned = site.hub.pin(Some(&refused), &who(), None).await;
    assert!(matches!(pinned, Err(HubError::RevisionRefused { .. })), "{pinned:?}");
    site.hub.pin(Some(&first), &who(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn inv26_history_is_not_turned_back() {
    let site = Site::verifying("every").await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.signed(ADA);
    assert_eq!(site.read().await.verdict, Verdict::Published);
    site.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let told = site.refused().await;
    assert!(told[0].contains("does not descend from") && told[0].starts_with("writ.yaml: "), "{told:?}");
    assert_eq!(site.held().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_answers_for_all_that_changed() {
    let site = Site::verifying("head").await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit_unread();
    site.signed(ADA);
    assert_eq!(site.read().await.verdict, Verdict::Published);
    site.write("intents/one.yaml", &intent("one", None, "c"));
    site.signed(ADA);
    site.write("regions/eu/intents/local.yaml", &intent("local", None, "a"));
    site.signed(EWA);
    let told = site.refused().await;
    assert!(told.len() == 1 && told[0].starts_with("intents/one.yaml: `ewa` may not change"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tag_answers_for_all_that_changed() {
    let site = Site::configured(", ref: refs/tags/stable", keys).await;
    let tag = |person: &str| {
        let key = format!("user.signingkey={}", site.key(person));
        site.git(&["-c", "gpg.format=ssh", "-c", &key, "tag", "-f", "-s", "-m", "stable", "stable"]);
    };
    site.first("tag");
    site.commit_unread();
    site.git(&["tag", "stable"]);
    assert_eq!(site.read().await.verdict, Verdict::Published);
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.signed(ADA);
    site.git(&["tag", "-f", "stable"]);
    let told = site.refused().await;
    assert!(told[0].contains("(refs/tags/stable, which is not signed)"), "{told:?}");
    tag(EWA);
    // The same commit under another tag object.
    site.git(&["commit", "-q", "--allow-empty", "-m", "so that the commit is another"]);
    tag(EWA);
    assert!(site.refused().await[0].starts_with("intents/one.yaml: `ewa` may not change"));
    site.git(&["commit", "-q", "--allow-empty", "-m", "and another"]);
    tag(ADA);
    assert_eq!(site.read().await.verdict, Verdict::Published);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_revision_is_signed_by_one_whom_the_configuration_lists() {
    let site = Site::configured(", signers: keys", keys).await;
    site.first("every");
    site.commit_unread();
    let told = site.refused().await;
    assert!(told[0].contains("`catalog.signers` of the hub") && told[0].contains("which is not signed"), "{told:?}");
    site.signed(MALLORY);
    assert!(site.refused().await[0].contains("a key that the catalog does not list"));
    site.signed(EWA);
    assert_eq!(site.read().await.verdict, Verdict::Published);
}
