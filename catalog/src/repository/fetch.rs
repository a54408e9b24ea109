//! Bringing one ref into the mirror.

use super::location::Location;
use super::process::{self, Serving};
use super::watch::{Stopped, Watch};
use super::{RefName, RepositoryError, https, mirror};
use gix::progress::Discard;
use gix::protocol::transport::client::blocking_io::Transport;
use gix::remote::{Connection, Direction, fetch::Tags, ref_map};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

/// What a fetch may use.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// The host keys that ssh may trust; without such a file, nothing is fetched over ssh.
    pub known_hosts: Option<PathBuf>,
    /// How long it may take.
    pub deadline: Duration,
    /// How many bytes the mirror may grow.
    pub bytes: u64,
    /// The program `git`, for repositories of this machine.
    pub git: PathBuf,
    /// The program `ssh`.
    pub ssh: PathBuf,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            known_hosts: None,
            deadline: Duration::from_secs(120),
            bytes: 256 * 1024 * 1024,
            git: "git".into(),
            ssh: "ssh".into(),
        }
    }
}

/// Why a fetch brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A program that it takes is not there, or cannot be started.
    #[error(
        "cannot start `{program}`; install it (Debian: `apt-get install git openssh-client`) and see that PATH leads to it"
    )]
    Program {
        /// Which one.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// No host keys to trust.
    #[error(
        "no known hosts for `{host}`; put its host key (compare it with what its owner publishes) into a file and name that as catalog.knownHosts"
    )]
    NoKnownHosts {
        /// Which host.
        host: String,
    },
    /// A host key that is not known, or another one than is known.
    #[error(
        "the host key of {location} is not the one in catalog.knownHosts; compare it with what its owner publishes: {said}"
    )]
    HostKey {
        /// From where.
        location: String,
        /// What ssh said.
        said: String,
    },
    /// The ref is not there.
    #[error("{location} has no `{name}`; push it there, or configure another ref")]
    NoSuchRef {
        /// From where.
        location: String,
        /// Which ref.
        name: RefName,
    },
    /// It took too long.
    #[error("fetching from {location} took longer than {} s and was ended; see whether the host answers", deadline.as_secs())]
    Late {
        /// From where.
        location: String,
        /// How long it may take.
        deadline: Duration,
    },
    /// It brought too much.
    #[error(
        "fetching from {location} brought more than {bytes} bytes and was ended; keep large files out of the catalog's repository"
    )]
    TooLarge {
        /// From where.
        location: String,
        /// How many bytes it may bring.
        bytes: u64,
    },
    /// The other side refused, or does not speak git.
    #[error("cannot fetch `{name}` from {location}: {why}; see that it is a git repository that this user may read")]
    Refused {
        /// From where.
        location: String,
        /// Which ref.
        name: RefName,
        /// What its program said, else what began the protocol's failure.
        why: String,
    },
    /// Our own mirror cannot take it.
    #[error(transparent)]
    Mirror(#[from] RepositoryError),
}

/// What a program said of its failure is the reason; that the protocol broke off is only what followed. Where no
/// program spoke, the innermost error is.
fn reason(said: &str, failure: &(dyn std::error::Error + 'static)) -> String {
    if !said.is_empty() {
        return said.strip_prefix("fatal: ").unwrap_or(said).to_owned();
    }
    let mut innermost = failure;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

enum Failure {
    NoSuchRef,
    Protocol(gix::Error),
}

impl From<gix::Error> for Failure {
    fn from(error: gix::Error) -> Self {
        Self::Protocol(error)
    }
}

/// Brings `name` into the mirror as its followed ref.
pub(super) fn fetch(
    repository: &gix::Repository,
    location: &Location,
    name: &RefName,
    options: &FetchOptions,
) -> Result<(), FetchError> {
    let watch = Watch::new(options.deadline, options.bytes);
    let (serving, outcome) = match location {
        Location::Https(url) => (None, over_https(repository, url, name, &watch)),
        Location::Path(_) | Location::Ssh(_) => {
            let (serving, transport) = process::start(location, options)?;
            let outcome = watched(repository, &watch, Some(&serving), || {
                let remote = remote(repository, location, name)?;
                receive(remote.to_connection_with_transport(transport), &watch)
            });
            (Some(serving), outcome)
        }
    };
    outcome.map_err(|failure| explain(failure, location, name, &watch, serving.as_ref()))
}

fn over_https(repository: &gix::Repository, url: &str, name: &RefName, watch: &Watch) -> Result<(), Failure> {
    watched(repository, watch, None, || {
        let remote = remote(repository, &Location::Https(url.to_owned()), name)?;
        let connection = remote.connect(Direction::Fetch)?;
        receive(connection.with_transport_options(Box::new(https::options(watch.deadline))), watch)
    })
}

/// Runs `work` while a second thread watches over it; on failure waits until the program has had its say.
fn watched(
    repository: &gix::Repository,
    watch: &Watch,
    serving: Option<&Serving>,
    work: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mirror = repository.git_dir().to_owned();
    std::thread::scope(|scope| {
        let (done, until) = mpsc::channel();
        scope.spawn(move || watch.run(&mirror, serving, &until));
        let outcome = work();
        drop(done);
        outcome
    })
}

fn remote<'repo>(
    repository: &'repo gix::Repository,
    location: &Location,
    name: &RefName,
) -> gix::Result<gix::Remote<'repo>> {
    let remote = repository.remote_at_without_url_rewrite(location.to_string())?.with_fetch_tags(Tags::None);
    remote.with_refspecs([format!("+{name}:{}", mirror::FOLLOWED).as_str()], Direction::Fetch)
}

fn receive<T: Transport>(connection: Connection<'_, '_, '_, T>, watch: &Watch) -> Result<(), Failure> {
    let connection = connection.with_credentials(|_| Ok(None));
    let prepared = connection.prepare_fetch(Discard, ref_map::Options::default())?;
    if prepared.ref_map().mappings.is_empty() {
        return Err(Failure::NoSuchRef);
    }
    prepared.receive(Discard, &watch.interrupt)?;
    Ok(())
}

fn explain(
    failure: Failure,
    location: &Location,
    name: &RefName,
    watch: &Watch,
    serving: Option<&Serving>,
) -> FetchError {
    let (location, name) = (location.to_string(), name.clone());
    match (watch.stopped.get(), failure) {
        (Some(Stopped::Late), _) => FetchError::Late { location, deadline: watch.deadline },
        (Some(Stopped::TooLarge), _) => FetchError::TooLarge { location, bytes: watch.bytes },
        (None, Failure::NoSuchRef) => FetchError::NoSuchRef { location, name },
        (None, Failure::Protocol(source)) => {
            let said = serving.map(Serving::said).unwrap_or_default();
            if said.contains("Host key verification failed") {
                return FetchError::HostKey { location, said };
            }
            let failure: Box<dyn std::error::Error + Send + Sync> = source.into();
            FetchError::Refused { location, name, why: reason(&said, failure.as_ref()) }
        }
    }
}
