//! Object identifiers that certificates use, and their names.

pub const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// emailAddress of PKCS #9.
pub const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

pub const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
pub const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
pub const ISSUER_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x12];
pub const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub const CRL_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
pub const POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
pub const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
pub const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
pub const AUTHORITY_INFO: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
/// RFC 6962 section 3.3.
pub const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
/// RFC 6962 section 3.1.
pub const POISON: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03];
/// Extended key usage of a Precertificate Signing Certificate (RFC 6962 section 3.1).
pub const PRECERT_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x04];
/// id-qt-cps (RFC 5280 section 4.2.1.4).
pub const CPS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01];
/// id-ad-ocsp and id-ad-caIssuers (RFC 5280 section 4.2.2.1).
pub const OCSP: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
pub const CA_ISSUERS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];

/// An extension's name as RFC 5280, or the document that defines it, writes it without "id-"; "" where none is known.
pub fn extension(dotted: &str) -> &'static str {
    match dotted {
        "2.5.29.9" => "subjectDirectoryAttributes",
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.33" => "policyMappings",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.36" => "policyConstraints",
        "2.5.29.37" => "extKeyUsage",
        "2.5.29.46" => "freshestCRL",
        "2.5.29.54" => "inhibitAnyPolicy",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.1.3" => "qcStatements",
        "1.3.6.1.5.5.7.1.7" => "ipAddrBlocks",
        "1.3.6.1.5.5.7.1.8" => "autonomousSysIds",
        "1.3.6.1.5.5.7.1.11" => "subjectInfoAccess",
        "1.3.6.1.5.5.7.1.12" => "logotype",
        "1.3.6.1.5.5.7.1.24" => "tlsfeature",
        "1.3.6.1.5.5.7.1.31" => "acmeIdentifier",
        "1.3.6.1.5.5.7.48.1.5" => "ocspNoCheck",
        "1.3.6.1.4.1.11129.2.4.2" => "signedCertificateTimestampList",
        "1.3.6.1.4.1.11129.2.4.3" => "precertificatePoison",
        "1.3.6.1.4.1.44363.44" => "delegationUsage",
        "2.16.840.1.113730.1.1" => "netscapeCertType",
        "2.16.840.1.113730.1.2" => "netscapeBaseUrl",
        "2.16.840.1.113730.1.3" => "netscapeRevocationUrl",
        "2.16.840.1.113730.1.4" => "netscapeCaRevocationUrl",
        "2.16.840.1.113730.1.7" => "netscapeRenewalUrl",
        "2.16.840.1.113730.1.8" => "netscapeCaPolicyUrl",
        "2.16.840.1.113730.1.12" => "netscapeSslServerName",
        "2.16.840.1.113730.1.13" => "netscapeComment",
        "2.23.140.3.1" => "cabfOrganizationIdentifier",
        _ => "",
    }
}

/// A signature algorithm's name as its own document writes it; RSASSA-PSS is told with its digest (`digest`).
pub fn signature(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.3" => "md4WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.113549.1.1.15" => "sha512-224WithRSAEncryption",
        "1.2.840.113549.1.1.16" => "sha512-256WithRSAEncryption",
        "1.3.14.3.2.3" => "md5WithRSA",
        "1.3.14.3.2.15" => "shaWithRSASignature",
        "1.3.14.3.2.27" => "dsaWithSHA1",
        "1.3.14.3.2.29" => "sha1WithRSASignature",
        "1.3.36.3.3.1.2" => "rsaSignatureWithripemd160",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.156.10197.1.501" => "sm2-with-SM3",
        "1.2.643.2.2.3" => "gostR3411-94-with-gostR3410-2001",
        "1.2.643.7.1.1.3.2" => "gostR3410-2012-with-gostR3411-2012-256",
        "1.2.643.7.1.1.3.3" => "gostR3410-2012-with-gostR3411-2012-512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        _ => return signature_of_nist(dotted.strip_prefix("2.16.840.1.101.3.4.3.")?),
    })
}

