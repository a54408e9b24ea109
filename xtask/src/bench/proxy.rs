//! A TCP proxy that counts what the hub sends.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Counts bytes from the hub to spokes.
pub(crate) struct Proxy {
    address: SocketAddr,
    hub: Arc<OnceLock<SocketAddr>>,
    sent: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens on a free port; connections wait until the hub's address is known.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        let proxy = Self { address: listener.local_addr()?, hub: Arc::default(), sent: Arc::default() };
        let (hub, sent) = (Arc::clone(&proxy.hub), Arc::clone(&proxy.sent));
        thread::spawn(move || {
            for spoke in listener.incoming().map_while(Result::ok) {
                let (hub, sent) = (Arc::clone(&hub), Arc::clone(&sent));
                // A connection that breaks is the peers' business; the proxy goes on.
                thread::spawn(move || drop(carry(&spoke, *hub.wait(), &sent)));
            }
        });
        Ok(proxy)
    }

    /// Where spokes find it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells it where the hub is.
    pub(crate) fn hub_at(&self, address: SocketAddr) -> Result<()> {
        self.hub.set(address).ok().context("the hub's address is known already")
    }

    /// Bytes from the hub until now.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn carry(spoke: &TcpStream, hub: SocketAddr, sent: &Arc<AtomicU64>) -> Result<()> {
    let hub = TcpStream::connect(hub)?;
    hub.set_nodelay(true)?;
    spoke.set_nodelay(true)?;
    let (up, down) = ((spoke.try_clone()?, hub.try_clone()?), (hub, spoke.try_clone()?));
    let upwards = thread::spawn(move || pump(up.0, up.1, None));
    pump(down.0, down.1, Some(sent))?;
    upwards.join().ok().context("the other direction failed")?
}

fn pump(mut from: TcpStream, mut to: TcpStream, count: Option<&AtomicU64>) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return Ok(to.shutdown(Shutdown::Write)?);
        }
        if let Some(count) = count {
            count.fetch_add(u64::try_from(length)?, Ordering::SeqCst);
        }
        to.write_all(buffer.get(..length).unwrap_or_default())?;
    }
}
