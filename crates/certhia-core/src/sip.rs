//! SipHash-2-4 with 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, and its reference code).
//!
//! For sets that stand on disk and are filled with what strangers choose: without the key nobody can say which names
//! fall together. The standard library's hasher is keyed too, but its algorithm may change.

/// 16 bytes of randomness.
pub type Key = [u8; 16];

/// Both halves of the digest: as little-endian bytes, one behind the other, it is what the reference code gives.
#[inline]
pub fn hash(key: &Key, bytes: &[u8]) -> (u64, u64) {
    let mut state = State::new(key);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state.absorb(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    last[7] = bytes.len() as u8;
    state.absorb(u64::from_le_bytes(last));
    state.finish()
}

struct State([u64; 4]);

impl State {
    #[inline]
    fn new(key: &Key) -> Self {
        let ([low, high], _) = key.as_chunks::<8>() else { unreachable!("16 bytes are two words") };
        let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
        Self([
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ])
    }

    #[inline]
    fn absorb(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.round();
        self.0[0] ^= word;
    }

    #[inline]
    fn finish(mut self) -> (u64, u64) {
        self.0[2] ^= 0xee;
        let first = self.four();
        self.0[1] ^= 0xdd;
        (first, self.four())
    }

    #[inline]
    fn four(&mut self) -> u64 {
        (0..4).for_each(|_| self.round());
        self.0.iter().fold(0, |all, part| all ^ part)
    }

    #[inline]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.0 = [a, b, c, d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of key 00…0f and inputs 00, 00 01, … of these lengths: the reference code's vectors.h, and OpenSSL says the same.
    #[test]
    fn the_reference_vectors() {
        let key: Key = std::array::from_fn(|at| at as u8);
        let input: Vec<u8> = (0..64).collect();
        for (length, digest) in [
            (0, 0xa381_7f04_ba25_a8e6_6df6_7214_c755_0293),
            (1, 0xda87_c1d8_6b99_af44_3476_5911_9b22_fc45),
            (7, 0xa1f1_ebbe_d8db_c153_c0b8_4aa6_1ff0_8239),
            (8, 0x3b62_a9ba_6258_f561_0f83_e264_f314_97b4),
            (15, 0x5493_e999_33b0_a811_7e08_ec0f_97cf_c3d9),
            (63, 0x5150_d177_2f50_834a_503e_069a_973f_bd7c_u128),
        ] {
            let (first, second) = hash(&key, &input[..length]);
            let found = u128::from(first.swap_bytes()) << 64 | u128::from(second.swap_bytes());
            assert_eq!(found, digest, "{length} bytes");
        }
    }
}
