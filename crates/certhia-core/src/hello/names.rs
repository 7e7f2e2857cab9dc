//! Numbers of TLS by the names that people know them by; of a number without one, `0x` and four hex digits.

use std::borrow::Cow;

use super::ciphers::SUITES;

type Name = Cow<'static, str>;

/// A cipher suite as IANA names it: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
pub fn cipher(number: u16) -> Name {
    suite(number).map_or_else(|| unknown(number), Cow::Borrowed)
}

/// The same, if it has a name.
pub fn suite(number: u16) -> Option<&'static str> {
    SUITES.binary_search_by_key(&number, |&(number, _)| number).ok().map(|at| SUITES[at].1)
}

/// `TLS 1.2`; drafts of TLS 1.3 by their number.
pub fn version(number: u16) -> Name {
    match number {
        0x0002 => "SSL 2.0".into(),
        0x0300 => "SSL 3.0".into(),
        0x0301..=0x0304 => format!("TLS 1.{}", number - 0x0301).into(),
        0x7f00..=0x7fff => format!("TLS 1.3 draft {}", number & 0xff).into(),
        _ => unknown(number),
    }
}

/// A group of a key exchange (IANA, TLS Supported Groups): `x25519`, `secp256r1`, `ffdhe2048`.
pub fn group(number: u16) -> Name {
    named(GROUPS, number)
}

/// A signature scheme (IANA, TLS SignatureScheme): `rsa_pss_rsae_sha256`; of TLS 1.2's pairs of hash and signature that
/// are no scheme: `dsa_sha1`.
pub fn signature_scheme(number: u16) -> Name {
    named(SCHEMES, number)
}

/// An alert (IANA, TLS Alerts): `handshake_failure`; `alert_N` for one that isn't known.
pub fn alert(code: u8) -> Name {
    let found = ALERTS.binary_search_by_key(&code, |&(number, _)| number);
    found.map_or_else(|_| format!("alert_{code}").into(), |at| ALERTS[at].1.into())
}

fn named(table: &'static [(u16, &'static str)], number: u16) -> Name {
    let found = table.binary_search_by_key(&number, |&(number, _)| number);
    found.map_or_else(|_| unknown(number), |at| table[at].1.into())
}

fn unknown(number: u16) -> Name {
    let grease = number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff; // RFC 8701
    if grease { format!("GREASE 0x{number:04x}").into() } else { format!("0x{number:04x}").into() }
}

#[rustfmt::skip]
const GROUPS: &[(u16, &str)] = &[
    (1, "sect163k1"), (2, "sect163r1"), (3, "sect163r2"), (4, "sect193r1"), (5, "sect193r2"), (6, "sect233k1"),
    (7, "sect233r1"), (8, "sect239k1"), (9, "sect283k1"), (10, "sect283r1"), (11, "sect409k1"), (12, "sect409r1"),
    (13, "sect571k1"), (14, "sect571r1"), (15, "secp160k1"), (16, "secp160r1"), (17, "secp160r2"), (18, "secp192k1"),
    (19, "secp192r1"), (20, "secp224k1"), (21, "secp224r1"), (22, "secp256k1"), (23, "secp256r1"), (24, "secp384r1"),
    (25, "secp521r1"), (26, "brainpoolP256r1"), (27, "brainpoolP384r1"), (28, "brainpoolP512r1"), (29, "x25519"),
    (30, "x448"), (31, "brainpoolP256r1tls13"), (32, "brainpoolP384r1tls13"), (33, "brainpoolP512r1tls13"),
    (34, "GC256A"), (35, "GC256B"), (36, "GC256C"), (37, "GC256D"), (38, "GC512A"), (39, "GC512B"), (40, "GC512C"),
    (41, "curveSM2"), (0x0100, "ffdhe2048"), (0x0101, "ffdhe3072"), (0x0102, "ffdhe4096"), (0x0103, "ffdhe6144"),
    (0x0104, "ffdhe8192"), (0x0200, "MLKEM512"), (0x0201, "MLKEM768"), (0x0202, "MLKEM1024"),
    (0x11eb, "SecP256r1MLKEM768"), (0x11ec, "X25519MLKEM768"), (0x11ed, "SecP384r1MLKEM1024"),
    (0x11ee, "curveSM2MLKEM768"), (0x6399, "X25519Kyber768Draft00"), (0x639a, "SecP256r1Kyber768Draft00"),
    (0xff01, "arbitrary_explicit_prime_curves"), (0xff02, "arbitrary_explicit_char2_curves"),
];