/// Of the arc sigAlgs of the Computer Security Objects Register.
fn signature_of_nist(number: &str) -> Option<&'static str> {
    Some(match number {
        "1" => "dsa-with-SHA224",
        "2" => "dsa-with-SHA256",
        "3" => "dsa-with-SHA384",
        "4" => "dsa-with-SHA512",
        "9" => "ecdsa-with-SHA3-224",
        "10" => "ecdsa-with-SHA3-256",
        "11" => "ecdsa-with-SHA3-384",
        "12" => "ecdsa-with-SHA3-512",
        "13" => "rsassa-pkcs1-v1-5-with-SHA3-224",
        "14" => "rsassa-pkcs1-v1-5-with-SHA3-256",
        "15" => "rsassa-pkcs1-v1-5-with-SHA3-384",
        "16" => "rsassa-pkcs1-v1-5-with-SHA3-512",
        "17" => "ML-DSA-44",
        "18" => "ML-DSA-65",
        "19" => "ML-DSA-87",
        "20" => "SLH-DSA-SHA2-128s",
        "21" => "SLH-DSA-SHA2-128f",
        "22" => "SLH-DSA-SHA2-192s",
        "23" => "SLH-DSA-SHA2-192f",
        "24" => "SLH-DSA-SHA2-256s",
        "25" => "SLH-DSA-SHA2-256f",
        "26" => "SLH-DSA-SHAKE-128s",
        "27" => "SLH-DSA-SHAKE-128f",
        "28" => "SLH-DSA-SHAKE-192s",
        "29" => "SLH-DSA-SHAKE-192f",
        "30" => "SLH-DSA-SHAKE-256s",
        "31" => "SLH-DSA-SHAKE-256f",
        _ => return None,
    })
}

/// A digest's name.
pub fn digest(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "1.3.14.3.2.26" => "SHA1",
        "2.16.840.1.101.3.4.2.1" => "SHA256",
        "2.16.840.1.101.3.4.2.2" => "SHA384",
        "2.16.840.1.101.3.4.2.3" => "SHA512",
        "2.16.840.1.101.3.4.2.4" => "SHA224",
        "2.16.840.1.101.3.4.2.5" => "SHA512-224",
        "2.16.840.1.101.3.4.2.6" => "SHA512-256",
        "2.16.840.1.101.3.4.2.7" => "SHA3-224",
        "2.16.840.1.101.3.4.2.8" => "SHA3-256",
        "2.16.840.1.101.3.4.2.9" => "SHA3-384",
        "2.16.840.1.101.3.4.2.10" => "SHA3-512",
        _ => return None,
    })
}

/// A public key's kind, in lower case.
pub fn key(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        // The second is id-ea-rsa of X.509 itself.
        "1.2.840.113549.1.1.1" | "2.5.8.1.1" => "rsa",
        "1.2.840.113549.1.1.7" => "rsaes-oaep",
        "1.2.840.113549.1.1.10" => "rsassa-pss",
        "1.2.840.113549.1.3.1" | "1.2.840.10046.2.1" => "dh",
        "1.2.840.10040.4.1" => "dsa",
        "1.2.840.10045.2.1" => "ec",
        "1.3.132.1.12" => "ecdh",
        "1.3.132.1.13" => "ecmqv",
        "1.3.101.110" => "x25519",
        "1.3.101.111" => "x448",
        "1.3.101.112" => "ed25519",
        "1.3.101.113" => "ed448",
        "1.2.643.2.2.19" => "gost2001",
        "1.2.643.7.1.1.1.1" => "gost2012-256",
        "1.2.643.7.1.1.1.2" => "gost2012-512",
        "1.2.840.113549.1.9.16.3.17" => "hss-lms",
        "1.3.6.1.5.5.7.6.34" => "xmss",
        "1.3.6.1.5.5.7.6.35" => "xmssmt",
        "2.16.840.1.101.3.4.3.17" => "ml-dsa-44",
        "2.16.840.1.101.3.4.3.18" => "ml-dsa-65",
        "2.16.840.1.101.3.4.3.19" => "ml-dsa-87",
        "2.16.840.1.101.3.4.3.20" => "slh-dsa-sha2-128s",
        "2.16.840.1.101.3.4.3.21" => "slh-dsa-sha2-128f",
        "2.16.840.1.101.3.4.3.22" => "slh-dsa-sha2-192s",
        "2.16.840.1.101.3.4.3.23" => "slh-dsa-sha2-192f",
        "2.16.840.1.101.3.4.3.24" => "slh-dsa-sha2-256s",
        "2.16.840.1.101.3.4.3.25" => "slh-dsa-sha2-256f",
        "2.16.840.1.101.3.4.3.26" => "slh-dsa-shake-128s",
        "2.16.840.1.101.3.4.3.27" => "slh-dsa-shake-128f",
        "2.16.840.1.101.3.4.3.28" => "slh-dsa-shake-192s",
        "2.16.840.1.101.3.4.3.29" => "slh-dsa-shake-192f",
        "2.16.840.1.101.3.4.3.30" => "slh-dsa-shake-256s",
        "2.16.840.1.101.3.4.3.31" => "slh-dsa-shake-256f",
        "2.16.840.1.101.3.4.4.1" => "ml-kem-512",
        "2.16.840.1.101.3.4.4.2" => "ml-kem-768",
        "2.16.840.1.101.3.4.4.3" => "ml-kem-1024",
        _ => return None,
    })
}

