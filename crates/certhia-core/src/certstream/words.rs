//! The words in which certstream servers tell what certificates hold as bits and identifiers.

use crate::certificate::Certificate;
use crate::certstream::form::Profile;
use crate::der;

/// KeyUsage, by bit (RFC 5280 section 4.2.1.3).
const USAGES: [&str; 9] = [
    "Digital Signature",
    "Content Commitment",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Signing",
    "CRL Signing",
    "Encipher Only",
    "Decipher Only",
];

/// The same as the original has them: the names of RFC 5280 with a space before each capital.
const CALIDOG_USAGES: [&str; 9] = [
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Key Cert Sign",
    "C R L Sign",
    "Encipher Only",
    "Decipher Only",
];

pub fn usages(profile: Profile) -> &'static [&'static str; 9] {
    match profile {
        Profile::Certhia => &USAGES,
        Profile::Calidog => &CALIDOG_USAGES,
    }
}

/// id-kp, under which most purposes stand.
const PURPOSES: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03];
/// anyExtendedKeyUsage.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

/// A key purpose's name; None for one that the profile has no name for.
pub fn purpose(oid: &[u8], profile: Profile) -> Option<&'static str> {
    if oid == ANY_PURPOSE && profile == Profile::Certhia {
        return Some("anyExtendedKeyUsage");
    }
    let [number] = oid.strip_prefix(PURPOSES)? else {
        return None;
    };
    let (ours, calidog) = match number {
        1 => ("serverAuth", "TLS Web server authentication"),
        2 => ("clientAuth", "TLS Web client authentication"),
        3 => ("codeSigning", "Code signing"),
        4 => ("emailProtection", "E-mail protection"),
        5 => ("ipsecEndSystem", "IP security end system"),
        6 => ("ipsecTunnel", "IP security tunnel termination"),
        7 => ("ipsecUser", "IP security user"),
        8 => ("timeStamping", "Timestamping"),
        9 => ("OCSPSigning", "OCSPstamping"),
        _ => return None,
    };
    Some(if profile == Profile::Certhia { ours } else { calidog })
}

/// What signs, and the digest ("" where the two are one).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signing {
    key: &'static str,
    digest: &'static str,
}

/// The signature algorithm in two words; None where it is none that has such.
fn signing(certificate: &Certificate<'_>) -> Option<Signing> {
    let oid = certificate.algorithm.reader().expect(der::OID, "an object identifier").ok()?.body;
    let digests = |digest: Option<&'static str>, key| digest.map(|digest| Signing { key, digest });
    match oid {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 10] => {
            let digest = match certificate.pss_digest()? {
                "SHA1" => "sha1",
                "SHA224" => "sha224",
                "SHA256" => "sha256",
                "SHA384" => "sha384",
                "SHA512" => "sha512",
                _ => return None,
            };
            Some(Signing { key: "rsa-pss", digest })
        }
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, number] => digests(
            match number {
                2 => Some("md2"),
                4 => Some("md5"),
                5 => Some("sha1"),
                11 => Some("sha256"),
                12 => Some("sha384"),
                13 => Some("sha512"),
                14 => Some("sha224"),
                _ => None,
            },
            "rsa",
        ),
        // sha1WithRSASignature of OIW
        [0x2b, 0x0e, 0x03, 0x02, 0x1d] => Some(Signing { key: "rsa", digest: "sha1" }),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Some(Signing { key: "ecdsa", digest: "sha1" }),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, number] => digests(second_digest(*number), "ecdsa"),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03] => Some(Signing { key: "dsa", digest: "sha1" }),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, number] => digests(second_digest(*number), "dsa"),
        [0x2b, 0x65, 0x70] => Some(Signing { key: "ed25519", digest: "" }),
        [0x2b, 0x65, 0x71] => Some(Signing { key: "ed448", digest: "" }),
        _ => None,
    }
}

/// The SHA-2 digests as the identifiers of ECDSA and DSA count them.
fn second_digest(number: u8) -> Option<&'static str> {
    [None, Some("sha224"), Some("sha256"), Some("sha384"), Some("sha512")].get(usize::from(number)).copied().flatten()
}

/// Calls `visit` with the algorithm's words, the parts of `signature_algorithm`.
#[inline]
pub fn signature(certificate: &Certificate<'_>, profile: Profile, visit: impl FnOnce(&str, &str)) {
    let Some(Signing { key, digest }) = signing(certificate) else {
        return visit("unknown", "");
    };
    match profile {
        Profile::Certhia if key.starts_with("rsa") => visit(digest, key),
        Profile::Certhia => visit(key, digest),
        // As Erlang's public_key names them (pkix_sign_types).
        Profile::Calidog => match (digest, key) {
            ("", _) => visit("none", "eddsa"),
            ("sha1", key) => visit("sha", key),
            (digest, "rsa-pss") => visit(digest, "rsa_pss_pss"),
            (digest, key) => visit(digest, key),
        },
    }
}
