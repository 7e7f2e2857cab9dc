//! Certificates made by hand, so that they can be as wrong as needed.

#![allow(dead_code)] // each test file uses its part

pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let (header, used) = certhia_core::der::header(tag, content.len());
    [&header[..used], content].concat()
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub fn extension(oid: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[tlv(6, oid), tlv(4, value)])
}

pub fn san(names: &[Vec<u8>]) -> Vec<u8> {
    extension(&[0x55, 0x1d, 0x11], &sequence(names))
}

pub fn dns(name: &[u8]) -> Vec<u8> {
    tlv(0x82, name)
}

pub fn poison() -> Vec<u8> {
    let oid = tlv(6, &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x03]);
    sequence(&[oid, tlv(1, &[0xff]), tlv(4, &[5, 0])])
}

pub fn sct_list(content: &[u8]) -> Vec<u8> {
    extension(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02], &tlv(4, content))
}

pub fn name(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
    let sets = attributes.iter().map(|(oid, tag, value)| tlv(0x31, &sequence(&[tlv(6, oid), tlv(*tag, value)])));
    sequence(&sets.collect::<Vec<_>>())
}

pub fn common_name(text: &[u8]) -> Vec<u8> {
    name(&[(&[0x55, 4, 3], 0x0c, text)])
}

/// What a TBSCertificate holds before its extensions.
pub fn fields(subject: &[u8]) -> Vec<Vec<u8>> {
    vec![
        tlv(0xa0, &tlv(2, &[2])),
        tlv(2, &[0, 0xff, 1]),
        sequence(&[tlv(6, &[0x2a, 0x86, 0x48])]),
        common_name(b"Some CA"),
        sequence(&[tlv(0x17, b"250102030405Z"), tlv(0x18, b"20500102030405Z")]),
        subject.to_vec(),
        sequence(&[sequence(&[tlv(6, &[0x2a])]), tlv(3, &[0, 1, 2])]),
    ]
}

pub fn tbs(subject: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = fields(subject);
    if !extensions.is_empty() {
        parts.push(tlv(0xa3, &sequence(extensions)));
    }
    sequence(&parts)
}

pub fn certificate(tbs: Vec<u8>) -> Vec<u8> {
    sequence(&[tbs, sequence(&[tlv(6, &[0x2a])]), tlv(3, &[0, 9])])
}
