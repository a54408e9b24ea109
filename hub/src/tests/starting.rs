use super::site::Site;
use crate::config::HubConfig;
use crate::init::{InitError, Layout, init};
use policy::bundle::chain::Chain;
use service::clock::Clock as _;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn files(folder: &Path, into: &mut BTreeMap<String, (u32, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            into.insert(path.display().to_string(), (mode, std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn init_makes_keys_for_their_owner_only_and_never_overwrites() {
    let site = Site::new().await;
    let config = HubConfig::load(&site.folder.path().join("hub.yaml")).unwrap();
    let mut before = BTreeMap::new();
    for folder in ["trust", "operator"] {
        files(&config.data.join(folder), &mut before);
    }
    let keys = before.keys().filter(|path| path.ends_with(".pem") && !path.contains("cert") && !path.contains("roots"));
    assert_eq!(keys.clone().count(), 6, "root, bundles, audit, transport root, issuer, operator");
    assert!(keys.into_iter().all(|path| before[path].0 == 0o600), "{before:?}");
    let again = init(&config, jiff::Timestamp::UNIX_EPOCH, &mut rand::rng()).await;
    assert!(matches!(&again, Err(InitError::Exists(data)) if *data == config.data));
    assert!(again.unwrap_err().to_string().contains("never overwrites"));
    let mut after = BTreeMap::new();
    for folder in ["trust", "operator"] {
        files(&config.data.join(folder), &mut after);
    }
    assert_eq!(before, after);
    let chain = Chain::from_bytes(&std::fs::read(Layout::new(&config.data).trust()).unwrap()).unwrap();
    assert_eq!((chain.version(), chain.trust_domain()), (1, "acme.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_without_a_readable_catalog_says_why_and_goes_on() {
    let site = Site::published().await;
    let before = site.newest("eu-1");
    std::fs::rename(site.folder.path().join("catalog"), site.folder.path().join("elsewhere")).unwrap();
    let error = site.hub.refresh().await.unwrap_err();
    assert!(service::exit::chain(error.as_ref()).contains("catalog"), "{error:?}");
    assert!(site.hub.last_read().unreadable.is_some());
    assert_eq!(site.newest("eu-1"), before);
    std::fs::rename(site.folder.path().join("elsewhere"), site.folder.path().join("catalog")).unwrap();
    site.hub.refresh().await.unwrap();
    assert_eq!(site.hub.last_read().unreadable, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_init_can_be_run_again_or_says_what_to_remove() {
    let site = Site::new().await;
    let config = HubConfig::load(&site.folder.path().join("hub.yaml")).unwrap();
    let config = HubConfig { data: site.folder.path().join("other"), ..config };
    let staged = config.data.join(".init/trust/keys");
    std::fs::create_dir_all(&staged).unwrap();
    std::fs::write(staged.join("root.pem"), "half a key").unwrap();
    let layout = init(&config, site.clock.wall(), &mut rand::rng()).await.unwrap();
    assert!(layout.trust().exists() && layout.operator("key.pem").exists() && !config.data.join(".init").exists());
    std::fs::remove_dir_all(config.data.join("trust")).unwrap();
    let again = init(&config, site.clock.wall(), &mut rand::rng()).await.unwrap_err();
    assert!(matches!(&again, InitError::Incomplete(path) if *path == config.data.join("operator")), "{again}");
}