#[rustfmt::skip]
const SCHEMES: &[(u16, &str)] = &[
    (0x0101, "rsa_pkcs1_md5"), (0x0201, "rsa_pkcs1_sha1"), (0x0202, "dsa_sha1"), (0x0203, "ecdsa_sha1"),
    (0x0301, "rsa_pkcs1_sha224"), (0x0302, "dsa_sha224"), (0x0303, "ecdsa_sha224"), (0x0401, "rsa_pkcs1_sha256"),
    (0x0402, "dsa_sha256"), (0x0403, "ecdsa_secp256r1_sha256"), (0x0420, "rsa_pkcs1_sha256_legacy"),
    (0x0501, "rsa_pkcs1_sha384"), (0x0502, "dsa_sha384"), (0x0503, "ecdsa_secp384r1_sha384"),
    (0x0520, "rsa_pkcs1_sha384_legacy"), (0x0601, "rsa_pkcs1_sha512"), (0x0602, "dsa_sha512"),
    (0x0603, "ecdsa_secp521r1_sha512"), (0x0620, "rsa_pkcs1_sha512_legacy"), (0x0704, "eccsi_sha256"),
    (0x0705, "iso_ibs1"), (0x0706, "iso_ibs2"), (0x0707, "iso_chinese_ibs"), (0x0708, "sm2sig_sm3"),
    (0x0709, "gostr34102012_256a"), (0x070a, "gostr34102012_256b"), (0x070b, "gostr34102012_256c"),
    (0x070c, "gostr34102012_256d"), (0x070d, "gostr34102012_512a"), (0x070e, "gostr34102012_512b"),
    (0x070f, "gostr34102012_512c"), (0x0804, "rsa_pss_rsae_sha256"), (0x0805, "rsa_pss_rsae_sha384"),
    (0x0806, "rsa_pss_rsae_sha512"), (0x0807, "ed25519"), (0x0808, "ed448"), (0x0809, "rsa_pss_pss_sha256"),
    (0x080a, "rsa_pss_pss_sha384"), (0x080b, "rsa_pss_pss_sha512"), (0x081a, "ecdsa_brainpoolP256r1tls13_sha256"),
    (0x081b, "ecdsa_brainpoolP384r1tls13_sha384"), (0x081c, "ecdsa_brainpoolP512r1tls13_sha512"),
    (0x0904, "mldsa44"), (0x0905, "mldsa65"), (0x0906, "mldsa87"),
];

#[rustfmt::skip]
const ALERTS: &[(u8, &str)] = &[
    (0, "close_notify"), (10, "unexpected_message"), (20, "bad_record_mac"), (21, "decryption_failed"),
    (22, "record_overflow"), (30, "decompression_failure"), (40, "handshake_failure"), (41, "no_certificate"),
    (42, "bad_certificate"), (43, "unsupported_certificate"), (44, "certificate_revoked"),
    (45, "certificate_expired"), (46, "certificate_unknown"), (47, "illegal_parameter"), (48, "unknown_ca"),
    (49, "access_denied"), (50, "decode_error"), (51, "decrypt_error"), (52, "too_many_cids_requested"),
    (60, "export_restriction"), (70, "protocol_version"), (71, "insufficient_security"), (80, "internal_error"),
    (86, "inappropriate_fallback"), (90, "user_canceled"), (100, "no_renegotiation"), (109, "missing_extension"),
    (110, "unsupported_extension"), (111, "certificate_unobtainable"), (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"), (114, "bad_certificate_hash_value"), (115, "unknown_psk_identity"),
    (116, "certificate_required"), (117, "general_error"), (120, "no_application_protocol"), (121, "ech_required"),
];

#[cfg(test)]
mod tests {
    use super::{ALERTS, GROUPS, SCHEMES, SUITES};

    #[test]
    fn tables_are_in_order() {
        assert!(SUITES.is_sorted_by(|one, next| one.0 < next.0));
        assert!(GROUPS.is_sorted_by(|one, next| one.0 < next.0));
        assert!(SCHEMES.is_sorted_by(|one, next| one.0 < next.0));
        assert!(ALERTS.is_sorted_by(|one, next| one.0 < next.0));
    }
}
