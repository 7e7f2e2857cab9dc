//! Who signed, and how: the same few values in most entries of a page.

use crate::batch::column::{Bits, Column};
use crate::batch::memo::{Distinct, Memo};
use crate::certificate::Certificate;
use crate::error::Result;

/// organizationName (X.520).
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

#[derive(Default)]
pub struct Issuers<'a> {
    issuer: Vec<i32>,
    names: Distinct,
    organization: Vec<i32>,
    organization_set: Bits,
    organizations: Distinct,
    by_name: Memo<'a, (i32, Option<i32>)>,
    signature: Vec<i32>,
    signatures: Distinct,
    by_identifier: Memo<'a, i32>,
}

impl<'a> Issuers<'a> {
    #[inline]
    pub fn read(&mut self, certificate: &Certificate<'a>) -> Result<()> {
        let (names, organizations) = (&mut self.names, &mut self.organizations);
        let (issuer, organization) = self.by_name.get(certificate.issuer.whole, || {
            let organization = certificate.issuer_attribute(ORGANIZATION);
            let organization = organization.map(|name| organizations.place(&name)).transpose()?;
            Ok((names.place(&certificate.issuer())?, organization))
        })?;
        self.issuer.push(issuer);
        self.organization.push(organization.unwrap_or(0));
        self.organization_set.push(organization.is_some());
        let signatures = &mut self.signatures;
        let named = || signatures.place(&certificate.signature_algorithm_name());
        self.signature.push(self.by_identifier.get(certificate.algorithm.whole, named)?);
        Ok(())
    }

    pub fn none(&mut self) {
        self.issuer.push(0);
        self.organization.push(0);
        self.organization_set.push(false);
        self.signature.push(0);
    }

    pub fn finish(self, read: &Bits) -> [Column; 3] {
        [
            Column { name: "issuer", data: self.names.column(self.issuer), validity: Some(read.clone()) },
            Column {
                name: "issuer_organization",
                data: self.organizations.column(self.organization),
                validity: Some(self.organization_set),
            },
            Column {
                name: "signature_algorithm",
                data: self.signatures.column(self.signature),
                validity: Some(read.clone()),
            },
        ]
    }
}
