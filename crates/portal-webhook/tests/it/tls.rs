//! HTTPS: the name that was looked up is the name that is asked for and proven.

use std::{net::IpAddr, sync::Arc};

use portal_domain::{port::WebhookSender, webhook::Pushed};
use portal_webhook::{WebhookClient, WebhookOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::{answer_once, call, names};

/// Certificates of an authority in PEM, and a server with one of it for `name`.
fn authority_and_server(name: &str) -> (Vec<u8>, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (authority.pem().into_bytes(), TlsAcceptor::from(Arc::new(config)))
}

/// The port of a server over TLS, and the names it was asked for.
async fn serve(acceptor: TlsAcceptor) -> (u16, tokio::sync::mpsc::UnboundedReceiver<Option<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, names) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(tls) = acceptor.accept(tcp).await else { continue };
            asked.send(tls.get_ref().1.server_name().map(str::to_owned)).unwrap();
            answer_once(tls, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n", Arc::default()).await;
        }
    });
    (port, names)
}

fn client(roots: Option<Vec<u8>>) -> WebhookClient {
    let allowed = Arc::new(|address: IpAddr| address.is_loopback());
    let options = WebhookOptions { allowed, extra_roots: roots, resolver: names(&["127.0.0.1"]) };
    WebhookClient::new(options).unwrap()
}

#[tokio::test]
async fn the_right_name_is_asked_for_and_proven() {
    let (roots, acceptor) = authority_and_server("hooks.example");
    let (port, mut asked) = serve(acceptor).await;
    let url = format!("https://hooks.example:{port}/");
    assert_eq!(client(Some(roots.clone())).push(&call(&url)).await, Pushed::Answered(202));
    assert_eq!(asked.recv().await.unwrap().as_deref(), Some("hooks.example"));
    let refused = Pushed::Unanswered("the host's certificate or its TLS was not accepted".to_owned());
    let other = format!("https://other.example:{port}/");
    assert_eq!(client(Some(roots)).push(&call(&other)).await, refused);
    assert_eq!(client(None).push(&call(&url)).await, refused);
}

#[test]
fn certificates_that_can_t_be_read_are_refused() {
    let options = WebhookOptions {
        extra_roots: Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()),
        ..WebhookOptions::default()
    };
    assert!(WebhookClient::new(options).is_err());
}
