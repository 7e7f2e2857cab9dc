//! The subject's public key.

use crate::batch::column::{Bits, Column, Data};
use crate::batch::memo::{Distinct, Memo};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::key;

#[derive(Default)]
pub struct Keys<'a> {
    algorithm: Vec<i32>,
    algorithms: Distinct,
    bits: Vec<u32>,
    by_identifier: Memo<'a, Known>,
}

#[derive(Clone, Copy)]
struct Known {
    algorithm: i32,
    /// None for those whose bits each key has for itself.
    bits: Option<u32>,
}

impl<'a> Keys<'a> {
    #[inline]
    pub fn read(&mut self, certificate: &Certificate<'a>) -> Result<()> {
        let algorithms = &mut self.algorithms;
        // A key without an identifier has neither kind nor bits.
        let identifier = certificate.key_identifier().unwrap_or_default();
        let known = self.by_identifier.get(identifier, || {
            let key = certificate.key();
            let bits = (!key::is_rsa(&key.algorithm)).then_some(narrowed(key.bits));
            Ok(Known { algorithm: algorithms.place(&key.algorithm)?, bits })
        })?;
        self.algorithm.push(known.algorithm);
        self.bits.push(known.bits.unwrap_or_else(|| narrowed(certificate.modulus_bits())));
        Ok(())
    }

    pub fn none(&mut self) {
        self.algorithm.push(0);
        self.bits.push(0);
    }

    pub fn finish(self, read: &Bits) -> [Column; 2] {
        [
            Column {
                name: "key_algorithm",
                data: self.algorithms.column(self.algorithm),
                validity: Some(read.clone()),
            },
            Column { name: "key_bits", data: Data::Small(self.bits), validity: Some(read.clone()) },
        ]
    }
}

/// A degree may be written as any number.
fn narrowed(bits: usize) -> u32 {
    u32::try_from(bits).unwrap_or(u32::MAX)
}
