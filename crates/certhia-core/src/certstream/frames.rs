//! Messages as they go to clients, one behind the other.

use std::borrow::Cow;

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

/// Frames of some messages of a page: how many, and the indexes of the first and the last entry.
#[derive(Default)]
pub struct Framed<'m> {
    pub data: Cow<'m, [u8]>,
    pub count: usize,
    pub first: u64,
    pub last: u64,
}

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
    pub fn frames(&self, framing: Framing, positions: Option<&[u16]>) -> Result<Cow<'_, [u8]>> {
        match (framing, positions) {
            (_, Some(positions)) => self.framed(framing, self.numbers(positions)),
            (Framing::WebSocket, None) => Ok(Cow::Borrowed(&self.data)),
            (_, None) => self.framed(framing, (0..self.len()).collect()),
        }
    }

    /// The same of the entries at `positions`, 16 bits little-endian each: what one of many clients gets of a page.
    pub fn choice(&self, framing: Framing, positions: &[u8]) -> Result<Framed<'_>> {
        let (pairs, rest) = positions.as_chunks();
        if !rest.is_empty() {
            return Err(Malformed::new("positions: 2 bytes each, little-endian", positions.len()));
        }
        let positions: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
        let chosen = self.numbers(&positions);
        let (Some(&first), Some(&last)) = (chosen.first(), chosen.last()) else {
            return Ok(Framed::default());
        };
        let (count, first, last) = (chosen.len(), self.index(first), self.index(last));
        Ok(Framed { data: self.framed(framing, chosen)?, count, first, last })
    }

    fn framed(&self, framing: Framing, chosen: Vec<usize>) -> Result<Cow<'_, [u8]>> {
        match framing {
            Framing::WebSocket => Ok(self.chosen(&chosen)),
            Framing::Sse => Ok(Cow::Owned(self.events(chosen.into_iter()))),
            Framing::Deflate => self.packed(chosen.into_iter()).map(Cow::Owned),
        }
    }

    /// Numbers of the messages of entries, both ascending.
    fn numbers(&self, positions: &[u16]) -> Vec<usize> {
        let whole = self.positions();
        positions.iter().filter_map(|position| whole.binary_search(position).ok()).collect()
    }

    /// Those that stand together need no copy.
    fn chosen(&self, numbers: &[usize]) -> Cow<'_, [u8]> {
        if let (Some(&first), Some(&last)) = (numbers.first(), numbers.last())
            && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
        {
            return Cow::Borrowed(&self.data[self.span(first).start..self.span(last).end]);
        }
        let mut out = Vec::with_capacity(numbers.iter().map(|&number| self.span(number).len()).sum());
        numbers.iter().for_each(|&number| out.extend_from_slice(&self.data[self.span(number)]));
        Cow::Owned(out)
    }

    fn events(&self, numbers: impl Iterator<Item = usize> + Clone) -> Vec<u8> {
        let mut out = Vec::with_capacity(numbers.clone().map(|number| self.span(number).len() + 60).sum());
        for (number, message) in numbers.filter_map(|number| Some((number, self.get(number)?))) {
            out.extend_from_slice(b"id: ");
            self.source.push_cursor(self.index(number), &mut out);
            out.extend_from_slice(b"\ndata: ");
            out.extend_from_slice(message);
            out.extend_from_slice(b"\n\n");
        }
        out
    }

    fn packed(&self, numbers: impl Iterator<Item = usize> + Clone) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(numbers.clone().map(|number| self.span(number).len()).sum::<usize>() / 2);
        let mut stream = Compress::new(Compression::new(LEVEL), false);
        let mut packed = Vec::new();
        for message in numbers.filter_map(|number| self.get(number)) {
            compress(&mut stream, message, &mut packed)?;
            let begun = begin(&mut out);
            out.extend_from_slice(&packed);
            end(begun, &mut out);
            out[begun] |= COMPRESSED;
        }
        Ok(out)
    }
}

/// The first that writes codes of its own for each message: a fifth shorter than with those of the standard.
const LEVEL: u32 = 2;

/// Leaves room for the header that most messages have, and says where the frame stands.
#[inline]
pub fn begin(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[TEXT, 126, 0, 0]);
    out.len() - 4
}

/// Writes the header of a text frame whose payload now stands behind it.
#[inline]
pub fn end(begun: usize, out: &mut Vec<u8>) {
    let length = out.len() - begun - 4;
    match length {
        126..=0xffff => out[begun + 2..begun + 4].copy_from_slice(&(length as u16).to_be_bytes()),
        0..126 => {
            out[begun + 1] = length as u8;
            out.copy_within(begun + 4.., begun + 2);
            out.truncate(begun + 2 + length);
        }
        _ => {
            out[begun + 1] = 127;
            out.splice(begun + 2..begun + 4, (length as u64).to_be_bytes());
        }
    }
}

/// What such a frame carries.
#[inline]
pub fn payload(frame: &[u8]) -> &[u8] {
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    &frame[header..]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_the_fewest_bytes() {
        for (length, header) in [
            (0, &[TEXT, 0][..]),
            (125, &[TEXT, 125]),
            (126, &[TEXT, 126, 0, 126]),
            (0xffff, &[TEXT, 126, 0xff, 0xff]),
            (0x1_0000, &[TEXT, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let mut out = b"before".to_vec();
            let begun = begin(&mut out);
            out.extend((0..length).map(|number| number as u8));
            let message = out[begun + 4..].to_vec();
            end(begun, &mut out);
            assert_eq!(&out[..6], b"before");
            assert!(out[6..].starts_with(header), "{length}");
            assert_eq!(payload(&out[6..]), message);
            assert_eq!(out.len(), 6 + header.len() + length);
        }
    }
}
