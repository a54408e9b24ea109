//! An acceptor on a real socket, behind which each session answers every byte with the same byte.

use crate::accept::{Acceptor, Connection, Limits, Peer};
use crate::tls::Gate;
use futures::StreamExt as _;
use rustls::ClientConfig;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    /// Everybody who was let in, in order.
    pub(crate) peers: Arc<Mutex<Vec<Peer>>>,
    _tasks: JoinSet<()>,
}

impl Listening {
    pub(crate) async fn start(gate: &Arc<Gate>, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut incoming = Acceptor::new(listener, Arc::clone(gate), limits).incoming();
        let peers: Arc<Mutex<Vec<Peer>>> = Arc::default();
        let seen = Arc::clone(&peers);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut echoes = JoinSet::new();
            while let Some(Ok(connection)) = incoming.next().await {
                seen.lock().unwrap().push(connection.peer().clone());
                echoes.spawn(echo(connection));
            }
        });
        let watched = Arc::clone(gate);
        tasks.spawn(async move { watched.watch(Duration::from_millis(10)).await });
        Self { address, peers, _tasks: tasks }
    }
}

async fn echo(mut connection: Connection) {
    let mut byte = [0];
    while connection.read_exact(&mut byte).await.is_ok() && connection.write_all(&byte).await.is_ok() {}
}

/// A session over which one byte has come back: with TLS 1.3 only that tells that the client was let in.
pub(crate) async fn speak(address: SocketAddr, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    speak_from([127, 0, 0, 1], address, config).await
}

/// The same, called from another address of this machine.
pub(crate) async fn speak_from(
    from: [u8; 4],
    address: SocketAddr,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(address).await?;
    let name = "hub".try_into().unwrap();
    let mut session = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    exchange(&mut session).await?;
    Ok(session)
}

/// One byte there and back.
pub(crate) async fn exchange(session: &mut TlsStream<TcpStream>) -> io::Result<()> {
    session.write_all(b"x").await?;
    session.read_exact(&mut [0]).await.map(|_| ())
}
