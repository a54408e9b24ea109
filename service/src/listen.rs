//! Where to listen, and binding it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use tokio::net::TcpListener;

/// An IP address and a port, as configuration files write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub SocketAddr);

/// A text that is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not {EXPECTS}")]
pub struct NotAnAddress(String);

const EXPECTS: &str = "an address to listen on: an IP address and a port, such as `127.0.0.1:9445` or `[::1]:9445`";

impl Address {
    /// Whether both cannot be listened on at once. Port 0 takes a free one.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        let any = |ip: IpAddr| ip.is_unspecified();
        let (one, two) = (self.0, other.0);
        one.port() != 0 && one.port() == two.port() && (one.ip() == two.ip() || any(one.ip()) || any(two.ip()))
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        text.parse().map(Self).map_err(|_| NotAnAddress(text.escape_debug().to_string()))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Address {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": "^(\\[[0-9a-fA-F:.]+\\]|[0-9.]+):[0-9]{1,5}$",
            "x-writ-expects": EXPECTS, "x-writ-number": "write `127.0.0.1:{}`",
        })
    }
}

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

    #[test]
    fn one_port_of_one_machine_is_listened_on_once() {
        let excludes = |one: &str, two: &str| one.parse::<Address>().unwrap().excludes(two.parse().unwrap());
        assert!(excludes("127.0.0.1:7443", "127.0.0.1:7443"));
        assert!(excludes("127.0.0.1:7443", "0.0.0.0:7443") && excludes("[::]:7443", "127.0.0.1:7443"));
        assert!(!excludes("127.0.0.1:7443", "127.0.0.1:7444") && !excludes("127.0.0.1:7443", "127.0.0.2:7443"));
        assert!(!excludes("127.0.0.1:0", "127.0.0.1:0"));
    }

    #[tokio::test]
    async fn a_port_in_use_is_a_sentence() {
        let first = bind("spokes", SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let error = bind("people", first.local_addr().unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("for people: the port is in use"), "{error}");
    }
}
