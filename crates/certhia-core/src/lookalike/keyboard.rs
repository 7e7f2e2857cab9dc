//! Neighbouring keys, and slips of the finger.

/// Rows of the layouts, each row shifted half a key to the right of the one above.
const LAYOUTS: [[&[u8]; 4]; 3] = [
    [b"1234567890-", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"],
    [b"1234567890", b"qwertzuiop", b"asdfghjkl", b"yxcvbnm-"],
    [b"1234567890", b"azertyuiop", b"qsdfghjklm", b"wxcvbn"],
];

/// For each ASCII character the set of its neighbours on any of the layouts.
const NEIGHBOURS: [u128; 128] = {
    let mut table = [0; 128];
    let mut layout = 0;
    while layout < LAYOUTS.len() {
        let rows = LAYOUTS[layout];
        let mut row = 0;
        while row < rows.len() {
            let mut at = 0;
            while at < rows[row].len() {
                if at + 1 < rows[row].len() {
                    table = joined(table, rows[row][at], rows[row][at + 1]);
                }
                if row + 1 < rows.len() {
                    let below = rows[row + 1];
                    if at < below.len() {
                        table = joined(table, rows[row][at], below[at]);
                    }
                    if at > 0 && at - 1 < below.len() {
                        table = joined(table, rows[row][at], below[at - 1]);
                    }
                }
                at += 1;
            }
            row += 1;
        }
        layout += 1;
    }
    table
};

const fn joined(mut table: [u128; 128], a: u8, b: u8) -> [u128; 128] {
    table[a as usize] |= 1 << b;
    table[b as usize] |= 1 << a;
    table
}

/// Whether two keys touch on a QWERTY, QWERTZ or AZERTY keyboard.
pub fn touch(a: char, b: char) -> bool {
    a.is_ascii() && b.is_ascii() && NEIGHBOURS[a as usize] & 1 << b as u32 != 0
}

/// Whether `typed` is `meant` with one slip: a neighbouring key instead of or beside the right one, a character
/// doubled, or two transposed.
pub fn is_slip(meant: &[char], typed: &[char]) -> bool {
    let same = meant.iter().zip(typed).take_while(|(x, y)| x == y).count();
    let (rest, slip) = (&meant[same..], &typed[same..]);
    match slip.len().checked_sub(rest.len()) {
        Some(0) => match (rest, slip) {
            ([a, rest @ ..], [b, slip @ ..]) if rest == slip => touch(*a, *b),
            ([a, b, rest @ ..], [c, d, slip @ ..]) => a == d && b == c && rest == slip,
            _ => false,
        },
        Some(1) => {
            let added = slip[0];
            let beside = [same.checked_sub(1).map(|at| typed[at]), rest.first().copied()];
            slip[1..] == *rest && beside.into_iter().flatten().any(|key| key == added || touch(key, added))
        }
        _ => false,
    }
}
