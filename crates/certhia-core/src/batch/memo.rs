//! What is the same in many entries is made once for a page.

use std::collections::HashMap;

use crate::batch::column::{Data, Text, offset};
use crate::error::Result;

/// Slots in front of the map; a power of two.
const SLOTS: usize = 64;

/// Values by bytes that lie in the page. A few slots by a cheap hash stand in front; what lies there is compared in full
/// before it is used, so bytes made to fall together cost a look into the map, which nobody outside can foresee.
pub struct Memo<'a, T> {
    slots: [Option<(&'a [u8], T)>; SLOTS],
    all: HashMap<&'a [u8], T>,
}

impl<T: Copy> Default for Memo<'_, T> {
    fn default() -> Self {
        Self { slots: [None; SLOTS], all: HashMap::new() }
    }
}

impl<'a, T: Copy> Memo<'a, T> {
    /// What `make` made of these bytes.
    #[inline]
    pub fn get<E>(
        &mut self,
        bytes: &'a [u8],
        make: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let slot = slot(bytes);
        if let Some((known, value)) = self.slots[slot]
            && known == bytes
        {
            return Ok(value);
        }
        let value = if let Some(&value) = self.all.get(bytes) {
            value
        } else {
            let value = make()?;
            self.all.insert(bytes, value);
            value
        };
        self.slots[slot] = Some((bytes, value));
        Ok(value)
    }
}

#[inline]
fn slot(bytes: &[u8]) -> usize {
    let tail = bytes.last_chunk::<8>().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    let mixed = (tail ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - SLOTS.trailing_zeros())) as usize
}

/// Values each of which is there once.
pub struct Distinct {
    values: Text,
    places: HashMap<String, i32>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { values: Text::with_capacity(0, 0), places: HashMap::new() }
    }
}

impl Distinct {
    pub fn place(&mut self, value: &str) -> Result<i32> {
        if let Some(&place) = self.places.get(value) {
            return Ok(place);
        }
        let place = offset(self.values.len())?;
        self.values.push(value)?;
        self.places.insert(value.to_owned(), place);
        Ok(place)
    }

    pub fn column(self, keys: Vec<i32>) -> Data {
        Data::Dictionary { keys, values: Box::new(Data::Text(self.values)) }
    }
}
