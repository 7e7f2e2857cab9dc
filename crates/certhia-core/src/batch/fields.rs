//! The certificate's own columns. Those of an entry without a readable certificate are null.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::Hash;
use crate::batch::Extra;
use crate::batch::column::{Bits, Column, Data, Text, Unit, offset};
use crate::batch::memo::Memo;
use crate::certificate::Certificate;
use crate::error::Result;

/// organizationName (X.520).
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

pub struct Fields<'a> {
    /// Whether there is a certificate that can be read.
    read: Bits,
    tbs_sha256: Vec<Hash>,
    tbs_set: Bits,
    subject: Text,
    issuer: Vec<i32>,
    issuers: Distinct,
    organization: Vec<i32>,
    organization_set: Bits,
    organizations: Distinct,
    memo: Memo<'a, (i32, Option<i32>)>,
    serial: Text,
    times: [Times; 2],
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
            subject: Text::with_capacity(rows, 32),
            issuer: Vec::with_capacity(rows),
            issuers: Distinct::new(),
            organization: Vec::with_capacity(rows),
            organization_set: Bits::with_capacity(rows),
            organizations: Distinct::new(),
            memo: Memo::new(),
            serial: Text::with_capacity(rows, 36),
            times: [times(), times()],
            sha256: hashes(extra.sha256),
            spki_sha256: hashes(extra.spki_sha256),
        }
    }

    #[inline]
    pub fn read(&mut self, certificate: &Certificate<'a>) -> Result<()> {
        self.read.push(true);
        self.tbs_sha256.push(certificate.tbs_sha256());
        self.tbs_set.push(true);
        certificate.push_subject(&mut self.subject.characters);
        self.subject.end_value()?;
        certificate.push_serial(&mut self.serial.characters);
        self.serial.end_value()?;
        let (not_before, not_after) = certificate.validity();
        self.times[0].push(not_before);
        self.times[1].push(not_after);
        self.issuer(certificate)?;
        if let Some(hashes) = &mut self.sha256 {
            hashes.push(certificate.sha256());
        }
        if let Some(hashes) = &mut self.spki_sha256 {
            hashes.push(certificate.spki_sha256());
        }
        Ok(())
    }

    #[inline]
    fn issuer(&mut self, certificate: &Certificate<'a>) -> Result<()> {
        let (issuers, organizations) = (&mut self.issuers, &mut self.organizations);
        let (issuer, organization) = self.memo.get(certificate.issuer.whole, || {
            let organization = certificate.issuer_attribute(ORGANIZATION);
            let organization = organization.map(|name| organizations.place(&name)).transpose()?;
            Ok((issuers.place(&certificate.issuer())?, organization))
        })?;
        self.issuer.push(issuer);
        self.organization.push(organization.unwrap_or(0));
        self.organization_set.push(organization.is_some());
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
        self.issuer.push(0);
        self.organization.push(0);
        self.organization_set.push(false);
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
        let column = |name, data, validity| Column { name, data, validity };
        let mut columns = vec![
            column("tbs_sha256", Data::Hash(self.tbs_sha256), Some(self.tbs_set.clone())),
            column("subject", Data::Text(self.subject), read()),
            column("issuer", self.issuers.column(self.issuer), read()),
            column("issuer_organization", self.organizations.column(self.organization), Some(self.organization_set)),
            column("serial", Data::Text(self.serial), read()),
            column("not_before", Data::Time(Unit::Seconds, not_before.seconds), Some(not_before.set)),
            column("not_after", Data::Time(Unit::Seconds, not_after.seconds), Some(not_after.set)),
        ];
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

/// Values each of which is there once.
struct Distinct {
    values: Text,
    places: HashMap<String, i32>,
}

impl Distinct {
    fn new() -> Self {
        Self { values: Text::with_capacity(0, 0), places: HashMap::new() }
    }

    fn place(&mut self, value: &str) -> Result<i32> {
        if let Some(&place) = self.places.get(value) {
            return Ok(place);
        }
        let place = offset(self.values.len())?;
        self.values.push(value)?;
        self.places.insert(value.to_owned(), place);
        Ok(place)
    }

    fn column(self, keys: Vec<i32>) -> Data {
        Data::Dictionary { keys, values: Box::new(Data::Text(self.values)) }
    }
}
