//! What is the same in many entries is made once for a page.

use std::collections::HashMap;

use crate::batch::column::{Data, Text, offset};
use crate::error::Result;

/// Values by bytes that lie in the page. A few slots by a cheap hash stand in front; what lies there is compared in full
/// before it is used, so bytes made to fall together cost a look into the map, which nobody outside can foresee.
pub struct Memo<'a, T, const SLOTS: usize = 64> {
    slots: [Option<(&'a [u8], T)>; SLOTS],
    all: HashMap<&'a [u8], T>,
}

impl<T: Copy, const SLOTS: usize> Default for Memo<'_, T, SLOTS> {
    fn default() -> Self {
        Self { slots: [None; SLOTS], all: HashMap::new() }
    }
}

impl<'a, T: Copy, const SLOTS: usize> Memo<'a, T, SLOTS> {
    /// What `make` made of these bytes.
    #[inline]
    pub fn get<E>(
        &mut self,
        bytes: &'a [u8],
        make: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let slot = slot::<SLOTS>(bytes);
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

/// By the last 16 bytes: addresses of one issuer differ in front of the last 8.
#[inline]
fn slot<const SLOTS: usize>(bytes: &[u8]) -> usize {
    const { assert!(SLOTS.is_power_of_two() && SLOTS > 1) };
    let eight = |end: usize| bytes[..end].last_chunk::<8>().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    let tail = eight(bytes.len()) ^ eight(bytes.len().saturating_sub(8)).rotate_left(29);
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
