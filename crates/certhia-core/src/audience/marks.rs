//! Bits of a block's entries, in rows of which only those with a bit take room.

/// Entries of a block: a page is worked through in these.
pub const BLOCK: usize = 512;

/// One bit an entry of a block.
pub type Bits = [u64; BLOCK / 64];

pub const NONE: Bits = [0; BLOCK / 64];

/// Sets the first `count` bits.
pub fn first(count: usize) -> Bits {
    let mut bits = NONE;
    (0..count).for_each(|at| set(&mut bits, at));
    bits
}

#[inline]
pub fn set(bits: &mut Bits, at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

#[inline]
pub fn unite(bits: &mut Bits, others: &Bits) {
    bits.iter_mut().zip(others).for_each(|(word, other)| *word |= other);
}

#[inline]
pub fn keep(bits: &mut Bits, others: &Bits) {
    bits.iter_mut().zip(others).for_each(|(word, other)| *word &= other);
}

#[inline]
pub fn remove(bits: &mut Bits, others: &Bits) {
    bits.iter_mut().zip(others).for_each(|(word, other)| *word &= !other);
}

/// Calls `visit` with the place of each bit, in order.
#[inline]
pub fn each(bits: &Bits, mut visit: impl FnMut(usize)) {
    for (number, &word) in bits.iter().enumerate() {
        let mut word = word;
        while word != 0 {
            visit(number * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

/// Rows of bits by number.
pub struct Marks {
    /// Where the row of each number is in `rows`, plus one; 0 where it has none.
    places: Vec<u32>,
    rows: Vec<(u32, Bits)>,
}

impl Marks {
    pub fn new(numbers: usize) -> Self {
        Self { places: vec![0; numbers], rows: Vec::new() }
    }

    #[inline]
    pub fn set(&mut self, number: u32, at: usize) {
        set(self.row(number), at);
    }

    /// A row that may be written to.
    #[inline]
    pub fn row(&mut self, number: u32) -> &mut Bits {
        let place = &mut self.places[number as usize];
        if *place == 0 {
            self.rows.push((number, NONE));
            *place = self.rows.len() as u32;
        }
        &mut self.rows[*place as usize - 1].1
    }

    /// The row of a number, where it has one.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&Bits> {
        let place = self.places[number as usize].checked_sub(1)?;
        Some(&self.rows[place as usize].1)
    }

    pub fn rows(&self) -> impl Iterator<Item = (u32, &Bits)> {
        self.rows.iter().map(|(number, bits)| (*number, bits))
    }

    pub fn clear(&mut self) {
        for (number, _) in self.rows.drain(..) {
            self.places[number as usize] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_there_once_they_have_a_bit() {
        let mut marks = Marks::new(3);
        for at in [0, 63, 64, BLOCK - 1] {
            marks.set(2, at);
        }
        assert!(marks.get(1).is_none());
        let mut found = Vec::new();
        each(marks.get(2).unwrap(), |at| found.push(at));
        assert_eq!(found, [0, 63, 64, BLOCK - 1]);
        assert_eq!(marks.rows().map(|(number, _)| number).collect::<Vec<_>>(), [2]);
        marks.clear();
        assert!(marks.get(2).is_none());
    }

    #[test]
    fn whole_rows() {
        let mut bits = first(70);
        assert_eq!(&bits[..3], &[u64::MAX, 63, 0]);
        remove(&mut bits, &first(64));
        unite(&mut bits, &first(1));
        keep(&mut bits, &first(66));
        assert_eq!(&bits[..2], &[1, 3]);
    }
}
