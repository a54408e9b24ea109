//! Where a catalog's repository is. Only what is meant to be fetched from can be said at all.

use std::fmt;
use std::path::{Path, PathBuf};

/// A text that names no repository, or one that must not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Nothing, an option, or control characters.
    #[error("`{0}` names no repository; write a path, or a URL with https, ssh or file")]
    Malformed(String),
    /// A scheme that runs programs, or sends in the clear, or is not known.
    #[error("repositories are not fetched over `{0}`; use https, ssh, file or a path")]
    Scheme(String),
    /// A name or password in an https URL, which would end up in logs and in other hands.
    #[error("the https URL of a repository may hold no user name or password; use ssh with a key instead")]
    Credentials,
}

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine; absolute.
    Path(PathBuf),
    /// Over HTTPS: the whole URL.
    Https(String),
    /// Over SSH.
    Ssh(SshLocation),
}

/// A repository behind SSH. No part begins with `-`; host and user hold only the characters of such names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshLocation {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) path: String,
}

impl Location {
    /// Reads a path (relative ones begin at `base`), `https://…`, `ssh://…`, `file:///…` or `user@host:path`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, LocationError> {
        let malformed = || LocationError::Malformed(text.escape_debug().to_string());
        if text.is_empty() || text.starts_with('-') || text.chars().any(|c| c.is_control()) {
            return Err(malformed());
        }
        // `ext::sh -c …` and its like make git run a program.
        if let Some((helper, _)) = text.split_once("::").filter(|(helper, _)| !helper.contains(['/', '['])) {
            return Err(LocationError::Scheme(helper.escape_debug().to_string()));
        }
        match text.split_once("://") {
            Some(("https", rest)) => https(rest).ok_or_else(malformed)?,
            Some(("ssh", rest)) => ssh_url(rest).map(Self::Ssh).ok_or_else(malformed),
            Some(("file", rest)) if rest.starts_with('/') => Ok(Self::Path(rest.into())),
            Some(("file", _)) => Err(malformed()),
            Some((scheme, _)) if is_word(scheme, "+.-") => Err(LocationError::Scheme(scheme.to_owned())),
            _ => scp(text)
                .map_or_else(|| Ok(Self::Path(base.join(text))), |found| found.map(Self::Ssh).ok_or_else(malformed)),
        }
    }
}

fn https(rest: &str) -> Option<Result<Location, LocationError>> {
    let (authority, path) = rest.split_once('/')?;
    if authority.contains('@') {
        return Some(Err(LocationError::Credentials));
    }
    let (host, port) = host_and_port(authority)?;
    let plain = !path.contains(['?', '#', '\\', ' ', '@']);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    plain.then(|| Ok(Location::Https(format!("https://{host}{port}/{path}"))))
}

fn ssh_url(rest: &str) -> Option<SshLocation> {
    let (authority, path) = rest.split_once('/')?;
    let (user, authority) = user_and_rest(authority)?;
    let (host, port) = host_and_port(authority)?;
    // `/~user/…` stands for somebody's home.
    let path = if path.starts_with('~') { path.to_owned() } else { format!("/{path}") };
    Some(SshLocation { user, host, port, path })
}

/// `user@host:path`, as scp writes it: a colon before any slash. `None`: a path.
fn scp(text: &str) -> Option<Option<SshLocation>> {
    let (authority, path) = text.split_once(':').filter(|(before, _)| !before.contains('/'))?;
    let read = || {
        let (user, host) = user_and_rest(authority)?;
        let (host, port) = host_and_port(host).filter(|(_, port)| port.is_none())?;
        let path = Some(path).filter(|path| !path.is_empty() && !path.starts_with('-'))?;
        Some(SshLocation { user, host, port, path: path.to_owned() })
    };
    Some(read())
}

fn user_and_rest(authority: &str) -> Option<(Option<String>, &str)> {
    match authority.rsplit_once('@') {
        None => Some((None, authority)),
        Some((user, rest)) => is_word(user, "._-").then(|| (Some(user.to_owned()), rest)),
    }
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
        _ => (authority, None),
    };
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let valid = literal.map_or_else(|| is_word(host, ".-"), |v6| v6.parse::<std::net::Ipv6Addr>().is_ok());
    valid.then(|| (host.to_owned(), port))
}

/// Letters, digits and these, and no option.
fn is_word(text: &str, more: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(allowed)
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Https(url) => f.write_str(url),
            Self::Ssh(ssh) => {
                let user = ssh.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                let port = ssh.port.map(|port| format!(":{port}")).unwrap_or_default();
                let slash = if ssh.path.starts_with('/') { "" } else { "/" };
                write!(f, "ssh://{user}{}{port}{slash}{}", ssh.host, ssh.path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, LocationError> {
        Location::parse(text, Path::new("/etc/writ")).map(|location| location.to_string())
    }

    #[test]
    fn says_what_can_be_fetched() {
        for (text, means) in [
            ("catalog", "/etc/writ/catalog"),
            ("/srv/a:b", "/srv/a:b"),
            ("file:///srv/catalog.git", "/srv/catalog.git"),
            ("https://git.example/acme/catalog", "https://git.example/acme/catalog"),
            ("https://git.example:8443/c", "https://git.example:8443/c"),
            ("ssh://git@git.example:2222/acme/c.git", "ssh://git@git.example:2222/acme/c.git"),
            ("git@git.example:acme/c.git", "ssh://git@git.example/acme/c.git"),
            ("ssh://[2001:db8::1]/c", "ssh://[2001:db8::1]/c"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(means), "{text}");
        }
    }

    #[test]
    fn runs_no_program_and_sends_nothing_in_the_clear() {
        for text in
            ["ext::sh -c id", "fd::7", "http://git.example/c", "git://git.example/c", "ftp://h/c", "foo+x://h/c"]
        {
            assert!(matches!(parse(text), Err(LocationError::Scheme(_))), "{text}");
        }
    }

    #[test]
    fn nothing_becomes_an_option() {
        for text in [
            "--upload-pack=id",
            "-oProxyCommand=id:c",
            "ssh://-oProxyCommand=id/c",
            "ssh://-o@host/c",
            "host:-c",
            "",
            "ssh://host",
            "ssh://ho st/c",
            "ssh://host:x/c",
            "file://host/c",
            "a\nb",
            "https://",
            "https:///c",
            "https://host/c?x",
            "https://host\\evil/c",
        ] {
            assert!(matches!(parse(text), Err(LocationError::Malformed(_))), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn https_carries_no_credentials() {
        for text in ["https://token@git.example/c", "https://a:b@git.example/c", "https://git.example@evil/c"] {
            assert_eq!(parse(text), Err(LocationError::Credentials), "{text}");
        }
    }
}
