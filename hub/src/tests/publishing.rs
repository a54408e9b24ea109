use super::site::{Site, cluster, cluster_yaml, intent};
use policy::bundle::verify::verify;
use policy::digest::Digest;
use proto::rest::catalog::Verdict;
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_becomes_a_bundle_that_verifies() {
    let site = Site::published().await;
    let published = site.newest("eu-1");
    let contents = site.hub.content(published.contents.digest).await.unwrap().unwrap();
    let mut entries = BTreeMap::new();
    for line in &published.contents.contents.entries {
        entries.insert(line.digest, site.hub.content(line.digest).await.unwrap().unwrap());
    }
    let trust = site.hub.trust();
    let bundle = verify(trust, &cluster("eu-1"), None, &published.envelope, &contents, &entries).unwrap();
    assert_eq!(bundle.head().sequence, 1);
    assert_eq!(bundle.contents(), &published.contents.contents);
    let names: Vec<String> = bundle.entries().keys().map(ToString::to_string).collect();
    assert_eq!(names, ["ConfigTemplate/one"]);
    assert!(verify(trust, &cluster("us-1"), None, &published.envelope, &contents, &entries).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_raises_the_sequence_and_keeps_what_was_before_at_hand() {
    let site = Site::published().await;
    let first = site.newest("eu-1");
    site.write("intents/one.yaml", &intent("one", None, "b"));
    let refreshed = site.commit().await;
    assert_eq!(refreshed.verdict, Verdict::Published);
    let second = site.newest("eu-1");
    assert_eq!((second.head.sequence, &second.head.revision), (2, &refreshed.revision));
    assert_eq!(second.previous.as_ref().unwrap().digest, first.contents.digest);
    let audited = site.hub.audit(1).await.unwrap();
    assert_eq!(audited[0].entry.subject, refreshed.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn inv26_a_faulty_commit_is_refused_and_nothing_moves() {
    let site = Site::published().await;
    let before = site.newest("eu-1");
    site.write(
        "intents/two.yaml",
        "apiVersion: writ.dev/v1alpha1\nkind: ConfigTemplate\nmetadata: {name: two}\nspec: {risc: low}\n",
    );
    let refreshed = site.commit().await;
    assert_eq!(refreshed.verdict, Verdict::Refused);
    assert_eq!(refreshed.published.as_ref(), Some(&before.head.revision));
    let refusal = site.hub.refusal().await.unwrap().unwrap();
    assert_eq!(refusal.revision, refreshed.revision);
    assert!(refusal.diagnostics.iter().any(|found| found.file == "intents/two.yaml" && found.line == 4));
    assert_eq!(site.newest("eu-1"), before);
    site.remove("intents/two.yaml");
    assert_eq!(site.commit().await.verdict, Verdict::Published);
    assert_eq!(site.newest("eu-1").head.sequence, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_one_region_keeps_only_that_region_back() {
    let site = Site::published().await;
    site.write("regions/eu/intents/local.yaml", &intent("local", None, "a"));
    let good = site.commit().await;
    assert_eq!(good.verdict, Verdict::Published, "{:?}", good.diagnostics);
    site.write("regions/eu/intents/local.yaml", "not: [a document\n");
    site.write("intents/one.yaml", &intent("one", None, "b"));
    let partly = site.commit().await;
    assert_eq!(partly.verdict, Verdict::Published, "{:?}", partly.diagnostics);
    let (eu, us) = (site.newest("eu-1"), site.newest("us-1"));
    assert_eq!((&eu.head.revision, &eu.head.region_revision), (&partly.revision, &good.revision));
    assert_eq!((&us.head.revision, &us.head.region_revision), (&partly.revision, &partly.revision));
    let names: Vec<String> = eu.contents.contents.entries.iter().map(|line| line.name.to_string()).collect();
    assert_eq!(names, ["ConfigTemplate/local", "ConfigTemplate/one"]);
    assert_eq!(site.hub.refusal().await.unwrap().unwrap().regions, ["eu".parse().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_only_because_a_region_is_kept_back_is_told_too() {
    let site = Site::published().await;
    site.write("regions/eu/intents/local.yaml", &intent("local", None, "a"));
    assert_eq!(site.commit().await.verdict, Verdict::Published);
    // The rule moves out of the region, whose folder cannot follow for another fault.
    site.remove("regions/eu/intents/local.yaml");
    site.write("regions/eu/intents/broken.yaml", "not: [a document\n");
    site.write("intents/local.yaml", &intent("local", None, "a"));
    let refused = site.commit().await;
    assert_eq!(refused.verdict, Verdict::Refused, "{:?}", refused.diagnostics);
    let told = |text: &str| refused.diagnostics.iter().any(|found| found.help.iter().any(|help| help.contains(text)));
    assert!(refused.diagnostics.iter().any(|found| found.file == "regions/eu/intents/broken.yaml"));
    assert!(told("regions/eu stays as accepted before"), "{:?}", refused.diagnostics);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_its_document_gets_no_more_heads_and_comes_back_above() {
    let site = Site::published().await;
    site.remove("clusters/us-1.yaml");
    site.commit().await;
    assert!(site.hub.newest(&cluster("us-1")).is_none());
    site.write("clusters/us-1.yaml", &cluster_yaml("us-1", "us"));
    site.commit().await;
    assert_eq!(site.newest("us-1").head.sequence, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_before_facts_are_known_and_reported_ones_win() {
    let site = Site::published().await;
    site.write(
        "clusters/us-2.yaml",
        "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {name: us-2}\nspec: {region: us, mode: enforce}\n",
    );
    site.commit().await;
    assert!(site.hub.newest(&cluster("us-2")).is_none());
    let capabilities = policy::facts::Capabilities { kubernetes: "1.36".to_owned(), ..Default::default() };
    site.hub.facts(&cluster("us-2"), "uid", capabilities).await.unwrap();
    let head = site.until("us-2", |_| true).await;
    assert_eq!(head.head.sequence, 1);
    assert_eq!(site.newest("eu-1").head.sequence, 2, "others are not disturbed");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_signed_anew_at_the_same_sequence() {
    let site = Site::published().await;
    let first = site.newest("eu-1");
    site.clock.forward(Duration::from_secs(200));
    site.hub.reissue().await.unwrap();
    let again = site.newest("eu-1");
    assert_eq!(again.head.sequence, first.head.sequence);
    assert!(again.head.issued_at > first.head.issued_at && again.head.fresh_until > first.head.fresh_until);
    site.hub.reissue().await.unwrap();
    assert!(site.newest("eu-1").head.issued_at > again.head.issued_at, "even where the clock stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_continues_where_it_was() {
    let site = Site::published().await;
    let before = site.newest("eu-1");
    let site = site.restart(|_| {}).await;
    let after = site.until("eu-1", |_| true).await;
    assert_eq!((after.head.sequence, after.head.contents), (before.head.sequence, before.head.contents));
    site.hub.refresh().await.unwrap();
    assert_eq!(site.newest("eu-1").head.sequence, before.head.sequence);
}

#[tokio::test(flavor = "multi_thread")]
async fn inv27_equal_catalogs_give_equal_contents_on_any_hub() {
    let (here, there) = (Site::published().await, Site::published().await);
    for name in ["eu-1", "us-1"] {
        let (a, b) = (here.newest(name), there.newest(name));
        assert_eq!(a.contents.digest, b.contents.digest);
        assert_eq!(
            here.hub.content(a.contents.digest).await.unwrap(),
            there.hub.content(b.contents.digest).await.unwrap()
        );
    }
    assert_eq!(here.newest("eu-1").contents, here.newest("us-1").contents, "equal clusters share contents");
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_nothing_names_is_collected() {
    let site = Site::published().await;
    let first = site.newest("eu-1").contents.digest;
    for value in ["b", "c"] {
        site.write("intents/one.yaml", &intent("one", None, value));
        site.commit().await;
    }
    site.hub.collect().await.unwrap();
    let newest = site.newest("eu-1");
    assert_eq!(site.hub.content(first).await.unwrap(), None);
    for digest in [newest.contents.digest, newest.previous.as_ref().unwrap().digest] {
        assert!(site.hub.content(digest).await.unwrap().is_some());
    }
    assert_eq!(site.hub.content(Digest::of(b"never")).await.unwrap(), None);
}
