//! A port that nobody else takes.

use anyhow::{Context, Result};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

/// A port of the loopback interface, held as long as this lives.
///
/// A socket is bound to it and never listens. Both this socket and the server's share the port (`SO_REUSEPORT`), so the
/// server can take it at any time, and again after a restart; a stranger cannot, and is never given it as a free one.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddrV4,
    _held: OwnedFd,
}

impl Port {
    /// Reserves a free one.
    pub(crate) fn reserve() -> Result<Self> {
        let held = socket(AddressFamily::INET, SocketType::STREAM, None).context("cannot make a socket")?;
        sockopt::set_socket_reuseport(&held, true)?;
        bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let address = getsockname(&held)?.try_into().context("a port of another family")?;
        Ok(Self { address, _held: held })
    }

    /// Where a server may listen that shares its port.
    pub(crate) fn address(&self) -> SocketAddrV4 {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn is_not_for_strangers() {
        let port = Port::reserve().unwrap();
        let error = TcpListener::bind(port.address()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        drop(port);
    }
}
