//! TLS to a receiver: whom we trust.

use std::sync::Arc;

use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, pem::PemObject},
    },
};

/// Why no TLS can be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsSetupError {
    /// The additional certificates can't be read.
    #[error("the additional certificates can't be read")]
    Roots,
    /// The library refuses.
    #[error("TLS can't be set up: {0}")]
    Library(String),
}

/// For servers whose certificate comes from an authority of the web, or from one of `extra_roots`.
pub(crate) fn connector(extra_roots: Option<&[u8]>) -> Result<TlsConnector, TlsSetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in extra_roots.into_iter().flat_map(CertificateDer::pem_slice_iter) {
        let certificate = certificate.map_err(|_| TlsSetupError::Roots)?;
        roots.add(certificate).map_err(|_| TlsSetupError::Roots)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsSetupError::Library(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
