//! Binding listeners.

use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// A listener that could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else has the port.
    #[error(
        "cannot listen on {address} for {name}: the port is in use; stop the process that holds it or configure another port"
    )]
    InUse {
        /// What would have listened.
        name: &'static str,
        /// Where.
        address: SocketAddr,
    },
    /// A low port without the right to it.
    #[error("cannot listen on {address} for {name}: permission denied; choose a port above 1023 or grant the right")]
    Permission {
        /// What would have listened.
        name: &'static str,
        /// Where.
        address: SocketAddr,
    },
    /// No interface of this machine has the address.
    #[error("cannot listen on {address} for {name}: this machine does not have that address; use one that it has")]
    NotOurs {
        /// What would have listened.
        name: &'static str,
        /// Where.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address} for {name}")]
    Other {
        /// What would have listened.
        name: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Binds the listener called `name` in messages and in the ready file. Port 0 takes any free one.
pub async fn bind(name: &'static str, address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { name, address },
        io::ErrorKind::PermissionDenied => ListenError::Permission { name, address },
        io::ErrorKind::AddrNotAvailable => ListenError::NotOurs { name, address },
        _ => ListenError::Other { name, address, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_a_sentence() {
        let first = bind("spokes", SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let error = bind("people", first.local_addr().unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("for people: the port is in use"), "{error}");
    }
}
