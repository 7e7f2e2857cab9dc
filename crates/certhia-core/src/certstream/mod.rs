//! Log entries as messages of a certstream server, and the frames that carry them.
//!
//! Two shapes: `Profile::Certhia` is what readers of all certstream servers understand, with keys added; `Profile::Calidog`
//! is what the original (CaliDog/certstream-server 1.6 with EasySSL) sends, key by key, its mistakes aside.
//!
//! A certificate's fields and names are those that the tree covers: of a precertificate the TBS that the log signed. Its
//! hashes, `as_der` and the chain are as submitted.

mod certificate;
mod chain;
mod digests;
mod domains;
mod extensions;
mod form;
mod frames;
mod json;
mod message;
mod messages;
mod names;
mod source;
mod subject;
mod values;
mod words;

pub use form::{Form, Kind, Profile};
pub use frames::{Framed, Framing};
pub use messages::Messages;
pub use source::Source;
