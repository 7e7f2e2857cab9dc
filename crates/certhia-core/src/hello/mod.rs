//! What is said to a TLS server before anything is encrypted, and what it answers: a ClientHello, and the server's
//! flight up to ServerHelloDone (RFC 5246 section 7.3) or a ServerHello of TLS 1.3 (RFC 8446 section 4.1.3).
//!
//! Nothing here completes a handshake: TLS 1.0 to 1.2 show their certificates in the clear, which is all that is asked.

mod ciphers;
mod client;
mod exchange;
mod fault;
mod flight;
mod ja3s;
pub mod jarm;
pub mod jarm_answers;
pub mod names;
mod records;
mod server_hello;
mod suites;
mod wire;

pub use client::{Hello, Options};
pub use exchange::Exchange;
pub use fault::{Fault, Kind};
pub use flight::{Flight, MAX_BYTES, MAX_CERTIFICATES, State};
pub use server_hello::ServerHello;

/// Protocol versions as the wire has them.
pub const SSL_3_0: u16 = 0x0300;
pub const TLS_1_0: u16 = 0x0301;
pub const TLS_1_2: u16 = 0x0303;
pub const TLS_1_3: u16 = 0x0304;

/// Extensions (IANA, TLS ExtensionType Values).
pub(crate) mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const STATUS_REQUEST: u16 = 5;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const SCTS: u16 = 18;
    pub const PADDING: u16 = 21;
    pub const EXTENDED_MASTER_SECRET: u16 = 23;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const PSK_KEY_EXCHANGE_MODES: u16 = 45;
    pub const KEY_SHARE: u16 = 51;
    pub const RENEGOTIATION_INFO: u16 = 0xff01;
}
