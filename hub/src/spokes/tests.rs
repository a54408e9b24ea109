//! The layer before every handler.

use super::fixture::Running;
use certs::tls::ClientTls;
use http::{Request, StatusCode};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _};

/// What the hub answers to a call of `path`, by gRPC code.
async fn call(session: &certs::connect::Session, path: &str) -> Code {
    let request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    let mut channel = session.channel.clone();
    let answer = channel.ready().await.unwrap().call(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let status = answer.headers().get("grpc-status").expect("refused in the headers");
    Code::from_bytes(status.as_bytes())
}

#[tokio::test]
async fn attack06_unknown_methods_and_spellings_reach_no_handler() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let session = running.named(&member.identity).await.unwrap();
    for path in [
        "/",
        "/writ.v1alpha1.Distribution",
        "/writ.v1alpha1.Distribution/",
        "/writ.v1alpha1.Distribution/fetch",
        "/writ.v1alpha1.Distribution/Fetch/",
        "//writ.v1alpha1.Distribution/Fetch",
        "/writ.v1alpha1.Distribution/%46etch",
        "/writ.v1alpha1.Audit/Read",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        assert_eq!(call(&session, path).await, Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn inv13_distribution_needs_a_live_cluster_identity() {
    let running = Running::start().await;
    let nameless = running.nameless().await;
    for method in ["Follow", "Fetch", "Report"] {
        let path = format!("/writ.v1alpha1.Distribution/{method}");
        assert_eq!(call(&nameless, &path).await, Code::Unauthenticated, "{method}");
    }
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;

/// A request as HTTP/2 frames (RFC 9113) with uncompressed fields (RFC 7541), for paths that no client library sends.
fn frames(path: &str) -> Vec<u8> {
    let literal = |name: &[u8], value: &str| [name, &[value.len() as u8], value.as_bytes()].concat();
    let (post, plain) = ([0x83], [0x86]);
    let fields = [
        post.to_vec(),
        plain.to_vec(),
        literal(&[0x04], path),
        literal(&[0x01], "hub"),
        literal(&[0x0f, 0x10], "application/grpc"),
    ]
    .concat();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let header = [0, 0, fields.len() as u8, HEADERS, 0x05, 0, 0, 0, 1];
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings, &header, &fields].concat()
}

/// The type of the first frame that answers the request.
async fn first_answer(running: &Running, path: &str) -> u8 {
    let tls = ClientTls::nameless(running.authorities(), Arc::clone(&running.clock) as _).unwrap();
    let stream = TcpStream::connect(&running.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls.rustls()));
    let mut stream = connector.connect("hub".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(&frames(path)).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        if head[8] == 1 && matches!(head[3], HEADERS | RST_STREAM) {
            return head[3];
        }
    }
}

#[tokio::test]
async fn attack06_a_path_without_its_slash_reaches_no_handler() {
    let running = Running::start().await;
    let path = "/writ.v1alpha1.Distribution/Fetch";
    assert_eq!(first_answer(&running, path).await, HEADERS, "a status, since it names a method");
    assert_eq!(first_answer(&running, path.trim_start_matches('/')).await, RST_STREAM);
}
