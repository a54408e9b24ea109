//! Which hub, and as whom.

use crate::fault::Fault;
use reqwest::Url;
use std::path::PathBuf;

/// Which hub, and as whom. Before the verb or after it; after it wins, and both win over the environment.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Hub")]
pub(crate) struct HubArguments {
    /// The hub's address for people, https://HOST:PORT [env: WRIT_HUB]
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
    /// A folder with cert.pem, key.pem and roots.pem [env: WRIT_IDENTITY]
    #[arg(long, value_name = "DIR")]
    identity: Option<PathBuf>,
}

/// A hub and an identity that were chosen.
pub(super) struct Chosen {
    pub(super) url: Url,
    pub(super) identity: PathBuf,
}

impl HubArguments {
    /// These, and for what they leave out, `other`.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let hub = self.hub.clone().or_else(|| other.hub.clone());
        let identity = self.identity.clone().or_else(|| other.identity.clone());
        Self { hub, identity }
    }

    /// What was chosen on the command line, else in the environment.
    pub(super) fn chosen(&self) -> Result<Chosen, Fault> {
        let hub = self.hub.clone().or_else(|| std::env::var("WRIT_HUB").ok());
        let identity = self.identity.clone().or_else(|| std::env::var_os("WRIT_IDENTITY").map(PathBuf::from));
        let missing = |what: &str| Fault::Usage(format!("say {what}"));
        let hub = hub.ok_or_else(|| missing("which hub: --hub https://HOST:PORT, or WRIT_HUB"))?;
        let identity = identity.ok_or_else(|| missing("who you are: --identity DIR, or WRIT_IDENTITY"))?;
        Ok(Chosen { url: address(&hub)?, identity })
    }
}

fn address(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|error| wrong(text, &error.to_string()))?;
    match (url.scheme(), url.path(), url.username()) {
        ("https", "/", "") if url.query().is_none() && url.host().is_some() => Ok(url),
        _ => Err(wrong(text, "it needs a scheme https, a host and a port, and nothing after it")),
    }
}

fn wrong(text: &str, why: &str) -> Fault {
    Fault::Usage(format!("`{text}` is not the address of a hub: {why}; write https://HOST:PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_nothing_after_the_port() {
        assert!(address("https://127.0.0.1:7444").is_ok());
        for text in ["", "127.0.0.1:7444", "http://hub:7444", "https://hub/v1", "https://me@hub", "https://hub/?x"] {
            assert!(matches!(address(text), Err(Fault::Usage(_))), "{text}");
        }
    }

    #[test]
    fn what_stands_after_the_verb_wins() {
        let named = |hub: &str| HubArguments { hub: Some(hub.to_owned()), identity: None };
        assert_eq!(named("a").or(&named("b")).hub.as_deref(), Some("a"));
        assert_eq!(HubArguments::default().or(&named("b")).hub.as_deref(), Some("b"));
    }
}
