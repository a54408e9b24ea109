//! Who the caller is: a folder with cert.pem, key.pem and roots.pem.

use crate::fault::Fault;
use certs::ca::{Authorities, Chain};
use certs::identity::Leaf;
use certs::key::LeafKey;
use certs::tls::{Alpn, ClientTls, Identity, Newest};
use rustls::ClientConfig;
use service::clock::{Clock, SystemClock};
use service::exit;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

/// TLS that presents the folder's certificate, and believes hubs of its trust domain under its roots.
pub(super) fn client(folder: &Path) -> Result<ClientConfig, Fault> {
    let clock = Arc::new(SystemClock::new());
    let chain = Chain::load(&folder.join("cert.pem")).map_err(|error| unusable(folder, &error))?;
    let domain = Leaf::own_domain(chain.leaf()).map_err(|error| unusable(folder, &error))?;
    let key = LeafKey::load(&folder.join("key.pem")).map_err(|error| unusable(folder, &error))?;
    let identity = Identity::new(&chain, &key, &domain).map_err(|error| unusable(folder, &error))?;
    refuse_expired(folder, identity.leaf(), clock.as_ref())?;
    let roots = Chain::load(&folder.join("roots.pem")).map_err(|error| unusable(folder, &error))?;
    let authorities = Authorities::from_certificates(domain, roots.certificates().to_vec());
    let authorities = authorities.map_err(|error| unusable(folder, &error))?;
    let tls = ClientTls::presenting(Arc::new(Newest::new(identity)), authorities, Alpn::Both, clock);
    tls.map(|tls| tls.rustls()).map_err(|error| unusable(folder, &error))
}

/// A hub would only end the session without a word.
fn refuse_expired(folder: &Path, leaf: &Leaf, clock: &dyn Clock) -> Result<(), Fault> {
    if leaf.is_valid_at(clock.wall()) {
        return Ok(());
    }
    let (folder, from, until) = (folder.display(), leaf.not_before(), leaf.not_after());
    Err(Fault::Usage(format!(
        "the certificate in `{folder}` is valid from {from} until {until}, not now; ask for a new one"
    )))
}

fn unusable(folder: &Path, error: &(dyn Error + 'static)) -> Fault {
    Fault::Usage(format!("the identity in `{}` cannot be used: {}", folder.display(), exit::chain(error)))
}
