//! What rustls says of a connection, in the words of a flight's faults.

use rustls::{Error, InvalidMessage};

use crate::hello::{Fault, Kind, names};

pub fn read(error: &Error) -> Fault {
    match error {
        Error::AlertReceived(alert) => Fault { kind: Kind::Alert, detail: names::alert(u8::from(*alert)).into_owned() },
        Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge
            | InvalidMessage::CertificatePayloadTooLarge
            | InvalidMessage::MessageTooLarge,
        ) => Fault { kind: Kind::TooLarge, detail: "a message that no handshake needs".to_owned() },
        Error::DecryptError => Fault { kind: Kind::Malformed, detail: "a record that can't be decrypted".to_owned() },
        other => Fault { kind: Kind::Malformed, detail: other.to_string() },
    }
}

/// The alert that ended it: it was fatal.
pub fn alert(error: &Error) -> Option<(u8, u8)> {
    match error {
        Error::AlertReceived(alert) => Some((2, u8::from(*alert))),
        _ => None,
    }
}
