//! Messages as they go to clients, one behind the other.

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::certstream::messages::Messages;
use crate::error::{Malformed, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Unmasked text frames (RFC 6455 section 5.2).
    WebSocket,
    /// The same, each message compressed alone (RFC 7692 section 7.2.1): for clients that were told
    /// `server_no_context_takeover`.
    Deflate,
    /// Server-sent events: `id: CURSOR`, `data: JSON`, an empty line.
    Sse,
}

/// FIN and the opcode of text.
const TEXT: u8 = 0x81;
/// RSV1 says that a message is compressed.
const COMPRESSED: u8 = 0x40;
/// What the flush of each message ends with and RFC 7692 leaves out.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

impl Framing {
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "websocket" => Ok(Self::WebSocket),
            "deflate" => Ok(Self::Deflate),
            "sse" => Ok(Self::Sse),
            _ => Err(Malformed::new(format!("a framing is websocket, deflate or sse, not {name:?}"), 0)),
        }
    }
}

impl Messages {
    /// All messages, or those of the entries at `positions` (of those that gave one).
    pub fn frames(&self, framing: Framing, positions: Option<&[u16]>) -> Result<Vec<u8>> {
        let mut chosen = Vec::new();
        let all = positions.is_none();
        for position in positions.unwrap_or_default() {
            chosen.extend(self.positions().binary_search(position).ok());
        }
        let numbers = if all { 0..self.len() } else { 0..chosen.len() };
        let messages = || {
            numbers
                .clone()
                .map(|at| if all { at } else { chosen[at] })
                .filter_map(|number| Some((number, self.get(number)?)))
        };
        let bytes: usize = messages().map(|(_, message)| message.len() + 40).sum();
        match framing {
            Framing::WebSocket => {
                let mut out = Vec::with_capacity(bytes);
                messages().for_each(|(_, message)| push_frame(TEXT, message, &mut out));
                Ok(out)
            }
            Framing::Sse => {
                let mut out = Vec::with_capacity(bytes);
                for (number, message) in messages() {
                    out.extend_from_slice(b"id: ");
                    self.source.push_cursor(self.index(number), &mut out);
                    out.extend_from_slice(b"\ndata: ");
                    out.extend_from_slice(message);
                    out.extend_from_slice(b"\n\n");
                }
                Ok(out)
            }
            Framing::Deflate => {
                let mut out = Vec::with_capacity(bytes / 2);
                let mut stream = Compress::new(Compression::new(LEVEL), false);
                let mut packed = Vec::new();
                for (_, message) in messages() {
                    compress(&mut stream, message, &mut packed)?;
                    push_frame(TEXT | COMPRESSED, &packed, &mut out);
                }
                Ok(out)
            }
        }
    }
}

/// The first that writes codes of its own for each message: a fifth shorter than with those of the standard.
const LEVEL: u32 = 2;

fn push_frame(head: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(head);
    match payload.len() {
        length @ 0..=125 => out.push(length as u8),
        length @ 126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Replaces `out` by the message, compressed and flushed, without the flush's tail.
fn compress(stream: &mut Compress, message: &[u8], out: &mut Vec<u8>) -> Result<()> {
    stream.reset();
    out.clear();
    // More than deflate makes of anything (RFC 1951: stored blocks of 64 KiB).
    out.reserve(message.len() + message.len() / 1000 + 64);
    let packed = matches!(stream.compress_vec(message, out, FlushCompress::Sync), Ok(Status::Ok));
    if !packed || stream.total_in() != message.len() as u64 || !out.ends_with(&TAIL) {
        return Err(Malformed::new("a message that can be compressed", 0));
    }
    out.truncate(out.len() - TAIL.len());
    Ok(())
}
