//! TLS to a mail server: whom we trust, and the hand-shake.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, CertificateError, ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::{connect::MailSetupError, fault::Cause, hand_shake::Distrust};

/// What a hand-shake needs.
pub(crate) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// For a server of this name, whose certificate must come from an authority of the web or from one of `extra_roots`.
    pub(crate) fn new(host: &str, extra_roots: Option<&[u8]>) -> Result<Self, MailSetupError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = extra_roots {
            add(&mut roots, pem)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| MailSetupError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(|error| MailSetupError::Tls(error.to_string()))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Shakes hands. What certificates or protocol are to blame for is a fault of configuration; the network is not.
    pub(crate) async fn shake_hands(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Cause> {
        self.connector.connect(self.name.clone(), tcp).await.map_err(|error| match error.kind() {
            // As which rustls' own errors come.
            io::ErrorKind::InvalidData => distrust(&error),
            _ => Cause::Broken(error.to_string()),
        })
    }
}

fn distrust(error: &io::Error) -> Cause {
    let words = error.to_string();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(certificate)) = inner else { return Cause::Setting(words) };
    let distrust = match certificate {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Distrust::WrongName,
        CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYet,
        _ => Distrust::Other,
    };
    Cause::Certificate { distrust, words }
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), MailSetupError> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|_| MailSetupError::Roots)?).map_err(|_| MailSetupError::Roots)?;
        found = true;
    }
    if found { Ok(()) } else { Err(MailSetupError::Roots) }
}
