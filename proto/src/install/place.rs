//! Where an agent may live: its namespace is its own, since it holds the inventory and everything in it is made strict.

use policy::name::{NameError, Namespace};

/// Namespaces that a cluster comes with: others live there.
const THEIRS: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];

/// Why a namespace cannot be the agent's own.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// It is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The cluster came with it.
    #[error(
        "{0} is one of the cluster's own namespaces, and the agent's would get the Pod Security Standard `restricted`; \
         name another, such as {ours}",
        ours = Namespace::of_writ()
    )]
    Theirs(Namespace),
}

/// The agent's own namespace, as a person names it.
///
/// # Errors
/// [`NotOurs`] when it is no name, or one of those that a cluster comes with.
pub fn own_namespace(text: &str) -> Result<Namespace, NotOurs> {
    let namespace: Namespace = text.parse()?;
    if THEIRS.contains(&text) { Err(NotOurs::Theirs(namespace)) } else { Ok(namespace) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_gets_a_namespace_of_its_own() {
        assert_eq!(own_namespace("writ-system").unwrap(), Namespace::of_writ());
        for theirs in THEIRS {
            let refused = own_namespace(theirs).unwrap_err().to_string();
            assert!(refused.starts_with(theirs) && refused.contains("writ-system"), "{refused}");
        }
        assert!(matches!(own_namespace("No Name"), Err(NotOurs::Name(_))));
    }
}
