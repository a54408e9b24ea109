//! What an agent may be allowed to write, in words that a person can decide on.

use std::fmt;
use std::str::FromStr;

/// A group of kinds that the agent may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// Quotas and limits.
    Quota,
    /// Who may talk to whom.
    Network,
    /// Roles and their bindings: whoever may write these may give away everything.
    Access,
    /// What runs, its names, accounts and storage.
    Workload,
    /// Configuration, and labels of namespaces.
    Config,
}

/// Not one of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that can be allowed; write some of quota, network, access, workload, config")]
pub struct NotAGrant(String);

impl Grant {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Quota, Self::Network, Self::Access, Self::Workload, Self::Config];

    /// As people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Network => "network",
            Self::Access => "access",
            Self::Workload => "workload",
            Self::Config => "config",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Grant {
    type Err = NotAGrant;

    fn from_str(text: &str) -> Result<Self, NotAGrant> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text).ok_or_else(|| NotAGrant(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for grant in Grant::ALL {
            assert_eq!(grant.to_string().parse(), Ok(grant));
        }
        assert!("secrets".parse::<Grant>().is_err());
    }
}
