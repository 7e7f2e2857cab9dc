//! The certificate's own columns. Those of an entry without a readable certificate are null.

use sha2::{Digest, Sha256};

use crate::Hash;
use crate::batch::Extra;
use crate::batch::column::{Bits, Column, Data, Text, Unit};
use crate::batch::issuers::Issuers;
use crate::batch::keys::Keys;
use crate::certificate::Certificate;
use crate::error::Result;

pub struct Fields<'a> {
    /// Whether there is a certificate that can be read.
    read: Bits,
    tbs_sha256: Vec<Hash>,
    tbs_set: Bits,
    scratch: Vec<u8>,
    subject: Text,
    issuers: Issuers<'a>,
    serial: Text,
    times: [Times; 2],
    keys: Keys<'a>,
    is_ca: Bits,
    sha256: Option<Vec<Hash>>,
    spki_sha256: Option<Vec<Hash>>,
}

struct Times {
    seconds: Vec<i64>,
    set: Bits,
}

impl<'a> Fields<'a> {
    pub fn new(rows: usize, extra: Extra) -> Self {
        let times = || Times { seconds: Vec::with_capacity(rows), set: Bits::with_capacity(rows) };
        let hashes = |wanted: bool| wanted.then(|| Vec::with_capacity(rows));
        Self {
            read: Bits::with_capacity(rows),
            tbs_sha256: Vec::with_capacity(rows),
            tbs_set: Bits::with_capacity(rows),
            scratch: Vec::new(),
            subject: Text::with_capacity(rows, 32),
            issuers: Issuers::default(),
            serial: Text::with_capacity(rows, 36),
            times: [times(), times()],
            keys: Keys::default(),
            is_ca: Bits::with_capacity(rows),
            sha256: hashes(extra.sha256),
            spki_sha256: hashes(extra.spki_sha256),
        }
    }

    #[inline]
    pub fn read(&mut self, certificate: &Certificate<'a>) -> Result<()> {
        self.read.push(true);
        self.tbs_sha256.push(certificate.tbs_sha256_by(&mut self.scratch));
        self.tbs_set.push(true);
        certificate.push_subject(&mut self.subject.characters);
        self.subject.end_value()?;
        certificate.push_serial(&mut self.serial.characters);
        self.serial.end_value()?;
        let (not_before, not_after) = certificate.validity();
        self.times[0].push(not_before);
        self.times[1].push(not_after);
        self.issuers.read(certificate)?;
        self.keys.read(certificate)?;
        self.is_ca.push(certificate.is_ca());
        if let Some(hashes) = &mut self.sha256 {
            hashes.push(certificate.sha256());
        }
        if let Some(hashes) = &mut self.spki_sha256 {
            hashes.push(certificate.spki_sha256());
        }
        Ok(())
    }

    /// A row for bytes that are no certificate. Like `tbs_sha256` of one, theirs is the plain hash.
    pub fn none(&mut self, bytes: &[u8]) -> Result<()> {
        self.read.push(false);
        let hash: Hash = if bytes.is_empty() { [0; 32] } else { Sha256::digest(bytes).into() };
        self.tbs_sha256.push(hash);
        self.tbs_set.push(!bytes.is_empty());
        self.subject.end_value()?;
        self.serial.end_value()?;
        self.times.iter_mut().for_each(|times| times.push(None));
        self.issuers.none();
        self.keys.none();
        self.is_ca.push(false);
        if let Some(hashes) = &mut self.sha256 {
            hashes.push(hash);
        }
        if let Some(hashes) = &mut self.spki_sha256 {
            hashes.push([0; 32]);
        }
        Ok(())
    }

    pub fn finish(self) -> Vec<Column> {
        let read = || Some(self.read.clone());
        let [not_before, not_after] = self.times;
        let [issuer, organization, signature] = self.issuers.finish(&self.read);
        let column = |name, data, validity| Column { name, data, validity };
        let mut columns = vec![
            column("tbs_sha256", Data::Hash(self.tbs_sha256), Some(self.tbs_set.clone())),
            column("subject", Data::Text(self.subject), read()),
            issuer,
            organization,
            column("serial", Data::Text(self.serial), read()),
            column("not_before", Data::Time(Unit::Seconds, not_before.seconds), Some(not_before.set)),
            column("not_after", Data::Time(Unit::Seconds, not_after.seconds), Some(not_after.set)),
        ];
        columns.extend(self.keys.finish(&self.read));
        columns.extend([signature, column("is_ca", Data::Bool(self.is_ca), read())]);
        columns.extend(self.sha256.map(|hashes| column("sha256", Data::Hash(hashes), Some(self.tbs_set))));
        columns.extend(self.spki_sha256.map(|hashes| column("spki_sha256", Data::Hash(hashes), read())));
        columns
    }
}

impl Times {
    #[inline]
    fn push(&mut self, seconds: Option<i64>) {
        self.set.push(seconds.is_some());
        self.seconds.push(seconds.unwrap_or(0));
    }
}
