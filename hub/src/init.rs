//! `writ-hub init`: every key, the first trust document, the first operator's certificate. Never overwrites.

use crate::config::HubConfig;
use certs::ca::{Chain as CertificateChain, IssueError, Root, Validity, ValidityError};
use certs::enroll::{DocumentError, Proven, first};
use certs::identity::{IdentityError, SpiffeId};
use certs::key::{FileSigner, KeyError, LeafKey, Signer};
use jiff::Timestamp;
use policy::bundle::chain::Chain;
use policy::bundle::dsse::Envelope;
use policy::bundle::trust::{Authority, KeySet, Trust, TrustError};
use policy::digest::Digest;
use rand::CryptoRng;
use service::atomic::{self, Access};
use service::fault::FileError;
use std::path::{Path, PathBuf};
use std::time::Duration;

const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// How long the transport root lasts; the intermediate is half as old as it gets.
const ROOT: Duration = Duration::from_secs(10 * 365 * 86_400);
const INTERMEDIATE: Duration = Duration::from_secs(5 * 365 * 86_400);
/// Where everything is made before it gets its place, so that an interrupted `init` can be run again.
const STAGING: &str = ".init";
/// The first operator.
const OPERATOR: &str = "operator";

/// Where `init` puts things, under the data folder.
#[derive(Debug, Clone)]
pub struct Layout {
    data: PathBuf,
}

impl Layout {
    /// The layout of a data folder.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The chain of trust documents.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.data.join("trust/trust.json")
    }

    /// A key or certificate of the hub.
    #[must_use]
    pub fn key(&self, name: &str) -> PathBuf {
        self.data.join("trust/keys").join(name)
    }

    /// A file of the first operator.
    #[must_use]
    pub fn operator(&self, name: &str) -> PathBuf {
        self.data.join("operator").join(name)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.data.join("writ.db")
    }

    /// The catalog's mirror.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.data.join("catalog.git")
    }
}

/// Why there is no new hub.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is one already.
    #[error("{data} holds a hub already; `init` never overwrites. Choose another `data` folder, or move this one away", data = .0.display())]
    Exists(PathBuf),
    /// What an interrupted `init` left.
    #[error("{path} stands without a trust document beside it: an earlier `init` was interrupted, so no hub has used it; remove it and run `writ-hub init` again", path = .0.display())]
    Incomplete(PathBuf),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A lifetime.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// The trust document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The trust document does not verify itself.
    #[error("the new trust document does not verify")]
    Trust(#[from] TrustError),
    /// A name.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Makes a new hub in the configuration's data folder.
///
/// # Errors
/// [`InitError::Exists`] when there is one; nothing is written then.
pub async fn init(config: &HubConfig, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Layout, InitError> {
    refuse_to_overwrite(&config.data)?;
    let staging = config.data.join(STAGING);
    atomic::remove_folder(&staging)?;
    for folder in [&config.data, &staging, &staging.join("trust/keys"), &staging.join("operator")] {
        atomic::create_folder(folder, Access::Owner)?;
    }
    fill(config, &Layout::new(&staging), now, rng).await?;
    // The trust document comes last: a hub that has it has everything.
    for folder in ["operator", "trust"] {
        atomic::rename_folder(&staging.join(folder), &config.data.join(folder))?;
    }
    atomic::remove_folder(&staging)?;
    Ok(Layout::new(&config.data))
}

async fn fill(config: &HubConfig, layout: &Layout, now: Timestamp, rng: &mut impl CryptoRng) -> Result<(), InitError> {
    let root = Root::create(config.trust_domain.clone(), Validity::starting(now, ROOT)?, rng)?;
    let signers = [FileSigner::generate()?, FileSigner::generate()?, FileSigner::generate()?];
    for (signer, name) in signers.iter().zip(["root.pem", "bundles.pem", "audit.pem"]) {
        signer.save(&layout.key(name))?;
    }
    root.key().save(&layout.key("transport-root.pem"))?;
    let issuer = root.issuer(Validity::starting(now, INTERMEDIATE)?, rng)?;
    issuer.save(&layout.key("issuer.crt"), &layout.key("issuer.pem"))?;
    let chain = trust_document(config, &signers, root.certificate()).await?;
    let key = LeafKey::generate()?;
    let person = SpiffeId::Person(OPERATOR.parse()?);
    let certificate = issuer.issue(&person, &Proven::own(&key), Validity::starting(now, YEAR)?, rng)?;
    key.save(&layout.operator("key.pem"))?;
    write(&layout.operator("cert.pem"), certificate.to_pem().as_bytes())?;
    write(&layout.operator("roots.pem"), roots(root.certificate())?.as_bytes())?;
    write(&layout.trust(), &chain.to_bytes())
}

/// Whatever stands in these places is somebody's keys.
fn refuse_to_overwrite(data: &Path) -> Result<(), InitError> {
    let layout = Layout::new(data);
    if layout.trust().exists() || layout.store().exists() {
        return Err(InitError::Exists(data.to_owned()));
    }
    let left = ["trust", "operator"].iter().map(|name| data.join(name)).find(|path| path.exists());
    left.map_or(Ok(()), |path| Err(InitError::Incomplete(path)))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), InitError> {
    Ok(atomic::create_new(path, bytes, Access::Owner)?)
}

fn roots(certificate: &[u8]) -> Result<String, InitError> {
    let chain = CertificateChain::from_der(&[certificate]).map_err(|_| IssueError::Malformed)?;
    Ok(chain.to_pem())
}

async fn trust_document(
    config: &HubConfig,
    [root, bundles, audit]: &[FileSigner; 3],
    authority: &[u8],
) -> Result<Chain, InitError> {
    let one = |signer: &FileSigner| KeySet { threshold: 1, keys: vec![*signer.public_key()] };
    let trust = Trust {
        version: 1,
        trust_domain: config.trust_domain.to_string(),
        root: one(root),
        bundles: one(bundles),
        audit: one(audit),
        authorities: vec![Authority(authority.to_vec())],
    };
    let envelope: Envelope = first(&trust, &[root]).await?;
    let payload = envelope.payload().map_err(|error| TrustError::Envelope(1, error))?;
    Ok(Chain::anchored(Digest::of(&payload), &[envelope.to_bytes()])?)
}
