//! What all handshakes share, made once.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};

use super::recorder::Recorder;
use crate::error::{Malformed, Result};

/// Which versions are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    Tls12,
    Tls13,
    Both,
}

/// A ready configuration of rustls for each choice of versions. Holds no secrets and nothing of any server.
pub struct Configs {
    tls12: ClientConfig,
    tls13: ClientConfig,
    both: ClientConfig,
}

impl Configs {
    pub fn new() -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let ready = |versions: &[&'static SupportedProtocolVersion]| base(&provider, versions);
        Ok(Self { tls12: ready(&[&TLS12])?, tls13: ready(&[&TLS13])?, both: ready(&[&TLS13, &TLS12])? })
    }

    /// The one of a connection.
    pub(super) fn with(
        &self,
        versions: Versions,
        name: bool,
        alpn: &[&[u8]],
        recorder: &Arc<Recorder>,
    ) -> ClientConfig {
        let mut config = match versions {
            Versions::Tls12 => self.tls12.clone(),
            Versions::Tls13 => self.tls13.clone(),
            Versions::Both => self.both.clone(),
        };
        config.enable_sni = name;
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config.client_auth_cert_resolver = recorder.clone();
        config.dangerous().set_certificate_verifier(recorder.clone());
        config
    }
}

fn base(provider: &Arc<CryptoProvider>, versions: &[&'static SupportedProtocolVersion]) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(NoClock))
        .with_protocol_versions(versions)
        .map_err(|error| Malformed::new(format!("no TLS with these versions: {error}"), 0))?;
    let mut config =
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Recorder::new(true))).with_no_client_auth();
    config.resumption = Resumption::disabled();
    // A protocol that nobody offered is what we came to see.
    config.check_selected_alpn = false;
    Ok(config)
}

/// rustls asks for the time where chains are judged, and where tickets are kept: neither is done here.
#[derive(Debug)]
struct NoClock;

impl TimeProvider for NoClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::ZERO))
    }
}