/// A named curve: its name and the bits of its field (SEC 2, RFC 5639).
pub fn curve(dotted: &str) -> Option<(&'static str, usize)> {
    Some(match dotted {
        "1.2.840.10045.3.1.1" => ("P-192", 192),
        "1.3.132.0.33" => ("P-224", 224),
        "1.2.840.10045.3.1.7" => ("P-256", 256),
        "1.3.132.0.34" => ("P-384", 384),
        "1.3.132.0.35" => ("P-521", 521),
        "1.3.132.0.6" => ("secp112r1", 112),
        "1.3.132.0.7" => ("secp112r2", 112),
        "1.3.132.0.28" => ("secp128r1", 128),
        "1.3.132.0.29" => ("secp128r2", 128),
        "1.3.132.0.8" => ("secp160r1", 160),
        "1.3.132.0.9" => ("secp160k1", 160),
        "1.3.132.0.10" => ("secp256k1", 256),
        "1.3.132.0.30" => ("secp160r2", 160),
        "1.3.132.0.31" => ("secp192k1", 192),
        "1.3.132.0.32" => ("secp224k1", 224),
        "1.3.132.0.1" => ("sect163k1", 163),
        "1.3.132.0.2" => ("sect163r1", 163),
        "1.3.132.0.3" => ("sect239k1", 239),
        "1.3.132.0.4" => ("sect113r1", 113),
        "1.3.132.0.5" => ("sect113r2", 113),
        "1.3.132.0.22" => ("sect131r1", 131),
        "1.3.132.0.23" => ("sect131r2", 131),
        "1.3.132.0.24" => ("sect193r1", 193),
        "1.3.132.0.25" => ("sect193r2", 193),
        "1.3.132.0.15" => ("sect163r2", 163),
        "1.3.132.0.16" => ("sect283k1", 283),
        "1.3.132.0.17" => ("sect283r1", 283),
        "1.3.132.0.26" => ("sect233k1", 233),
        "1.3.132.0.27" => ("sect233r1", 233),
        "1.3.132.0.36" => ("sect409k1", 409),
        "1.3.132.0.37" => ("sect409r1", 409),
        "1.3.132.0.38" => ("sect571k1", 571),
        "1.3.132.0.39" => ("sect571r1", 571),
        "1.2.840.10045.3.1.2" => ("prime192v2", 192),
        "1.2.840.10045.3.1.3" => ("prime192v3", 192),
        "1.2.840.10045.3.1.4" => ("prime239v1", 239),
        "1.2.840.10045.3.1.5" => ("prime239v2", 239),
        "1.2.840.10045.3.1.6" => ("prime239v3", 239),
        "1.3.36.3.3.2.8.1.1.1" => ("brainpoolP160r1", 160),
        "1.3.36.3.3.2.8.1.1.3" => ("brainpoolP192r1", 192),
        "1.3.36.3.3.2.8.1.1.5" => ("brainpoolP224r1", 224),
        "1.3.36.3.3.2.8.1.1.7" => ("brainpoolP256r1", 256),
        "1.3.36.3.3.2.8.1.1.9" => ("brainpoolP320r1", 320),
        "1.3.36.3.3.2.8.1.1.11" => ("brainpoolP384r1", 384),
        "1.3.36.3.3.2.8.1.1.13" => ("brainpoolP512r1", 512),
        "1.2.156.10197.1.301" => ("SM2", 256),
        _ => return None,
    })
}
