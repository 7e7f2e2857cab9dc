//! Which of one kind belong to each of another: lists side by side in one block.

/// For each row a list of numbers, in the order in which they were given.
#[derive(Debug, Default)]
pub struct Fan {
    /// Where each list begins, and the end of the last.
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl Fan {
    /// Of (row, number); there are at most 2^32 pairs.
    pub fn new(rows: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; rows + 1];
        for &(row, _) in pairs {
            starts[row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut numbers = vec![0; pairs.len()];
        for &(row, number) in pairs {
            let place = &mut next[row as usize];
            numbers[*place as usize] = number;
            *place += 1;
        }
        Self { starts, numbers }
    }

    #[inline]
    pub fn of(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.numbers[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    pub fn nbytes(&self) -> usize {
        (self.starts.capacity() + self.numbers.capacity()) * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_each_row() {
        let fan = Fan::new(4, &[(2, 7), (0, 1), (2, 5), (3, 0)]);
        let lists: Vec<&[u32]> = (0..4).map(|row| fan.of(row)).collect();
        assert_eq!(lists, [&[1][..], &[], &[7, 5], &[0]]);
    }
}
