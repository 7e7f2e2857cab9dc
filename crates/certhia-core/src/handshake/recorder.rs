//! What a connection shows while rustls would judge it: everything is noted, nothing refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::signature::{self, Signature};
use crate::hello::MAX_CERTIFICATES;

/// Offered besides what can be checked here, so that whoever has only such a key shows its certificate too:
/// ecdsa_secp521r1_sha512, ed448, rsa_pss_pss_sha256 to 512, rsa_pkcs1_sha1, ecdsa_sha1 (RFC 8446 section 4.2.3).
const UNCHECKED: [u16; 7] = [0x0603, 0x0808, 0x0809, 0x080a, 0x080b, 0x0201, 0x0203];

#[derive(Debug, Default)]
pub struct Seen {
    /// DER, the leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// More certificates came than are looked at.
    pub too_many: bool,
    /// Whether there was a chain to look at.
    pub looked: bool,
    pub staple: Option<Vec<u8>>,
    pub client_certificate: bool,
    pub signature: Signature,
}

/// Stands in for the verifier and for the client's own certificate of one connection.
#[derive(Debug)]
pub struct Recorder {
    seen: Mutex<Seen>,
    algorithms: WebPkiSupportedAlgorithms,
    /// Else the handshake is broken off once the certificates are known.
    whole: bool,
}

impl Recorder {
    pub fn new(whole: bool) -> Self {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Self { seen: Mutex::default(), algorithms, whole }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        // Whoever panicked while writing has left a note of what was seen, not more.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was a chain to look at, and whether it was longer than is looked at.
    pub fn looked(&self) -> (bool, bool) {
        let seen = self.seen();
        (seen.looked, seen.too_many)
    }

    fn judge(&self, message: &[u8], certificate: &[u8], signed: &DigitallySignedStruct) -> HandshakeSignatureValid {
        self.seen().signature = signature::judge(&self.algorithms, message, certificate, signed);
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        staple: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut seen = self.seen();
        seen.looked = true;
        let all = std::iter::once(leaf).chain(others).take(MAX_CERTIFICATES);
        seen.certificates = all.map(|certificate| certificate.to_vec()).collect();
        seen.staple = (!staple.is_empty()).then(|| staple.to_vec());
        seen.too_many = others.len() >= MAX_CERTIFICATES;
        if seen.too_many || !self.whole {
            return Err(Error::General("no more is wanted".to_owned()));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(self.judge(message, certificate, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(self.judge(message, certificate, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let others = UNCHECKED.into_iter().map(SignatureScheme::from);
        self.algorithms.mapping.iter().map(|(scheme, _)| *scheme).chain(others).collect()
    }
}

impl ResolvesClientCert for Recorder {
    /// Called where the server asks for one; an empty list is sent then.
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen().client_certificate = true;
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
