//! When the hub says that it is ready.

use super::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_never_read_a_catalog_waits_for_its_first_try_only() {
    let site = Site::new().await;
    site.ready().await;
    assert!(site.hub.catalog().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_without_its_repository_is_ready_with_what_it_accepted_before() {
    let site = Site::published().await;
    let site = site.restart(|folder| std::fs::remove_dir_all(folder.join("catalog")).unwrap()).await;
    site.ready().await;
    assert_eq!(site.newest("eu-1").head.sequence, 1);
}
