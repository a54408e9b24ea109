//! The cache believes nothing because it lies there.

use crate::hub::{Hub, cluster, config_map, rule};
use crate::world::files;
use policy::bundle::verify::{VerifyError, verify_head};
use policy::digest::Digest;
use writ_spoke_agent::cache::{Bundles, CacheError};

#[tokio::test]
async fn inv04_every_flipped_byte_file_is_refused_by_its_name() {
    let (dir, hub) = (tempfile::tempdir().unwrap(), Hub::new().await);
    let bundles = Bundles::under(dir.path());
    let parts = hub.parts("eu-1", 1, &[rule("a", &[config_map("a", "v")]), rule("b", &[config_map("b", "v")])]).await;
    bundles.store(&parts.head, (Digest::of(&parts.contents), &parts.contents), &parts.entries).unwrap();
    assert!(bundles.load(&hub.chain, &cluster(), None).unwrap().is_some());
    let all = files(dir.path());
    assert_eq!(all.len(), 4);
    for path in all {
        let original = std::fs::read(&path).unwrap();
        for at in (0..original.len()).step_by(original.len() / 16 + 1) {
            let mut flipped = original.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, flipped).unwrap();
            let error = bundles.load(&hub.chain, &cluster(), None).unwrap_err();
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(error.to_string().contains(name), "{name}: {error}");
        }
        std::fs::write(&path, original).unwrap();
    }
    assert!(bundles.load(&hub.chain, &cluster(), None).unwrap().is_some());
}

#[tokio::test]
async fn inv01_a_restored_disk_does_not_bring_an_older_bundle_back() {
    let (dir, hub) = (tempfile::tempdir().unwrap(), Hub::new().await);
    let bundles = Bundles::under(dir.path());
    let old = hub.parts("eu-1", 1, &[]).await;
    bundles.store(&old.head, (Digest::of(&old.contents), &old.contents), &old.entries).unwrap();
    let newer = hub.parts("eu-1", 2, &[]).await;
    let watermark = verify_head(&hub.chain, &cluster(), None, &newer.head).unwrap();
    let error = bundles.load(&hub.chain, &cluster(), Some(&watermark)).unwrap_err();
    assert!(matches!(error, CacheError::Refused { source: VerifyError::Rollback { .. }, .. }), "{error:?}");
}

#[tokio::test]
async fn inv03_until_the_head_is_renamed_the_old_bundle_is_in_force() {
    let (dir, hub) = (tempfile::tempdir().unwrap(), Hub::new().await);
    let bundles = Bundles::under(dir.path());
    let old = hub.parts("eu-1", 1, &[rule("a", &[config_map("a", "v")])]).await;
    bundles.store(&old.head, (Digest::of(&old.contents), &old.contents), &old.entries).unwrap();
    // A folder where the head's rename must go: everything else is written, the commit point is not reached.
    let head = dir.path().join("bundle/head.dsse.json");
    let aside = dir.path().join("aside");
    std::fs::rename(&head, &aside).unwrap();
    std::fs::create_dir(&head).unwrap();
    let new = hub.parts("eu-1", 2, &[rule("b", &[config_map("b", "v")])]).await;
    assert!(bundles.store(&new.head, (Digest::of(&new.contents), &new.contents), &new.entries).is_err());
    std::fs::remove_dir(&head).unwrap();
    std::fs::rename(&aside, &head).unwrap();
    let loaded = bundles.load(&hub.chain, &cluster(), None).unwrap().unwrap();
    assert_eq!(loaded.head().sequence, 1);
    bundles.collect(&loaded).unwrap();
    assert_eq!(files(dir.path()).len(), 3);
}
